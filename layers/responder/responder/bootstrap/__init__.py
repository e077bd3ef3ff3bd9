"""The composition root: builds each function from its settings, once per process.

There is a module for each function, which ``functions/*/app.py`` calls at import, so that wrong
settings fail the start by name; what one of them imports, no other one pays for.
"""
