"""The local Claude: the Messages API with the real request checks, and every failure on demand.

It answers on all three ways: with a key, and signed as Claude Platform on AWS and Bedrock want it.

It never invents an analysis: without ``--answers`` a good request is answered with 401. Tests and
measures start it with canned answers, which say that they are canned.
"""

import argparse
import json
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local_stack import claude_aws
from local_stack.claude_rules import API_VERSION, known_model, request_fault
from local_stack.claude_schema import CANNED, canned_instance
from local_stack.loopback import (
    Fate,
    Reply,
    Request,
    Server,
    Wait,
    html_reply,
    json_reply,
    run_until_signal,
)
from local_stack.troubles import Trouble, Troubles, check_seconds

NO_ANSWERS = "none"
CANNED_ANSWERS = "canned"
REQUESTS_KEPT = 1000
GARBAGE = "I could not put this into the form that was asked for: {summary: "

# platform.claude.com/docs/en/api/errors
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}
_FAILURES = {"401": 401, "403": 403, "429": 429, "500": 500, "529": 529}
_OUTAGES = (*_FAILURES, "html", "drop")
_OUTCOMES = ("refusal", "max_tokens", "garbage", "delay")
MODES = (*_OUTAGES, *_OUTCOMES)
# A rule of thumb for English text; enough for budgets and cost figures to move.
_CHARACTERS_PER_TOKEN = 4


