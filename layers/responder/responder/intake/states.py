"""From the word by which a tool tells a state to what it means: firing, resolved or neither."""

from collections.abc import Mapping

from responder.alert import Status
from responder.intake.errors import NotAnAlert, Unreadable

#: A tool's words in lower case; None stands for what says neither firing nor resolved.
Words = Mapping[str, Status | None]


def words(firing: str, resolved: str, neither: str = "") -> Words:
    """The table of a tool's words, each kind in one text."""
    table: dict[str, Status | None] = dict.fromkeys(neither.split())
    table |= dict.fromkeys(resolved.split(), Status.RESOLVED)
    return table | dict.fromkeys(firing.split(), Status.FIRING)


def status_by(table: Words, word: str) -> Status:
    """What ``word`` means. Raises NotAnAlert for neither, Unreadable for an unknown word."""
    word = word.lower()
    if word not in table:
        raise Unreadable(f"an unknown state: {word[:60] or 'none'}")
    status = table[word]
    if status is None:
        raise NotAnAlert(f"a state that is neither firing nor resolved: {word}")
    return status
