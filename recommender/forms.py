"""What administrators may enter."""
