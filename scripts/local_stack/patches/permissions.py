"""IAM as AWS reads it, where the emulator's differs."""

from typing import Any

from ministack.core import iam_actions

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
_BATCHES = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def queue_batches_need_no_action_of_their_own() -> None:
    """Batch calls ask for actions such as ``sqs:SendMessageBatch``, which IAM does not have."""
    extract = iam_actions.extract_iam_action

    def as_single(*arguments: Any, **named: Any) -> Any:
        action = extract(*arguments, **named)
        return _BATCHES.get(action, action)

    iam_actions.extract_iam_action = as_single
