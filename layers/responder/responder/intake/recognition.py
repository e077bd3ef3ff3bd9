"""The one ordered table by which a payload is known as a tool's, and the way to its reader.

A row names a header, or keys of the body's outermost object, or both; the first row that fits
wins, so that what is told apart by more stands above what is told apart by less.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from responder.intake import marks
from responder.intake.draft import Draft, Request
from responder.intake.fields import mapping, sequence

# Elements of an array that are looked at for a tool's keys.
_LOOKED_AT = 20


class Reader(Protocol):
    """What the module of a tool offers."""

    def split(self, payload: object) -> Sequence[object]:
        """The elements of a payload; each becomes one alert."""
        ...

    def read(self, element: object, whole: object, request: Request) -> Draft:
        """One alert. Raises Unreadable where it lacks the tool's shape, NotAnAlert for no alert."""
        ...


@dataclass(frozen=True)
class Row:
    """One way to know the payloads of ``tool``.

    ``header`` is a header that only this tool sends; ``keys`` must all be in the outermost object
    (``array`` True: in the objects of an outermost array); ``text`` True: the body is a text, not
    JSON; ``test`` decides where they do not suffice.
    """

    tool: str
    keys: tuple[str, ...] = ()
    header: str = ""
    test: Callable[[object, Request], bool] | None = None
    array: bool = False
    text: bool = False

    def fits(self, payload: object, request: Request) -> bool:
        """Whether this row knows the payload."""
        if self.header and self.header not in request.headers:
            return False
        return self._has_keys(payload) and (self.test is None or self.test(payload, request))

    def _has_keys(self, payload: object) -> bool:
        if self.text:
            return isinstance(payload, str)
        if not self.array:
            return not self.keys or all(key in mapping(payload) for key in self.keys)
        elements = sequence(payload)[:_LOOKED_AT]
        return any(all(key in mapping(element) for key in self.keys) for element in elements)


#: First match wins.
ROWS: tuple[Row, ...] = (
    Row("sns", ("Type", "TopicArn"), test=marks.is_handshake),
    Row("github", header="x-github-event", test=marks.is_github_event),
    Row("flux", header="gotk-component", test=marks.is_flux),
    Row("bitbucket", header="x-event-key", test=marks.is_bitbucket),
    Row("circleci", ("type",), header="circleci-event-type", test=marks.is_circleci),
    Row("snyk", ("webhookId",), header="x-snyk-event"),
    Row("cloudwatch", ("AlarmName", "NewStateValue")),
    Row("cloudwatch", ("detail", "source"), test=marks.is_alarm_event),
    Row("alertmanager", ("alerts",), test=marks.is_alertmanager),
    Row("alertmanager", ("labels",), test=marks.is_push, array=True),
    Row("github", ("workflow_run", "repository"), test=marks.is_github_run),
    Row("github", ("workflow_job", "repository"), test=marks.is_github_run),
    Row("github", ("check_run", "repository"), test=marks.is_github_run),
    Row("github", ("check_suite", "repository"), test=marks.is_github_run),
    Row("github", ("alert", "repository"), test=marks.is_github_alert),
    Row("github", ("branches", "context", "sha", "repository"), test=marks.is_github_run),
    Row("gitlab", ("object_kind",), test=marks.is_gitlab),
    Row("argocd", ("argocd",), test=marks.is_argocd),
    Row("argocd", ("app",), test=marks.is_argocd_app),
    Row("argocd", ("application",), test=marks.is_argocd_app),
    Row("argocd", ("apiVersion", "status"), test=marks.is_argocd_app),
    Row("argocd", ("sync_status", "health_status")),
    Row("argocd", ("syncStatus", "healthStatus")),
    Row("flux", ("involvedObject", "reason"), test=marks.is_flux),
    Row("jenkins", ("build",), test=marks.is_jenkins),
    Row("jenkins", ("buildUrl", "buildName", "event")),
    Row("elastic", ("kibana",), test=marks.is_elastic_document),
    Row("elastic", ("kibana.alert.uuid",)),
    Row("elastic", ("kibana.alert.rule.name",)),
    Row("elastic", ("kibana.alert.uuid",), test=marks.is_elastic_documents, array=True),
    Row("elastic", ("kibana",), test=marks.is_elastic_documents, array=True),
    Row("elastic", ("alerts",), test=marks.is_elastic_alerts),
    Row("elastic", ("alert", "rule"), test=marks.is_elastic_rule),
    Row("elastic", ("context", "rule"), test=marks.is_elastic_alerts),
    Row("elastic", ("alertActionGroup", "alertName")),
    Row("elastic", ("actionGroup", "ruleId")),
    Row("elastic", ("webhook_body",)),
    Row("elastic", ("watch_id",), test=marks.is_watch),
    Row("elastic", ("ctx",), test=marks.is_watch),
    Row("elastic", ("payload",), test=marks.is_watch),
    Row("graylog", ("event_definition_id",)),
    Row("graylog", ("check_result", "stream")),
    Row("sumo-logic", ("TriggerType",), test=marks.is_sumo_logic),
    Row("sumo-logic", ("triggerType",), test=marks.is_sumo_logic),
    Row("sumo-logic", ("trigger_type",), test=marks.is_sumo_logic),
    Row("sumo-logic", ("SearchName", "SearchQuery")),
    Row("coralogix", ("alert_action", "fields")),
    Row("coralogix", ("alert_action", "alert_id")),
    Row("axiom", ("event", "action"), test=marks.is_axiom),
    Row("dash0", ("data", "type"), test=marks.is_dash0),
    Row("rollbar", ("event_name", "data"), test=marks.is_rollbar),
    Row("bugsnag", ("trigger", "project"), test=marks.is_bugsnag),
    Row("raygun", ("eventType", "event", "error"), test=marks.is_raygun),
    Row("bitbucket", ("commit_status", "repository"), test=marks.is_build_status),
    Row("circleci", ("pipeline", "type", "project"), test=marks.is_circleci),
    Row("azure-devops", ("eventType", "resource", "publisherId"), test=marks.is_azure_devops),
    Row("azure-devops", ("eventType", "resource", "subscriptionId"), test=marks.is_azure_devops),
    Row("terraform-cloud", ("notification_configuration_id",)),
    Row("vercel", ("createdAt", "payload", "type"), test=marks.is_vercel),
    Row("heroku", ("webhook_metadata", "resource", "data")),
    Row("snyk", ("newIssues", "project")),
    Row("logzio", ("alert_severity", "alert_title"), test=marks.is_logzio),
    Row("papertrail", ("saved_search",)),
    Row("loggly", ("search_link", "alert_name")),
    Row("loggly", ("edit_alert_link", "alert_name")),
    Row("airbrake", ("airbrake_error_url", "error")),
    Row("honeybadger", ("fault", "event"), test=marks.is_honeybadger),
    Row("honeybadger", ("site", "event"), test=marks.is_honeybadger),
    Row("honeybadger", ("check_in", "event"), test=marks.is_honeybadger),
    Row("honeybadger", ("alarm", "event"), test=marks.is_honeybadger),
    Row("honeybadger", ("volume_spike", "event"), test=marks.is_honeybadger),
    Row("honeybadger", ("deploy", "event"), test=marks.is_honeybadger),
    Row("appsignal", ("exception",), test=marks.is_appsignal),
    Row("appsignal", ("performance",), test=marks.is_appsignal),
    Row("appsignal", ("marker",), test=marks.is_appsignal),
    Row("opensearch", ("ctx",), test=marks.is_opensearch),
    Row("opensearch", ("trigger", "monitor"), test=marks.is_opensearch),
    Row("opensearch", ("trigger_name", "monitor_name")),
    Row("opensearch", ("text",), test=marks.is_opensearch_prose),
    Row("opensearch", text=True, test=marks.is_opensearch_prose),
)

