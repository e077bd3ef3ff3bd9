"""The checks of ``responder health``, one function a kind of component.

Thresholds on errors are the runbook's; the others say where they come from.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from botocore.exceptions import ClientError

from responder.errors import Reason
from responder.protocols.tick import UNSHOWN_ALARM
from responder_cli.aws import FUNCTIONS, LIVE, TABLES, Stack, words
from responder_cli.dlq.looking import LARGEST_BATCH, survey
from responder_cli.dlq.places import ALL, PLACES, Place, chosen, depth
from responder_cli.health.metrics import MINUTE, Window, highest, ours, total
from responder_cli.health.verdict import Finding, failing, ok, warning
from responder_cli.webhook import NoAnswer, post

#: Errors in the window that the runbook calls unhealthy.
MOST_ERRORS = {"AlertReceptionFunction": 10, "AnalysisFunction": 5, "DistributionFunction": 5}
#: An alert should be on its card within two seconds; a quarter of an hour is an outage (design).
OLDEST_SECONDS = 15 * MINUTE
#: The tick runs every minute.
TICK_LATE = timedelta(minutes=3)

#: What ails now is asked of so many minutes, however far the rest looks back.
LATELY_MINUTES = 5
#: Reasons to wait for the other side. Waits for a turn (paced), for another worker (lease_held,
#: intent_unsettled) belong to a healthy stack.
AILMENTS = (Reason.UNAVAILABLE, Reason.RATE_LIMITED, Reason.TIMEOUT, Reason.BREAKER_OPEN)
#: These no time heals; alerts wait until an operator does.
MENDABLE = (Reason.SECRET_MISSING, Reason.MISCONFIGURED)
#: Slack's word is final: the card is a dead letter until an operator mends it.
REFUSALS = (
    Reason.NOT_IN_CHANNEL,
    Reason.CHANNEL_NOT_FOUND,
    Reason.CHANNEL_ARCHIVED,
    Reason.CHANNEL_CLOSED,
    Reason.REFUSED_BY_SLACK,
)
#: Whose dead letters are cards.
CARD_PLACES = ("distribution", "critical")

#: Secrets by the end of their name, and what an empty one means.
CLAUDE_SECRET = "anthropic-key"  # noqa: S105 - the name of a secret
#: The way to Claude that needs it.
WITH_A_KEY = "api-key"
SLACK_SECRETS = ("slack-bot-token", "slack-webhook")


def api(stack: Stack) -> Iterator[Finding]:
    """The front door answers, and refuses who has no key."""
    try:
        answer = post(stack.output("WebhookUrl"), b"{}", {"content-type": "application/json"})
    except NoAnswer as error:
        yield failing("api", f"no answer: {error}")
        return
    if answer.status == 403:
        yield ok("api", "answers, and refuses a request without a key")
    elif answer.status < 300:
        yield failing("api", "accepts requests without a key")
    else:
        yield failing("api", f"answers {answer.status} to a request without a key, not 403")


def functions(stack: Stack, window: Window) -> Iterator[Finding]:
    """Each function can run, and did so without errors or throttles."""
    for short in FUNCTIONS:
        configuration = stack.client("lambda").get_function_configuration(
            FunctionName=stack.function(short), Qualifier=LIVE
        )
        state = configuration.get("State", "Active")
        if state not in ("Active", "Inactive"):
            yield failing(short, f"its live version is {state}")
            continue
        yield _ran(stack, short, window)


def _ran(stack: Stack, short: str, window: Window) -> Finding:
    dimensions = {"FunctionName": stack.function(short)}
    counts = {
        metric: total(stack, "AWS/Lambda", metric, dimensions, window)
        for metric in ("Invocations", "Errors", "Throttles")
    }
    reason = ", ".join(f"{count} {name.lower()}" for name, count in counts.items())
    reason = f"{reason} in {window.words}"
    if counts["Errors"] > MOST_ERRORS[short]:
        return failing(short, f"{reason} (more than {MOST_ERRORS[short]} errors)")
    if counts["Errors"] or counts["Throttles"]:
        return warning(short, reason)
    return ok(short, reason)


def queues(stack: Stack, window: Window) -> Iterator[Finding]:
    """How many messages wait, and since when."""
    for place in PLACES:
        if not place.target or place.target not in stack.outputs:
            continue
        url = stack.outputs[place.target]
        dimensions = {"QueueName": url.rsplit("/", 1)[-1]}
        age = highest(stack, "AWS/SQS", "ApproximateAgeOfOldestMessage", dimensions, window)
        found = depth(stack, url)
        since = "age unknown" if age is None else f"oldest {round(age)} s in {window.words}"
        reason = f"{found.waiting} waiting, {found.delayed} delayed, {since}"
        name = f"{place.name} queue"
        yield failing(name, reason) if (age or 0) > OLDEST_SECONDS else ok(name, reason)


def claude(stack: Stack, window: Window) -> Iterator[Finding]:
    """Claude answers; while it does not, cards carry the fixed triage."""
    tries = _tries(stack, "analysis", AILMENTS, window.last(LATELY_MINUTES))
    yield warning("claude", tries) if tries else ok("claude", "nothing waits for it")


def slack(stack: Stack, window: Window) -> Iterator[Finding]:
    """Slack takes the cards.

    What waits for it is sent again as a fresh message: the age of the queue never shows it.
    """
    lately = window.last(LATELY_MINUTES)
    refused = _refused(stack, lately)
    hopeless = _tries(stack, "distribution", MENDABLE, lately)
    passing = _tries(stack, "distribution", AILMENTS, lately)
    if refused or hopeless:
        yield failing("slack", "; ".join(filter(None, (refused, hopeless, passing))))
    elif passing:
        yield warning("slack", passing)
    elif before := _refused_before(stack):
        yield warning("slack", before)
    else:
        yield ok("slack", "nothing waits for it")


def _refused(stack: Stack, window: Window) -> str:
    """The cards that Slack refused for good, in words; empty where it refused none."""
    return "; ".join(
        f"{count} refused in {window.words}: {reason.value}"
        for reason, count in _counted(stack, "DeadLettered", "distribution", REFUSALS, window)
    )


def _refused_before(stack: Stack) -> str:
    """What Slack refused is not tried again: a quiet night proves nothing."""
    reasons = [
        reason
        for place in chosen(ALL, stack.outputs)
        if place.name in CARD_PLACES
        for reason in _reasons(stack, place)
    ]
    found = [reason.value for reason in REFUSALS if reason.value in reasons]
    return f"its refusals wait as dead letters: {', '.join(found)}" if found else ""


def _tries(stack: Stack, service: str, reasons: Sequence[Reason], window: Window) -> str:
    """How often a service tried in vain and why, in words; empty where it did not."""
    return "; ".join(
        f"{count} {'try' if count == 1 else 'tries'} in {window.words}: {reason.value}"
        for reason, count in _counted(stack, "Waits", service, reasons, window)
    )


def _counted(
    stack: Stack, metric: str, service: str, reasons: Sequence[Reason], window: Window
) -> Iterator[tuple[Reason, int]]:
    """The reasons that a service counted, and how often."""
    for reason in reasons:
        dimensions = {"service": service, "reason": reason.value}
        if count := total(stack, ours(stack), metric, dimensions, window):
            yield reason, count


def cards(stack: Stack, window: Window) -> Iterator[Finding]:
    """No alert is shown to nobody, by the tick's own count."""
    lately = window.last(LATELY_MINUTES)
    unshown = highest(stack, ours(stack), "AlertsUnshown", {"service": "analysis"}, lately)
    if unshown:
        minutes = UNSHOWN_ALARM // timedelta(minutes=1)
        yield failing("cards", f"{round(unshown)} alerts shown to nobody for {minutes} minutes")
    elif unshown is None:
        yield ok("cards", "not counted lately: see tick")
    else:
        yield ok("cards", "no alert is overdue")


