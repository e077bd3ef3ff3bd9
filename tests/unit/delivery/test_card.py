import json
import re
from datetime import timedelta

import pytest

from fakes import alert as an_alert
from responder.alert import Scope, Severity
from responder.analysis.verdict import Cause, Check
from responder.delivery import card, firing, notices, words
from responder.delivery.findings import TRIAGE_LABEL
from responder.incident import (
    Destination,
    Firing,
    Incident,
    IncidentState,
    NoticeKind,
    Worst,
)
from responder.ports import Message
from responder.signature import signature
from responder_cli.card.examples import (
    ANALYSED,
    BUDGET_SPENT,
    CACHED,
    CLAUDE,
    CLOSED,
    FIRST,
    NOW,
    RESOLVED,
    SEVERAL,
    START,
    SYNTHETIC,
    TRIAGE,
    UNKNOWN_FORMAT,
    WORSE,
    notice,
)
from unit.delivery.checker import problems

TIMES = "\N{MULTIPLICATION SIGN}"


def shown(message: Message) -> str:
    texts = [e for b in message.blocks for e in b.get("elements", [b.get("text")])]
    return "\n".join(text["text"] for text in texts)


def with_analysis(**changes: object) -> Incident:
    return FIRST.model_copy(update={"analysis": CLAUDE.model_copy(update=changes)})


@pytest.mark.parametrize("severity", Severity)
def test_severity_is_told_by_symbol_word_and_colour(severity: Severity) -> None:
    message = card.render(FIRST.model_copy(update={"severity": severity}), NOW)
    assert message.text.startswith(f"{words.SYMBOLS[severity]} {severity.value} ")
    assert message.blocks[0]["text"]["text"].startswith(f"{words.SYMBOLS[severity]} {severity}")
    assert message.color == words.COLORS[severity]


def test_severities_share_no_symbol_and_no_colour() -> None:
    assert len(set(words.SYMBOLS.values())) == len(set(words.COLORS.values())) == len(Severity)


def test_text_alone_tells_the_story_on_a_lock_screen() -> None:
    three = FIRST.model_copy(update={"count": 3})
    assert card.render(three, NOW).text == (
        f"🔴 CRITICAL checkout: HighErrorRate: 31 % of requests fail (firing, 3{TIMES})"
    )
    assert card.render(RESOLVED, NOW).text.endswith(f"(resolved after 12 min, 214{TIMES})")
    assert card.render(CLOSED, NOW).text.endswith(f"(closed after 1 d, 1{TIMES})")


def test_counts_and_rate() -> None:
    assert "*214 times in 9 min* (24 a minute) · 3 firing now" in shown(card.render(ANALYSED, NOW))
    assert "*once*" in shown(card.render(FIRST, NOW))
    at_once = FIRST.model_copy(update={"count": 1_500})
    assert "*1,500 times at once*" in shown(card.render(at_once, NOW))
    none = FIRST.model_copy(update={"count": 0})
    assert "*no firing alert*" in shown(card.render(none, NOW))


@pytest.mark.parametrize(
    ("count", "minutes", "said"),
    [
        (9, 60, ""),
        (10, 1.9, ""),
        (10, 2, "5 a minute"),
        (59, 60, "59 an hour"),
        (60, 60, "1 a minute"),
        (23, 24 * 60, "23 a day"),
        (24, 24 * 60, "1 an hour"),
        (10, 11 * 24 * 60, ""),
        (5_000_000, 5, "1,000,000 a minute"),
    ],
)
def test_the_rate_is_told_where_it_says_more_than_the_count(
    count: int, minutes: float, said: str
) -> None:
    last = START + timedelta(minutes=minutes)
    assert words.rate(FIRST.model_copy(update={"count": count, "last_seen": last})) == said


@pytest.mark.parametrize(
    ("labels", "owner"),
    [
        ({"squad": "c", "team": "b", " Owner ": "a "}, "a"),
        ({"squad": "c", "Team": "b", "owner": " "}, "b"),
        ({"SQUAD": "c", "teams": "x"}, "c"),
        ({"pod": "p"}, ""),
    ],
)
def test_the_owner_is_who_the_labels_name(labels: dict[str, str], owner: str) -> None:
    assert words.owner(FIRST.model_copy(update={"labels": labels})) == owner
    text = shown(card.render(FIRST.model_copy(update={"labels": labels}), NOW))
    assert (f"Owner *{owner}* · Resource" in text) is bool(owner)


