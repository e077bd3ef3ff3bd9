"""``responder eval``: the recorded answers, and the way to Claude against a real local server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from local_stack import claude_server
from local_stack.loopback import Server
from responder.adapters.claude import ApiKey, Claude
from responder.analysis.tiering import tiers
from responder_cli.asking import Unguarded
from responder_cli.eval import cases, running
from responder_cli.eval.commands import CORPUS
from responder_cli.main import cli

CASES = cases.load(CORPUS)


def run(*words: str, answer: str = "", **environment: str) -> Result:
    given = {"ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": "", **environment}
    return CliRunner().invoke(cli, ["eval", *words], input=answer, env=given)


@pytest.fixture
def claude(tmp_path: Path) -> Iterator[Server]:
    """A local Claude that gives each case's good answer, written by hand."""
    rules = [
        {"when": one.case.incident.title, "answer": dict(one.answers)["good"].answer}
        for one in CASES
        if one.case.incident.title in ("PostgresDown", "Watchdog")
    ]
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(rules))
    server = claude_server.start(answers=str(file))
    yield server
    server.stop()


def online(server: Server, *words: str, **options: Any) -> Result:
    environment = {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": server.url}
    return run(*words, **environment, **options)


def test_the_corpus_is_as_large_and_as_wide_as_it_claims_to_be() -> None:
    assert len(CASES) >= 40
    assert len({one.expected.family for one in CASES}) >= 20
    assert {one.expected.outcome for one in CASES} == {"cause", "healthy", "not enough evidence"}
    for one in CASES:
        kinds = {"fails" if answer.fails else "passes" for _, answer in one.answers}
        assert kinds == {"fails", "passes"}, one.name


@pytest.mark.parametrize(
    "outcome", list(running.replay(CASES)), ids=lambda one: f"{one.case}-{one.run}"
)
def test_each_recorded_answer_passes_or_fails_as_its_file_says(outcome: running.Outcome) -> None:
    assert outcome.unlike == ""


def test_offline_prints_the_baselines_beside_and_says_who_wrote_the_answers() -> None:
    result = run("--offline")
    assert result.exit_code == 0
    for words in ("good answers", "bad answers", "echo the alert", "majority", "written by hand"):
        assert words in result.output
    found = json.loads(run("--offline", "--json").stdout)
    assert found["figures"]["passed"] == 1
    assert found["baselines"]["bad answers"]["passed"] == 0
    assert found["baselines"]["echo the alert"]["passed"] < 0.2


def test_an_answer_that_is_scored_otherwise_fails_the_run(tmp_path: Path) -> None:
    source = CORPUS / "disk_full_of_logs"
    folder = tmp_path / "one" / "answers"
    folder.mkdir(parents=True)
    for name in ("case.json", "expected.json"):
        (tmp_path / "one" / name).write_text((source / name).read_text())
    good = json.loads((source / "answers" / "good.json").read_text())
    (folder / "good.json").write_text(json.dumps(good | {"fails": ["cause"]}))
    result = run("--offline", "--corpus", str(tmp_path))
    assert result.exit_code == 1
    assert "cause should fail, nothing does" in result.output
    (folder / "good.json").write_text(json.dumps(good | {"written_by": "claude"}))
    refused = run("--offline", "--corpus", str(tmp_path))
    assert refused.exit_code == 1
    assert "written_by" in refused.output


def test_online_asks_first_then_scores_what_claude_says(claude: Server) -> None:
    names = ("--case", "disk_full_of_logs", "--repeat", "3")
    refused = online(claude, *names, answer="n\n")
    assert refused.exit_code == 1
    assert "3 calls of claude-haiku-5-5 (low effort), about $0.0" in refused.output
    agreed = online(claude, *names, answer="y\n")
    assert agreed.exit_code == 0
    assert "3 of 3" in agreed.output
    assert "echo the alert" in agreed.output
    found = json.loads(online(claude, *names, "--yes", "--json").stdout)
    assert (found["figures"]["passed"], len(found["outcomes"])) == (1, 3)
    assert found["cost_usd"] > 0


def test_the_threshold_decides_the_exit(claude: Server) -> None:
    assert online(claude, "--case", "healthy_w*", "--yes", "--fail-under", "1").exit_code == 0
    wrong = claude_server.start(answers="canned")
    try:
        result = online(wrong, "--case", "healthy_w*", "--yes", "--fail-under", "0.5")
    finally:
        wrong.stop()
    assert result.exit_code == 1
    assert "0% passed; 50% are asked for" in result.output


def test_refusals_and_unreadable_answers_are_outcomes_and_count_as_failed(claude: Server) -> None:
    for mode in ("refusal", "garbage"):
        failing = claude_server.start(answers="canned", fail={"mode": mode})
        try:
            found = json.loads(online(failing, "--case", "disk_i*", "--yes", "--json").stdout)
        finally:
            failing.stop()
        (outcome,) = found["outcomes"]
        assert (outcome["passed"], found["figures"]["passed"]) == (False, 0)
        assert outcome["trouble"]


def test_a_server_that_recovers_is_asked_again() -> None:
    waited: list[float] = []
    (one,) = cases.load(CORPUS, "disk_inodes")
    server = claude_server.start(
        answers="canned", fail={"mode": "429", "count": 2, "retry_after": 7}
    )
    try:
        way_in = ApiKey(lambda _: "sk-test", base_url=server.url, timeout_seconds=5)
        claude = Claude(way_in, tiers("claude-haiku-5-5", "claude-sonnet-5-5"), Unguarded())
        (outcome,) = running.ask([one], claude, "small", 1, 1, waited.append)
    finally:
        server.stop()
    assert waited == [7, 7]
    assert outcome.score is not None


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "Set ANTHROPIC_API_KEY"),
        (("--offline", "--case", "nothing*"), 4, "there is no case"),
        (("redaction",), 0, "0 of 140 kinds of secrets leak (0.0%)"),
        (("redaction", "--corpus", str(CORPUS)), 1, "is no corpus like tests/evals/redaction"),
        (("--offline", "--repeat", "3", "--stack", "it"), 2, "goes without --repeat, --stack"),
        (("--offline", "--tier", "small", "--profile", "me"), 2, "without --tier, --profile"),
        (("--region", "eu-west-1"), 2, "give --stack"),
    ],
)
def test_what_is_missing_is_said(words: tuple[str, ...], code: int, said: str) -> None:
    result = run(*words)
    assert result.exit_code == code
    assert said in result.output


def test_a_model_without_a_price_is_refused_before_anything_is_spent(claude: Server) -> None:
    result = online(claude, "--model", "claude-unheard-of", "--yes")
    assert result.exit_code == 2
    assert "no price is known" in result.output


def test_where_claude_is_not_reached_at_all_the_exit_code_says_so() -> None:
    nobody = {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    done = run("--case", "healthy_watchdog", "--yes", **nobody)
    assert done.exit_code == 3, done.output
    assert "Claude answered nothing" in done.output
