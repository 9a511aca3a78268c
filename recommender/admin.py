"""Training runs and model versions in the Django admin."""