def test_the_card_shows_what_the_worst_alert_says() -> None:
    text = shown(card.render(WORSE, NOW))
    assert "CRITICAL · checkout: HighErrorRate: 64 % of requests fail" in text
    assert "\n64 % of requests to checkout answer 5xx (threshold 5 %)\n" in text
    assert "Resource `deployment/checkout-canary`" in text
    first = "HighErrorRate: 31 % of requests fail · 31 % of requests to checkout answer 5xx"
    assert f"the first alert said: {first}" in text
    assert "Made from the first alert: HighErrorRate: 31 % of requests fail" in text
    assert "64 %" in card.render(WORSE, NOW).text


def later(incident: Incident, **says: object) -> Incident:
    newest = Worst(alert_id="a-2", at=NOW, severity=incident.severity)
    return incident.model_copy(update={"worst": newest.model_copy(update=says)})


def test_a_worst_alert_that_says_the_same_is_not_mentioned() -> None:
    assert card.render(later(ANALYSED), NOW) == card.render(ANALYSED, NOW)


def test_another_message_under_the_same_title_is_set_against_the_first_one() -> None:
    text = shown(card.render(later(ANALYSED, message="64 %"), NOW))
    assert "the first alert said: 31 % of requests to checkout answer" in text
    assert "Made from the first alert\n" in text


def test_a_cached_analysis_was_made_from_neither() -> None:
    assert "Made from" not in shown(card.render(later(CACHED, title="64 %"), NOW))


def test_links_stand_in_the_order_of_their_use_each_kind_with_its_symbol() -> None:
    (line,) = [text for text in shown(card.render(WORSE, NOW)).split("\n") if "🔧" in text]
    assert re.findall(r"(\S+) <[^|]+\|([^>]+)>", line) == [
        ("🔧", "source"),
        ("📊", "dashboard"),
        ("📖", "runbook"),
        ("📜", "logs_url"),
        ("🧵", "trace"),
        ("🔗", "wiki page"),
    ]


def test_resolved_card_says_so_with_its_duration() -> None:
    message = card.render(RESOLVED, NOW)
    assert message.blocks[0]["text"]["text"].startswith("✅ RESOLVED · CRITICAL · checkout: ")
    assert "✅ *Resolved after 12 min* · *214 times in 9 min*" in shown(message)
    assert message.color == words.SOLVED_COLOR


def test_closed_card_does_not_claim_a_resolve() -> None:
    message = card.render(CLOSED, NOW)
    assert "the tool never said resolved" in shown(message)
    assert message.color == words.CLOSED_COLOR


def test_open_for_is_said_once_there_is_something_to_compare() -> None:
    assert "Open for 10 min at the last update" in shown(card.render(ANALYSED, NOW))
    assert "Open for" not in shown(card.render(FIRST, NOW))
    assert "Open for" not in shown(card.render(RESOLVED, NOW))


def test_triage_is_labelled_and_says_what_claude_does() -> None:
    assert f"{TRIAGE_LABEL} · Claude is being asked" in shown(card.render(FIRST, NOW))
    spent = "Claude was not asked: the budget is spent"
    assert f"{TRIAGE_LABEL} · {spent}" in shown(card.render(BUDGET_SPENT, NOW))
    over = FIRST.model_copy(update={"state": IncidentState.RESOLVED})
    assert "being asked" not in shown(card.render(over, NOW))


def test_an_unheard_of_reason_is_shown_as_it_is() -> None:
    odd = FIRST.model_copy(
        update={"analysis": TRIAGE.model_copy(update={"fallback_reason": "<moon>"})}
    )
    assert "Claude's analysis is missing: &lt;moon&gt;" in shown(card.render(odd, NOW))


def test_claude_is_named_with_model_confidence_and_cost() -> None:
    text = shown(card.render(ANALYSED, NOW))
    assert "*Analysis by Claude* · `claude-haiku-5-5` · confidence high" in text
    assert "Cost $0.0006" in text
    assert TRIAGE_LABEL not in text


def test_causes_checks_and_actions() -> None:
    text = shown(card.render(ANALYSED, NOW))
    assert "1. A slow query holds connections (confidence high)\n      ↳ message: pool" in text
    assert "2. The pool is too small" in text
    assert "1. Look for queries that run for long\n```\npsql -c" in text
    assert "• End the slow query (risk: low)\n• Raise" in text
    assert "Impact: About one checkout in three fails" in text


