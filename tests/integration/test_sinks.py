"""The ways to operators besides Slack: real HTTP to the local receiver and to odd ones, and SNS."""

import json
import re
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import jsonschema  # type: ignore[import-untyped]
import pytest
from botocore.exceptions import ClientError

from local_stack.loopback import Fate, Reply, Request, Server, text_reply
from local_stack.notices_server import Notices
from moto_aws import moto_aws
from responder.adapters.email_sink import EmailSink
from responder.adapters.secrets import Secret
from responder.adapters.webhook_sink import SIGNATURE_HEADER, WebhookSink
from responder.contracts import Trouble
from responder.delivery import operator_notice
from responder.delivery.operator_notice import WebhookBody
from responder.errors import Permanent, Reason, Retryable
from responder.ports import OperatorNotice
from responder_cli.card.examples import ANALYSED, HOSTILE, INCIDENTS, NOW
from serving import serving

DOCS = Path(__file__).parents[2] / "docs"
KEY = "the key"
TROUBLE = Trouble(cause="refused_by_slack", detail="not_in_channel", at=NOW, gave_up=True)
NOTICE = operator_notice.write("mcp-prod", TROUBLE, "id-1", [ANALYSED, HOSTILE])


@dataclass
class FakeManager:
    """Secrets Manager with the value of each look, the last one for ever."""

    values: list[str]
    looks: int = 0

    def get_secret_value(self, **_: str) -> dict[str, str]:
        value = self.values[min(self.looks, len(self.values) - 1)]
        self.looks += 1
        return {"SecretString": value}


@dataclass
class Clock:
    """A minute later with each look, so that a forced fetch is one."""

    at: float = 0

    def __call__(self) -> float:
        self.at += 60
        return self.at


def target(url: str, key: str = KEY) -> str:
    return json.dumps({"url": url, "key": key})


def sink(*values: str, timeout: float = 5) -> WebhookSink:
    manager: Any = FakeManager(list(values))
    secret = Secret(manager, "mcp/notice-webhook", 3600, Clock())
    return WebhookSink(secret, timeout, lambda: NOW)


@dataclass
class Receiver:
    """Answers with each of ``replies`` in turn, the last one for ever, and keeps the requests."""

    replies: list[Reply]
    requests: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        return self.replies[min(len(self.requests), len(self.replies)) - 1]


@contextmanager
def served(*replies: Reply) -> Iterator[tuple[str, list[Request]]]:
    receiver = Receiver(list(replies))
    with serving(receiver, wait=lambda seconds: None) as server:
        yield server.url, receiver.requests


@pytest.fixture
def page() -> Iterator[Server]:
    """The local receiver, whose clock is the sender's."""
    with serving(Notices(KEY, NOW.timestamp)) as server:
        yield server


def listed(server: Server) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{server.url}/api/notices") as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found


def test_the_local_receiver_takes_and_shows_a_signed_notice_once(page: Server) -> None:
    webhook = sink(target(page.url))
    webhook.tell(NOTICE)
    webhook.tell(NOTICE)
    assert listed(page) == [{"times": 2, "document": json.loads(json.dumps(NOTICE.document))}]
    with urllib.request.urlopen(page.url) as answer:
        shown = answer.read().decode()
    assert "checkout: HighErrorRate" in shown
    assert "2 time(s)" in shown
    assert "<@U123>" not in shown


def test_a_wrong_key_is_refused(page: Server) -> None:
    with pytest.raises(Permanent, match="401") as caught:
        sink(target(page.url, "another")).tell(NOTICE)
    assert caught.value.reason is Reason.REFUSED_BY_SINK
    assert listed(page) == []


def test_a_rotated_key_is_read_afresh_at_once(page: Server) -> None:
    sink(target(page.url, "old"), target(page.url)).tell(NOTICE)
    assert len(listed(page)) == 1


def sample() -> Any:
    """The function that the documentation gives to receivers."""
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "sinks.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own documentation
    return names["verified"]


