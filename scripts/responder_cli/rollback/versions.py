"""Which versions the alias ``live`` leads to, and to which ones a rollback would move it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from responder_cli.aws import FUNCTIONS, LIVE, Stack

#: What one deployment publishes, it publishes within this long.
ONE_DEPLOYMENT = timedelta(minutes=30)
#: What the check of a new version is called with (docs/deploy.md, Updates).
EVENT = {"synthetic": "rollback"}


@dataclass(frozen=True)
class Version:
    """A published version."""

    number: int
    published_at: datetime


@dataclass(frozen=True)
class Function:
    """A function: where its traffic goes, and its published versions, the newest first.

    ``canary`` is the version that gets ``weight`` of the traffic while a deployment is under way;
    ``undone`` are those that CodeDeploy took the traffic back from: no way leads to them.
    """

    short: str
    live: int
    revision: str
    versions: tuple[Version, ...]
    canary: int | None = None
    weight: float = 0.0
    undone: frozenset[int] = frozenset()

    @property
    def published_at(self) -> datetime | None:
        """When its live version was published; None where that is gone."""
        return next((one.published_at for one in self.versions if one.number == self.live), None)

    @property
    def before(self) -> int | None:
        """The good version before the live one; None where none is kept."""
        return next((one for one in self._good() if one < self.live), None)

    @property
    def newest(self) -> int | None:
        """The newest good version, where that is not the live one."""
        newest = next(self._good(), self.live)
        return newest if newest != self.live else None

    def _good(self) -> Iterator[int]:
        return (one.number for one in self.versions if one.number not in self.undone)


@dataclass(frozen=True)
class Move:
    """One alias that would be moved; ``to`` is None where there is no version for it."""

    function: Function
    to: int | None


def read(stack: Stack, undone: Mapping[str, Iterable[int]] | None = None) -> list[Function]:
    """The three functions as they are now; ``undone`` are versions by a function's full name."""
    return [_read(stack, short, undone or {}) for short in FUNCTIONS]


def back(functions: Sequence[Function]) -> list[Move]:
    """What the last deployment published goes back; what it left alone stays.

    A deployment publishes a version of those functions only that it changes: the one before of the
    others is older than the last deployment, and never ran beside the rest.
    """
    known = [one.published_at for one in functions if one.published_at is not None]
    last = max(known, default=None)
    if last is None:
        return [Move(one, one.before) for one in functions]
    return [
        Move(one, one.before)
        for one in functions
        if one.published_at is None or last - one.published_at <= ONE_DEPLOYMENT
    ]


def forward(functions: Sequence[Function]) -> list[Move]:
    """Where a rollback is undone: each to its newest version."""
    return [Move(one, one.newest) for one in functions if one.newest is not None]


def refusal_of(stack: Stack, move: Move) -> str:
    """Why a version must not get the traffic, by the check that new versions have to pass."""
    answer = stack.client("lambda").invoke(
        FunctionName=stack.function(move.function.short),
        Qualifier=str(move.to),
        Payload=json.dumps(EVENT),
    )
    if "FunctionError" not in answer:
        return ""
    said = answer["Payload"].read().decode(errors="replace")
    return f"{move.function.short} version {move.to} fails its check: {said}"


def carry_out(stack: Stack, move: Move) -> None:
    """Move one alias, unless somebody else moved it since it was read."""
    stack.client("lambda").update_alias(
        FunctionName=stack.function(move.function.short),
        Name=LIVE,
        FunctionVersion=str(move.to),
        RoutingConfig={"AdditionalVersionWeights": {}},
        RevisionId=move.function.revision,
    )


def _read(stack: Stack, short: str, undone: Mapping[str, Iterable[int]]) -> Function:
    client, name = stack.client("lambda"), stack.function(short)
    alias: Mapping[str, Any] = client.get_alias(FunctionName=name, Name=LIVE)
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    canary, weight = next(iter(weights.items()), (None, 0.0))
    return Function(
        short=short,
        live=int(alias["FunctionVersion"]),
        revision=str(alias.get("RevisionId", "")),
        versions=tuple(sorted(_versions(client, name), key=lambda one: -one.number)),
        canary=int(canary) if canary else None,
        weight=float(weight),
        undone=frozenset(undone.get(name, ())),
    )


def _versions(client: Any, name: str) -> Iterator[Version]:  # noqa: ANN401 - boto3
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    for page in pages:
        for one in page["Versions"]:
            if one["Version"].isdigit():
                at = datetime.fromisoformat(one["LastModified"])
                yield Version(int(one["Version"]), at)
