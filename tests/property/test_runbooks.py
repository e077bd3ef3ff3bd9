"""Any text is a runbook, and any text is an alert about which runbooks are asked."""

from hypothesis import example, given
from hypothesis import strategies as st

from responder.analysis import fulltext
from responder.analysis.markdown import MAX_HEADING, MAX_PASSAGE, split, steps
from responder.analysis.retrieval import MOST, Index
from unit.analysis.examples import alert

HOSTILE = (
    '" OR 1=1 --', "NEAR(disk full, 2)", "heading : disk*", "^disk + full", "AND OR NOT",
    "{a b}: c", "disk\x00full", "\ud800", "“disk”", "-disk", "a" * 5_000,
    "İstanbul ﬁle ² ½ \u0661", "1-" * 2_500, " " * 5_000, "#" * 5_000, "aB" * 2_500,
)  # fmt: skip
LINES = st.sampled_from(
    ["# A", "## B c", "#", "```", "~~~~", "```sh", "1. do", "- [x](#x)", "", "text", "x" * 700]
)
TEXTS = st.one_of(st.text(), st.lists(LINES).map("\n".join))
PASSAGES = split("disk.md", "# Disk full\nRotate the logs, or near NOT AND heading.\n")
INDEXES = [Index(PASSAGES, engine) for engine in (fulltext.FullText, fulltext.Plain)]


@given(TEXTS | st.sampled_from([f"# {one}\n{one}" for one in (" " * 9_999, "#" * 9_999)]))
def test_any_text_is_cut_into_bounded_passages_that_can_be_searched(text: str) -> None:
    passages = split("a.md", text)
    for passage in passages:
        assert 0 < len(passage.text) <= MAX_PASSAGE
        assert len(passage.heading) <= MAX_HEADING
        assert all(steps(passage.text, 3))
        passage.model_dump_json().encode()
    Index(passages)
    Index(passages, fulltext.Plain)


@given(TEXTS)
def test_no_word_of_a_runbook_is_lost(text: str) -> None:
    body = "".join(char for char in text if char not in "#`~[]()\n")
    kept = "".join(passage.text for passage in split("a.md", f"# A\n{body}"))
    shown = "".join(char for char in body if char.isalnum() and char.isprintable())
    assert "".join(char for char in kept if char.isalnum()) == shown


@given(st.text(), st.text(), st.text(), st.dictionaries(st.text(), st.text(), max_size=5))
@example(*HOSTILE[:3], {"a": HOSTILE[3]})
@example(*HOSTILE[4:7], {HOSTILE[7]: HOSTILE[8]})
@example(*HOSTILE[9:12], {})
def test_nothing_in_an_alert_is_syntax_of_the_search(
    title: str, message: str, service: str, labels: dict[str, str]
) -> None:
    links = {f"runbook {name}": value for name, value in labels.items()}
    asked = alert(
        title=title, rule=message, message=message, service=service, labels=labels, links=links
    )
    assert all(len(index.about(asked).passages) <= MOST for index in INDEXES)


@given(st.sampled_from(HOSTILE))
def test_hostile_text_around_it_hides_no_problem(hostile: str) -> None:
    asked = alert(title="Disk full", rule=hostile, message=hostile)
    assert all(index.about(asked).passages for index in INDEXES)
