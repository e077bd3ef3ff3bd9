"""The checks of ``responder health``: those of the machine, and all of them at once.

Thresholds on errors are the runbook's, those on ages the alarms'; the others say where they come
from.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from responder.errors import ResponderError
from responder_cli import problems
from responder_cli.aws import FUNCTIONS, LIVE, TABLES, NotFound, Stack, words
from responder_cli.dlq.places import Place, depth
from responder_cli.health import outside, pulse
from responder_cli.health.letters import UNREADABLE, Letters
from responder_cli.health.metrics import Window, highest, total
from responder_cli.health.verdict import Finding, failing, ok, warning
from responder_cli.mending import aws, command, deploy, tail
from responder_cli.webhook import NoAnswer, post

#: What a canary's functions sent to those of the version before.
NEWER = f"{UNREADABLE}, but sent by a newer release: reprocess it once that is live"
HEARTBEAT_FUNCTION = "HeartbeatFunction"
#: Errors in the window that the runbook calls unhealthy; three lost heartbeats are an alarm.
MOST_ERRORS = {
    "AlertReceptionFunction": 10,
    "AnalysisFunction": 5,
    "DistributionFunction": 5,
    HEARTBEAT_FUNCTION: 2,
}
#: So near to its time-out, a function will soon meet it.
NEAR_TIMEOUT = 0.9
#: States of a mapping in which messages are taken.
TAKING = ("Enabled", "Enabling", "Updating", "Creating")
#: The longest that the front door is waited for here, in seconds.
DOOR_SECONDS = 10
#: Calls to AWS at the same time. Each opens connections of its own: with more of them, their
#: handshakes take longer than what they save (measured on the local stack).
WORKERS = 6


@dataclass(frozen=True)
class Watched:
    """A queue by its output, who takes from it, and the seconds that its alarm lets wait."""

    name: str
    output: str
    taker: str
    oldest: int


QUEUES = (
    Watched("processing", "ProcessingQueueUrl", "AnalysisFunction", 120),
    Watched("processing-critical", "CriticalProcessingQueueUrl", "AnalysisFunction", 120),
    Watched("analysis", "AnalysisQueueUrl", "AnalysisFunction", 900),
    Watched("distribution", "DistributionQueueUrl", "DistributionFunction", 600),
    Watched("critical", "CriticalQueueUrl", "DistributionFunction", 120),
)


def api(stack: Stack) -> Iterator[Finding]:
    """The front door answers, and refuses who has no key."""
    headers = {"content-type": "application/json"}
    try:
        answer = post(stack.output("WebhookUrl"), b"{}", headers, DOOR_SECONDS)
    except NoAnswer as error:
        # The way to it may be broken here, and nowhere else.
        mend = f"try from elsewhere: {command(stack, 'inject --sample generic/firing --wait')}"
        yield failing("api", f"no answer: {error}", mend)
        return
    if answer.status == 403:
        yield ok("api", "answers, and refuses a request without a key")
    elif answer.status < 300:
        yield failing("api", "accepts requests without a key", deploy(stack))
    else:
        said = f"answers {answer.status} to a request without a key, not 403"
        yield failing("api", said, tail(stack, "AlertReceptionFunction"))


def functions(stack: Stack) -> Sequence[str]:
    """Those of this stack: a stack of before has no heartbeat."""
    beats = f"{HEARTBEAT_FUNCTION}Name" in stack.outputs
    return (*FUNCTIONS, HEARTBEAT_FUNCTION) if beats else FUNCTIONS


def function(stack: Stack, short: str, window: Window) -> Iterator[Finding]:
    """One function can run, and did so without errors or throttles."""
    configuration = stack.client("lambda").get_function_configuration(
        FunctionName=stack.function(short), Qualifier=LIVE
    )
    state = configuration.get("State", "Active")
    if state not in ("Active", "Inactive"):
        yield failing(short, f"its live version is {state}", deploy(stack))
    else:
        yield _ran(stack, short, configuration, window)


def _ran(stack: Stack, short: str, configuration: Mapping[str, Any], window: Window) -> Finding:
    dimensions = {"FunctionName": stack.function(short)}
    counts = {
        metric: total(stack, "AWS/Lambda", metric, dimensions, window)
        for metric in ("Invocations", "Errors", "Throttles")
    }
    slowest = (highest(stack, "AWS/Lambda", "Duration", dimensions, window) or 0) / 1000
    limit = configuration.get("Timeout")
    reason = ", ".join(f"{count} {name.lower()}" for name, count in counts.items())
    reason = f"{reason} in {window.words}, the slowest {slowest:.1f} s"
    mend = tail(stack, short)
    if counts["Errors"] > MOST_ERRORS[short]:
        return failing(short, f"{reason} (more than {MOST_ERRORS[short]} errors)", mend)
    if limit and slowest >= NEAR_TIMEOUT * limit:
        return warning(short, f"{reason} (its time-out is {limit} s)", mend)
    if counts["Errors"] or counts["Throttles"]:
        return warning(short, reason, mend)
    return ok(short, reason)


def queues(stack: Stack) -> Sequence[Watched]:
    """Those of this stack."""
    return [one for one in QUEUES if one.output in stack.outputs]


def queue(stack: Stack, watched: Watched, window: Window) -> Iterator[Finding]:
    """One queue: somebody takes from it, and nothing waits for long."""
    url = stack.outputs[watched.output]
    name = f"{watched.name} queue"
    dimensions = {"QueueName": url.rsplit("/", 1)[-1]}
    age = highest(stack, "AWS/SQS", "ApproximateAgeOfOldestMessage", dimensions, window)
    found = depth(stack, url)
    since = "age unknown" if age is None else f"oldest {round(age)} s in {window.words}"
    reason = f"{found.waiting} waiting, {found.delayed} delayed, {since}"
    if (stopped := _stopped(stack, watched)) is not None:
        state, uuid = stopped
        mend = aws(stack, f"lambda update-event-source-mapping --uuid {uuid} --enabled")
        yield failing(name, f"its mapping is {state}: nobody takes from it; {reason}", mend)
    elif (age or 0) > watched.oldest:
        yield failing(name, reason, tail(stack, watched.taker))
    else:
        yield ok(name, reason)


def _stopped(stack: Stack, watched: Watched) -> tuple[str, str] | None:
    """State and id of a queue's mapping that takes nothing; None where it takes, or is unknown."""
    answer = stack.client("lambda").list_event_source_mappings(
        FunctionName=f"{stack.function(watched.taker)}:{LIVE}"
    )
    queue = stack.outputs[watched.output].rsplit("/", 1)[-1]
    for mapping in answer["EventSourceMappings"]:
        mine = str(mapping["EventSourceArn"]).rsplit(":", 1)[-1] == queue
        if mine and mapping["State"] not in TAKING:
            return str(mapping["State"]), str(mapping["UUID"])
    return None


