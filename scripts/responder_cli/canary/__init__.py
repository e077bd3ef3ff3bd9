"""``responder canary-prompt``: what another prompt or model would have said, before it serves."""
