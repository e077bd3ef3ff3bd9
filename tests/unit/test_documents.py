"""Documents name commands that exist; the runbook's blocks all run, or are named exceptions."""

import re
from pathlib import Path

import botocore.session
import click
import pytest
from botocore import xform_name

from documents import (
    COMMANDS,
    DOCUMENTS,
    EXCEPTIONS,
    NO_COMMANDS,
    ROOT,
    RUNBOOK,
    Unclosed,
    blocks,
    calls,
    headings,
    options,
    prose,
)
from e2e.runbook_scenes import SCENES, Scene, nothing
from responder_cli.main import cli

#: What the seed's runbook calls its procedures, and where each has its place in ours.
PROCEDURES = {
    "Daily Operations": "Daily operations",
    "Morning Checks (5 minutes)": "Morning check",
    "Weekly Review (30 minutes)": "Weekly review",
    "Health Checks": "Health checks",
    "System Health Dashboard": "Dashboard",
    "Automated Health Check Script": "Automated check",
    "Common Operational Tasks": "Common tasks",
    "1. Update Slack Webhook URL": "Replace the Slack webhook or token",
    "2. Update Anthropic API Key": "Replace the Anthropic key",
    "3. Clear Analysis Cache": "Clear the analysis cache",
    "4. Reprocess Failed Messages from DLQ": "Send dead letters back",
    "5. Query Alert History": "Look an alert up",
    "6. Manual Alert Injection (Testing)": "Inject an alert",
    "Incident Response": "When something is wrong",
    "System Down - No Alerts Processing": "Nothing arrives",
    "High Anthropic API Costs": "Claude costs too much",
    "Slack Messages Not Delivered": "Slack is silent, or a card is missing",
    "Maintenance Procedures": "Maintenance",
    "Deploying Updates": "Deploy",
    "Database Maintenance": "Tables",
    "Log Management": "Logs",
    "Performance Tuning": "Performance",
    "Lambda Memory Optimization": "Memory",
    "Analysis Cache Tuning": "Cache hit rate",
    "Cost Management": "Costs",
    "Monthly Cost Report": "Monthly cost report",
    "Cost Optimization Checklist": "Cost checklist",
    "Backup and Recovery": "Backup and recovery",
    "Backup Procedure": "Backup",
    "Disaster Recovery": "Recovery",
    "Emergency Contacts": "Contacts",
}
#: The four parts of every symptom, by the words that begin them.
PARTS = ("**Shows:**", "**See:**", "**Mend:**", "**Over when**")
#: Scripts that the seed's runbook names, where it names them.
SCRIPTS = (
    "deploy.sh",
    "scripts/backup.sh",
    "scripts/daily-health-check.sh",
    "scripts/health-check.sh",
    "scripts/monthly-cost-report.sh",
    "scripts/reprocess-dlq.sh",
    "tests/integration-tests.sh",
    "tests/smoke-tests.sh",
)
MOST_EXCEPTIONS = 10
#: From clone to the first alert in Slack, and the lines of a page.
MOST_COMMANDS, PAGE = 8, 60
#: A shell script that is longer is a Python command.
MOST_LINES = 10
#: What a command does that leaves something else than it found. `inject --wait` proves itself.
CHANGES = re.compile(
    r"responder (?:silence (?:add|expire)|window (?:add|remove)|(?:route|inhibit) (?:apply|use)"
    r"|analysis o|feedback \S+ \w|cache (?:clear|warm)|secrets (?:set|rotate)|rollback"
    r"|dlq (?:reprocess|discard)|backup|restore|erase)"
    r"|reprocess-dlq|backup\.sh|aws \S+ (?:put|update|delete|create|restore|start-m|purge)"
)
#: The AWS CLI's own names of services, commands that are its own, and options of every command.
SERVICES = {"s3api": "s3", "deploy": "codedeploy"}
OF_THE_CLI = {("cloudformation", "deploy"), ("s3", "sync"), ("s3", "cp")}
EVERYWHERE = {"--query", "--output", "--region", "--profile", "--endpoint-url"}

TEXT = RUNBOOK.read_text(encoding="utf-8")


def named(program: str) -> list[object]:
    """Every call of a program in the documents, as a case of its own."""
    return [
        pytest.param(words, id=f"{path.name}: {' '.join(words)[:60]}")
        for path in DOCUMENTS
        for words in calls(path.read_text(encoding="utf-8"), program)
    ]


def unknown(words: list[str]) -> str:
    """What of a call of ``responder`` does not exist; empty where all of it does."""
    command: click.Command = cli
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        found = command.get_command(click.Context(command), name)
        if found is None:
            return name
        command = found
    known = {"--help", "-h"}
    for parameter in command.params:
        known |= {*parameter.opts, *parameter.secondary_opts}
    return next((one for one in options(rest) if one not in known), "")


@pytest.mark.parametrize("words", named("responder"))
def test_commands_of_ours_exist_with_their_options(words: list[str]) -> None:
    assert unknown(words) == ""


def test_an_unknown_command_or_option_is_found() -> None:
    assert unknown(["dlq", "purge"]) == "purge"
    assert unknown(["health", "--wach"]) == "--wach"
    assert unknown(["silence", "add", "service=x", "--for", "2h", "--comment", "x"]) == ""