def test_the_documented_sample_verifies_what_we_send_and_nothing_else() -> None:
    verified = sample()
    with served(Reply(204)) as (url, requests):
        sink(target(f"{url}/hook?a=1")).tell(NOTICE)
    (request,) = requests
    assert (request.method, request.path, request.query) == ("POST", "/hook", {"a": "1"})
    assert request.headers["content-type"] == "application/json"
    header, body = request.headers[SIGNATURE_HEADER.lower()], request.body
    now = NOW.timestamp()
    assert verified(KEY, header, body, now)
    assert verified(KEY, header, body, now + 299)
    assert not verified(KEY, header, body, now + 301)
    assert not verified(KEY, header, body, now - 301)
    assert not verified("another", header, body, now)
    assert not verified(KEY, header, body.replace(b"CRITICAL", b"INFO"), now)
    # The time is signed, too: an old body cannot be sent again with a new time.
    assert not verified(KEY, re.sub(r"t=\d+", f"t={int(now) + 9}", header), body, now + 9)
    for broken in ("", "t=,v1=", "v1=abc", f"t={int(now)}", "t=x,v1=y", "t=٣,v1=é"):
        assert not verified(KEY, broken, body, now)


def test_the_local_receiver_is_the_documented_sample() -> None:
    source = (DOCS.parent / "scripts/local_stack/notices_server.py").read_text()
    (ours,) = re.findall(r"def verified\(.*?(?=\n\n\n)", source, re.DOTALL)
    assert ours in (DOCS / "sinks.md").read_text()


def published_schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCS / "operator-notice.v1.schema.json").read_text())
    return found


def test_the_published_schema_is_the_documents_own() -> None:
    assert published_schema() == WebhookBody.model_json_schema(mode="serialization")


@pytest.mark.parametrize("name", INCIDENTS)
def test_every_document_obeys_the_published_schema(name: str) -> None:
    notice = operator_notice.write("mcp-prod", TROUBLE, "id-1", [INCIDENTS[name]])
    body = json.loads(json.dumps(notice.document))
    jsonschema.validate(body, published_schema(), format_checker=jsonschema.FormatChecker())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**body, "schema_version": 2}, published_schema())


@pytest.mark.parametrize(
    ("reply", "after"),
    [
        (text_reply("", 408), None),
        (text_reply("", 425), None),
        (text_reply("", 429, retry_after="7"), 7),
        (text_reply("", 429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), None),
        (text_reply("", 500), None),
        (text_reply("", 503, retry_after="120"), 120),
    ],
)
def test_passing_trouble_is_retryable(reply: Reply, after: float | None) -> None:
    with served(reply) as (url, requests), pytest.raises(Retryable) as caught:
        sink(target(url)).tell(NOTICE)
    assert (caught.value.reason, caught.value.after) == (Reason.UNAVAILABLE, after)
    assert len(requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 405, 413, 422])
def test_every_other_answer_is_permanent_and_no_redirect_is_followed(status: int) -> None:
    with (
        served(Reply(204)) as (elsewhere, astray),
        served(text_reply("", status, location=elsewhere)) as (url, requests),
        pytest.raises(Permanent, match=str(status)) as caught,
    ):
        sink(target(url)).tell(NOTICE)
    assert caught.value.reason is Reason.REFUSED_BY_SINK
    assert (len(requests), len(astray)) == (1, 0)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_address_that_moved_is_found_in_the_secret(status: int) -> None:
    with served(Reply(204)) as (new, taken), served(text_reply("", status)) as (old, _):
        sink(target(old), target(new)).tell(NOTICE)
    assert len(taken) == 1


def test_an_answer_that_never_comes_may_have_taken_effect() -> None:
    with served(Reply(fate=Fate.DROP)) as (url, requests), pytest.raises(Retryable) as caught:
        sink(target(url)).tell(NOTICE)
    assert (caught.value.reason, caught.value.took_effect) == (Reason.TIMEOUT, None)
    assert len(requests) == 1


def test_a_receiver_that_holds_the_line_is_given_up_in_time() -> None:
    with served(Reply(fate=Fate.HOLD)) as (url, _), pytest.raises(Retryable) as caught:
        sink(target(url), timeout=0.2).tell(NOTICE)
    assert caught.value.reason is Reason.TIMEOUT


