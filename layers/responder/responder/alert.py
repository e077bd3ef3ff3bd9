"""The alert: one firing or resolved notification of a monitoring tool, whatever tool it was.

``intake`` makes alerts; every later room only reads them.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

from responder.clock import to_utc

#: Source of the alerts that a pre-traffic check sends; their card goes to the test channel.
SYNTHETIC_SOURCE = "responder-synthetic"
#: Labels of an alert, and of its incident: matchers see the same of both.
MAX_LABELS = 64

Moment = Annotated[AwareDatetime, AfterValidator(to_utc)]


class Severity(StrEnum):
    """How bad, from worst to mildest. ``rank`` 0 is the worst."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    INFO = "INFO"

    @property
    def rank(self) -> int:
        """0 for CRITICAL up to 4 for INFO."""
        return _RANKS[self]

    def worse_than(self, other: "Severity") -> bool:
        """Whether this severity deserves attention before ``other``."""
        return self.rank < other.rank


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Status(StrEnum):
    """What the tool says of the problem."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Scope(BaseModel):
    """Where a problem is; part of the incident's key, never of the signature."""

    model_config = ConfigDict(frozen=True)

    account: str = ""
    region: str = ""
    cluster: str = ""
    environment: str = ""

    def key(self) -> str:
        """The four parts as one string; equal scopes and only they have equal keys."""
        parts = (self.account, self.region, self.cluster, self.environment)
        return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)


#: The scope of an alert that names none.
NOWHERE = Scope()


class Alert(BaseModel):
    """One notification. All times are aware UTC; ``ends_at`` is None while firing.

    ``event_at`` is when this state began by the tool's clock (else receive time); order between
    alerts comes from it alone. ``rule`` is the tool's name of the rule or monitor, empty where it
    has none. ``raw`` is the received payload as ``responder.raw`` packs it, empty when it is not
    kept. ``truncated`` says what was cut and by whom. ``rated`` says which rule of the operators
    gave it its severity, and what the tool had said.
    """

    model_config = ConfigDict(frozen=True)

    alert_id: str
    source: str
    fingerprint: str
    title: str
    severity: Severity
    status: Status
    event_at: Moment
    received_at: Moment
    native_id: str = ""
    rule: str = ""
    message: str = ""
    service: str = ""
    resource: str = ""
    scope: Scope = Scope()
    labels: dict[str, str] = {}
    links: dict[str, str] = {}
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    truncated: tuple[str, ...] = ()
    rated: str = ""
    unknown_format: bool = False
    raw: str = ""