#: Other names of a tool that a route may use.
ALIASES = {
    "prometheus": "alertmanager",
    "vmalert": "alertmanager",
    "mimir": "alertmanager",
    "loki": "alertmanager",
    "cortex": "alertmanager",
    "github-actions": "github",
    "gitlab-ci": "gitlab",
    "argo-cd": "argocd",
    "argo": "argocd",
    "fluxcd": "flux",
    "kibana": "elastic",
    "elasticsearch": "elastic",
    "watcher": "elastic",
    "sumo": "sumo-logic",
    "sumologic": "sumo-logic",
    "bitbucket-pipelines": "bitbucket",
    "circle-ci": "circleci",
    "azuredevops": "azure-devops",
    "azure-pipelines": "azure-devops",
    "terraform": "terraform-cloud",
    "terraform-enterprise": "terraform-cloud",
    "hcp-terraform": "terraform-cloud",
    "logz.io": "logzio",
    "logz-io": "logzio",
}

TOOLS = tuple(dict.fromkeys(row.tool for row in ROWS))


def tools_of(payload: object, request: Request) -> Iterator[str]:
    """The tools whose rows know the payload, best first; each may come more than once."""
    return (row.tool for row in _candidates(payload, request) if row.fits(payload, request))


def named(request: Request) -> str:
    """The tool that the route names, by its own name; empty where it names none of ours."""
    tool = ALIASES.get(request.tool, request.tool)
    return tool if tool in TOOLS else ""


@cache
def reader(tool: str) -> Reader:
    """The reader of ``tool``, imported when its first payload comes."""
    name = tool.replace("-", "_").replace(".", "_")
    return cast(Reader, import_module(f"responder.intake.tools.{name}"))


def _candidates(payload: object, request: Request) -> Sequence[Row]:
    """The few rows worth a look, in their order: those with a key or header that is there."""
    if isinstance(payload, dict):
        found = [place for key in payload if key in _BY_KEY for place in _BY_KEY[key]]
    elif isinstance(payload, list):
        found = list(_OF_ARRAYS)
    else:
        found = list(_OF_TEXTS) if isinstance(payload, str) else []
    found += [place for header in request.headers if header in _BY_HEADER
              for place in _BY_HEADER[header]]  # fmt: skip
    return [ROWS[place] for place in sorted(found)]


def _index() -> tuple[dict[str, list[int]], dict[str, list[int]], list[int], list[int]]:
    by_key: dict[str, list[int]] = {}
    by_header: dict[str, list[int]] = {}
    of_arrays, of_texts = [], []
    for place, row in enumerate(ROWS):
        if row.header:
            by_header.setdefault(row.header, []).append(place)
        elif row.array:
            of_arrays.append(place)
        elif row.text:
            of_texts.append(place)
        else:
            by_key.setdefault(row.keys[0], []).append(place)
    return by_key, by_header, of_arrays, of_texts


_BY_KEY, _BY_HEADER, _OF_ARRAYS, _OF_TEXTS = _index()
