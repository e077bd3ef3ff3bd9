"""The life of a local stack: ``with running(options) as stack: …`` starts it and ends it whole.

``__main__`` (make local), ``demo`` and the end-to-end tests use it.
"""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from local_stack import building, deploying, layout, notices_server, servers
from local_stack.children import Child
from local_stack.ports import LOOPBACK, Ports
from local_stack.servers import Emulator

JSON = "application/json"
#: Channels that the local Slack has.
CARDS, TESTS = "#alerts", "#alerts-test"


class Claude(StrEnum):
    """Who answers for Claude."""

    NONE = "none"
    LOCAL = "local"
    REAL = "real"


@dataclass(frozen=True)
class Options:
    """How to start a stack.

    ``directory`` is this run's own: certificates, logs, temporary files. ``slack_arguments`` and
    ``claude_arguments`` go to our servers as they are, ``parameters`` to the template, and
    ``secrets`` (by their short name, as ``anthropic-key``) replace the local ones. Of a stack that
    ``keeps`` its state, the local AWS can be restarted.
    """

    directory: Path
    ports: Ports
    claude: Claude = Claude.NONE
    local_slack: bool = True
    slack_arguments: Sequence[str] = ()
    claude_arguments: Sequence[str] = ("--answers", "canned")
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    keeps: bool = False
    say: Callable[[str], None] = print


@dataclass(frozen=True)
class Answer:
    """What the front door said."""

    status: int
    text: str

    @property
    def alert_ids(self) -> list[str]:
        """The ids of the accepted alerts."""
        return list(json.loads(self.text)["alert_ids"])


@dataclass(frozen=True)
class Stack:
    """A stack that runs, and how to reach it. ``token`` opens the route without an API key."""

    endpoint: str
    slack_url: str
    claude_url: str
    notices_url: str
    bundle: Path
    api_key: str
    token: str
    outputs: Mapping[str, str]
    aws: Emulator | None = None
    servers: Sequence[Child] = ()

    @property
    def processes(self) -> list[Child]:
        """What was started for it; nothing where another process did."""
        return [self.aws.child, *self.servers] if self.aws else []

    @property
    def webhook_url(self) -> str:
        """Where alerts go, with the API key."""
        return self.outputs["WebhookUrl"]

    @property
    def in_url(self) -> str:
        """Where alerts of tools go that can set no header."""
        return f"{self.outputs['IntakeUrl']}/{self.token}"

    def send(self, body: bytes, tool: str = "", *, content_type: str = JSON) -> Answer:
        """POST a payload as a monitoring tool with an API key does."""
        request = urllib.request.Request(  # noqa: S310 (our own address)
            f"{self.webhook_url}/{tool}" if tool else self.webhook_url,
            data=body,
            headers={"content-type": content_type, "x-api-key": self.api_key},
        )
        trust = ssl.create_default_context(cafile=str(self.bundle))
        try:
            with urllib.request.urlopen(request, timeout=60, context=trust) as reply:  # noqa: S310
                return Answer(reply.status, reply.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(errors="replace"))

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator."""
        return deploying.client(service, self.endpoint, self.bundle)

    def slack_messages(self) -> list[dict[str, Any]]:
        """The local Slack's messages as they stand."""
        url = f"{self.slack_url}/api/messages"
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (our own server)
            body = json.load(answer)
        return list(body["messages"] if isinstance(body, dict) else body)

    def check(self) -> None:
        """Raise ChildError when one of the servers has died."""
        for child in self.processes:
            child.check()


@contextmanager
def running(options: Options) -> Iterator[Stack]:
    """Build, start and deploy everything; end and remove everything on the way out."""
    options.ports.check(["aws", *(name for name, *_ in _our_servers(options))])
    building.build(layout.LOCAL_BUILD, layout.architecture(), options.say)
    logs = options.directory.resolve() / "log"
    with ExitStack() as ending:
        options.say("Starting the servers")
        home = ending.enter_context(servers.temporary_home())
        aws = ending.enter_context(
            servers.emulator(home, options.ports.aws, logs, keeps=options.keeps)
        )
        others = [
            ending.enter_context(servers.ours(name, port, arguments, home, logs))
            for name, port, arguments in _our_servers(options)
        ]
        options.say("Deploying template.yaml")
        outputs = deploying.deploy(
            aws.endpoint, aws.bundle, _parameters(options, aws.endpoint), logs / "deploy.log"
        )
        token = deploying.new_token()
        prefix = outputs["SecretPrefix"]
        deploying.fill_secrets(aws.endpoint, aws.bundle, _secrets(options, prefix, token))
        yield Stack(
            endpoint=aws.endpoint,
            slack_url=_slack_url(options),
            claude_url=_claude_url(options),
            notices_url=_notices_url(options),
            bundle=aws.bundle,
            api_key=deploying.api_key(aws.endpoint, aws.bundle, outputs["ApiKeyId"]),
            token=token,
            outputs=outputs,
            aws=aws,
            servers=others,
        )


def _our_servers(options: Options) -> Iterator[tuple[str, int, Sequence[str]]]:
    if _slack_url(options):
        yield "slack", options.ports.slack, options.slack_arguments
    if _claude_url(options):
        yield "claude", options.ports.claude, options.claude_arguments
    yield "notices", options.ports.notices, ()


def _parameters(options: Options, endpoint: str) -> dict[str, str]:
    ours = {"Architecture": layout.architecture(), "LocalEndpoint": endpoint}
    if url := _slack_url(options):
        ours |= {"SlackApiUrl": f"{url}/api/", "SlackChannel": CARDS, "TestChannel": TESTS}
    if url := _claude_url(options):
        ours["AnthropicBaseUrl"] = url
    return {**ours, **options.parameters}


def _secrets(options: Options, prefix: str, token: str) -> dict[str, str]:
    notices = {"url": _notices_url(options), "key": notices_server.LOCAL_KEY}
    values = {
        "sources": json.dumps({"tokens": {"local": token}}),
        "notice-webhook": json.dumps(notices),
    }
    if options.local_slack:
        values["slack-bot-token"] = "xoxb-local-0000"
    if options.claude is Claude.LOCAL:
        values["anthropic-key"] = "sk-ant-local-0000"
    given = {name: value for name, value in options.secrets.items() if value}
    return {f"{prefix}/{name}": value for name, value in {**values, **given}.items()}


def _slack_url(options: Options) -> str:
    return f"http://{LOOPBACK}:{options.ports.slack}" if options.local_slack else ""


def _notices_url(options: Options) -> str:
    return f"http://{LOOPBACK}:{options.ports.notices}"


def _claude_url(options: Options) -> str:
    return f"http://{LOOPBACK}:{options.ports.claude}" if options.claude is Claude.LOCAL else ""
