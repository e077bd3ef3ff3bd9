"""The life of a local stack: ``with running(options) as stack: …`` starts it and ends it whole.

``__main__`` (make local), ``demo`` and the end-to-end tests use it.
"""

import json
import os
import shutil
import ssl
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from local_stack import building, certificates, children, deploying, layout
from local_stack.children import Child
from local_stack.ports import LOOPBACK, Ports

START_SECONDS = 30.0
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
    ``secrets`` (by their short name, as ``anthropic-key``) replace the local ones.
    """

    directory: Path
    ports: Ports
    claude: Claude = Claude.NONE
    local_slack: bool = True
    slack_arguments: Sequence[str] = ()
    claude_arguments: Sequence[str] = ("--answers", "canned")
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
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
    bundle: Path
    api_key: str
    token: str
    outputs: Mapping[str, str]
    processes: Sequence[Child] = ()

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
    options.ports.check()
    building.build(layout.architecture(), options.say)
    directory = options.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ending:
        # Function processes unpack their code here; a socket's path must stay short, too.
        home = Path(tempfile.mkdtemp(prefix="responder-local-"))
        ending.callback(shutil.rmtree, home, ignore_errors=True)
        trust = certificates.create(home / "tls")
        servers = _start_servers(options, directory / "log", home, trust, ending)
        endpoint = f"https://{LOOPBACK}:{options.ports.aws}"
        options.say("Deploying template.yaml")
        outputs = deploying.deploy(
            endpoint, trust.bundle, _parameters(options, endpoint), directory / "log" / "deploy.log"
        )
        token = deploying.new_token()
        prefix = outputs["SecretPrefix"]
        deploying.fill_secrets(endpoint, trust.bundle, _secrets(options, prefix, token))
        yield Stack(
            endpoint=endpoint,
            slack_url=_slack_url(options),
            claude_url=_claude_url(options),
            bundle=trust.bundle,
            api_key=deploying.api_key(endpoint, trust.bundle, outputs["ApiKeyId"]),
            token=token,
            outputs=outputs,
            processes=servers,
        )


def _start_servers(
    options: Options,
    logs: Path,
    home: Path,
    trust: certificates.Certificates,
    ending: ExitStack,
) -> list[Child]:
    environment = children.clean_environment(layout.SCRIPTS, home)
    started = []

    def start(name: str, command: Sequence[str], extra: Mapping[str, str]) -> Child:
        child = children.start(name, command, {**environment, **extra}, logs / f"{name}.log")
        ending.callback(child.stop)
        started.append(child)
        return child

    def serve(python: Path, module: str, *arguments: str) -> list[str]:
        guarded = ("-m", "local_stack.guarded", str(os.getpid()))
        return [str(python), *guarded, f"local_stack.{module}", *arguments]

    ours = Path(sys.executable)
    ports = options.ports
    options.say("Starting the servers")
    emulator = start(
        "aws", serve(layout.EMULATOR_PYTHON, "emulator"), _emulator_settings(ports, trust)
    )
    for name, url, arguments in _our_servers(options):
        port = url.rsplit(":", 1)[-1]
        child = start(name, serve(ours, f"{name}_server", "--port", port, *arguments), {})
        children.wait_until(_answers(url), child, START_SECONDS)
    health = f"https://{LOOPBACK}:{ports.aws}/_ministack/health"
    children.wait_until(_answers(health, trust.bundle), emulator, START_SECONDS)
    return started


def _our_servers(options: Options) -> Iterator[tuple[str, str, Sequence[str]]]:
    if url := _slack_url(options):
        yield "slack", url, options.slack_arguments
    if url := _claude_url(options):
        yield "claude", url, options.claude_arguments


def _emulator_settings(ports: Ports, trust: certificates.Certificates) -> dict[str, str]:
    return {
        "GATEWAY_PORT": str(ports.aws),
        "BIND_HOST": LOOPBACK,
        "AUTH": "true",
        "USE_SSL": "1",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": layout.REGION,
        "MINISTACK_SSL_CERT": str(trust.chain),
        "MINISTACK_SSL_KEY": str(trust.key),
        # The functions inherit these: they must trust the emulator and the outside world.
        "AWS_CA_BUNDLE": str(trust.bundle),
        "SSL_CERT_FILE": str(trust.bundle),
        "REQUESTS_CA_BUNDLE": str(trust.bundle),
        "LOG_LEVEL": "WARNING",
    }


def _parameters(options: Options, endpoint: str) -> dict[str, str]:
    ours = {"Architecture": layout.architecture(), "LocalEndpoint": endpoint}
    if url := _slack_url(options):
        ours |= {"SlackApiUrl": f"{url}/api/", "SlackChannel": CARDS, "TestChannel": TESTS}
    if url := _claude_url(options):
        ours["AnthropicBaseUrl"] = url
    return {**ours, **options.parameters}


def _secrets(options: Options, prefix: str, token: str) -> dict[str, str]:
    values = {"sources": json.dumps({"tokens": {"local": token}})}
    if options.local_slack:
        values["slack-bot-token"] = "xoxb-local-0000"
    if options.claude is Claude.LOCAL:
        values["anthropic-key"] = "sk-ant-local-0000"
    given = {name: value for name, value in options.secrets.items() if value}
    return {f"{prefix}/{name}": value for name, value in {**values, **given}.items()}


def _slack_url(options: Options) -> str:
    return f"http://{LOOPBACK}:{options.ports.slack}" if options.local_slack else ""


def _claude_url(options: Options) -> str:
    return f"http://{LOOPBACK}:{options.ports.claude}" if options.claude is Claude.LOCAL else ""


def _answers(url: str, bundle: Path | None = None) -> Callable[[], bool]:
    context = ssl.create_default_context(cafile=str(bundle)) if bundle else None

    def ask() -> bool:
        try:
            urllib.request.urlopen(url, timeout=2, context=context).close()  # noqa: S310 (ours)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    return ask
