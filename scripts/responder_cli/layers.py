"""Layers of live versions, of which Lambda may give out nothing any more.

A deployment of new layers deletes the old ones. After a rollback functions run with those again,
yet nobody can download them, or make another function that has them.
https://docs.aws.amazon.com/lambda/latest/api/API_DeleteLayerVersion.html
"""

from typing import Any

from botocore.exceptions import ClientError

from responder_cli.aws import words

#: AWS has the second, too, for a layer that is not there and for one that we may not read.
_REFUSED = ("ResourceNotFoundException", "AccessDeniedException")


class Gone(Exception):
    """Lambda gives this layer to nobody, or not to us; in AWS's own words."""


def location(client: Any, arn: str) -> str:  # noqa: ANN401 - boto3
    """The address of a layer's zip, by Lambda's ``client``. Raises Gone."""
    try:
        answer = client.get_layer_version_by_arn(Arn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _REFUSED:
            raise
        raise Gone(words(error)) from error
    return str(answer["Content"]["Location"])
