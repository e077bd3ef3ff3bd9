"""What is told of an incident after its card: the change first, loud only where it must be."""

from responder.alert import Severity
from responder.delivery import notices, words
from responder.incident import Destination, Firing, NoticeKind
from responder_cli.card.examples import ANALYSED, NOW, RESOLVED, notice
from unit.delivery.cards import shown


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


def test_a_reminder_says_how_long_it_has_fired_by_now() -> None:
    again = notices.render(ANALYSED, notice(NoticeKind.STILL_FIRING))
    assert "Still firing after" in again.text
    assert "214 times" in again.text
