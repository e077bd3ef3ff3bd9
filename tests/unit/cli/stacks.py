"""Hand-written AWS clients for the command line's tests: they answer from plain values."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from responder_cli.aws import Stack

Answers = Mapping[str, Any]


class Client:
    """Answers each call from a table of values or functions, and remembers what it was asked."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*_: object, **options: object) -> object:
            self.calls.append((name, options))
            answer = self._answers[name]
            return answer(**options) if callable(answer) else answer

        return call

    def asked(self, name: str) -> list[dict[str, Any]]:
        """The options of every call of that name."""
        return [options for called, options in self.calls if called == name]


def stack(
    outputs: Mapping[str, str],
    clients: Mapping[str, Any],
    parameters: Mapping[str, str] | None = None,
) -> Stack:
    """A stack named ``it`` with these outputs and parameters."""
    given = (parameters or {}).items()
    described = {
        "Stacks": [
            {
                "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()],
                "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in given],
            }
        ]
    }
    every = {"cloudformation": Client({"describe_stacks": described}), **clients}
    return Stack("it", every.__getitem__)


def refusal(code: str) -> ClientError:
    """What boto3 raises when AWS says no."""
    return ClientError({"Error": {"Code": code, "Message": "refused"}}, "Call")
