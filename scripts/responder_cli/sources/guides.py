"""The guides of ``guides/<tool>.toml``: how each tool is pointed at us, and what is read of it.

``sources add`` fills their placeholders in, ``sources docs`` makes ``docs/sources.md`` of them.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

FOLDER = Path(__file__).parent / "guides"

#: The ways in which a tool can prove itself.
Way = Literal["header", "bearer", "basic", "url", "signature", "shared-header"]
Text = Annotated[str, Field(min_length=1)]


class Guide(BaseModel):
    """What a person must know of one tool. ``authentication``: what it can do, best first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Text
    documentation: Annotated[str, Field(pattern=r"^https://\S+$")]
    authentication: Annotated[tuple[Way, ...], Field(min_length=1)]
    resolves: Text
    setup: Text
    template: str = ""
    maps: Annotated[Mapping[str, str], Field(min_length=1)]


@cache
def guides() -> Mapping[str, Guide]:
    """All guides by their tool. Raises ValueError, naming the file, for one that is not right."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.toml"))}


def _read(path: Path) -> Guide:
    try:
        return Guide.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
