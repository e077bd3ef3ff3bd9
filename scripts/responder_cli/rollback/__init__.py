"""``responder rollback``: back to what the functions were before the last deployment."""