def test_empty_parts_of_an_analysis_leave_no_headings() -> None:
    bare = with_analysis(causes=(Cause(text=" "),), checks=(Check(text=""),), actions=("",))
    text = shown(card.render(bare, NOW))
    assert "Likely causes" not in text
    assert "Check first" not in text
    assert "Do next" not in text


def test_cached_analysis_tells_its_age_and_why_it_was_grouped() -> None:
    text = shown(card.render(CACHED, NOW))
    assert "Analysis from the cache, 3 h 10 min old when shown (made <!date^" in text
    assert "Grouping: tool, service and rule" in text
    assert "from the cache" not in shown(card.render(ANALYSED, NOW))


def test_an_analysis_that_was_made_for_another_place_says_so() -> None:
    elsewhere = Scope(environment="dev", cluster="belt")
    shared = CACHED.analysis.model_copy(update={"made_for": elsewhere})
    text = shown(card.render(CACHED.model_copy(update={"analysis": shared}), NOW))
    assert "when shown (made for dev · cluster belt <!date^" in text
    own = CACHED.analysis.model_copy(update={"made_for": CACHED.scope})
    text = shown(card.render(CACHED.model_copy(update={"analysis": own}), NOW))
    assert "when shown (made <!date^" in text


def test_other_opinion_on_severity_and_noise() -> None:
    text = shown(card.render(with_analysis(noise_likelihood=0.5), NOW))
    assert "Claude would say HIGH, the alert says CRITICAL: two checkouts in three still" in text
    assert "Likely noise (50%)" in text
    assert "keep it quiet" not in text
    assert "noise" not in shown(card.render(with_analysis(noise_likelihood=0.49), NOW))


def test_what_would_keep_noise_quiet_is_said_where_it_is_likely_noise() -> None:
    text = shown(card.render(with_analysis(noise_likelihood=0.9, noise_fix="for: 10m"), NOW))
    assert "Likely noise (90%). To keep it quiet: for: 10m" in text
    text = shown(card.render(with_analysis(noise_likelihood=0.2, noise_fix="for: 10m"), NOW))
    assert "for: 10m" not in text


def test_the_runbook_and_what_would_change_the_verdict_are_named() -> None:
    text = shown(card.render(ANALYSED, NOW))
    assert "Runbook: payments.md / The pool is exhausted" in text
    assert "Would change this verdict: Free connections in the pool" in text


def test_same_opinion_is_not_news() -> None:
    same = with_analysis(severity_opinion=Severity.CRITICAL)
    assert "Claude would say" not in shown(card.render(same, NOW))


def test_unknown_format_says_so_and_shows_the_start_of_the_text() -> None:
    text = shown(card.render(UNKNOWN_FORMAT, NOW))
    assert "⚠️ *Unknown format*: no parser knows this payload. It begins:\n```\n{" in text


def test_message_that_repeats_the_title_is_not_shown_twice() -> None:
    twice = FIRST.model_copy(update={"message": f" {FIRST.title} "})
    assert shown(card.render(twice, NOW)).count("31 % of requests") == 1


def test_only_web_addresses_are_links() -> None:
    text = shown(card.render(FIRST, NOW))
    assert "📖 <https://wiki.example.com/checkout?a=1&amp;b=2|Runbook>" in text
    assert "javascript" not in text


def test_scope_is_told_as_far_as_it_is_known() -> None:
    text = shown(card.render(FIRST, NOW))
    assert "\nEnv prod · eu-west-1 · cluster web · account 123456789012\n" in text
    assert words.place(Scope(region="eu-west-1")) == "eu-west-1"


def test_labels_beyond_the_room_are_counted() -> None:
    many = FIRST.model_copy(update={"labels": {f"n{n}": "v" for n in range(40)}})
    text = shown(card.render(many, NOW))
    assert "`n24=v` … and 15 more labels" in text
    wide = FIRST.model_copy(update={"labels": {f"n{n}": "v" * 200 for n in range(20)}})
    assert "… and 11 more labels" in shown(card.render(wide, NOW))


def test_ids_are_in_the_last_block() -> None:
    last = json.dumps(card.render(FIRST, NOW).blocks[-1])
    assert "`5f2c9b#1`" in last
    assert "`a-1`" in last


def test_test_alerts_are_told_apart() -> None:
    assert "🧪 Test alert" in shown(card.render(SYNTHETIC, NOW))
    assert "🧪" not in shown(card.render(FIRST, NOW))


