"""SNS's notary against a local server over TLS, and moto's SNS."""

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from local_stack import certificates
from responder.adapters import environment
from responder.adapters.https import MAX_BYTES, fetched
from responder.adapters.sns import MAX_KEPT, SnsNotary
from responder.errors import Retryable

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"


@dataclass
class Site:
    """An https server: what it answers, and how often it was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b"certificate"
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def trust(tmp_path: Path) -> certificates.Certificates:
    return certificates.create(tmp_path)


@pytest.fixture
def site(trust: certificates.Certificates) -> Iterator[Site]:
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self.send_response(made.status)
            self.send_header("location", f"{made.url}/elsewhere")
            self.send_header("content-length", str(len(made.body)))
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(trust.chain, trust.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    made.url = f"https://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


def notary(trust: certificates.Certificates) -> SnsNotary:
    known = ssl.create_default_context(cafile=str(trust.bundle))
    return SnsNotary(environment.unsigned_sns, lambda url: fetched(url, known))


def test_a_certificate_is_fetched_once(site: Site, trust: certificates.Certificates) -> None:
    asked = notary(trust)
    for _ in range(2):
        assert asked.certificate(f"{site.url}/one.pem") == b"certificate"
    assert site.asked == ["/one.pem"]


def test_few_are_kept(site: Site, trust: certificates.Certificates) -> None:
    asked = notary(trust)
    for number in [*range(MAX_KEPT + 1), 0, MAX_KEPT]:
        asked.certificate(f"{site.url}/{number}.pem")
    assert len(site.asked) == MAX_KEPT + 2


def test_a_failure_is_not_kept(site: Site, trust: certificates.Certificates) -> None:
    asked = notary(trust)
    site.status = 503
    with pytest.raises(Retryable, match="503"):
        asked.certificate(f"{site.url}/one.pem")
    site.status = 200
    assert asked.certificate(f"{site.url}/one.pem") == b"certificate"


@pytest.mark.parametrize(
    ("status", "body"), [(302, b""), (404, b"none"), (200, b"x" * (MAX_BYTES + 1))]
)
def test_nothing_else_is_taken_and_no_redirect_is_followed(
    site: Site, trust: certificates.Certificates, status: int, body: bytes
) -> None:
    site.status, site.body = status, body
    with pytest.raises(Retryable):
        notary(trust).certificate(f"{site.url}/one.pem")
    assert site.asked == ["/one.pem"]


def test_a_server_that_nobody_vouches_for_is_not_asked(site: Site) -> None:
    with pytest.raises(Retryable, match="SSLCertVerificationError"):
        SnsNotary(environment.unsigned_sns).certificate(f"{site.url}/one.pem")
    assert site.asked == []


def test_a_subscription_is_confirmed_in_the_topics_region(
    monkeypatch: pytest.MonkeyPatch, trust: certificates.Certificates
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        topic = boto3.client("sns", region_name="eu-west-1").create_topic(Name="alarms")["TopicArn"]
        notary(trust).confirm(topic, "token")


def test_a_topic_that_is_gone_is_told_without_its_token(
    monkeypatch: pytest.MonkeyPatch, trust: certificates.Certificates
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws(), pytest.raises(Retryable, match="did not confirm") as caught:
        notary(trust).confirm(TOPIC, "s3cret")
    assert "s3cret" not in str(caught.value)
