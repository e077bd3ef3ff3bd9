"""Sending an alert through the real front door, and following it to its card."""
