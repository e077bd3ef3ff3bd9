"""How letters are exported and discarded: written down first, deleted after, and nothing else.

receive ──▶ write it down ──▶ put it back ──▶ sync ──▶ (ask) ──▶ receive ──▶ delete
                                                    │                    │
                                                    │                    └─ killed here: the export
                                                    │                       has more than is deleted
                                                    └─ killed before this: nothing is deleted

Between the two passes the letters lie in their queue as before, however long a person thinks.
"""

import base64
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.dlq.letters import Letter, Selection
from responder_cli.dlq.looking import HOLD_SECONDS, batches, meant, put_back
from responder_cli.dlq.places import Place, depth

#: Letters may hold personal data: nobody but the operator reads the export.
EXPORT_MODE = 0o600


@dataclass
class Exported:
    """What of one place is in the export, by message id, why it was there, and what was deleted."""

    place: Place
    ids: set[str] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)
    deleted: int = 0

    @property
    def kept(self) -> int:
        """Letters that are in the export and still in their queue."""
        return len(self.ids) - self.deleted


def export(
    stack: Stack, places: tuple[Place, ...], selection: Selection, path: Path
) -> list[Exported]:
    """Write the selected letters to a new file, one JSON document a line; it is on the disk after.

    Raises OSError where it cannot be written, an existing file included.
    """
    with _new_file(path) as lines:
        return [_write_down(stack, place, selection, lines) for place in places]


@contextmanager
def _new_file(path: Path) -> Iterator[IO[str]]:
    """A file that was not there, synced with its name at the end."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, EXPORT_MODE), "w", encoding="ascii") as lines:
        yield lines
        lines.flush()
        os.fsync(lines.fileno())
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _write_down(stack: Stack, place: Place, selection: Selection, lines: IO[str]) -> Exported:
    url = stack.output(place.output)
    exported = Exported(place)
    met: list[Letter] = []
    try:
        for batch in batches(stack, url, HOLD_SECONDS, depth(stack, url).total):
            met.extend(batch)
            for letter in meant(stack, selection, batch):
                lines.write(f"{console.to_json(_line(place, letter))}\n")
                exported.ids.add(letter.message_id)
                exported.reasons[letter.reason] += 1
    finally:
        put_back(stack, url, met)
    return exported


def _line(place: Place, letter: Letter) -> dict[str, Any]:
    return {
        "queue": place.name,
        "message": letter.message_id,
        "reason": letter.reason,
        "sent": letter.sent_at,
        "receives": letter.receives,
        "body": letter.body,
        "attributes": {name: _plain(value) for name, value in letter.attributes.items()},
        "system": dict(letter.system),
    }


def _plain(attribute: Mapping[str, Any]) -> dict[str, Any]:
    """An attribute of a message without bytes, which JSON has not."""
    return {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in attribute.items()
    }


def delete(stack: Stack, exported: Exported) -> None:
    """Delete what is in the export, and nothing else."""
    url = stack.output(exported.place.output)
    left: list[Letter] = []
    try:
        for batch in batches(stack, url, HOLD_SECONDS, depth(stack, url).total):
            left.extend(batch)
            due = [letter for letter in batch if letter.message_id in exported.ids]
            gone = _deleted(stack, url, due)
            exported.deleted += len(gone)
            left = [letter for letter in left if letter.message_id not in gone]
    finally:
        put_back(stack, url, left)


def _deleted(stack: Stack, url: str, letters: list[Letter]) -> set[str]:
    """The ids of those letters that SQS deleted."""
    if not letters:
        return set()
    entries = [
        {"Id": str(number), "ReceiptHandle": letter.receipt}
        for number, letter in enumerate(letters)
    ]
    answer = stack.client("sqs").delete_message_batch(QueueUrl=url, Entries=entries)
    return {letters[int(entry["Id"])].message_id for entry in answer.get("Successful", [])}
