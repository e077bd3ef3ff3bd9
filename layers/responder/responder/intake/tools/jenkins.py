"""Jenkins: finished builds, as the Notification plugin and the Outbound WebHook plugin tell them.

https://plugins.jenkins.io/notification/
https://plugins.jenkins.io/outbound-webhook/

A pipeline's own request, with names such as ``JOB_NAME`` and ``BUILD_NUMBER``, is read where the
route names Jenkins.

A build that failed, or is unstable, fires; the next one of the same job that succeeds resolves it.
COMPLETED and FINALIZED tell the same of a build and so are one alert.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import unquote, urlsplit

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, folded, mapping, sequence
from responder.intake.severity import default_of
from responder.intake.states import status_by, words
from responder.intake.times import read_time

NAME = "jenkins"

_FINISHED = ("COMPLETED", "FINALIZED", "FINISHED", "NONE", "")
_RESULTS = words("failure unstable", "success", "aborted not_built")
_SAID = words(
    "failure failed unstable",
    "success successful succeeded fixed",
    "aborted not_built start started running in_progress queued",
)
_MAX_TESTS = 10


def split(payload: object) -> Sequence[object]:
    """One build each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a build."""
    body = mapping(element)
    build = mapping(body.get("build"))
    if not build:
        return _flat(body, request)
    phase, result = first(build, ["phase"]).upper(), first(build, ["status"])
    if phase not in _FINISHED or (phase and not result):
        raise NotAnAlert(f"a build of the phase {phase[:60]}")
    status = status_by(_RESULTS, result)
    job = first(body, ["name", "display_name"])
    link = first(build, ["full_url"])
    path = first(body, ["url"]) or _job_of(link or first(build, ["url"]))
    if not job and not path:
        raise Unreadable("a build without a job")
    scm = mapping(build.get("scm"))
    return _draft(
        body,
        request,
        path=path,
        link=link,
        name=_full_name(path) or job,
        number=first(build, ["number"]),
        result=result,
        status=status,
        at=read_time(build.get("timestamp")),
        message=_message(build),
        labels={"job": job, "branch": first(scm, ["branch"]), "commit": first(scm, ["commit"])},
    )


def _flat(body: Mapping[str, object], request: Request) -> Draft:
    """A build that is told of in one object, by the Outbound WebHook plugin or a pipeline."""
    fields = folded(body)
    link = first(fields, ("buildurl", "runurl", "url", "link"))
    result = first(fields, ("event", "result", "buildresult", "currentresult", "buildstatus",
                            "status"))  # fmt: skip
    status = status_by(_SAID, result)
    path = _job_of(link)
    job = first(fields, ("projectname", "jobname", "job")) or _full_name(path)
    if not job:
        raise Unreadable("a build without a job")
    number = first(fields, ("buildnumber", "number")) or first(fields, ("buildname",))
    return _draft(
        body,
        request,
        path=path if _full_name(path) else "",
        link=link,
        name=_full_name(path) or job,
        number=number.rpartition("#")[2],
        result=result,
        status=status,
        at=read_time(fields.get("finishedat")) or read_time(fields.get("timestamp")),
        message=first(fields, ("message", "description")),
        labels={"branch": first(fields, ("gitbranch", "branch")),
                "commit": first(fields, ("gitcommit", "commit"))},
    )  # fmt: skip


def _draft(
    body: Mapping[str, object],
    request: Request,
    *,
    path: str,
    link: str,
    name: str,
    number: str,
    result: str,
    status: Status,
    at: datetime | None,
    message: str,
    labels: Mapping[str, str],
) -> Draft:
    site = _parts(link)[0]
    return Draft(
        source=NAME,
        fingerprint=f"{site}/{path.strip('/') or name}",
        native_id=f"{name} #{number}" if number else name,
        title=f"Build of {name} failed",
        message=message,
        rule=name,
        severity=Severity.MEDIUM if result.lower() == "unstable" else default_of(NAME),
        status=status,
        service=_service(name, labels.get("branch", "")),
        resource=name,
        labels={key: text for key, text in {**labels, "result": result, "build": number,
                                            "jenkins": site}.items() if text},
        links={"source": link},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=f"{link}#{number}" if link and number else request.delivery_id,
        raw=body,
    )  # fmt: skip


def _message(build: Mapping[str, object]) -> str:
    tests = mapping(build.get("test_summary")) or mapping(build.get("testSummary"))
    failed = first(tests, ["failed"])
    names = [str(name) for name in sequence(tests.get("failed_tests"))[:_MAX_TESTS]]
    named = f": {', '.join(names)}" if names else ""
    parts = (
        first(build, ["notes"]),
        f"{failed} of {first(tests, ['total'])} tests failed{named}" if failed not in ("", "0")
        else "",
    )  # fmt: skip
    return "\n".join(part for part in parts if part)


def _job_of(build: str) -> str:
    """The job's path, of the URL of one of its builds."""
    path = _parts(build)[1]
    head, _, last = path[max(path.find("job/"), 0) :].strip("/").rpartition("/")
    return head if last.isdigit() else f"{head}/{last}".strip("/")


def _full_name(path: str) -> str:
    """A job's name with its folders: ``job/shop/job/checkout/`` is ``shop/checkout``."""
    parts = unquote(path).strip("/").split("/")
    return "/".join(parts[1::2]) if all(part == "job" for part in parts[::2]) else ""


def _service(name: str, branch: str) -> str:
    """The job, or that whose branches are jobs."""
    *folders, last = name.split("/")
    is_branch = bool(folders and branch) and unquote(last) == branch.removeprefix("origin/")
    return folders[-1] if is_branch else last


def _parts(url: str) -> tuple[str, str]:
    """The host and the path of a URL; a user's name in it is left out."""
    try:
        split_url = urlsplit(url)
    except ValueError:
        return "", ""
    return split_url.netloc.rpartition("@")[2], split_url.path
