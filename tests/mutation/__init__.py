"""Mutation of the conditions that everything hangs on: ``python -m mutation``."""
