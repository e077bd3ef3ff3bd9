"""Finding values in JSON that may have any shape: none of these helpers raises.

The readers of the tools use them, so that a missing or odd field costs that field, not the alert.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from responder.alert import NOWHERE, Scope
from responder.intake.text import as_text

_NOTHING: Mapping[str, object] = {}
#: What JSON nests.
CONTAINERS = (dict, list)
# Label names, in order of trust, under which tools say where a problem is.
SCOPE_NAMES: Mapping[str, tuple[str, ...]] = {
    "account": ("account_id", "account", "aws_account_id", "aws_account", "accountId",
                "subscription_id", "project_id"),
    "region": ("region", "aws_region", "cloud_region", "location"),
    "cluster": ("cluster", "cluster_name", "k8s_cluster", "k8s_cluster_name",
                "kubernetes_cluster", "kube_cluster_name"),
    "environment": ("environment", "env", "stage", "deployment_environment",
                    "deployment.environment"),
}  # fmt: skip
_ALL_SCOPE_NAMES = frozenset(name for names in SCOPE_NAMES.values() for name in names)
SERVICE_NAMES = ("service", "service_name", "service.name", "app", "app_kubernetes_io_name",
                 "app.kubernetes.io/name", "application", "job")  # fmt: skip
RESOURCE_NAMES = ("resource", "instance", "pod", "host", "hostname", "node", "device", "container")
_TAG_NAMES = ("name", "key", "tag", "label")
_TAG_VALUES = ("value",)
_SEPARATORS = str.maketrans("", "", "._- ${}")
_MAX_FOLDED = 300
_LONGEST_NAME = 64
#: What is kept of longer names, in characters.
_FOLDED = 80
#: Sets of names or values beyond this length are not remembered: whoever sends many would fill the
#: memory.
_REMEMBERED = 4_096


def mapping(value: object) -> Mapping[str, object]:
    """``value`` where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def sequence(value: object) -> Sequence[object]:
    """``value`` where it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else ()


def first(values: Mapping[str, object], names: Iterable[str]) -> str:
    """The text of the first of ``names`` that has a scalar, non-empty value."""
    for name in names:
        if name in values:
            value = values[name]
            if not isinstance(value, CONTAINERS) and (text := as_text(value)):
                return text
    return ""


def squeezed(values: Mapping[str, object]) -> dict[str, object]:
    """The values by bare lower-case names, so that alertId, ALERT_ID and "alert.id" are one."""
    return {_squeezed(name[:_FOLDED]): value for name, value in values.items()}


def string_map(value: object) -> dict[str, str]:
    """A JSON object as text to text; empty values are left out."""
    return {name: text for name, item in mapping(value).items() if (text := as_text(item))}


def tag_map(value: object) -> dict[str, str]:
    """Tags as labels: an object, or a list or comma-separated text of ``name:value``.

    The elements of a list may also be objects, such as ``{"name": ..., "value": ...}``.
    """
    if isinstance(value, dict):
        return string_map(value)
    parts = value.split(",") if isinstance(value, str) else sequence(value)
    labels = {}
    for part in parts:
        if isinstance(part, dict):
            name, text = first(part, _TAG_NAMES), first(part, _TAG_VALUES)
            separator = text
        else:
            written = as_text(part).strip()
            name, separator, text = written.partition(":" if ":" in written else "=")
        if name:
            labels[name.strip()] = text.strip() if separator else "true"
    return labels


def folded(value: object) -> dict[str, object]:
    """An object by its bare names: ``HOST.NAME``, ``hostName`` and ``host_name`` are ``hostname``.

    For tools whose users write the names, which they copy from macros of the tool.
    """
    names = islice(mapping(value).items(), _MAX_FOLDED)
    return {bare(name) if len(name) <= _LONGEST_NAME else name: item for name, item in names}


@lru_cache(maxsize=2_048)
def bare(name: str) -> str:
    """``name`` in lower case, without separators and what macros stand in."""
    return name.lower().translate(_SEPARATORS)


class Place(NamedTuple):
    """Where a problem is, as labels tell it."""

    service: str
    resource: str
    scope: Scope


def place_of(labels: Mapping[str, str]) -> Place:
    """Service, resource and scope of labels as ``string_map`` makes them."""
    names = tuple(labels)
    telling = _telling if len("".join(names)) <= _REMEMBERED else _telling.__wrapped__
    service, resource, parts = telling(names)
    scope = _scope_at(parts, labels) if parts else NOWHERE
    return Place(labels[service] if service else "", labels[resource] if resource else "", scope)


# The alerts of a tool have few sets of label names, and looking for the telling ones in each alert
# would cost a tenth of its reading.
@lru_cache(maxsize=512)
def _telling(names: tuple[str, ...]) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """The names of a service and a resource, and those of each part of the scope."""

    def best(wanted: Iterable[str]) -> str:
        return next((name for name in wanted if name in names), "")

    parts = ((part, best(wanted)) for part, wanted in SCOPE_NAMES.items())
    return best(SERVICE_NAMES), best(RESOURCE_NAMES), tuple(pair for pair in parts if pair[1])


def _scope_at(parts: tuple[tuple[str, str], ...], labels: Mapping[str, str]) -> Scope:
    values = tuple([labels[name] for _, name in parts])
    scope = _scope if len("".join(values)) <= _REMEMBERED else _scope.__wrapped__
    return scope(parts, values)


# The alerts of a request share most of their scopes.
@lru_cache(maxsize=512)
def _scope(parts: tuple[tuple[str, str], ...], values: tuple[str, ...]) -> Scope:
    return Scope(**{part: value for (part, _), value in zip(parts, values, strict=True)})


def scope_of(labels: Mapping[str, object]) -> Scope:
    """The scope that labels tell, each part by the first name that has a value."""
    if _ALL_SCOPE_NAMES.isdisjoint(labels):
        return NOWHERE
    return Scope(**{part: first(labels, names) for part, names in SCOPE_NAMES.items()})


@lru_cache(maxsize=4096)
def _squeezed(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()
