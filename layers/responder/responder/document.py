"""A document that operators write and replace as a whole: signature rules, routes.

``protocols.versions`` keeps every version of it; the command line reads and shows it as JSON.
"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

#: A document is one item, which may have 400 KB:
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAX_BYTES = 300_000


class Document(BaseModel):
    """What every document says of itself; ``number`` is its version (0: there never was any).

    Not ``version``: that attribute of an item is the store's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: Annotated[int, Field(ge=0)] = 0
    by: str = ""
    at: str = ""

    @model_validator(mode="after")
    def _fits_into_an_item(self) -> Self:
        if len(self.model_dump_json()) > MAX_BYTES:
            raise ValueError(f"it takes more than {MAX_BYTES} bytes")
        return self
