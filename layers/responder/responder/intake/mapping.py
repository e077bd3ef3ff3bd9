"""Field mappings: how an operator's own format is read, as data instead of a module of ``tools``.

A mapping names, by paths in JMESPath (https://jmespath.org/specification.html), where a body has
what an alert needs. ``registry.read`` asks the mapping of the route's tool before anything else;
``responder explain --mapping`` shows what one would read, reception has them from the key
``mappings`` of the secret ``sources``. docs/mapping.md is their documentation.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Protocol

import jmespath  # type: ignore[import-untyped]
from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request, digest, slug
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import mapping, sequence, string_map, tag_map
from responder.intake.severity import read_severity
from responder.intake.text import as_text
from responder.intake.times import read_time

MAX_PATH = 500
MAX_PATHS = 20
MAX_WORDS = 100
#: A path that begins so is one of the whole body, not of one of its elements.
OF_WHOLE = "$."
# Values of a list that are looked at for the first with a text.
_LOOKED_AT = 20
_RESOLVED = ("resolved", "ok", "recovered", "closed", "cleared", "normal", "up")


def _path(text: str) -> str:
    """A path that is one. Raises ValueError, saying where it is none."""
    try:
        _compiled(text.removeprefix(OF_WHOLE))
    except (JMESPathError, RecursionError) as error:
        first_line = str(error).partition("\n")[0]
        raise ValueError(f"{text!r} is no path: {first_line}") from error
    return text


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _lowered(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.strip().lower() for word in words)


Path = Annotated[str, Field(min_length=1, max_length=MAX_PATH), AfterValidator(_path)]
#: One path or several, of which the first that has a value counts.
Paths = Annotated[tuple[Path, ...], Field(max_length=MAX_PATHS), BeforeValidator(_several)]
Words = Annotated[
    tuple[str, ...],
    Field(max_length=MAX_WORDS),
    BeforeValidator(_several),
    AfterValidator(_lowered),
]
Named = Annotated[dict[str, Paths], Field(max_length=MAX_PATHS)]


class FieldMapping(BaseModel):
    """Where a format has what an alert needs.

    ``each``: the array whose elements are one alert each (without it, the body, or each element
    of a body that is an array). ``severities``: the format's own words for ours. ``resolved`` and
    ``neither``: its words for a state that is over, and for none. ``id`` must be the same while an
    alert fires and when it is resolved; of several paths all values are its parts. ``tags``:
    objects or lists that become labels as a whole.
    """

    # Built when first used: most stacks have none.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    title: Annotated[Paths, Field(min_length=1)]
    each: Path | None = None
    message: Paths = ()
    severity: Paths = ()
    severities: Annotated[dict[str, Severity], Field(max_length=MAX_WORDS)] = {}
    default_severity: Severity = Severity.MEDIUM
    state: Paths = ()
    resolved: Words = _RESOLVED
    neither: Words = ()
    id: Paths = ()
    rule: Paths = ()
    service: Paths = ()
    resource: Paths = ()
    account: Paths = ()
    region: Paths = ()
    cluster: Paths = ()
    environment: Paths = ()
    time: Paths = ()
    starts_at: Paths = ()
    ends_at: Paths = ()
    links: Named = {}
    labels: Named = {}
    tags: Paths = ()

    def elements(self, payload: object) -> Sequence[object]:
        """What may be an alert each; nothing where none of it fits the mapping."""
        found = _found(self.each, payload, payload) if self.each else payload
        values = found if isinstance(found, list) else [found]
        return values if any(self._fits(value, payload) for value in values) else ()

    def read(self, element: object, whole: object, request: Request) -> Draft:
        """One alert. Raises Unreadable where it has no title, NotAnAlert for what says nothing."""
        reading = _Reading(element, whole)
        title = reading.text(self.title)
        if not title:
            raise Unreadable("the field mapping finds no title")
        status = self._status(reading)
        severity = self._severity(reading)
        scope = Scope(
            account=reading.text(self.account),
            region=reading.text(self.region),
            cluster=reading.text(self.cluster),
            environment=reading.text(self.environment),
        )
        service, resource = reading.text(self.service), reading.text(self.resource)
        native_id, rule = reading.joined(self.id), reading.text(self.rule)
        starts_at, ends_at = reading.time(self.starts_at), reading.time(self.ends_at)
        over = status is Status.RESOLVED
        return Draft(
            source=request.tool,
            fingerprint=native_id or digest(rule or title, service, resource, scope.key()),
            native_id=native_id,
            title=title,
            message=reading.text(self.message),
            rule=rule,
            severity=severity,
            status=status,
            service=service,
            resource=resource,
            scope=scope,
            labels=self._labels(reading),
            links={name: url for name, paths in self.links.items() if (url := reading.text(paths))},
            happened_at=(ends_at if over else None) or reading.time(self.time),
            starts_at=starts_at,
            ends_at=ends_at,
            delivery_id=request.delivery_id,
            raw=element,
        )

    def _fits(self, element: object, whole: object) -> bool:
        return bool(_Reading(element, whole).text(self.title))

    def _status(self, reading: "_Reading") -> Status:
        word = reading.text(self.state).lower()
        if word and word in self.neither:
            raise NotAnAlert(f"a state that is neither firing nor resolved: {word[:60]}")
        return Status.RESOLVED if word and word in self.resolved else Status.FIRING

    def _severity(self, reading: "_Reading") -> Severity:
        word = reading.text(self.severity)
        own = {name.lower(): severity for name, severity in self.severities.items()}
        return own.get(word.lower()) or read_severity(word) or self.default_severity

    def _labels(self, reading: "_Reading") -> dict[str, str]:
        labels: dict[str, str] = {}
        for value in reading.values(self.tags):
            labels |= _pairs(value) or tag_map(value)
        named = {name: reading.text(paths) for name, paths in self.labels.items()}
        return labels | string_map(named)


@dataclass(frozen=True)
class _Reading:
    """One element, and what is found in it."""

    element: object
    whole: object

    def text(self, paths: Sequence[str]) -> str:
        """The text of the first path that has one; of a list, its first."""
        for value in self.values(paths):
            several = value[:_LOOKED_AT] if isinstance(value, list) else (value,)
            for one in several:
                if not isinstance(one, dict | list) and (text := as_text(one)):
                    return text
        return ""

    def joined(self, paths: Sequence[str]) -> str:
        """The texts of all paths as one; empty where none has any."""
        parts = [self.text((path,)) for path in paths]
        return "/".join(parts) if any(parts) else ""

    def time(self, paths: Sequence[str]) -> datetime | None:
        """The time of the first path that has one."""
        return next((at for value in self.values(paths) if (at := read_time(value))), None)

    def values(self, paths: Sequence[str]) -> Iterator[object]:
        """What stands at each path."""
        return (_found(path, self.element, self.whole) for path in paths)


@dataclass(frozen=True)
class Mappings:
    """All mappings by the tool of their route. ``unreadable`` says of each other why it is none."""

    known: Mapping[str, FieldMapping] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)


def mappings_in(entries: object) -> Mappings:
    """The mappings of a secret's key. Never raises: what is wrong costs its own entry."""
    known: dict[str, FieldMapping] = {}
    unreadable: dict[str, str] = {}
    for name, entry in mapping(entries).items():
        try:
            known[slug(name)] = FieldMapping.model_validate(entry)
        except ValidationError as error:
            unreadable[name] = "; ".join(problems(error))
    return Mappings(known, unreadable)


def problems(error: ValidationError) -> Iterator[str]:
    """What is wrong with a mapping, one line each: ``severity: 'a..b' is no path: …``."""
    for one in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in one["loc"])
        raised = one.get("ctx", {}).get("error")
        yield f"{place or 'mapping'}: {raised if raised is not None else one['msg']}"


class _Expression(Protocol):
    def search(self, value: object) -> object: ...


@lru_cache(maxsize=1024)
def _compiled(path: str) -> _Expression:
    expression: _Expression = jmespath.compile(path)
    return expression


def _found(path: str, element: object, whole: object) -> object:
    if path.startswith(OF_WHOLE):
        path, element = path.removeprefix(OF_WHOLE), whole
    try:
        return _compiled(path).search(element)
    except Exception:
        # The functions of paths fail in many ways on what they do not expect: nothing is there.
        return None


def _pairs(value: object) -> dict[str, str]:
    """A list of ``{"key": …, "value": …}`` (or ``name``) as labels."""
    pairs = [mapping(item) for item in sequence(value)]
    if not all(("key" in pair or "name" in pair) and "value" in pair for pair in pairs):
        return {}
    return string_map({as_text(pair.get("key", pair.get("name"))): pair["value"] for pair in pairs})
