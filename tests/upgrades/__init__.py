"""Earlier versions beside this one: what they wrote, and what they can read."""
