"""The operators' command line, started by ``scripts/responder``.

Everything it needs to know of a deployment it reads from the stack's outputs.
"""
