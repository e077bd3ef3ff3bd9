"""Changes of values: what the pipeline remembers is never changed in place."""

from collections.abc import Mapping

from pydantic import BaseModel


def changed[M: BaseModel](value: M, update: Mapping[str, object]) -> M:
    """``value`` with these fields; itself where they are so already, as a copy takes longer."""
    same = all(getattr(value, name) == wanted for name, wanted in update.items())
    return value if same else value.model_copy(update=update)
