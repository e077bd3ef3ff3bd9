"""``responder cache``: the analyses that alerts of one signature share."""
