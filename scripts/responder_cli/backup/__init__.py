"""What is kept of a stack outside of it, and how it comes back."""
