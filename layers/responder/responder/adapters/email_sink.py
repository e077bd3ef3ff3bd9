"""``ports.Sink`` as an e-mail, through the SNS topic that operators subscribe to."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from responder.errors import Permanent, Reason, Retryable
from responder.ports import OperatorNotice

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

#: Answers that the same call will get again:
#: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors
_LASTING = frozenset(
    {"InvalidParameter", "ParameterValueInvalid", "NotFound", "AuthorizationError", "AccessDenied"}
)


class EmailSink:
    """Publishes each notice to one topic."""

    def __init__(self, connect: "Callable[[], SNSClient]", topic_arn: str) -> None:
        """``connect`` is called for each notice: no start of a function waits for a client."""
        self._connect = connect
        self._topic_arn = topic_arn

    def tell(self, notice: OperatorNotice) -> bool:
        """Publish subject and text; SNS itself sees to the subscribers."""
        try:
            self._connect().publish(
                TopicArn=self._topic_arn, Subject=notice.subject, Message=notice.text
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _LASTING:
                raise Permanent(Reason.REFUSED_BY_SINK, f"SNS: {code}") from error
            raise Retryable(Reason.UNAVAILABLE, f"SNS: {code}") from error
        except BotoCoreError as error:
            raise Retryable(Reason.UNAVAILABLE, f"SNS: {type(error).__name__}") from error
        return True
