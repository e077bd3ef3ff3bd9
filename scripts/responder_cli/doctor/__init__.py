"""``responder doctor``: what is missing for a deployment, each with the command that mends it."""
