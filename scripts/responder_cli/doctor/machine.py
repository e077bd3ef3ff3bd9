"""What this machine needs to build and to deploy."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence

from local_stack import building, layout
from responder_cli.doctor.plan import ARCHITECTURE, Plan
from responder_cli.health.verdict import Finding, failing, ok, warning

#: The oldest of each line that obeys AWS_ENDPOINT_URL for every service.
#: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
OLDEST_AWS_CLI = {1: 29, 2: 13}
PATIENCE_SECONDS = 30
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


def findings(plan: Plan) -> Iterator[Finding]:
    """In the order in which they are needed."""
    yield _python()
    yield from _tools()
    yield _aws_cli(said(["aws", "--version"]))
    yield _build()
    yield from _parameters(plan)


def said(call: Sequence[str]) -> str:
    """What a tool says of its version; empty where it is not there or does not run."""
    if shutil.which(call[0]) is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            call, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout or done.stderr).strip() if done.returncode == 0 else ""


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == (3, 13):
        return ok("python", f"{version}, as Lambda's")
    return failing("python", f"{version}; Lambda runs 3.13", "make venv PYTHON=python3.13")


def _tools() -> Iterator[Finding]:
    for tool in ("make", "git"):
        found = shutil.which(tool) is not None
        install = f"install {tool} with the system's package manager"
        yield ok(tool, "is there") if found else failing(tool, "is not there", install)
    if sam := said([str(layout.SAM), "--version"]):
        yield ok("sam", sam)
    else:
        yield failing("sam", "is not there, or does not run", "make setup")


def _aws_cli(version: str) -> Finding:
    """Only the runbook's `aws` commands need it."""
    found = _VERSION.search(version.partition("/")[2])
    mend = "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
    if found is None:
        return warning("aws", "is not there; the runbook's aws commands need it", mend)
    if int(found[2]) < OLDEST_AWS_CLI.get(int(found[1]), 0):
        return warning("aws", f"{found[0]} ignores the local stack's endpoint", mend)
    return ok("aws", found[0])


def _build() -> Finding:
    if building.is_current(layout.BUILD, ARCHITECTURE):
        return ok("build", f"is of the present code, for {ARCHITECTURE}")
    there = (layout.BUILD / "template.yaml").exists()
    reason = f"is of other code, or not for {ARCHITECTURE}" if there else "is not there"
    # `deploy` builds by itself.
    return warning("build", reason, "make build")


def _parameters(plan: Plan) -> Iterator[Finding]:
    name = f"samconfig.toml [{plan.environment}]"
    if plan.unknown:
        reason = f"the template has no parameter {', '.join(plan.unknown)}"
        yield failing(name, reason, "correct the name in samconfig.toml")
    else:
        yield ok(name, "every parameter is the template's")
    for parameter, what in (
        ("AlarmEmail", "nobody is told of this stack's own alarms"),
        ("NoticeEmail", "nobody is told by mail of cards that Slack does not show"),
    ):
        if not plan.parameters.get(parameter):
            yield warning(parameter, f"{what}, but who subscribes to the topic",
                          f'add "{parameter}=you@example.com" to [{plan.environment}]')  # fmt: skip
