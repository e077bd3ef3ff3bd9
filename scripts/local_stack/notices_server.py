"""A receiver of operator notices: checks each signature, keeps the last ones, shows them on a page.

It is what docs/sinks.md tells a receiver to be; ``verified`` stands there word for word.
"""

import argparse
import hashlib
import hmac
import html
import json
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local_stack.loopback import Reply, Request, Server, json_reply, run_until_signal, text_reply

#: The key of the local stack; nothing but this machine's loopback is guarded by it.
LOCAL_KEY = "local-notices-0000"
KEPT = 200

_PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5"><title>Operator notices</title>
<style>:root {{ color-scheme: light dark; font: 15px/1.4 system-ui; }}
body {{ margin: 1.5em auto; max-width: 60em; padding: 0 1em; }}
article {{ border-top: 1px solid; margin: 1em 0; }} pre {{ white-space: pre-wrap; }}</style>
<h1>Operator notices</h1><p>What the stack tells on another way than Slack, newest first; the same
as JSON: <a href="/api/notices">/api/notices</a></p>
{articles}"""
_ARTICLE = """<article><h2>{summary}</h2><p>{at} · {detail} · {more} more · sent {times} time(s)</p>
<pre>{card}</pre><details><summary>JSON</summary><pre>{document}</pre></details></article>"""


def verified(key: str, header: str, body: bytes, now: float) -> bool:
    """Whether we were sent this body, within the last five minutes, by who knows the key."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    sent_at, signature = parts.get("t", ""), parts.get("v1", "")
    if not sent_at.isdecimal() or abs(now - int(sent_at)) > 300:
        return False
    expected = hmac.new(key.encode(), sent_at.encode() + b"." + body, hashlib.sha256)
    return hmac.compare_digest(expected.hexdigest().encode(), signature.encode())


class Notices:
    """The application: POST / takes a notice, GET / shows them, GET /api/notices lists them."""

    def __init__(self, key: str, clock: Callable[[], float] = time.time) -> None:
        """``key`` is the one that senders sign with."""
        self._key = key
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def __call__(self, request: Request) -> Reply:
        """Answer one request."""
        match request.method, request.path:
            case "POST", "/":
                return self._take(request)
            case "GET", "/":
                return Reply(body=self._page().encode(), content_type="text/html; charset=utf-8")
            case "GET", "/api/notices":
                return json_reply(self.listed())
        return text_reply("not here\n", 404)

    def listed(self) -> list[dict[str, Any]]:
        """What was taken, oldest first, each notice once."""
        with self._lock:
            return list(self._taken.values())

    def _take(self, request: Request) -> Reply:
        header = request.headers.get("x-responder-signature", "")
        if not verified(self._key, header, request.body, self._clock()):
            return text_reply("the signature is wrong or old\n", 401)
        document = json.loads(request.body)
        with self._lock:
            known = self._taken.get(document["id"], {"times": 0})
            self._taken[document["id"]] = {"times": known["times"] + 1, "document": document}
            while len(self._taken) > KEPT:
                self._taken.popitem(last=False)
        sys.stdout.write(json.dumps(document) + "\n")
        sys.stdout.flush()
        return Reply(204)

    def _page(self) -> str:
        articles = [_article(one) for one in reversed(self.listed())]
        return _PAGE.format(articles="\n".join(articles) or "<p>None yet.</p>")


def _article(taken: Mapping[str, Any]) -> str:
    document = taken["document"]
    shown = {
        "summary": document["summary"],
        "at": document["at"],
        "detail": document["cause"]["detail"],
        "more": document["others"]["count"],
        "times": taken["times"],
        "card": document["incident"]["card"],
        "document": json.dumps(document, indent=2, ensure_ascii=False),
    }
    return _ARTICLE.format(**{name: html.escape(str(value)) for name, value in shown.items()})


def start(port: int = 0, *, key: str = LOCAL_KEY, clock: Callable[[], float] = time.time) -> Server:
    """Start a receiver on ``port`` (0: any free one)."""
    return Server(Notices(key, clock), port)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a command until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m local_stack.notices_server", description=__doc__
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--key", default=LOCAL_KEY, help="what senders sign with")
    given = parser.parse_args(arguments)
    return run_until_signal(lambda: start(given.port, key=given.key), "Notices")


if __name__ == "__main__":
    sys.exit(main())
