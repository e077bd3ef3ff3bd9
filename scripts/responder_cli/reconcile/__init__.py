"""Proof that nothing was lost: every accepted alert is somewhere, and once."""
