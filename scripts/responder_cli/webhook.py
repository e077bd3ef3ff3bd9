"""HTTP by the standard library: a POST to the front door or to Slack, and Lambda's downloads."""

import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

TIMEOUT_SECONDS = 30
DOWNLOAD_SECONDS = 60
#: The variables that boto3 and curl take a certificate authority from, in their order.
CA_VARIABLES = ("AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class NoAnswer(ConnectionError):
    """The front door did not answer at all."""


@dataclass(frozen=True)
class Answer:
    """What it said."""

    status: int
    body: bytes


def post(
    url: str, body: bytes, headers: Mapping[str, str], timeout: float = TIMEOUT_SECONDS
) -> Answer:
    """The answer, whatever its status; raises NoAnswer when there is none."""
    if not url.startswith(("https://", "http://")):
        raise NoAnswer(f"{url} is no web address")
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=timeout, context=trust()) as answer:  # noqa: S310 - checked above
            return Answer(answer.status, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read())
    except OSError as error:
        raise NoAnswer(f"{url}: {error}") from error


def download(url: str) -> bytes:
    """What lies at an address that AWS signed for us."""
    with urllib.request.urlopen(url, timeout=DOWNLOAD_SECONDS, context=trust()) as answer:  # noqa: S310 - AWS's own answer
        return bytes(answer.read())


def trust() -> ssl.SSLContext:
    """Whom to believe: as boto3 and curl do, by the environment of this moment."""
    bundle = next(filter(None, map(os.environ.get, CA_VARIABLES)), None)
    return ssl.create_default_context(cafile=bundle)
