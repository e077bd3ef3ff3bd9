"""Cloudflare notifications, as a generic webhook gets them.

https://developers.cloudflare.com/notifications/reference/webhook-payload-schema/

``alert_event`` says start or end where the kind of alert has an end; health checks, tunnels and
incidents say it in their data instead. All other kinds never end.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, sequence
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "cloudflare"

_TEST = "Hello World! This is a test message sent from https://cloudflare.com"
_END = "ALERT_STATE_EVENT_END"
_STATES = ("new_health", "new_status", "status", "health_status", "incident_status")
_WELL = frozenset({"healthy", "resolved", "tunnel_status_type_healthy", "incident_status_resolved"})
_BAD = {
    "unhealthy": Severity.HIGH,
    "down": Severity.HIGH,
    "tunnel_status_type_down": Severity.HIGH,
    "tunnel_status_type_degraded": Severity.MEDIUM,
}
_IMPACT = "INCIDENT_IMPACT_"
_ATTACKS = "dos_attack"
# What an alert is about, the most telling first, and what tells two of one policy apart.
_ABOUT = ("zone_name", "hostname", "health_check_name", "name", "tunnel_name", "pool_name",
          "incident_name", "target_hostname", "target_zone_name", "script_name")  # fmt: skip
_IDS = ("health_check_id", "tunnel_id", "pool_id", "attack_id", "incident_id", "zone_tag",
        "zone_id")  # fmt: skip


def split(payload: object) -> Sequence[object]:
    """One notification each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a notification. Raises NotAnAlert for the test of a new destination."""
    fields = mapping(element)
    text = first(fields, ("text",))
    if text.startswith(_TEST):
        raise NotAnAlert("a test of the connection")
    kind, policy = first(fields, ("alert_type",)), first(fields, ("policy_id",))
    name = first(fields, ("name", "policy_name"))
    if not name and not text and not kind:
        raise Unreadable("a notification without a name, a text or a type")
    data = mapping(fields.get("data"))
    account = first(fields, ("account_id",)) or first(data, ("account_id",))
    about = first(data, _ABOUT) or _text_of(data.get("zones"))
    state = first(data, _STATES).lower()
    ended = first(fields, ("alert_event",)).upper() == _END or state in _WELL
    same = first(fields, ("alert_correlation_id",)) or first(data, _IDS) or about
    at = read_time(fields.get("ts"))
    labels = {"alert_type": kind, "policy": first(fields, ("policy_name",)), "state": state}
    return Draft(
        source=NAME,
        fingerprint=f"{account}/{policy or kind or name}/{same}",
        native_id=first(fields, ("alert_correlation_id",)) or policy,
        title=_title(name or kind or text, about),
        message=text,
        rule=first(fields, ("policy_name", "name")),
        severity=_severity(data, kind, state),
        status=Status.RESOLVED if ended else Status.FIRING,
        service=about,
        resource=about,
        scope=Scope(account=account),
        labels={key: value for key, value in labels.items() if value},
        links={"dashboard": first(data, ("dashboard_link", "link", "url"))},
        happened_at=at,
        starts_at=None if ended else at,
        ends_at=at,
        raw=fields,
    )


def _title(name: str, about: str) -> str:
    """One policy watches many things."""
    return f"{name}: {about}" if about and about not in name else name


def _severity(data: Mapping[str, object], kind: str, state: str) -> Severity:
    impact = first(data, ("incident_impact",)).removeprefix(_IMPACT)
    told = read_severity(first(data, ("severity",))) or read_severity(impact)
    if told:
        return told
    return _BAD.get(state) or (Severity.HIGH if _ATTACKS in kind else default_of(NAME))


def _text_of(value: object) -> str:
    return next((one for one in sequence(value) if isinstance(one, str)), "")
