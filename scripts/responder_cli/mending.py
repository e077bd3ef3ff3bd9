"""The commands to go on with, as they are typed for this very stack."""

import os

from responder_cli.aws import Stack
from responder_cli.logs.reading import GROUPS
from responder_cli.options import DEFAULT_STACK

#: The environments that samconfig.toml names, which end their stacks' names.
ENVIRONMENTS = ("dev", "staging", "prod")


def command(stack: Stack, words: str) -> str:
    """A command of this command line, which acts on ``stack`` wherever it is pasted here."""
    meant = os.environ.get("STACK_NAME") or DEFAULT_STACK
    named = "" if stack.name == meant == DEFAULT_STACK else f" --stack {stack.name}"
    return f"scripts/responder {words}{named}{_region(stack)}{_profile(stack)}"


def aws(stack: Stack, words: str) -> str:
    """A command of AWS's own command line, for the account and region that ``stack`` is in."""
    return f"aws {words}{_region(stack)}{_profile(stack)}"


def tail(stack: Stack, function: str) -> str:
    """What the log of a function has for somebody to look at: there the cause stands."""
    name = next(name for name, group in GROUPS.items() if group.endswith(f"-{function}"))
    return command(stack, f"tail --function {name} --since 15m --once --errors")


def put_secret(stack: Stack, short: str) -> str:
    """A secret's value, asked for and tried before it is stored."""
    return command(stack, f"secrets set {short}")


def doctor(stack: Stack) -> str:
    """The check of a deployment, and of what one left behind."""
    return command(stack, f"doctor --environment {_environment(stack)}")


def deploy(stack: Stack, *parameters: str, environment: str = "") -> str:
    """A deployment of what is checked out, with other parameters where some are given.

    Its environment is the one that ends the stack's name, unless it is known.
    """
    environment = environment or _environment(stack)
    given = "".join(f" --parameter {one}" for one in parameters)
    return f"scripts/responder deploy --environment {environment}{given}{_profile(stack)}"


def _environment(stack: Stack) -> str:
    ending = stack.name.rpartition("-")[2]
    return ending if ending in ENVIRONMENTS else "ENVIRONMENT"


def _region(stack: Stack) -> str:
    return f" --region {stack.region}" if stack.region else ""


def _profile(stack: Stack) -> str:
    return f" --profile {stack.profile}" if stack.profile else ""