def test_blocks_are_read_whole_by_section_and_kind() -> None:
    text = "# A\n```bash\n# no heading\n````\n## B\n  ```bash\n  x\n  ```\n"
    text += "```text\n```\n~~~bash\n~~~\n"
    found = [(block.name, block.info, block.text) for block in blocks(text)]
    assert found == [
        ("A 1", "bash", "# no heading\n"),
        ("B 1", "bash", "x\n"),
        ("B 1", "text", "\n"),
        ("B 2", "bash", "\n"),
    ]
    assert headings(text) == ["A", "B"]
    with pytest.raises(Unclosed):
        blocks("```bash\nscripts/responder health\n")


def test_calls_are_found_in_blocks_lines_and_spans_up_to_their_end() -> None:
    text = (
        "`responder dlq\nlist` and responder here\n\n    x=$(responder logs ID --json | jq .) y\n"
    )
    assert list(calls(text, "responder")) == [["logs", "ID", "--json"], ["dlq", "list"]]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_shortened_commands_in_prose_exist(path: Path) -> None:
    """Prose says `dlq list`: of what begins with a group of ours, the rest exists, too."""
    context = click.Context(cli)
    names = cli.list_commands(context)
    groups = [name for name in names if isinstance(cli.get_command(context, name), click.Group)]
    spans = re.findall(rf"`((?:{'|'.join(groups)}) [a-z-][^`]*)`", prose(path.read_text()))
    for span in spans:
        first, *rest = span.split()
        for choice in rest[0].split("|"):
            assert unknown([first, choice, *rest[1:]]) == "", span


@pytest.mark.parametrize("words", named("aws"))
def test_commands_of_aws_exist_with_their_options(words: list[str]) -> None:
    service, operation, *rest = words
    if (service, operation) in OF_THE_CLI:
        return
    session = botocore.session.get_session()
    model = session.get_service_model(SERVICES.get(service, service))
    if operation == "wait":
        client = session.create_client(service, region_name="us-east-1")
        assert rest[0].replace("-", "_") in client.waiter_names
        return
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in operations or operation == "insights"
    if operation == "insights":
        # The seed's invention, which the runbook names to say so.
        return
    shape = model.operation_model(operations[operation]).input_shape
    members = {f"--{xform_name(name, '-')}" for name in shape.members} if shape else set()
    negated = {one.replace("--", "--no-", 1) for one in members}
    assert set(options(rest)) <= members | negated | EVERYWHERE


def test_every_block_of_the_runbook_is_run_or_is_no_command() -> None:
    assert {block.info for block in blocks(TEXT)} <= {COMMANDS} | NO_COMMANDS


def test_exceptions_are_few_have_a_reason_and_are_there() -> None:
    names = [block.name for block in blocks(TEXT) if block.info == COMMANDS]
    assert len(names) == len(set(names))
    assert set(EXCEPTIONS) <= set(names)
    assert len(EXCEPTIONS) <= MOST_EXCEPTIONS
    assert all(EXCEPTIONS.values())


def test_a_block_that_changes_something_has_a_proof() -> None:
    changing = [
        block.name
        for block in blocks(TEXT)
        if block.info == COMMANDS
        and block.name not in EXCEPTIONS
        and any(
            CHANGES.search(line) and "--dry-run" not in line for line in block.text.splitlines()
        )
    ]
    assert {one for one in changing if SCENES.get(one, Scene()).proof is nothing} == set()


def test_every_procedure_of_the_seed_has_its_place() -> None:
    ours = headings(TEXT)
    assert {ours_ for ours_ in PROCEDURES.values() if ours_ not in ours} == set()


def anchor_of(heading: str) -> str:
    """What the hosts of repositories make of a heading, to link to it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", prose(path.read_text()))
    for file, anchor in links:
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), file
        if anchor and target.suffix == ".md":
            found = headings(target.read_text(encoding="utf-8"))
            assert anchor in map(anchor_of, found), f"{file}#{anchor}"


def symptoms() -> dict[str, str]:
    """The sections under "When something is wrong", by heading."""
    chapter = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    (wrong,) = [one for one in chapter if one.startswith("When something is wrong\n")]
    parts = re.split(r"^### ", wrong, flags=re.MULTILINE)[1:]
    return {one.partition("\n")[0]: one for one in parts}


@pytest.mark.parametrize("name", symptoms())
def test_a_symptom_is_in_the_table_that_an_operator_begins_with(name: str) -> None:
    table = prose(TEXT).partition("\n### ")[0]
    assert f"[{name.replace('`', '')}](#{anchor_of(name)}) |" in table.replace("`", "")


@pytest.mark.parametrize("name", symptoms())
def test_a_symptom_says_how_it_shows_is_seen_mended_and_over(name: str) -> None:
    section = symptoms()[name]
    places = [section.find(part) for part in PARTS]
    assert -1 not in places
    assert places == sorted(places)


def test_the_first_alert_in_slack_is_one_page_and_eight_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (page,) = [one for one in text.split("\n## ") if one.startswith("Your first alert in Slack\n")]
    commands = [line.strip() for line in page.splitlines() if line.startswith("    ")]
    assert commands[0].startswith("git clone ")
    assert commands[-1] == "scripts/responder inject --sample generic/firing --wait"
    assert len(commands) <= MOST_COMMANDS
    assert len(page.splitlines()) <= PAGE


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_seeds_scripts_exist_and_are_thin(name: str) -> None:
    path = ROOT / name
    assert path.stat().st_mode & 0o111
    lines = path.read_text().splitlines()
    assert lines[0] == "#!/bin/sh"
    assert len(lines) <= MOST_LINES
    assert any("responder" in line for line in lines)
    assert name in TEXT
