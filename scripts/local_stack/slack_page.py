"""The page of the local Slack: its files as the server serves them, or all in one file.

``slack_server`` serves it live; ``responder card preview`` writes it with a state inside.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local_stack.loopback import Reply

_HERE = Path(__file__).parent
_SCRIPT = "text/javascript; charset=utf-8"
_FILES = {
    "/": ("slack_page.html", "text/html; charset=utf-8"),
    "/page.css": ("slack_page.css", "text/css; charset=utf-8"),
    "/page.js": ("slack_page.js", _SCRIPT),
    "/blocks.js": ("slack_blocks.js", _SCRIPT),
    "/mrkdwn.js": ("slack_mrkdwn.js", _SCRIPT),
}
PATHS = frozenset(_FILES)
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'"
_HEADERS = {
    "Content-Security-Policy": f"{_NOTHING}; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_IMPORT = re.compile(r'^import \{[^}]*\} from "(/\w+\.js)";\n', re.MULTILINE)


def serve(path: str) -> Reply:
    """The file of the page that stands at ``path``, one of ``PATHS``."""
    name, kind = _FILES[path]
    return Reply(200, (_HERE / name).read_bytes(), kind, _HEADERS)


def standalone(state: Mapping[str, Any], note: str) -> str:
    """The whole page as one file that shows ``state`` (as ``/api/page`` gives it) and no more."""
    script, style = _bundle("/page.js", set()), _read("/page.css")
    policy = f"{_NOTHING}; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:"
    # "<" could end the element: a text may hold "</script>".
    given = json.dumps(state, ensure_ascii=False).replace("<", "\\u003c")
    parts = {
        "Stands in for Slack on this machine. Nothing leaves it.": note,
        '<link rel="stylesheet" href="/page.css">': f"<style>{style}</style>",
        '<script type="module" src="/page.js"></script>': (
            f'<script type="application/json" id="given">{given}</script>\n'
            f'    <script type="module">{script}</script>'
        ),
        '<meta charset="utf-8">': '<meta charset="utf-8">\n    <meta '
        f'http-equiv="Content-Security-Policy" content="{policy}">',
    }
    page = _read("/")
    for old, new in parts.items():
        page = page.replace(old, new, 1)
    return page


def _bundle(path: str, seen: set[str]) -> str:
    """A module after all that it imports, as one script."""
    if path in seen:
        return ""
    seen.add(path)
    text = _read(path)
    before = "".join(_bundle(found, seen) for found in _IMPORT.findall(text))
    return before + re.sub(r"^export ", "", _IMPORT.sub("", text), flags=re.MULTILINE)


def _read(path: str) -> str:
    return (_HERE / _FILES[path][0]).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"sha256-{digest}"
