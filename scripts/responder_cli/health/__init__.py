"""Whether every part of a stack is well, and why not."""
