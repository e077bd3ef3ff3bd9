"""Falco's events, from Falco itself or through Falcosidekick.

https://falco.org/docs/concepts/outputs/formatting/
https://github.com/falcosecurity/falcosidekick

An event is never resolved. Values of 19 digits and nulls among ``output_fields`` are ordinary.
"""

from collections.abc import Sequence

from responder.alert import Scope, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, sequence, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.text import as_text
from responder.intake.times import read_time

NAME = "falco"

_SERVICES = ("k8s.deployment.name", "k8s.rs.name", "k8smeta.deployment.name",
             "container.image.repository", "container.name", "proc.name", "ka.target.name",
             )  # fmt: skip
_RESOURCES = ("k8s.pod.name", "container.name", "container.id", "ka.target.name")
_CLUSTERS = ("cluster", "k8s.cluster.name", "cluster_name")


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A rule that matched."""
    fields = mapping(element)
    rule, output = first(fields, ("rule",)), first(fields, ("output",))
    if not rule:
        raise Unreadable("no rule")
    values = string_map(fields.get("output_fields"))
    host = first(fields, ("hostname",))
    resource = first(values, _RESOURCES) or host
    namespace = first(values, ("k8s.ns.name", "ka.target.namespace"))
    labels = {**values, "source": first(fields, ("source",))}
    if tags := ", ".join(as_text(tag) for tag in sequence(fields.get("tags"))):
        labels["tags"] = tags
    at = read_time(fields.get("time"))
    return Draft(
        source=NAME,
        fingerprint="/".join((rule, host, namespace, resource, values.get("proc.name", ""))),
        title=rule,
        message=output,
        rule=rule,
        severity=read_severity(first(fields, ("priority",))) or default_of(NAME),
        status=Status.FIRING,
        service=first(values, _SERVICES),
        resource=resource,
        scope=Scope(cluster=first(values, _CLUSTERS)),
        labels={name: text for name, text in labels.items() if text},
        happened_at=at,
        starts_at=at,
        delivery_id=first(fields, ("uuid",)),
        raw=element,
    )