def test_no_title_and_no_service_still_make_a_headline() -> None:
    bare = FIRST.model_copy(update={"title": "\u200b", "service": "\x00"})
    assert card.render(bare, NOW).text == f"🔴 CRITICAL (no title) (firing, 1{TIMES})"


def test_a_long_service_leaves_room_for_the_title() -> None:
    wide = FIRST.model_copy(update={"service": "s" * 500, "title": "The title"})
    assert f"{'s' * 80}…: The title" in card.render(wide, NOW).text


def test_too_much_of_everything_is_shortened_visibly() -> None:
    long = "wörd & <b> " * 2_000
    check = Check(text=long, command=long)
    full = with_analysis(
        headline=long,
        summary=long,
        impact=long,
        causes=(Cause(text=long, evidence=(long, long, long)),) * 5,
        checks=(check,) * 6,
        actions=(long,) * 9,
    ).model_copy(
        update={
            "title": long,
            "message": long,
            "labels": {f"{n}{long}": long for n in range(40)},
            "links": {f"{n}": f"https://e.example/{'&' * 300}{n}" for n in range(20)},
            "explanation": long,
            "resource": long,
        }
    )
    message = card.render(full, NOW)
    assert "_(shortened: Slack's limit for one message)_" in shown(message)
    assert "Check first" in shown(message)
    assert problems(message) == []


def test_webhook_messages_say_what_follows() -> None:
    first = shown(card.webhook_first(FIRST, NOW))
    assert "this message is not updated, repeats are not posted" in first
    assert "the analysis and the end are sent as a new message" in first
    assert "a rise in severity" not in first
    cached = shown(card.webhook_first(CACHED, NOW))
    assert "the end is sent as a new message, as is a rise in severity" in cached
    assert "repeats" not in shown(card.webhook_first(RESOLVED, NOW))


def test_webhook_analysis_stands_alone() -> None:
    message = card.webhook_analysis(ANALYSED, NOW)
    assert message.text == (
        "🔎 Analysis for checkout: HighErrorRate: 31 % of requests fail: "
        "The database connection pool of checkout is exhausted"
    )
    text = shown(message)
    assert text.startswith("🔎 Analysis · checkout: HighErrorRate")
    assert "Check first" in text
    assert "`5f2c9b#1`" in text


def test_notices_tell_the_change_first() -> None:
    raised = notices.render(ANALYSED, notice(NoticeKind.SEVERITY_RAISED, "was <HIGH>"))
    assert raised.text.startswith("🔴 Severity raised to CRITICAL: checkout: High")
    assert shown(raised).startswith("*🔴 Severity raised to CRITICAL*\ncheckout: HighErrorRate")
    assert "\nwas &lt;HIGH&gt;\n" in shown(raised)
    assert notices.render(ANALYSED, notice(NoticeKind.REFIRED)).text.startswith("🔁 Fired again")
    over = notices.render(RESOLVED, notice(NoticeKind.RESOLVED))
    assert over.text.startswith("✅ Resolved after 10 min (214 times in 9 min): checkout")


def test_whom_a_card_calls_is_called_where_a_rise_is_told_as_well() -> None:
    called = ANALYSED.model_copy(update={"route": Destination(mentions=("here",))})
    for kind in (NoticeKind.SEVERITY_RAISED, NoticeKind.ESCALATED):
        told = notices.render(called, notice(kind), standalone=True, card_in="#alerts")
        assert "<!here>" in told.text
        assert "<!here>" in shown(told)


def test_what_fires_again_is_as_severe_as_what_fires_now() -> None:
    low = Firing(name="f", severity=Severity.LOW, at=NOW, what="db-3")
    milder = ANALYSED.model_copy(update={"firing_now": (low,)})
    assert notices.render(milder, notice(NoticeKind.REFIRED)).text.startswith(
        "🔁 Fired again (🔵 LOW)"
    )


def test_a_flapping_that_is_told_late_is_told_as_what_it_was() -> None:
    told = notices.render(ANALYSED, notice(NoticeKind.FLAPPING)).text
    assert told.startswith("🔁 It was flapping and has settled; changes are told again")


def test_a_rise_in_severity_and_a_reminder_are_shown_in_the_channel_as_well() -> None:
    broadcast = {kind: notices.render(ANALYSED, notice(kind)).broadcast for kind in NoticeKind}
    loud = {NoticeKind.SEVERITY_RAISED, NoticeKind.STILL_FIRING}
    assert broadcast == {kind: kind in loud for kind in NoticeKind}
    raised = notice(NoticeKind.SEVERITY_RAISED)
    assert not notices.render(ANALYSED, raised, standalone=True).broadcast


