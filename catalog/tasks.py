"""Celery tasks of the catalogue: thin, each a call of one service."""