def test_nothing_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/secret-path"
        with pytest.raises(Retryable) as caught:
            sink(target(address)).tell(NOTICE)
    assert "secret-path" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "value",
    [
        "https://bare.example/hook",
        "[]",
        "{}",
        target("http://oncall.example.com/hook"),
        target("https://user:password@oncall.example.com/hook"),
        target("ftp://oncall.example.com"),
        target("https://[::1"),
        target("https:///path"),
        target("https://oncall.example.com", ""),
        json.dumps({"url": "https://oncall.example.com"}),
    ],
)
def test_a_secret_that_cannot_be_used_waits_for_a_better_one(value: str) -> None:
    with pytest.raises(Retryable) as caught:
        sink(value).tell(NOTICE)
    assert caught.value.reason is Reason.MISCONFIGURED
    assert "example" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/a b", "http://127.0.0.1:99999/", "http://127.0.0.1:x/"]
)
def test_an_address_that_is_none_waits_for_a_better_one(url: str) -> None:
    with pytest.raises(Retryable):
        sink(target(url)).tell(NOTICE)


def test_without_a_value_the_webhook_is_off() -> None:
    assert sink("").tell(NOTICE) is False


@dataclass
class House:
    """SNS and a queue that listens to the topic, on moto."""

    sns: Any
    sqs: Any
    topic: str
    queue: str

    def heard(self) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with moto_aws(monkeypatch):
        sns, sqs = boto3.client("sns"), boto3.client("sqs")
        topic = sns.create_topic(Name="notices")["TopicArn"]
        queue = sqs.create_queue(QueueName="listener")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
        yield House(sns, sqs, topic, queue)


@pytest.mark.parametrize("name", INCIDENTS)
def test_a_mail_has_the_subject_and_the_words(house: House, name: str) -> None:
    notice = operator_notice.write("mcp-prod", TROUBLE, "id-1", [INCIDENTS[name]])
    EmailSink(lambda: house.sns, house.topic).tell(notice)
    (heard,) = house.heard()
    assert (heard["Subject"], heard["Message"]) == (notice.subject, notice.text)


def test_a_topic_that_is_gone_is_permanent(house: House) -> None:
    with pytest.raises(Permanent, match="NotFound") as caught:
        EmailSink(lambda: house.sns, f"{house.topic}-gone").tell(NOTICE)
    assert caught.value.reason is Reason.REFUSED_BY_SINK


def test_a_subject_that_sns_refuses_is_permanent(house: House) -> None:
    long = OperatorNotice(subject="x" * 101, text="t", document={})
    with pytest.raises(Permanent):
        EmailSink(lambda: house.sns, house.topic).tell(long)


class Refusing:
    """An SNS that answers with one error."""

    def __init__(self, code: str) -> None:
        self._code = code

    def publish(self, **_: str) -> None:
        raise ClientError({"Error": {"Code": self._code}}, "Publish")


@pytest.mark.parametrize("code", ["Throttling", "InternalError", "KMSThrottling"])
def test_passing_trouble_of_sns_is_retryable(code: str) -> None:
    client: Any = Refusing(code)
    with pytest.raises(Retryable, match=code):
        EmailSink(lambda: client, "arn").tell(NOTICE)


@pytest.mark.parametrize("code", ["AuthorizationError", "InvalidParameter", "NotFound"])
def test_lasting_trouble_of_sns_is_permanent(code: str) -> None:
    client: Any = Refusing(code)
    with pytest.raises(Permanent, match=code):
        EmailSink(lambda: client, "arn").tell(NOTICE)


def test_an_unreachable_sns_is_retryable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        client = boto3.client(
            "sns",
            region_name="us-east-1",
            endpoint_url=f"http://127.0.0.1:{closed.getsockname()[1]}",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        with pytest.raises(Retryable, match="SNS"):
            EmailSink(lambda: client, "arn:aws:sns:us-east-1:123456789012:t").tell(NOTICE)


def test_the_time_of_the_signature_is_the_clocks() -> None:
    with served(Reply(204)) as (url, requests):
        sink(target(url)).tell(NOTICE)
    sent_at = int(requests[0].headers[SIGNATURE_HEADER.lower()].split(",")[0].removeprefix("t="))
    assert datetime.fromtimestamp(sent_at, UTC) == NOW
