"""The others: Claude with its breaker and budgets, Slack with its token, the secrets of both."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from responder.analysis import budget
from responder.analysis.trouble import title
from responder.errors import Reason
from responder.ports import Table
from responder.protocols import items, troubles
from responder_cli import console, secret_store
from responder_cli.aws import Stack
from responder_cli.cost import books
from responder_cli.health.letters import Letters
from responder_cli.health.metrics import Window, ours, total
from responder_cli.health.pulse import LATELY_MINUTES
from responder_cli.health.verdict import Finding, failing, ok, warning
from responder_cli.mending import command, deploy, put_secret, tail
from responder_cli.secret_store import Stored
from responder_cli.webhook import NoAnswer, post

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

#: Secrets by the end of their name.
CLAUDE_SECRET = "anthropic-key"  # noqa: S105 - the name of a secret
BOT_TOKEN = "slack-bot-token"  # noqa: S105 - the name of a secret
SLACK_SECRETS = (BOT_TOKEN, "slack-webhook")
#: The way to Claude that needs a key.
WITH_A_KEY = "api-key"
#: The longest that Slack is waited for here, in seconds.
SLACK_SECONDS = 5
#: Powertools' names of a circuit that lets calls through.
_CLOSED = "closed"


def claude(stack: Stack, window: Window) -> Iterator[Finding]:
    """Claude answers; while it does not, cards carry the fixed triage."""
    known = items.load(stack.store(Table.STATE), troubles.NOTES, troubles.Notes)
    if known is not None and known.standing:
        yield _unserved(stack, known.standing, window.end)
    elif tries := _tries(stack, "analysis", AILMENTS, window.last(LATELY_MINUTES)):
        yield warning("claude", tries, tail(stack, "AnalysisFunction"))
    else:
        yield ok("claude", "nothing waits for it")


def _unserved(stack: Stack, standing: Sequence[troubles.Note], now: datetime) -> Finding:
    """What only a person ends; of one model alone the other still answers.

    Somebody may have ended it, where nobody has been asked since.
    """
    reason = "; ".join(_trouble(note) for note in standing)
    asked = max(note.told_at or note.since for note in standing)
    long_ago = now - asked >= 2 * troubles.REPEAT
    if long_ago:
        reason += f"; not asked since {asked.strftime(console.MINUTE)} UTC"
    mend = f"{tail(stack, 'AnalysisFunction')}; then docs/claude.md"
    tiers = {note.tier for note in standing}
    one_answers = "" not in tiers and len(tiers) == 1
    return (warning if one_answers or long_ago else failing)("claude", reason, mend)


def _trouble(note: troubles.Note) -> str:
    of = f" ({note.tier} model)" if note.tier else ""
    return f"{title(note.trouble)}{of}, since {note.since.strftime(console.MINUTE)} UTC"


def breaker(stack: Stack, now: datetime) -> Iterator[Finding]:
    """The circuit around Claude is closed: it is asked."""
    item = stack.item("state", "id", "breaker#claude") or {}
    state = str(item.get("state", _CLOSED)).lower()
    if state == _CLOSED:
        yield ok("claude breaker", "closed: Claude is asked")
        return
    opened = item.get("opened_at")
    since = f" for {max(0, round(now.timestamp() - opened))} s" if opened else ""
    yield failing(
        "claude breaker",
        f"{state}{since}: Claude failed again and again, cards carry the fixed triage",
        f"{tail(stack, 'AnalysisFunction')}; if it lasts: {command(stack, 'analysis off')}",
    )


def budgets(stack: Stack, now: datetime) -> Iterator[Finding]:
    """Claude may be asked: no budget is spent."""
    purse = books.purse(stack, now)
    every = [(budget.share(purse, one, now), one) for one in books.limits_of(stack).every()]
    share, fullest = max(every, key=lambda pair: pair[0])
    reason = f"the {fullest.words} of {fullest.usd:,.2f} dollars is spent to {share:.0f} %"
    name = _parameter(fullest)
    mend = f"{command(stack, 'cost')}; {deploy(stack, f'{name}=MORE')}"
    if share >= budget.SPENT:
        yield failing("claude budget", f"{reason}: Claude is not asked", mend)
    elif share >= budget.NEARLY:
        yield warning("claude budget", f"{reason}: the small model answers", mend)
    else:
        yield ok("claude budget", reason)


def _parameter(limit: budget.Limit) -> str:
    if limit.name:
        return "BudgetPerSource"
    return "MonthlyBudgetUsd" if limit.monthly else "DailyBudgetUsd"


def slack(stack: Stack, window: Window, letters: Letters) -> Iterator[Finding]:
    """Slack takes the cards.

    What waits for it is sent again as a fresh message: the age of the queue never shows it.
    """
    lately = window.last(LATELY_MINUTES)
    refused = _refused(stack, lately)
    hopeless = _tries(stack, "distribution", MENDABLE, lately)
    passing = _tries(stack, "distribution", AILMENTS, lately)
    log = tail(stack, "DistributionFunction")
    if refused or hopeless:
        yield failing("slack", "; ".join(filter(None, (refused, hopeless, passing))), log)
    elif passing:
        yield warning("slack", passing, log)
    elif before := _refused_before(letters):
        yield warning("slack", before, command(stack, "dlq reprocess --queue all"))
    else:
        yield ok("slack", "nothing waits for it")


def _refused(stack: Stack, window: Window) -> str:
    """The cards that Slack refused for good, in words; empty where it refused none."""
    return "; ".join(
        f"{count} refused in {window.words}: {reason.value}"
        for reason, count in _counted(stack, "DeadLettered", "distribution", REFUSALS, window)
    )


def _refused_before(letters: Letters) -> str:
    """What Slack refused is not tried again: a quiet night proves nothing."""
    reasons = [
        reason
        for place in letters.places()
        if place.name in CARD_PLACES
        for reason in letters.reasons(place)
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


def token(stack: Stack) -> Iterator[Finding]:
    """Slack knows the bot token (still); it is asked, and nothing is posted."""
    held = secret_store.read(stack, BOT_TOKEN).value
    if not held:
        yield ok("slack token", "none: cards go through the webhook, if one is set")
        return
    url = stack.parameter("SlackApiUrl", "https://slack.com/api/")
    try:
        answer = post(f"{url}auth.test", b"", {"authorization": f"Bearer {held}"}, SLACK_SECONDS)
    except NoAnswer as error:
        yield warning("slack token", f"Slack does not answer here: {error}")
        return
    said = _object(answer.body)
    if said.get("ok") is True:
        yield ok("slack token", f"good for {said.get('user', 'a bot')} in {said.get('team', '?')}")
    elif answer.status >= 500 or answer.status == 429:
        yield warning("slack token", f"Slack answers {answer.status}")
    else:
        yield failing(
            "slack token",
            f"Slack refuses it: {said.get('error', answer.status)}; no card can be shown",
            command(stack, f"secrets rotate {BOT_TOKEN}"),
        )


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def secrets(stack: Stack, now: datetime) -> Iterator[Finding]:
    """Slack can be reached, and Claude; the values are looked at for emptiness only."""
    slack = {name: secret_store.read(stack, name) for name in SLACK_SECRETS}
    filled = [name for name, one in slack.items() if one.value]
    if filled:
        yield ok("slack secret", f"{filled[0]} is set{_age(slack[filled[0]], now)}")
    else:
        reason = "neither a bot token nor a webhook is set: alerts wait"
        yield failing("slack secret", *_empty(stack, reason, *SLACK_SECRETS))
    way = stack.outputs.get("ClaudeAccess", WITH_A_KEY)
    if way != WITH_A_KEY:
        yield ok("claude secret", f"not needed: Claude is reached by {way}, as the function's role")
    elif (key := secret_store.read(stack, CLAUDE_SECRET)).value:
        yield ok("claude secret", f"{CLAUDE_SECRET} is set{_age(key, now)}")
    else:
        reason = f"{CLAUDE_SECRET} is empty: cards carry the fixed triage"
        yield warning("claude secret", *_empty(stack, reason, CLAUDE_SECRET))


def _empty(stack: Stack, reason: str, *names: str) -> tuple[str, str]:
    """What to say of secrets without a value, and what mends it: some cannot be given one."""
    for name in names:
        if absent := secret_store.absence(stack, name):
            return f"{reason}; {absent.reason}", absent.mend
    return reason, put_secret(stack, names[0])


def _age(one: Stored, now: datetime) -> str:
    return f", {(now - one.since).days} d old" if one.since else ""


def analysis(stack: Stack) -> Iterator[Finding]:
    """Claude is not switched off by an operator."""
    item = stack.item("state", "id", "switch#analysis") or {}
    if item.get("off"):
        reason = f"switched off by {item.get('by')} at {item.get('at')}"
        yield warning("analysis", reason, command(stack, "analysis on"))
    else:
        yield ok("analysis", "switched on")
