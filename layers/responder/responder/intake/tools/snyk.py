"""Snyk: issues that a test of a project found anew, or found no more.

https://docs.snyk.io/snyk-api/using-specific-snyk-apis/webhooks-apis/webhooks
"""

from collections.abc import Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, sequence, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "snyk"


def split(payload: object) -> Sequence[object]:
    """The issues, new ones first."""
    body = mapping(payload)
    return [*sequence(body.get("newIssues")), *sequence(body.get("removedIssues"))] or (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an issue."""
    issue, body = mapping(element), mapping(whole)
    if element is whole:
        if "newIssues" in body or first(request.headers, ["x-snyk-event"]):
            raise NotAnAlert("a test that found nothing new, or of the connection")
        raise Unreadable("no issues")
    data, project = mapping(issue.get("issueData")), mapping(body.get("project"))
    number = first(issue, ["id"]) or first(data, ["id"])
    title = first(data, ["title"]) or number
    if not title:
        raise Unreadable("an issue without an id or a title")
    package, name = first(issue, ["pkgName"]), first(project, ["name"])
    removed = any(item is element for item in sequence(body.get("removedIssues")))
    home = first(mapping(body.get("org")), ["name", "id"])
    at = read_time(first(request.headers, ["x-snyk-timestamp"]))
    return Draft(
        source=NAME,
        fingerprint=f"{home}/{first(project, ['id']) or name}/{number or title}",
        native_id=number,
        title=f"{package}: {title}" if package else title,
        message=first(data, ["description"])[:2_000],
        rule=number,
        severity=read_severity(first(data, ["severity"])) or default_of(NAME),
        status=Status.RESOLVED if removed else Status.FIRING,
        service=name.rpartition("/")[2].partition(":")[0],
        resource=name,
        labels=string_map({"organization": home, "package": package,
                           "type": issue.get("issueType"), "origin": project.get("origin")}),
        links={link: url for link, url in (("source", first(data, ["url"])),
                                           ("project", first(project, ["browseUrl"]))) if url},
        happened_at=at,
        starts_at=None if removed else at,
        ends_at=at,
        delivery_id=first(request.headers, ["x-snyk-transport-id"]) or request.delivery_id,
        raw=element,
    )  # fmt: skip
