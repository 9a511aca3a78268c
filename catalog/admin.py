"""The catalogue in the Django admin."""