def dead_letters(stack: Stack, letters: Letters) -> Iterator[Finding]:
    """Nothing gave up."""
    for place in letters.places():
        yield _dead(stack, letters, place)


def _dead(stack: Stack, letters: Letters, place: Place) -> Finding:
    count = letters.count(place)
    name = f"{place.name} dead letters"
    if not count:
        return ok(name, "none")
    reasons = letters.reasons(place)
    top = next(iter(reasons), "")
    mend = _way_out(stack, place, reasons)
    newer = f" ({NEWER})" if UNREADABLE in reasons else ""
    return failing(name, f"{count} waiting{f', {top}' if top else ''}{newer}", mend)


def _way_out(stack: Stack, place: Place, reasons: Sequence[str]) -> str:
    """Sent back, what cannot be read is a dead letter again at once."""
    look = command(stack, f"dlq show --queue {place.name}")
    again = command(stack, f"dlq reprocess --queue {place.name}")
    if UNREADABLE not in reasons:
        return f"{look}; {again}"
    gone = command(stack, f"dlq discard --queue {place.name} --reason {UNREADABLE}")
    return "; ".join((look, gone, again) if set(reasons) - {UNREADABLE} else (look, gone))


def tables(stack: Stack) -> Iterator[Finding]:
    """Each table is there and active."""
    for short in TABLES:
        yield _table(stack, short)


def _table(stack: Stack, short: str) -> Finding:
    name, full = f"{short} table", stack.table(short)
    try:
        status = stack.client("dynamodb").describe_table(TableName=full)["Table"]["TableStatus"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return failing(name, "it is gone", _regained(stack, short, full))
    return ok(name, status) if status in ("ACTIVE", "UPDATING") else failing(name, status)


def _regained(stack: Stack, short: str, full: str) -> str:
    """How a table that is gone comes back; the cache is in no backup, as it is safe to lose."""
    if short == "analysis-cache":
        return aws(
            stack,
            f"dynamodb create-table --table-name {full} --billing-mode PAY_PER_REQUEST "
            "--attribute-definitions AttributeName=error_signature,AttributeType=S "
            "--key-schema AttributeName=error_signature,KeyType=HASH",
        )
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html:
    # DynamoDB keeps a backup of a deleted table that had point-in-time recovery, for 35 days.
    listed = f"dynamodb list-backups --table-name {full} --backup-type SYSTEM"
    restored = f"dynamodb restore-table-from-backup --target-table-name {full} --backup-arn ARN"
    return f"{aws(stack, listed)}; {aws(stack, restored)}"


Check = Callable[[], Iterator[Finding]]


def every(stack: Stack, window: Window) -> list[Finding]:
    """All findings, in the order of an alert's way; a check that cannot be made is one too.

    The checks run at once. Raises NotFound where there is no such stack, and what boto3 raises
    where it cannot be looked up.
    """
    stack.output("WebhookUrl")
    named = _all(stack, window)
    with ThreadPoolExecutor(WORKERS) as pool:
        found = [pool.submit(_checked, name, check) for name, check in named.items()]
        return [finding for one in found for finding in one.result()]


def _all(stack: Stack, window: Window) -> dict[str, Check]:
    now, letters = window.end, Letters(stack)
    return {
        "api": lambda: api(stack),
        **{one: partial(function, stack, one, window) for one in functions(stack)},
        **{f"{one.name} queue": partial(queue, stack, one, window) for one in queues(stack)},
        "claude": lambda: outside.claude(stack, window),
        "claude breaker": lambda: outside.breaker(stack, now),
        "claude budget": lambda: outside.budgets(stack, now),
        "slack": lambda: outside.slack(stack, window, letters),
        "slack token": lambda: outside.token(stack),
        "cards": lambda: pulse.cards(stack, window),
        "dead letters": lambda: dead_letters(stack, letters),
        "tables": lambda: tables(stack),
        "secrets": lambda: outside.secrets(stack, now),
        "tick": lambda: pulse.tick(stack, now),
        "heartbeat": lambda: pulse.heartbeat(stack, now),
        "drift": lambda: pulse.drift(stack, window),
        "analysis": lambda: outside.analysis(stack),
    }


def _checked(name: str, check: Check) -> list[Finding]:
    """One check's findings. None may end the others: whoever is woken needs all that is known."""
    try:
        return list(check())
    except (BotoCoreError, ClientError, NotFound, ResponderError) as error:
        return [failing(name, f"could not be checked: {words(error)}")]
    except (KeyError, ValueError) as error:
        # Pydantic's are ValueErrors.
        return [failing(name, f"could not be checked: {problems.of_stored(error)}")]
