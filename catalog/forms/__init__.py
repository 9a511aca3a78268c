"""What people may enter on the catalogue's pages."""
