"""``responder eval``: how good the analyses are, and what of an alert leaves the house."""
