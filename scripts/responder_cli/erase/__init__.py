"""What is known of a person is masked wherever the stack keeps it."""
