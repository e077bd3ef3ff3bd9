"""The commands that mend what ``responder health`` finds, as they are typed for this very stack."""

import shlex

from responder_cli.aws import Stack
from responder_cli.options import DEFAULT_STACK

#: What a log line has that somebody should look at, as CloudWatch Logs filters.
TROUBLE = "?ERROR ?WARNING"
#: The environments that samconfig.toml names, which end their stacks' names.
ENVIRONMENTS = ("dev", "staging", "prod")


def command(stack: Stack, words: str) -> str:
    """A command of this command line."""
    named = "" if stack.name == DEFAULT_STACK else f" --stack {stack.name}"
    return f"scripts/responder {words}{named}"


def tail(stack: Stack, function: str, pattern: str) -> str:
    """The log of a function, where the cause stands."""
    group = f"/aws/lambda/{stack.function(function)}"
    return f"aws logs tail {group} --since 15m --filter-pattern {shlex.quote(pattern)}"


def put_secret(stack: Stack, short: str) -> str:
    """A secret's value, asked for and tried before it is stored."""
    return command(stack, f"secrets set {short}")


def deploy(stack: Stack, *parameters: str) -> str:
    """A deployment of what is checked out, with other parameters where some are given."""
    environment = stack.name.rpartition("-")[2]
    if environment not in ENVIRONMENTS:
        environment = "ENVIRONMENT"
    given = "".join(f" --parameter {one}" for one in parameters)
    return f"scripts/responder deploy --environment {environment}{given}"
