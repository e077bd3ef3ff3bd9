"""``responder secrets check|set|rotate``."""

import sys
from datetime import timedelta
from typing import Any

import click

from responder.clock import utc_now
from responder.delivery import words
from responder_cli import console, secret_store
from responder_cli.aws import NotFound, Stack
from responder_cli.health.outside import CLAUDE_SECRET, SLACK_SECRETS, WITH_A_KEY
from responder_cli.health.verdict import Verdict
from responder_cli.mending import command, put_secret
from responder_cli.options import Command, examples, json_option, on_stack, yes_option
from responder_cli.secret_store import CURRENT, MOST_BYTES, PREVIOUS, Stored, secret_id
from responder_cli.secrets.kinds import KINDS, Kind, Malformed, Opinion

EXIT_FAILED = 1
NOTHING_TO_SLACK = f"neither {' nor '.join(SLACK_SECRETS)} is set: cards wait"
#: It has a command of its own.
SOURCES = "sources"
VERIFYING = ("secrets check", "inject --sample generic/firing --wait")
#: From this age on a value is called old; nothing forces a change.
OLD = timedelta(days=365)


@click.group(
    epilog=examples(
        "responder secrets check",
        "responder secrets set anthropic-key",
        "responder secrets rotate slack-bot-token < token.txt --yes",
    )
)
def secrets() -> None:
    """The stack's secrets; no command shows a value, or takes one on its command line."""


@secrets.command(epilog=examples("responder secrets check", "responder secrets check --json"))
@json_option
@on_stack
def check(stack: Stack, as_json: bool) -> None:
    """Which are set, for how long, and whether Slack and Claude accept them.

    Slack is asked by auth.test, Anthropic for its list of models: both cost nothing and change
    nothing. Exit code 1: one is refused or malformed, or nothing leads to Slack.
    """
    found = {name: _finding(stack, kind) for name, kind in KINDS.items()}
    if not any(found[name]["set"] for name in SLACK_SECRETS):
        for name in SLACK_SECRETS:
            found[name]["verdict"] = Verdict.FAILING.value
            if not found[name]["mend"]:
                found[name]["reason"] = NOTHING_TO_SLACK
    if as_json:
        console.as_json(list(found.values()))
    else:
        console.grid(
            ("secret", "verdict", "is", "since", "reason"),
            [
                (one["name"], one["verdict"], "set" if one["set"] else "empty", one["age"],
                 one["reason"])
                for one in found.values()
            ],
            verdict=1,
        )  # fmt: skip
        for one in found.values():
            if one["mend"]:
                console.say(f"{one['name']}: {one['mend']}")
    if any(one["verdict"] == Verdict.FAILING.value for one in found.values()):
        click.get_current_context().exit(EXIT_FAILED)


def taking_a_value(command: Command) -> Command:
    """Give a command the name of a secret, --unverified and --yes."""
    command = yes_option(command)
    command = click.option(
        "--unverified", is_flag=True, help="Store it though the other side refuses it."
    )(command)
    return click.argument("name", type=click.Choice(list(KINDS)), metavar="NAME")(command)


_NAMES = "\n\n\b\nNames:\n" + "\n".join(f"  {one.name:20}{one.what}" for one in KINDS.values())


@secrets.command(
    "set",
    epilog=examples(
        "responder secrets set slack-bot-token",
        "responder secrets set notice-webhook --yes < webhook.json",
    )
    + _NAMES,
)
@taking_a_value
@on_stack
def set_(stack: Stack, name: str, unverified: bool, yes: bool) -> None:
    """Give the secret NAME its value, from a hidden prompt or from standard input.

    The value is tried first where that can be done harmlessly; what is refused is not stored. From
    standard input it needs --yes.
    """
    kind = KINDS[name]
    _refuse_sources(kind)
    before = _read(stack, kind)
    value = _given(kind)
    opinion = _tried(stack, kind, value, unverified)
    if before is not None:
        console.say(f"{name} has a value already, since {_age(before)}; rotate says what to do.")
    _store(stack, kind, value, before, yes=yes)
    console.say(f"{name} is set. {opinion.words}. {_obeyed(stack)}")


@secrets.command(
    epilog=examples(
        "responder secrets rotate slack-bot-token",
        "responder secrets rotate anthropic-key --yes < key.txt",
        "responder secrets rotate anthropic-key --back",
    )
    + _NAMES
)
@click.option("--back", is_flag=True, help="Put the value before into use again.")
@taking_a_value
@on_stack
def rotate(stack: Stack, name: str, unverified: bool, yes: bool, back: bool) -> None:
    """Replace the value of NAME, and keep the one before until the next time.

    As `set`; afterwards it says how to verify the new value, and when to revoke the old one.
    """
    kind = KINDS[name]
    before = _read(stack, kind)
    if before is None:
        raise click.ClickException(f"{name} has no value yet: {put_secret(stack, name)}")
    if back:
        _go_back(stack, kind, before, unverified=unverified, yes=yes)
        return
    _refuse_sources(kind)
    value = _given(kind)
    opinion = _tried(stack, kind, value, unverified)
    _store(stack, kind, value, before, yes=yes)
    console.say(f"{name} is replaced. {opinion.words}. {_obeyed(stack)}")
    console.say("Verify it:")
    for line in VERIFYING:
        console.say(f"  {command(stack, line)}")
    console.say(f"If it fails: {command(stack, f'secrets rotate {name} --back')}")
    console.say("Revoke the old one where it was made, once the new one works.")


