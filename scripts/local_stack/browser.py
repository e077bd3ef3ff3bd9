"""A headless Chromium that shows the local Slack's page: for its tests and for the pictures.

It is driven over two pipes by Chrome's DevTools protocol, so that no driver has to be installed.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fcntl import F_DUPFD, fcntl
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS = 20
#: Chromium reads commands from file descriptor 3 and writes answers to 4; ours stay above.
_ABOVE = 10
_BEGIN = (
    "import os, sys; read, write, *command = sys.argv[1:]; "
    "os.dup2(int(read), 3); os.dup2(int(write), 4); os.execv(command[0], command)"
)
_OPTIONS = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--hide-scrollbars",
)


def installed() -> str | None:
    """Where a Chromium is, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One tab. Texts of scripts are ours; what the page shows may be hostile."""

    def __init__(self, read: int, write: int) -> None:
        """Speak over the browser's two pipes, in the one tab that it begins with."""
        self._in = os.fdopen(read, "rb")
        self._out = os.fdopen(write, "wb")
        self._number = 0
        self._session = ""
        self.errors: list[str] = []
        tabs = self._call("Target.getTargets")["targetInfos"]
        tab = next(one["targetId"] for one in tabs if one["type"] == "page")
        attached = self._call("Target.attachToTarget", targetId=tab, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Runtime", "Log", "Page"):
            self._call(f"{domain}.enable")

    def look(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        """Take the form of a screen; a phone has more pixels. Times are shown in UTC."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1.5 if phone else 1,
            mobile=phone,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self._call("Emulation.setTimezoneOverride", timezoneId="UTC")
        self._call("Emulation.setLocaleOverride", locale="en-GB")

    def stop_clock(self, seconds: float) -> None:
        """Let every page that is opened from now on think that it is that time."""
        script = f"Date.now = () => {seconds * 1000:.0f}"
        self._call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def go(self, url: str) -> None:
        """Open an address."""
        self._call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """The value of an expression; a promise is waited for. Raises what the page threw."""
        answer = self._call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(_said(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until an expression is true. Raises RuntimeError when it takes too long."""
        self.run(
            f"""new Promise((done, fail) => {{
              const ends = Date.now() + {PATIENCE_SECONDS * 1000};
              const look = () => {{
                if ({condition}) done();
                else if (Date.now() > ends) fail(new Error("too late: " + {json.dumps(condition)}));
                else setTimeout(look, 20);
              }};
              look();
            }})"""
        )

    def picture(self, selector: str = "") -> bytes:
        """A PNG of the screen, or of the first element that ``selector`` finds."""
        more: dict[str, Any] = {}
        if selector:
            box = self.run(
                f"(b => ({{x: b.x, y: b.y, width: b.width, height: b.height}}))"
                f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
            )
            more = {"clip": {**box, "scale": 1}}
        data: str = self._call("Page.captureScreenshot", format="png", **more)["data"]
        return base64.b64decode(data)

    def close(self) -> None:
        """End the browser."""
        self._session = ""
        self._call("Browser.close")
        self._out.close()
        self._in.close()

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        order: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            order["sessionId"] = self._session
        self._out.write(json.dumps(order).encode() + b"\0")
        self._out.flush()
        while True:
            said = self._read()
            if said.get("id") == self._number:
                if "error" in said:
                    raise RuntimeError(f"{method}: {said['error']['message']}")
                result: dict[str, Any] = said["result"]
                return result
            self._listen(said)

    def _read(self) -> dict[str, Any]:
        told = bytearray()
        while (byte := self._in.read(1)) not in (b"\0", b""):
            told += byte
        if not byte:
            raise RuntimeError("Chromium ended by itself")
        answer: dict[str, Any] = json.loads(told)
        return answer

    def _listen(self, event: Mapping[str, Any]) -> None:
        """Keep what the page complains of: exceptions, and what its own policy forbids."""
        parameters = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(_said(parameters["exceptionDetails"]))
        entry = parameters.get("entry", {})
        if event.get("method") == "Log.entryAdded" and entry.get("level") == "error":
            self.errors.append(entry["text"])


@contextmanager
def chromium(program: str) -> Iterator[Page]:
    """A browser of its own, without a profile, ended with the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        to_browser, from_browser = _pipe(), _pipe()
        theirs = (to_browser[0], from_browser[1])
        # A sandbox needs rights that a container's root does not have; the page is our own.
        rooted = ("--no-sandbox",) if os.geteuid() == 0 else ()
        command = (program, *_OPTIONS, *rooted, f"--user-data-dir={home}", "about:blank")
        process = subprocess.Popen(  # noqa: S603 - our own command
            (sys.executable, "-c", _BEGIN, *map(str, theirs), *command),
            pass_fds=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in theirs:
            os.close(end)
        try:
            page = Page(from_browser[0], to_browser[1])
            yield page
            page.close()
        finally:
            process.terminate()
            process.wait()


def _pipe() -> tuple[int, int]:
    read, write = os.pipe()
    moved = fcntl(read, F_DUPFD, _ABOVE), fcntl(write, F_DUPFD, _ABOVE)
    os.close(read)
    os.close(write)
    for end in moved:
        os.set_inheritable(end, False)
    return moved


def _said(details: Mapping[str, Any]) -> str:
    return str(details.get("exception", {}).get("description") or details.get("text"))
