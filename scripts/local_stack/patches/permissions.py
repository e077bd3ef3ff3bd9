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


def log_groups_are_asked_for_with_their_streams() -> None:
    """A log group's resource ends in ``:*`` in all but the calls of its tags.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """
    extract = iam_actions.extract_resource_arn

    def as_asked(service: str, *arguments: Any, **named: Any) -> Any:
        found = extract(service, *arguments, **named)
        is_group = service == "logs" and found != "*" and not found.endswith(":*")
        return f"{found}:*" if is_group else found

    iam_actions.extract_resource_arn = as_asked