def _refuse_sources(kind: Kind) -> None:
    """Written whole from a file, it would undo what somebody else just added."""
    if kind.name == SOURCES:
        raise click.ClickException("Sources are written one by one: responder sources --help")


def _finding(stack: Stack, kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": kind.name, "set": False, "age": "", "since": None, "mend": "",
    }  # fmt: skip
    stored = secret_store.read(stack, kind.name)
    if not stored.value:
        if absent := secret_store.absence(stack, kind.name):
            told = {"reason": absent.reason, "mend": absent.mend}
            return {**found, "verdict": Verdict.FAILING.value, **told}
        needed = kind.name == CLAUDE_SECRET and _by_key(stack)
        verdict = Verdict.WARNING if needed else Verdict.OK
        return {**found, "verdict": verdict.value, "reason": kind.without}
    found |= {"set": True, "age": _age(stored), "since": stored.since}
    try:
        shape = kind.shape(stored.value)
    except Malformed as error:
        return {**found, "verdict": Verdict.FAILING.value, "reason": str(error)}
    opinion = kind.ask(stack, stored.value)
    old = stored.since is not None and utc_now() - stored.since > OLD
    verdict = Verdict.WARNING if old or opinion.asked else Verdict.OK
    if opinion.accepted is False:
        verdict = Verdict.FAILING
    return {**found, "verdict": verdict.value, "reason": f"{shape}; {opinion.words}"}


def _by_key(stack: Stack) -> bool:
    return stack.outputs.get("ClaudeAccess", WITH_A_KEY) == WITH_A_KEY


def _read(stack: Stack, kind: Kind, stage: str = CURRENT) -> Stored | None:
    """The version in use, or another one; None where it has no value. Raises NotFound."""
    found = secret_store.read(stack, kind.name, stage)
    if found.value:
        return found
    if absent := secret_store.absence(stack, kind.name):
        raise NotFound(f"{absent.reason}: {absent.mend}")
    return None


def _given(kind: Kind) -> str:
    """The value, from where nobody else sees it: neither arguments nor a shell's history."""
    if sys.stdin.isatty():
        value = str(click.prompt(f"Value of {kind.name} (not shown)", hide_input=True, err=True))
    else:
        value = _decoded(kind, sys.stdin.buffer.read(MOST_BYTES + 1))
    value = value.strip()
    if not value or len(value.encode()) > MOST_BYTES:
        raise click.ClickException(f"A value has 1 to {MOST_BYTES:,} bytes. Nothing was changed.")
    try:
        kind.shape(value)
    except Malformed as error:
        raise click.ClickException(f"{kind.name}: {error}. Nothing was changed.") from error
    return value


def _decoded(kind: Kind, given: bytes) -> str:
    try:
        return given.decode()
    except UnicodeDecodeError:
        # from None: the cause holds the value.
        said = f"{kind.name}: it is not UTF-8 (saved as UTF-16?). Nothing was changed."
        raise click.ClickException(said) from None


def _tried(stack: Stack, kind: Kind, value: str, unverified: bool) -> Opinion:
    opinion = kind.ask(stack, value)
    if opinion.accepted is False and not unverified:
        raise click.ClickException(console.safe(f"{opinion.words}. Nothing was changed."))
    return opinion


def _store(stack: Stack, kind: Kind, value: str, before: Stored | None, *, yes: bool) -> None:
    if before is not None and before.value == value:
        raise click.ClickException(f"{kind.name} has that value already. Nothing was changed.")
    if not yes:
        console.ask(f"Put it into {secret_id(stack, kind.name)} of account {stack.account}?")
    stack.client("secretsmanager").put_secret_value(
        SecretId=secret_id(stack, kind.name), SecretString=value
    )


def _go_back(stack: Stack, kind: Kind, now_used: Stored, *, unverified: bool, yes: bool) -> None:
    """Move the label: the value before is in use again, and this one is the one that is kept."""
    before = _read(stack, kind, PREVIOUS)
    if before is None:
        raise click.ClickException(f"Of {kind.name} no earlier value is kept.")
    _tried(stack, kind, before.value, unverified)
    if not yes:
        used = f"the value of {_age(before)} again, instead of that of {_age(now_used)}"
        console.ask(f"Use {used} in {secret_id(stack, kind.name)}?")
    client = stack.client("secretsmanager")
    stages = client.describe_secret(SecretId=secret_id(stack, kind.name))["VersionIdsToStages"]
    version = {label: one for one, labels in stages.items() for label in labels}
    client.update_secret_version_stage(
        SecretId=secret_id(stack, kind.name),
        VersionStage=CURRENT,
        MoveToVersionId=version[PREVIOUS],
        RemoveFromVersionId=version[CURRENT],
    )
    console.say(f"{kind.name} has its earlier value again. {_obeyed(stack)}")


def _obeyed(stack: Stack) -> str:
    seconds = stack.parameter("SecretMaxAgeSeconds", "300")
    return f"Used within {seconds} seconds; nothing has to be restarted."


def _age(stored: Stored) -> str:
    if stored.since is None:
        return "unknown"
    return f"{words.duration(utc_now() - stored.since)} ago"
