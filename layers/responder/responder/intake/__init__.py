"""Intake turns what monitoring tools send into alerts; reception and ``explain`` call ``parse``."""

from responder.intake.errors import BadRequest
from responder.intake.registry import parse

__all__ = ["BadRequest", "parse"]
