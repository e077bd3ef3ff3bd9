"""What is wrong, on what evidence, and what to do first: by Claude, or by a fixed triage."""
