"""``responder route``: where cards go, whom they call, and what a file of routes would do."""
