"""What the pipeline can carry: a simulation of its queues, and the limits that are met on the way.

``work`` counts what alerts ask for, ``times`` turns that into seconds, ``values`` are what is
simulated and what is seen, ``lanes`` are what the pipeline runs on, ``model`` lets alerts flow,
``limits`` is the arithmetic, ``check`` compares the model with a measured run of the local stack.
"""