def test_standalone_notice_names_its_incident() -> None:
    kind = notice(NoticeKind.RESOLVED)
    alone, reply = notices.render(RESOLVED, kind, standalone=True), notices.render(RESOLVED, kind)
    for part in ("checkout: HighErrorRate", "prod · eu-west-1", "`5f2c9b#1`"):
        assert part in shown(alone)
        assert part not in shown(reply)
    assert (alone.color, reply.color) == (words.SOLVED_COLOR, "")
    raised = notice(NoticeKind.SEVERITY_RAISED)
    assert notices.render(ANALYSED, raised, standalone=True).color == "#d92d20"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (3_660, "1 h 1 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (90_000, "1 d 1 h"),
    ],
)
def test_duration(seconds: float, said: str) -> None:
    assert words.duration(timedelta(seconds=seconds)) == said


def test_an_incident_lasts_until_its_end_or_its_last_alert() -> None:
    assert words.lasted(RESOLVED) == timedelta(minutes=12)
    assert words.lasted(ANALYSED) == ANALYSED.last_seen - START


def test_a_reminder_says_how_long_it_has_fired_by_now() -> None:
    again = notices.render(ANALYSED, notice(NoticeKind.STILL_FIRING))
    assert "Still firing after" in again.text
    assert "214 times" in again.text


def test_a_flapping_incident_says_how_often() -> None:
    refires = tuple(START + timedelta(minutes=m) for m in (0, 4, 9))
    flapping = FIRST.model_copy(update={"flapping": True, "refires": refires})
    assert "🔁 *Flapping*: 3 times in 9 min" in shown(card.render(flapping, NOW))
    assert "Flapping" not in shown(card.render(FIRST, NOW))


def fires(*named: tuple[Severity, str], worst: str = "0", **changes: object) -> Incident:
    """An incident whose list of what fires is ``named``; ``worst`` is the shown one's name."""
    listed = tuple(
        Firing(name=str(number), severity=severity, at=NOW, what=what)
        for number, (severity, what) in enumerate(named)
    )
    shown_one = Worst(alert_id="a-2", name=worst, at=NOW, severity=FIRST.severity)
    update = {"worst": shown_one, "firing_now": listed, "firing": len(listed), "count": 9}
    return FIRST.model_copy(update=update | changes)


CRITICAL, HIGH, LOW = Severity.CRITICAL, Severity.HIGH, Severity.LOW
THREE = ((CRITICAL, "db-2"), (HIGH, "db-1"), (LOW, "db-3"))


def test_what_fires_is_named_the_worst_first() -> None:
    text = shown(card.render(fires(*THREE), NOW))
    assert "· 3 firing now\n*CRITICAL* db-2 · *HIGH* db-1 · *LOW* db-3\n" in text
    assert "is over" not in text
    assert "by now" not in text


def test_the_worst_alert_is_in_the_header_whatever_the_newest_says() -> None:
    message = card.render(SEVERAL, NOW)
    assert message.blocks[0]["text"]["text"] == "🔴 CRITICAL · Disk full on db-2"
    text = shown(message)
    assert "\n99 % of /data is used\n" in text
    assert "the first alert said: Disk full on db-1 · 97 % of /var is used" in text
    assert "81 %" not in text


def test_only_a_few_are_named_and_the_rest_is_counted() -> None:
    many = [(HIGH, f"db-{number}") for number in range(firing.MOST + 2)]
    text = shown(card.render(fires(*many, firing=1_017), NOW))
    assert "1,017 firing now\n*HIGH* db-0, db-1, db-2, db-3, db-4 · and 1,012 more\n" in text
    six = shown(card.render(fires(*many[:5]), NOW))
    assert "more\n" not in six


def test_equal_names_are_counted_and_no_name_is_said() -> None:
    text = shown(card.render(fires((HIGH, "db"), (HIGH, "db"), (LOW, "\u200b")), NOW))
    assert f"\n*HIGH* db {TIMES}2 · *LOW* (no title)\n" in text


def test_one_that_fires_is_named_where_it_is_not_the_one_of_the_header() -> None:
    text = shown(card.render(fires((HIGH, "db-1")), NOW))
    assert "firing now" not in text
    assert "db-1" not in text
    over = shown(card.render(fires((HIGH, "db-1"), worst="gone"), NOW))
    assert "· 1 firing now\n*HIGH* db-1\n" in over
    assert "This CRITICAL alert is over; what still fires is named above" in over


