"""Readers of tools that tell of deployments: ``registry`` tries them, ``news`` finishes them."""
