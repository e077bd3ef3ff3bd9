"""Entries of the secret: made, rotated, and told without their secrets. Nothing here asks AWS."""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from responder.intake.authentication.sources import LIVE, Sns, Source
from responder_cli.aws import Stack
from responder_cli.mending import command
from responder_cli.sources.guides import Guide, Way

#: How a tool signs, where it does.
SCHEMES: Mapping[str, str] = {
    "sentry": "sentry",
    "pagerduty": "pagerduty",
    "grafana": "grafana",
    "github": "github",
    "checkly": "checkly",
    "flux": "flux",
    "mongodb-atlas": "mongodb-atlas",
    "incident-io": "standard-webhooks",
    "rootly": "rootly",
    "sns": "sns",
    "cloudwatch": "sns",
}
#: Schemes whose secret the tool itself makes, and shows once its webhook exists.
MADE_BY_THE_TOOL = frozenset({"sentry", "pagerduty", "standard-webhooks", "rootly"})
#: Headers in which tools send a secret as it is.
SHARED_HEADERS: Mapping[str, str] = {
    "honeycomb": "X-Honeycomb-Webhook-Token",
    "gitlab": "X-Gitlab-Token",
    "cloudflare": "cf-webhook-auth",
}
FREE_HEADER = "X-Responder-Token"
#: Ways that carry a token beside the address.
BESIDE: frozenset[Way] = frozenset({"header", "bearer", "basic"})
_SECRETS = ("tokens", "secrets")
_WEAK = 24


@dataclass(frozen=True)
class Made:
    """A new entry, and the ways in which it proves itself."""

    entry: dict[str, Any]
    ways: frozenset[Way]


def new_secret() -> str:
    """256 bits that fit into an address, a header and a form."""
    return secrets.token_urlsafe(32)


def ways_of(guide: Guide) -> frozenset[Way]:
    """The ways that a guide's settings speak of: the best one, and what they have a place for."""
    chosen: set[Way] = {guide.authentication[0]}
    if "{token}" in guide.setup and not chosen & {*BESIDE, "url"}:
        beside = (way for way in guide.authentication if way in BESIDE)
        chosen.add(next(beside, "url"))
    if "{secret}" in guide.setup and not chosen & {"signature", "shared-header"}:
        chosen.update(way for way in guide.authentication if way in ("signature", "shared-header"))
    return frozenset(chosen)


def make(
    tools: Sequence[str],
    ways: Collection[Way],
    *,
    topics: Sequence[str] = (),
    signing_secret: str = "",
    user: str = "",
    header: str = "",
    timestamp_header: str = "",
    tenant: str = "",
    audience: str = "",
) -> Made:
    """An entry for these tools. Raises ValueError, for a person, where it cannot be."""
    tool = tools[0]
    entry: dict[str, Any] = {"tools": list(tools)}
    chosen = set(ways)
    if "signature" in chosen:
        signature = _signature(tool, topics, signing_secret, header, timestamp_header)
        if signature is None:
            chosen = (chosen - {"signature"}) | {"url"}
        else:
            entry["signature"] = signature
    if "shared-header" in chosen:
        name = header or SHARED_HEADERS.get(tool, FREE_HEADER)
        entry["header"] = {"name": name, "secrets": [signing_secret or new_secret()]}
    if chosen & {*BESIDE, "url"}:
        entry["tokens"] = [new_secret()]
    if tenant or audience:
        entry["entra"] = {"tenant": tenant, "audience": audience}
    if user:
        entry["user"] = user
    Source.model_validate(entry)
    return Made(entry, frozenset(chosen))


def _signature(
    tool: str, topics: Sequence[str], secret: str, header: str, timestamp_header: str
) -> dict[str, Any] | None:
    """None where the tool makes the secret and nobody has it yet."""
    scheme = SCHEMES.get(tool, "hmac")
    if scheme == "sns":
        if not topics:
            raise ValueError("SNS signs for a topic: give its ARN with --topic")
        return {"scheme": scheme, "topics": list(topics)}
    if scheme in MADE_BY_THE_TOOL and not secret:
        return None
    found: dict[str, Any] = {"scheme": scheme, "secrets": [secret or new_secret()]}
    if scheme == "hmac" or (header and scheme == "grafana"):
        found["header"] = header or "X-Signature"
    if timestamp_header:
        found["timestamp_header"] = timestamp_header
    return found


