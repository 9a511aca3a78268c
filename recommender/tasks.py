"""Celery tasks of the recommender: thin, each a call of one service."""
