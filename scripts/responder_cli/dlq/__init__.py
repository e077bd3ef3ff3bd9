"""Dead letters: what gave up, why, and how it goes back without a loss."""
