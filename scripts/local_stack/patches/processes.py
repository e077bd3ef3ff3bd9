"""Function processes that fail alone, where the emulator ends their neighbours too."""

from typing import Any

from ministack.core import lambda_runtime


def one_failed_start_ends_no_other() -> None:
    """A process that dies while it starts takes every process of its function with it.

    Also those in the middle of a batch and those that are starting: their failure ends the next
    ones, so that a few kills on a slow machine keep a function down for minutes.
    """
    invoke = lambda_runtime.Worker.invoke

    def alone(self: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        try:
            return dict(invoke(self, *arguments, **named))
        except Exception as error:
            lambda_runtime.kill_workers([self])
            return {"status": "error", "error": f"{type(error).__name__}: {error}", "log": ""}

    lambda_runtime.Worker.invoke = alone
