"""Reads of runs, versions and workers."""