def rotated(entry: Mapping[str, Any], tool: str, signing_secret: str) -> dict[str, Any]:
    """The entry with one more of each live secret, the new one last.

    With ``signing_secret``, which the tool has made, that one alone. Raises ValueError, for a
    person, where a rotation is not finished, or nothing can be rotated.
    """
    if signing_secret and "signature" not in entry:
        return {**entry, "signature": _signature(tool, (), signing_secret, "", "")}
    found = dict(entry)
    for place in _live(entry):
        if new := _next(entry, place, signing_secret):
            if len(_held(entry, place)) >= LIVE:
                raise ValueError("two secrets are live already; finish that rotation with --finish")
            found = _with(found, place, [*_held(entry, place), new])
    if found == entry:
        raise ValueError("only the tool can make the new secret; give it with --signing-secret")
    return found


def finished(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with the newest of each live secret only. Raises ValueError where all are."""
    found = dict(entry)
    for place in _live(entry):
        found = _with(found, place, _held(entry, place)[-1:])
    if found == entry:
        raise ValueError("no rotation is under way")
    return found


def is_rotating(entry: Mapping[str, Any]) -> bool:
    """Whether two secrets of a kind are live."""
    return any(len(_held(entry, place)) > 1 for place in _live(entry))


def masked(value: object, *, inside: bool = False) -> Any:  # noqa: ANN401 - any JSON value
    """The entry with every secret replaced by its length."""
    if isinstance(value, dict):
        return {name: masked(one, inside=name in _SECRETS) for name, one in value.items()}
    if isinstance(value, list):
        return [masked(one, inside=inside) for one in value]
    return f"({len(value)} characters)" if inside and isinstance(value, str) else value


def proofs(source: Source) -> str:
    """How a source proves itself, in words."""
    found = []
    if source.tokens:
        found.append(f"token of {source.user}" if source.user else "token")
    if source.header:
        found.append(f"header {source.header.name}")
    if isinstance(source.signature, Sns):
        found.append(f"SNS's signature for {', '.join(source.signature.topics)}")
    elif source.signature:
        found.append(f"signature ({source.signature.scheme})")
    if source.entra:
        found.append(f"Entra ID's token of {source.entra.tenant}")
    return " and ".join(found)


def doubts(stack: Stack, name: str, source: Source, tools: Collection[str]) -> Iterator[str]:
    """What an operator of ``stack`` should look at."""
    for tool in source.tools:
        if tool not in tools:
            yield f"{name}: no tool is called {tool}"
    if any(len(token) < _WEAK for token in source.tokens):
        yield f"{name}: a token is shorter than {_WEAK} characters; rotate it"
    if is_rotating(source.model_dump(mode="json", exclude_none=True)):
        finished = command(stack, f"sources rotate {name} --finish")
        yield f"{name}: a rotation is under way; {finished}"


def is_in_path(ways: Collection[Way]) -> bool:
    """Whether nothing but the address can carry the token."""
    return "url" in ways or not set(ways) & {*BESIDE, "signature", "shared-header"}


def _live(entry: Mapping[str, Any]) -> list[str]:
    """The places of an entry that hold secrets."""
    return [place for place in ("tokens", "signature", "header") if _held(entry, place)]


def _held(entry: Mapping[str, Any], place: str) -> list[str]:
    if place == "tokens":
        return list(entry.get(place) or ())
    return list((entry.get(place) or {}).get("secrets", ()))


def _with(entry: Mapping[str, Any], place: str, held: list[str]) -> dict[str, Any]:
    part = held if place == "tokens" else {**entry[place], "secrets": held}
    return {**entry, place: part}


def _next(entry: Mapping[str, Any], place: str, signing_secret: str) -> str:
    """The new secret of a place; empty where it stays as it is."""
    if place != "signature":
        return "" if signing_secret else new_secret()
    made_by_us = entry["signature"]["scheme"] not in MADE_BY_THE_TOOL
    return signing_secret or (new_secret() if made_by_us else "")
