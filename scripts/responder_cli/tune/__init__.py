"""``responder tune memory``: what each size of a function costs, and how long it takes."""