def dead_letters(stack: Stack) -> Iterator[Finding]:
    """Nothing gave up."""
    for place in chosen(ALL, stack.outputs):
        count = depth(stack, stack.outputs[place.output]).total
        name = f"{place.name} dead letters"
        if count:
            top = next(iter(_reasons(stack, place)), "")
            why = f", {top}" if top else ""
            yield failing(name, f"{count} waiting{why}: responder dlq show --queue {place.name}")
        else:
            yield ok(name, "none")


def _reasons(stack: Stack, place: Place) -> Sequence[str]:
    """Why letters lie in a place, the most frequent first, by a few of them.

    Nothing where we may count them only: health is for those, too, who may not receive.
    """
    try:
        return tuple(survey(stack, place, LARGEST_BATCH).reasons)
    except ClientError:
        return ()


def tables(stack: Stack) -> Iterator[Finding]:
    """Each table is active."""
    for short in TABLES:
        answer = stack.client("dynamodb").describe_table(TableName=stack.table(short))
        status = answer["Table"]["TableStatus"]
        yield (ok if status in ("ACTIVE", "UPDATING") else failing)(f"{short} table", status)


def secrets(stack: Stack) -> Iterator[Finding]:
    """Slack can be reached, and Claude; the values are looked at for emptiness only."""
    slack = [name for name in SLACK_SECRETS if _filled(stack, name)]
    if slack:
        yield ok("slack secret", f"{slack[0]} is set")
    else:
        yield failing("slack secret", "neither a bot token nor a webhook is set: alerts wait")
    way = stack.outputs.get("ClaudeAccess", WITH_A_KEY)
    if way != WITH_A_KEY:
        yield ok("claude secret", f"not needed: Claude is reached by {way}, as the function's role")
    elif _filled(stack, CLAUDE_SECRET):
        yield ok("claude secret", f"{CLAUDE_SECRET} is set")
    else:
        yield warning("claude secret", f"{CLAUDE_SECRET} is empty: cards carry the fixed triage")


