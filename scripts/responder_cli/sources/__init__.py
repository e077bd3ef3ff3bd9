"""``responder sources``: who may send, and what to paste into each tool."""
