"""``responder silence add|list|expire``: what you do not want to be told of, for a while."""

import getpass
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import click

from responder.clock import utc_now
from responder.incident import Incident
from responder.policy.matching import facts, matches_all, meant
from responder.policy.silence import MAX_COMMENT, MIN_COMMENT, Silence
from responder.ports import Table
from responder.protocols import chunks, silences
from responder_cli import console, incidents
from responder_cli.aws import NoSuch, Stack
from responder_cli.mending import command
from responder_cli.options import (
    asks_where_it_acts,
    date_time,
    duration,
    examples,
    json_option,
    on_stack,
    refusals_as_usage,
)

#: Longer than this, a silence hides what nobody remembers.
LONG = timedelta(days=31)
SHOWN_INCIDENTS = 10


@click.group(
    epilog=examples(
        'responder silence add service=checkout severity=LOW --for 2h --comment "new release"',
        "responder silence list",
        "responder silence expire 3f9c2a",
    )
)
def silence() -> None:
    """Keep what you expect anyway from being told, for a while.

    A silenced incident gets no card while the silence lasts, CRITICAL ones included. If it still
    fires at the end, its card appears and says so. Alerts are counted all along.
    """


@silence.command(
    epilog=examples(
        'responder silence add service=checkout --for 2h --comment "new release"',
        'responder silence add "rule=~Disk.*" label.team=storage --for 1d --comment "moving disks"',
        'responder silence add severity=INFO cluster!=prod --for 30m --comment "load test"',
    )
)
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")
@click.option("--for", "span", type=duration, required=True, help="How long: 30m, 2h, 1d12h.")
@click.option("--comment", required=True,
              help=f"Why; cards show it. {MIN_COMMENT} to {MAX_COMMENT} characters.")  # fmt: skip
@click.option("--starts", type=date_time, help="When it begins, in UTC; else now.")
@on_stack
@asks_where_it_acts
def add(
    stack: Stack, matchers: Sequence[str], span: timedelta, comment: str, starts: datetime | None
) -> None:
    """Silence what all MATCHERs match: FIELD=VALUE, or with != =~ !~ (RE2, whole value).

    Fields: source, service, rule, title, message, resource, severity, environment, cluster,
    region, account, label.NAME.
    """
    now = utc_now()
    begins = starts or now
    if begins + span <= now:
        raise click.UsageError(
            f"It would be over already: it is {now:{console.MINUTE}} UTC, and --starts is in UTC."
        )
    with refusals_as_usage(comment="--comment"):
        wanted = Silence(
            id=secrets.token_hex(3),
            matchers=tuple(map(meant, matchers)),
            starts_at=begins,
            ends_at=begins + span,
            comment=comment,
            author=getpass.getuser(),
        )
    silences.add(stack.store(Table.STATE), wanted, now)
    ended = command(stack, f"silence expire {wanted.id}")
    console.say(
        f"Silence {wanted.id} until {wanted.ends_at:{console.MINUTE}} UTC; obeyed within "
        f"{chunks.MAX_AGE.seconds} seconds. End it: {ended}"
    )
    if span > LONG:
        console.warn(f"It lasts {span.days} days: who will remember it?")
    _tell_matching(wanted, list(incidents.opened(stack)))


def _tell_matching(wanted: Silence, opened: Sequence[Incident]) -> None:
    """What is open now tells an operator whether the matchers mean what they should."""
    found = [one for one in opened if matches_all(wanted.matchers, facts(one))]
    console.say(f"It matches {len(found)} of {len(opened)} open incidents now.")
    if found:
        console.grid(
            ("severity", "title"),
            [(one.severity.value, one.title) for one in found[:SHOWN_INCIDENTS]],
        )


@silence.command("list", epilog=examples("responder silence list", "responder silence list --json"))
@click.option("--all", "every", is_flag=True, help="Also those that ended in the last days.")
@json_option
@on_stack
def list_(stack: Stack, every: bool, as_json: bool) -> None:
    """The silences that hold now or will, by their end."""
    now = utc_now()
    found = [one for one in silences.load(stack.store(Table.STATE)) if every or one.ends_at > now]
    found.sort(key=lambda one: one.ends_at)
    if as_json:
        console.as_json([one.model_dump(mode="json") for one in found])
        return
    console.grid(
        ("id", "from (UTC)", "until (UTC)", "by", "matches", "comment"),
        [
            (
                one.id,
                f"{one.starts_at:{console.MINUTE}}",
                f"{one.ends_at:{console.MINUTE}}",
                one.author,
                " ".join(map(str, one.matchers)),
                one.comment,
            )
            for one in found
        ],
    )


@silence.command(epilog=examples("responder silence expire 3f9c2a"))
@click.argument("silence_id", metavar="ID")
@on_stack
@asks_where_it_acts
def expire(stack: Stack, silence_id: str) -> None:
    """End a silence now: what it held and still fires appears within two minutes."""
    if silences.expire(stack.store(Table.STATE), silence_id, utc_now()) is None:
        raise NoSuch(f"no silence {silence_id} holds now or later")
    console.say(f"Silence {silence_id} has ended.")
