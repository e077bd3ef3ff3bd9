"""``responder window add|list|remove``: hours in which you do not want to be told, again and again.

A window for what is mild is what others call quiet hours.
"""

import getpass
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from responder.alert import Severity
from responder.clock import utc_now
from responder.policy.matching import meant
from responder.policy.silence import MAX_COMMENT, MIN_COMMENT
from responder.policy.window import Window
from responder.ports import Table
from responder.protocols import chunks, windows
from responder.recurrence import DAYS, Span, dates_of, days_of, knows_zone, time_of
from responder_cli import console
from responder_cli.aws import NoSuch, Stack
from responder_cli.mending import command
from responder_cli.options import (
    as_written,
    asks_where_it_acts,
    duration,
    examples,
    json_option,
    on_stack,
    refusals_as_usage,
)

_DAY_AND_TIME = "%a %Y-%m-%d %H:%M"


def _option[T](read: Callable[[str], T]) -> Callable[[str], T]:
    """An option's type: what ``read`` makes of it, or a refusal of the option."""

    def convert(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return convert


def _zone(text: str) -> str:
    """An IANA time zone."""
    if not knows_zone(text):
        raise click.BadParameter(f"{text!r} is no time zone like Europe/Berlin or UTC")
    return text


_DAYS, _DATES, _TIME = _option(days_of), _option(dates_of), _option(time_of)


@click.group(
    epilog=examples(
        "responder window add service=warehouse --every sun --at 02:00 --for 4h "
        '--zone Europe/Berlin --comment "backups"',
        "responder window add --below HIGH --every mon-fri --at 18:00 --for 14h "
        '--zone Europe/Berlin --comment "quiet hours"',
        "responder window list",
        "responder window remove 3f9c2a",
    )
)
def window() -> None:
    """Keep what you expect at certain hours from being told: maintenance, or quiet hours.

    What opens in a window gets no card while it lasts. If it still fires at the end, its card
    appears and says so. CRITICAL is never held by a window. Alerts are counted all along.
    """


@window.command(
    epilog=examples(
        "responder window add service=warehouse --every sun --at 02:00 --for 4h "
        '--zone Europe/Berlin --comment "backups"',
        'responder window add "rule=~Disk.*" --every sun --dates 1-7 --at 22:00 --for 2h '
        '--zone America/New_York --comment "first Sunday: moving disks"',
        "responder window add --below HIGH --every day --at 22:00 --for 8h "
        '--zone Asia/Tokyo --comment "quiet hours"',
    )
)
@click.argument("matchers", nargs=-1, metavar="[MATCHER]...")
@click.option(
    "--every", "days", type=_DAYS, metavar="DAYS", required=True, help="mon-fri, sat,sun, or day."
)
@click.option("--dates", type=_DATES, metavar="DATES", help="And only on these dates: 1-7 or 1,15.")
@click.option(
    "--at", type=_TIME, metavar="TIME", required=True, help="When it begins, by its zone's clocks."
)
@click.option("--for", "span", type=duration, required=True, help="How long: 30m, 2h, 1d12h.")
@click.option(
    "--zone", type=_zone, metavar="ZONE", required=True, help="Its time zone, like Europe/Berlin."
)
@click.option(
    "--below",
    type=click.Choice([one.value for one in Severity if one is not Severity.INFO]),
    default=Severity.CRITICAL.value,
    show_default=True,
    help="It holds only what is milder: quiet hours.",
)
@click.option("--comment", required=True,
              help=f"Why; cards show it. {MIN_COMMENT} to {MAX_COMMENT} characters.")  # fmt: skip
@on_stack
@asks_where_it_acts
def add(
    stack: Stack,
    matchers: Sequence[str],
    days: tuple[int, ...],
    dates: tuple[int, ...] | None,
    at: time,
    span: timedelta,
    zone: str,
    below: str,
    comment: str,
) -> None:
    """Hold what all MATCHERs match: FIELD=VALUE, or with != =~ !~ (RE2, whole value).

    Without --below, one matcher must ask for something. Fields: see responder silence add. It lasts
    exactly as long as you say, also when clocks change meanwhile.
    """
    now = utc_now()
    with refusals_as_usage(dates="--dates", lasts="--for", comment="--comment"):
        wanted = Window(
            id=secrets.token_hex(3),
            matchers=tuple(map(meant, matchers)),
            days=days,
            dates=dates or (),
            at=at,
            lasts=span,
            zone=zone,
            below=Severity(below),
            comment=comment,
            author=getpass.getuser(),
        )
    windows.add(stack.store(Table.STATE), wanted, now)
    console.say(
        f"Window {wanted.id} {_next(wanted, now)}; obeyed within {chunks.MAX_AGE.seconds} seconds. "
        f"Remove it: {command(stack, f'window remove {wanted.id}')}"
    )


@window.command("list", epilog=examples("responder window list", "responder window list --json"))
@json_option
@on_stack
def list_(stack: Stack, as_json: bool) -> None:
    """The windows, each with the occurrence that lasts now or comes next."""
    now = utc_now()
    found = sorted(
        windows.load(stack.store(Table.STATE)), key=lambda one: (_span(one, now), one.id)
    )
    if as_json:
        console.as_json([_as_json(one, now) for one in found])
        return
    console.grid(
        ("id", "recurs", "holds", "begins", "ends", "begins (UTC)", "by", "comment"),
        [
            (
                one.id,
                _recurs(one),
                " ".join((f"below {one.below.value}", *map(str, one.matchers))),
                *(f"{moment.astimezone(ZoneInfo(one.zone)):{_DAY_AND_TIME}}" for moment in span),
                f"{span.begins:{console.MINUTE}}{', lasts now' if span.begins <= now else ''}",
                one.author,
                one.comment,
            )
            for one in found
            for span in (_span(one, now),)
        ],
    )


@window.command(epilog=examples("responder window remove 3f9c2a"))
@click.argument("window_id", metavar="ID")
@on_stack
@asks_where_it_acts
def remove(stack: Stack, window_id: str) -> None:
    """Remove a window: what it holds now and still fires appears within two minutes."""
    if windows.remove(stack.store(Table.STATE), window_id, utc_now()) is None:
        raise NoSuch(f"there is no window {window_id}")
    console.say(f"Window {window_id} is removed.")


def _span(window: Window, now: datetime) -> Span:
    """The occurrence that lasts now, or the next one."""
    if not knows_zone(window.zone):
        raise click.ClickException(
            f"This machine does not know {window.zone}, the time zone of window {window.id}."
        )
    return window.running(now) or window.coming(now)


def _next(window: Window, now: datetime) -> str:
    begins, ends = _span(window, now)
    what = "lasts now," if begins <= now else f"begins {begins:{console.MINUTE}} UTC,"
    return f"{what} until {ends:{console.MINUTE}} UTC"


def _recurs(window: Window) -> str:
    days = ",".join(DAYS[day] for day in window.days) or "day"
    dates = f" on {','.join(map(str, window.dates))}" if window.dates else ""
    return f"every {days}{dates} {window.at:%H:%M} for {as_written(window.lasts)} {window.zone}"


def _as_json(window: Window, now: datetime) -> dict[str, Any]:
    span, zone = _span(window, now), ZoneInfo(window.zone)
    return window.model_dump(mode="json") | {
        "reason": window.reason.value,
        "lasts_now": span.begins <= now,
        "begins": span.begins.astimezone(zone).isoformat(),
        "ends": span.ends.astimezone(zone).isoformat(),
        "begins_utc": span.begins.isoformat(),
        "ends_utc": span.ends.isoformat(),
    }
