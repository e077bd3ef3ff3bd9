"""``responder logs`` and ``responder tail``: what the functions logged, for people."""