def test_nothing_is_said_to_be_over_where_not_all_that_fires_is_known() -> None:
    text = shown(card.render(fires(*THREE, worst="gone", firing=4), NOW))
    assert "*LOW* db-3 · and 1 more\n" in text
    assert "is over" not in text


def test_a_shown_alert_that_is_milder_by_now_says_so() -> None:
    text = shown(card.render(fires((HIGH, "db-1")), NOW))
    assert "\nIt says HIGH by now\n" in text


def test_what_is_over_names_nothing_that_fires() -> None:
    over = fires(*THREE, state=IncidentState.CLOSED, resolved_at=NOW)
    text = shown(card.render(over, NOW))
    assert "db-2" not in text
    assert "by now" not in text


def test_names_of_what_fires_call_nobody() -> None:
    hostile = [(HIGH, "<!channel>"), (LOW, "*x* `y` " + "z" * 80)]
    message = card.render(fires(*hostile), NOW)
    assert "&lt;!channel&gt;" in shown(message)
    assert problems(message) == []


@pytest.mark.parametrize(
    ("seconds", "said"), [(59, "\nSeen <!date"), (60, "\nFirst seen <!date"), (0, "\nSeen <!date")]
)
def test_a_first_and_a_last_time_of_one_minute_are_told_once(seconds: int, said: str) -> None:
    last = START + timedelta(seconds=seconds)
    text = shown(card.render(FIRST.model_copy(update={"last_seen": last}), NOW))
    assert said in text
    assert ("last seen" in text) is (seconds == 60)


def with_headline(headline: str, **changes: object) -> Incident:
    told = FIRST.model_copy(update={"title": "Disk full", "service": "", "resource": ""} | changes)
    return told.model_copy(
        update={"analysis": TRIAGE.model_copy(update={"headline": headline, "summary": "Says."})}
    )


@pytest.mark.parametrize(
    ("incident", "headline"),
    [
        (with_headline("Disk full"), ""),
        (with_headline("db: Disk full", service="db"), ""),
        (with_headline("db-1: Disk full", resource="db-1"), ""),
        (with_headline("Disk fu…", title="Disk full of logs"), ""),
        (with_headline("Claude refuses the key"), "Claude refuses the key"),
        (with_headline("Alert of tool", title=""), "Alert of tool"),
    ],
)
def test_a_triage_does_not_repeat_the_title(incident: Incident, headline: str) -> None:
    assert words.headline(incident) == headline
    shown_text = shown(card.render(incident, NOW))
    assert (f"*{headline}*" in shown_text) is bool(headline)
    assert "being asked\nSays." in shown_text or headline


def test_an_analysis_by_claude_keeps_its_headline_whatever_it_says() -> None:
    assert words.headline(with_analysis(headline=FIRST.title)) == FIRST.title


def test_a_triage_names_no_cost() -> None:
    assert "Cost" not in shown(card.render(FIRST, NOW))
    assert "Cost" not in shown(card.webhook_first(FIRST, NOW))


@pytest.mark.parametrize(
    ("explanation", "count", "said"),
    [
        ("{line}", 1, ""),
        ("{line}", 2, "Grouped by source alertmanager, rule Disk, "),
        ("Corrected by rules v3: ok. {line}", 1, "Grouping: Corrected by rules v3: ok."),
        ("Corrected by rules v3: ok. {line}", 2, "rules v3: ok. Grouped by source alertmanager, "),
        ("more than 20 new incidents", 1, "Grouping: more than 20 new incidents"),
    ],
)
def test_of_the_grouping_is_told_what_says_anything(
    explanation: str, count: int, said: str
) -> None:
    alert = an_alert(source="alertmanager", rule="Disk", title="Disk is full of logs")
    line = signature(alert, None).explanation
    assert "Ignored: " in line
    update = {"explanation": explanation.format(line=line), "count": count}
    text = shown(card.render(FIRST.model_copy(update=update), NOW))
    assert said in text
    assert ("Group" in text) is bool(said)
    assert "Ignored" not in text


def test_an_environment_is_called_one_where_it_has_a_line_of_its_own() -> None:
    odd = FIRST.model_copy(update={"scope": Scope(environment="stormy")})
    assert "\nEnv stormy\n" in shown(card.render(odd, NOW))
    place = FIRST.model_copy(update={"scope": Scope(region="eu-west-1")})
    assert "\neu-west-1\n" in shown(card.render(place, NOW))
