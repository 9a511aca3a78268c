"""Home and the recommendations pages."""