class LocalClaude:
    """The application: one API route, and ``/control``."""

    def __init__(
        self, troubles: Troubles, clock: Callable[[], float], answers: str, key: str, delay: float
    ) -> None:
        """``answers`` is ``none``, ``canned`` or the path of a file; an empty ``key`` is any."""
        self._troubles = troubles
        self._clock = clock
        self._rules = [] if answers in (NO_ANSWERS, CANNED_ANSWERS) else read_answers(answers)
        self._canned = answers == CANNED_ANSWERS
        self._key = key
        self._delay = delay
        self._lock = threading.Lock()
        self._outcomes: Counter[str] = Counter()
        self._requests: deque[dict[str, Any]] = deque(maxlen=REQUESTS_KEPT)

    def __call__(self, request: Request) -> Reply:
        """Answer one request."""
        if request.path == "/control":
            return self._control(request)
        invoked = claude_aws.bedrock_id(request)
        if not invoked and (request.method, request.path) != ("POST", "/v1/messages"):
            return _error(404, f"no {request.method} {request.path} here")
        trouble = self._troubles.take()
        outcome, reply = self._answer(request, trouble)
        self._note(request, outcome)
        wait = self._delay + (trouble.delay if trouble else 0)
        return Reply(reply.status, reply.body, reply.content_type, reply.headers, wait, reply.fate)

    def _answer(self, request: Request, trouble: Trouble | None) -> tuple[str, Reply]:
        invoked = claude_aws.bedrock_id(request)
        if trouble and trouble.mode in _OUTAGES:
            return trouble.mode, _outage(trouble, by_aws=bool(invoked))
        body = _json(request.body)
        if (
            refused := _refused_by_bedrock(request, body)
            if invoked
            else self._refused(request, body)
        ):
            return str(refused.status), refused
        body = claude_aws.as_messages(body, invoked) if invoked else body
        if trouble and trouble.mode in ("refusal", "garbage"):
            said = GARBAGE if trouble.mode == "garbage" else ""
            return trouble.mode, _message(body, said, refused=trouble.mode == "refusal")
        text = self._text(request, body)
        if text is None:
            why = "the local Claude has no answer to give: start it with --answers, or set a key"
            return "no_answer", _error(401, why)
        cut_short = trouble is not None and trouble.mode == "max_tokens"
        reply = _message(body, text[: len(text) // 2] if cut_short else text, cut=cut_short)
        cut = json.loads(reply.body)["stop_reason"] == "max_tokens"
        return "max_tokens" if cut else "answered", reply

    def _refused(self, request: Request, body: Any) -> Reply | None:
        if stranger := self._stranger(request):
            return stranger
        version = request.headers.get("anthropic-version")
        if version != API_VERSION:
            said = "is required" if version is None else f"must be {API_VERSION} here"
            return _error(400, f"anthropic-version: header {said}")
        if fault := request_fault(body):
            return _error(400, fault)
        if not known_model(body["model"]):
            return _error(404, f"model: {body['model']}")
        return None

    def _stranger(self, request: Request) -> Reply | None:
        if claude_aws.is_signed(request):
            if fault := claude_aws.signature_fault(request, claude_aws.PLATFORM):
                return claude_aws.error(403, fault, "InvalidSignatureException")
            fault = claude_aws.workspace_fault(request)
            return _error(403, fault) if fault else None
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key or (self._key and key != self._key):
            return _error(401, "invalid bearer token")
        return None

    def _text(self, request: Request, body: Mapping[str, Any]) -> str | None:
        sent = request.body.decode()
        for rule in self._rules:
            if rule["when"] in sent:
                answer = rule["answer"]
                return answer if isinstance(answer, str) else json.dumps(answer)
        if not self._canned:
            return None
        wanted = body.get("output_config", {}).get("format")
        schema = wanted["schema"] if wanted is not None else _schema_in_prompt(body)
        return CANNED if schema is None else json.dumps(canned_instance(schema, schema))

    def _note(self, request: Request, outcome: str) -> None:
        body = _json(request.body)
        asked = body if isinstance(body, dict) else {}
        if invoked := claude_aws.bedrock_id(request):
            asked = {**asked, "model": invoked}
        config = asked.get("output_config")
        seen = {
            "model": asked.get("model"),
            "effort": config.get("effort") if isinstance(config, dict) else None,
            "received_at": datetime.fromtimestamp(self._clock(), UTC).isoformat(),
            "chars": len(request.body.decode("utf-8", "replace")),
            "outcome": outcome,
        }
        with self._lock:
            self._outcomes[outcome] += 1
            self._requests.append(seen)

    def _control(self, request: Request) -> Reply:
        try:
            if request.method == "POST":
                self._obey(json.loads(request.body))
        except ValueError as error:
            return json_reply({"ok": False, "error": str(error)}, 400)
        with self._lock:
            counters = {"calls": self._outcomes.total(), "outcomes": dict(self._outcomes)}
            seen = list(self._requests)
        on = {"fail": self._troubles.describe(), "delay": self._delay}
        return json_reply({"ok": True, **on, **counters, "requests": seen})

    def _obey(self, order: Any) -> None:
        if not isinstance(order, dict) or set(order) - {"fail", "delay", "clear"}:
            raise ValueError("control takes an object of fail, delay and clear")
        check_seconds(order.get("delay"), "delay")
        if "fail" in order:
            self._troubles.set(order["fail"])
        with self._lock:
            self._delay = float(order.get("delay", self._delay))
            if order.get("clear"):
                self._outcomes.clear()
                self._requests.clear()


def read_answers(path: str) -> list[dict[str, Any]]:
    """The rules of an answers file. Raises ValueError when it is not a list of rules."""
    rules = json.loads(Path(path).read_text(encoding="utf-8"))
    for rule in rules if isinstance(rules, list) else [None]:
        if not isinstance(rule, dict) or set(rule) != {"when", "answer"}:
            raise ValueError(
                f'{path}: a list of {{"when": TEXT, "answer": TEXT or JSON}} is wanted'
            )
    return list(rules)


def _refused_by_bedrock(request: Request, body: Any) -> Reply | None:
    invoked = claude_aws.bedrock_id(request)
    if fault := claude_aws.signature_fault(request, claude_aws.BEDROCK):
        return claude_aws.error(403, fault, "InvalidSignatureException")
    if not claude_aws.known_bedrock_id(invoked):
        return claude_aws.error(400, "The provided model identifier is invalid.")
    fault = claude_aws.bedrock_fault(body, invoked)
    if fault := fault or request_fault(claude_aws.as_messages(body, invoked)):
        return claude_aws.error(400, fault)
    return None


def _schema_in_prompt(body: Mapping[str, Any]) -> Any:
    """The JSON schema at the end of the system prompt, where one stands."""
    system = body.get("system")
    last = system[-1]["text"] if isinstance(system, list) and system else ""
    found = _json(last[last.find("\n{") + 1 :].encode())
    return found if isinstance(found, dict) else None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _error(status: int, said: str, **headers: str) -> Reply:
    request_id = f"req_{uuid.uuid4().hex[:24]}"
    error = {"type": _ERROR_TYPES[status], "message": said}
    answer = {"type": "error", "error": error, "request_id": request_id}
    return json_reply(answer, status, request_id=request_id, **headers)


def _outage(trouble: Trouble, *, by_aws: bool) -> Reply:
    if trouble.mode == "drop":
        return Reply(fate=Fate.DROP)
    if trouble.mode == "html":
        return html_reply(502)
    status = _FAILURES[trouble.mode]
    if by_aws:
        return claude_aws.outage(status)
    if status == 429:
        return _error(429, "rate limit reached", retry_after=str(trouble.retry_after))
    return _error(status, "Overloaded" if status == 529 else "told to fail")


def _message(
    body: Mapping[str, Any], text: str, *, refused: bool = False, cut: bool = False
) -> Reply:
    most = body["max_tokens"] * _CHARACTERS_PER_TOKEN
    cut = cut or len(text) > most
    text = text[:most]
    stop_reason = "refusal" if refused else "max_tokens" if cut else "end_turn"
    output = body["max_tokens"] if cut else len(text) // _CHARACTERS_PER_TOKEN + 1
    message = {
        "id": f"msg_{uuid.uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "stop_details": _refusal_details() if refused else None,
        "usage": {
            "input_tokens": _input_tokens(body),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": output,
            "service_tier": "standard",
        },
    }
    return json_reply(message, request_id=f"req_{uuid.uuid4().hex[:24]}")


def _refusal_details() -> dict[str, str]:
    said = "The local Claude was told to refuse."
    return {"type": "refusal", "category": "cyber", "explanation": said}


def _input_tokens(body: Mapping[str, Any]) -> int:
    read = [body.get("system", ""), body["messages"], body.get("output_config", {})]
    return len(json.dumps(read, ensure_ascii=False)) // _CHARACTERS_PER_TOKEN + 1


def start(
    port: int = 0,
    *,
    answers: str = NO_ANSWERS,
    key: str = "",
    delay: float = 0.0,
    fail: Mapping[str, Any] | None = None,
    clock: Callable[[], float] = time.time,
    wait: Wait | None = None,
) -> Server:
    """Start a local Claude on ``port`` (0: any free one); ``fail`` is as in ``POST /control``."""
    troubles = Troubles(MODES, clock)
    troubles.set(fail)
    return Server(LocalClaude(troubles, clock, answers, key, delay), port, wait)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a command until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m local_stack.claude_server", description=__doc__
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument(
        "--answers",
        default=NO_ANSWERS,
        metavar="none|canned|FILE",
        help="canned fills the request's own schema; FILE holds a JSON list of "
        '{"when": text in the request, "answer": text or JSON} (default none: 401)',
    )
    parser.add_argument("--key", default="", help="the one good API key (default: any)")
    parser.add_argument("--delay", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--fail", choices=MODES, help="a failure to begin with")
    parser.add_argument("--fail-count", type=int, metavar="N", help="for N calls")
    parser.add_argument("--fail-seconds", type=float, metavar="N", help="for N seconds")
    parser.add_argument("--retry-after", type=int, default=1, metavar="SECONDS", help="of a 429")
    given = parser.parse_args(arguments)
    wanted = {"count": given.fail_count, "seconds": given.fail_seconds}
    order = {"mode": given.fail, "retry_after": given.retry_after, **wanted}
    if given.answers not in (NO_ANSWERS, CANNED_ANSWERS):
        try:
            read_answers(given.answers)
        except (OSError, ValueError) as error:
            parser.error(str(error))
    return run_until_signal(
        lambda: start(
            given.port,
            answers=given.answers,
            key=given.key,
            delay=given.delay,
            fail=order if given.fail else None,
        ),
        "local Claude",
    )


if __name__ == "__main__":
    raise SystemExit(main())