def _filled(stack: Stack, short: str) -> bool:
    try:
        answer = stack.client("secretsmanager").get_secret_value(
            SecretId=f"{stack.output('SecretPrefix')}/{short}"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return False
    return bool(str(answer.get("SecretString", "")).strip())


def tick(stack: Stack, now: datetime) -> Iterator[Finding]:
    """The minute tick, which heals what stopped half-way, is alive."""
    item = stack.item("state", "id", "heartbeat#tick")
    if item is None:
        yield _never_ran(stack, now)
        return
    age = now - datetime.fromisoformat(str(item["at"]))
    reason = f"ran {max(0, round(age.total_seconds()))} s ago"
    yield failing("tick", reason) if age > TICK_LATE else ok("tick", reason)


def _never_ran(stack: Stack, now: datetime) -> Finding:
    """A stack that was only just deployed has not had its first minute."""
    age = now - stack.changed_at if stack.changed_at else None
    if age is not None and age < TICK_LATE:
        seconds = max(0, round(age.total_seconds()))
        return warning("tick", f"not yet: the stack is {seconds} s old")
    return failing("tick", "never ran: what stops half-way is not taken up again")


def analysis(stack: Stack) -> Iterator[Finding]:
    """Claude is not switched off by an operator."""
    item = stack.item("state", "id", "switch#analysis") or {}
    if item.get("off"):
        yield warning("analysis", f"switched off by {item.get('by')} at {item.get('at')}")
    else:
        yield ok("analysis", "switched on")


Check = Callable[[], Iterator[Finding]]


def every(stack: Stack, window: Window) -> Iterator[Finding]:
    """All findings, in the order of an alert's way; a check that AWS refuses is a finding too."""
    checks: dict[str, Check] = {
        "api": lambda: api(stack),
        "functions": lambda: functions(stack, window),
        "queues": lambda: queues(stack, window),
        "claude": lambda: claude(stack, window),
        "slack": lambda: slack(stack, window),
        "cards": lambda: cards(stack, window),
        "dead letters": lambda: dead_letters(stack),
        "tables": lambda: tables(stack),
        "secrets": lambda: secrets(stack),
        "tick": lambda: tick(stack, window.end),
        "analysis": lambda: analysis(stack),
    }
    for name, check in checks.items():
        try:
            yield from check()
        except ClientError as error:
            yield failing(name, f"could not be checked: {words(error)}")
