"""``responder secrets``: which are set, whether they are accepted, and new values for them."""
