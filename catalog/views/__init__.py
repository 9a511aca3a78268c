"""The catalogue's pages, a module for each part of the site."""
