"""``responder card``: cards looked at before anybody is woken by them."""
