"""What the documents claim about size and speed, measured: ``make bench``."""
