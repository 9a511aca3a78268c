"""The bundled demo set: real titles, and raters who are simulated.

It lets somebody try the platform without downloading anything. The titles and their facts are
real (``SOURCE.md``); every rating is the product of :mod:`catalog.demo.simulation`. Nothing in
this package knows the database.
"""
