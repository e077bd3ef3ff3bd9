"""Finding values in JSON that may have any shape: none of these helpers raises.

The readers of the tools use them, so that a missing or odd field costs that field, not the alert.
"""

from collections.abc import Iterable, Mapping, Sequence

from responder.alert import NOWHERE, Scope
from responder.intake.text import as_text

_NOTHING: Mapping[str, object] = {}
_CONTAINERS = (dict, list)

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


def mapping(value: object) -> Mapping[str, object]:
    """``value`` where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def sequence(value: object) -> Sequence[object]:
    """``value`` where it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else ()


def first(values: Mapping[str, object], names: Iterable[str]) -> str:
    """The text of the first of ``names`` that has a scalar, non-empty value."""
    for name in names:
        value = values.get(name)
        if value is None or isinstance(value, _CONTAINERS):
            continue
        if text := as_text(value):
            return text
    return ""


def string_map(value: object) -> dict[str, str]:
    """A JSON object as text to text; empty values are left out."""
    return {name: text for name, item in mapping(value).items() if (text := as_text(item))}


def tag_map(value: object) -> dict[str, str]:
    """Tags as labels: an object, or a list or comma-separated text of ``name:value``."""
    if isinstance(value, dict):
        return string_map(value)
    parts = value.split(",") if isinstance(value, str) else map(as_text, sequence(value))
    labels = {}
    for part in parts:
        name, separator, text = part.strip().partition(":" if ":" in part else "=")
        if name:
            labels[name.strip()] = text.strip() if separator else "true"
    return labels


def scope_of(labels: Mapping[str, object]) -> Scope:
    """The scope that labels tell, each part by the first name that has a value."""
    there = _ALL_SCOPE_NAMES & labels.keys()
    if not there:
        return NOWHERE
    named = [(part, names) for part, names in SCOPE_NAMES.items() if not there.isdisjoint(names)]
    return Scope(**{part: first(labels, names) for part, names in named})
