"""The same campaigns with the real adapters: boto3 against moto, HTTP servers as Slack and Claude.

Faults strike where the adapters meet the wire: a request of botocore is refused, or its answer is
lost after it took effect; Slack and Claude answer with what they answer on a bad day. The adapters'
own tries, backing off and translation of errors are part of what is tried here.
"""

from faults.wire.services import on_moto

__all__ = ["on_moto"]
