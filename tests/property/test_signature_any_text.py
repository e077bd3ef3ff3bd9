"""The signature is total, and nothing that names a copy or a place takes part in it."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.alert import Alert, Scope, Severity, Status
from responder.signature import normalise, signature, text
from responder.signature.value import key_of
from samples import NOW

words = st.text(max_size=30)
labels = st.dictionaries(
    st.sampled_from(["service", "instance", "pod", "namespace", "queue"]) | words, words, max_size=6
)
scopes = st.builds(Scope, account=words, region=words, cluster=words, environment=words)


def alert_of(title: str, message: str, given_labels: dict[str, str]) -> Alert:
    return Alert(
        alert_id="a",
        source="tool",
        fingerprint="f",
        title=title,
        message=message,
        labels=given_labels,
        severity=Severity.HIGH,
        status=Status.FIRING,
        event_at=NOW,
        received_at=NOW,
    )


@given(st.text(max_size=400))
def test_normalise_is_total_and_settles(given_text: str) -> None:
    once = normalise(given_text)
    assert bool(once) == bool(given_text.split())
    # Taking quotes and fault words away may let another round take more, but it ends at once.
    twice = normalise(once)
    assert len(twice) <= len(once)
    assert normalise(twice) == twice or len(normalise(twice)) < len(twice)


@given(words, words, labels, scopes, st.sampled_from(Severity), st.sampled_from(Status))
def test_severity_scope_and_status_never_take_part(
    title: str,
    message: str,
    given_labels: dict[str, str],
    scope: Scope,
    severity: Severity,
    status: Status,
) -> None:
    alert = alert_of(title, message, given_labels)
    other = alert.model_copy(update={"severity": severity, "scope": scope, "status": status})
    assert signature(other) == signature(alert)
    assert re.fullmatch(r"v1:[0-9a-f]{24}", signature(alert).key)


@given(words, labels, st.from_regex(r"[a-z]{1,5}\d{1,5}(:\d{2,5})?", fullmatch=True))
def test_the_instance_never_takes_part(
    message: str, given_labels: dict[str, str], instance: str
) -> None:
    first = alert_of("High load on server", message, {**given_labels, "instance": "host1:80"})
    second = alert_of("High load on server", message, {**given_labels, "instance": instance})
    assert signature(first).key == signature(second).key


@settings(max_examples=25)
@given(st.text(alphabet="ab1./:=-_'\"\\ \n$@", min_size=1, max_size=12))
def test_time_grows_linearly(piece: str) -> None:
    def best(length: int) -> float:
        # Whole pieces: half of one at the end could be a word, and take another way.
        long = piece * (length // len(piece))
        taken = []
        for _ in range(3):
            begin = time.thread_time()
            normalise(long)
            taken.append(time.thread_time() - begin)
        return min(taken)

    # Four times the text may take four times as long, with room for noise, never sixteen times.
    assert best(32_000) < 10 * best(8_000) + 0.002


parts = st.lists(st.text(alphabet='ab\0"\\,[]', max_size=4), min_size=2, max_size=6)


@given(parts, parts)
def test_only_equal_parts_have_equal_keys(first: list[str], second: list[str]) -> None:
    assert (key_of(1, first) == key_of(1, second)) == (first == second)


@given(st.text(alphabet="abé 1290:.=-/@'\"()\n", max_size=120), st.integers(1, 9))
def test_which_digits_a_text_without_codes_holds_does_not_matter(line: str, turn: int) -> None:
    other = line.translate({ord(str(d)): str((d + turn) % 10) for d in range(10)})
    assert normalise(other) == normalise(line)


words_of_all_roles = st.lists(
    st.sampled_from(
        ["error", "status", "503", "404", "000", "93", "KB", "user", "anna", "from", "10.0.0.1",
         "code=5", "code=0", "exit", "'a b c'", "port", "22", "for", "x=1", "disk", "process", "7",
         "(sorter)", "ORA-00060", "ORA-11111", "ABORT", "+Inf", "s", "failed"]
    ),
    max_size=8,
)  # fmt: skip


@given(
    st.lists(words_of_all_roles, min_size=1, max_size=4),
    st.frozensets(st.sampled_from(["ABORT", "disk", "error", "anna"]), max_size=2),
    st.integers(1, 9),
)
def test_what_was_read_before_never_matters(
    texts: list[list[str]], known: frozenset[str], turn: int
) -> None:
    lines = [" ".join(words) for words in texts]
    turned = {ord(str(d)): str((d + turn) % 10) for d in range(10)}
    lines += [line.translate(turned) for line in lines]
    warm = [normalise(line, known) for line in lines]
    cold = []
    for line in lines:
        text._fates.clear()
        text._fates.roles.clear()
        text._texts.clear()
        cold.append(normalise(line, known))
    assert warm == cold


def test_a_full_memo_forgets_between_texts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "disk 93 KB of user anna on error status 503 now"
    known = normalise(line)
    for size in range(1, 14):
        monkeypatch.setattr(text, "_MAX_MEMO", size)
        text._texts.clear()
        text._fates.clear()
        text._fates.roles.clear()
        for number in range(size):
            normalise(f"word{chr(97 + number)} stands")
        assert normalise(line) == known
