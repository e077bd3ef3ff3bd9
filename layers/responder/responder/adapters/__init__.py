"""The only code that touches AWS, Claude, Slack and the environment; thin executors of ports."""
