"""``responder alerts`` and ``responder incidents``: what was accepted, and what became of it."""
