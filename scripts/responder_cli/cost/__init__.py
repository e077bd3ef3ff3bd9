"""``responder cost``: what Claude cost, for whom, and what the month will have cost."""
