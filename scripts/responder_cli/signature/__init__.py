"""``responder signature``: the operators' rules, and what a change would do to stored alerts."""
