"""Entries of the sources secret: what is made for a tool, and how its secrets are rotated."""

import pytest

from responder.intake.authentication.sources import Source, sources_in
from responder_cli.sources import entries
from responder_cli.sources.guides import Guide, Way
from unit.cli.stacks import stack

HERE = stack({}, {})
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"


def guide(setup: str, *ways: Way) -> Guide:
    return Guide(
        title="Tool",
        documentation="https://example.com/",
        authentication=ways,
        resolves="Never.",
        setup=setup,
        maps={"title": "title"},
    )


@pytest.mark.parametrize(
    ("made_for", "ways"),
    [
        (guide("{url}", "url"), {"url"}),
        (guide("{url} {token}", "bearer", "url"), {"bearer"}),
        (guide("{url} {secret}", "signature", "url"), {"signature"}),
        (guide("{url} {secret}", "shared-header", "url"), {"shared-header"}),
        (guide("{url} {token} {secret}", "signature", "basic"), {"signature", "basic"}),
        (guide("{url} {token} {secret}", "bearer", "signature"), {"signature", "bearer"}),
        (guide("{url} {token}", "signature", "url"), {"signature", "url"}),
    ],
)
def test_a_guides_text_says_what_a_source_needs(made_for: Guide, ways: set[Way]) -> None:
    assert entries.ways_of(made_for) == ways


@pytest.mark.parametrize(
    ("tool", "ways", "places"),
    [
        ("alertmanager", ["bearer"], {"tokens"}),
        ("github", ["signature"], {"signature"}),
        ("gitlab", ["shared-header"], {"header"}),
        ("home-made", ["signature"], {"signature"}),
        ("grafana", ["signature", "bearer"], {"signature", "tokens"}),
    ],
)
def test_an_entry_holds_what_its_ways_need_and_can_be_read(
    tool: str, ways: list[Way], places: set[str]
) -> None:
    made = entries.make([tool], ways)
    assert made.entry.keys() - {"tools"} == places
    found = sources_in({"sources": {"one": made.entry}})
    assert found.known["one"].tools == (tool,)
    again = entries.make([tool], ways)
    assert made.entry != again.entry


def test_a_tool_that_makes_its_secret_itself_begins_with_a_token_in_the_address() -> None:
    made = entries.make(["sentry"], ["signature"])
    assert made.ways == {"url"}
    assert made.entry.keys() == {"tools", "tokens"}
    later = entries.rotated(made.entry, "sentry", "client-secret")
    assert later["signature"] == {"scheme": "sentry", "secrets": ["client-secret"]}
    assert later["tokens"] == made.entry["tokens"]


def test_sns_needs_its_topics() -> None:
    with pytest.raises(ValueError, match="--topic"):
        entries.make(["sns"], ["url", "signature"])
    made = entries.make(["sns"], ["url", "signature"], topics=[TOPIC])
    assert made.entry["signature"] == {"scheme": "sns", "topics": [TOPIC]}
    assert made.entry["tokens"]


def test_a_rotation_keeps_the_old_until_it_is_finished() -> None:
    entry = entries.make(["grafana"], ["signature", "bearer", "shared-header"]).entry
    assert not entries.is_rotating(entry)
    both = entries.rotated(entry, "grafana", "")
    assert both["tokens"][:1] == entry["tokens"]
    assert len(set(both["tokens"] + both["signature"]["secrets"] + both["header"]["secrets"])) == 6
    Source.model_validate(both)
    assert entries.is_rotating(both)
    with pytest.raises(ValueError, match="--finish"):
        entries.rotated(both, "grafana", "")
    one = entries.finished(both)
    assert one["tokens"] == both["tokens"][1:]
    assert one["signature"]["secrets"] == both["signature"]["secrets"][1:]
    assert one["header"]["secrets"] == both["header"]["secrets"][1:]
    with pytest.raises(ValueError, match="no rotation"):
        entries.finished(one)


def test_what_the_tool_makes_is_rotated_with_what_it_made() -> None:
    entry = entries.make(["pagerduty"], ["signature"], signing_secret="first").entry
    with pytest.raises(ValueError, match="--signing-secret"):
        entries.rotated(entry, "pagerduty", "")
    both = entries.rotated(entry, "pagerduty", "second")
    assert both["signature"]["secrets"] == ["first", "second"]
    with_token = {**entry, "tokens": ["t" * 40]}
    assert entries.rotated(with_token, "pagerduty", "second")["tokens"] == ["t" * 40]
    assert len(entries.rotated(with_token, "pagerduty", "")["tokens"]) == 2


def test_no_secret_is_shown() -> None:
    entry = entries.make(["grafana"], ["signature", "bearer", "shared-header"], user="me").entry
    shown = str(entries.masked(entry))
    for secret in entry["tokens"] + entry["signature"]["secrets"] + entry["header"]["secrets"]:
        assert secret not in shown
    for word in ("grafana", "(43 characters)", "X-Responder-Token", "'me'"):
        assert word in shown


def test_doubts_name_what_to_look_at() -> None:
    source = Source(tools=("grafna",), tokens=("short", "t" * 40))
    told = "\n".join(entries.doubts(HERE, "one", source, {"grafana"}))
    assert "no tool is called grafna" in told
    assert "shorter" in told
    assert told.endswith("scripts/responder sources rotate one --finish --stack it")
    fine = Source(tools=("grafana",), tokens=("t" * 40,))
    assert list(entries.doubts(HERE, "one", fine, {"grafana"})) == []
