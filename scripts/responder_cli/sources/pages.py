"""What people read: the settings of one source, and ``docs/sources.md`` as a whole."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from responder.intake.recognition import ALIASES
from responder_cli.sources.entries import SCHEMES, SHARED_HEADERS
from responder_cli.sources.guides import Guide, guides

PAGE = Path(__file__).parents[3] / "docs" / "sources.md"
_INTRODUCTION = Path(__file__).parent / "introduction.md"
_NOT_USED = "(none)"
_WAYS = {
    "header": "any header",
    "bearer": "Bearer",
    "basic": "Basic",
    "url": "the address",
    "signature": "its signature",
    "shared-header": "a header of its own",
}


def settings(guide: Guide | None, entry: Mapping[str, Any], url: str) -> Iterator[str]:
    """The settings to paste, with the newest secrets in their places."""
    token = (entry.get("tokens") or [""])[-1]
    signature, header = entry.get("signature") or {}, entry.get("header") or {}
    secret = (signature.get("secrets") or header.get("secrets") or [""])[-1]
    yield f"URL: {url}"
    if token and token not in url:
        yield f"Token: {token} (Authorization: Bearer, Basic's password, or the header X-Api-Key)"
    if entry.get("user"):
        yield f"User of Basic: {entry['user']}"
    if header:
        yield f"Header: {header['name']}: {secret}"
    elif secret:
        yield f"Signing secret: {secret}"
    if guide is None:
        return
    yield ""
    yield f"{guide.title} ({guide.documentation})"
    values = {"{url}": url, "{token}": token or secret, "{secret}": secret or token}
    yield _filled(guide.setup, values)
    if guide.template:
        yield from ("", "To paste:", _filled(guide.template, values))
    yield from ("", f"Resolved: {guide.resolves}")


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value or _NOT_USED)
    return text.strip()


def document() -> str:
    """``docs/sources.md``."""
    known = guides()
    parts = [_INTRODUCTION.read_text(encoding="utf-8").strip(), _table(known)]
    parts += [_section(tool, guide) for tool, guide in _by_title(known)]
    return "\n\n".join(parts) + "\n"


def _by_title(known: Mapping[str, Guide]) -> list[tuple[str, Guide]]:
    return sorted(known.items(), key=lambda one: one[1].title.lower())


def _table(known: Mapping[str, Guide]) -> str:
    rows = [
        f"| [{guide.title}](#{anchor(guide.title)}) | `{tool}` | {_ways(tool, guide)} |"
        for tool, guide in _by_title(known)
    ]
    head = ["## Tools", "", "| tool | `{tool}` | can prove itself by |", "|---|---|---|"]
    return "\n".join([*head, *rows])


def anchor(title: str) -> str:
    """The name by which Markdown links to a heading."""
    kept = (letter for letter in title.lower() if letter.isalnum() or letter in " -_")
    return "".join(kept).replace(" ", "-")


def _ways(tool: str, guide: Guide) -> str:
    words = {
        **_WAYS,
        "signature": f"its signature (`{SCHEMES.get(tool, 'hmac')}`)",
        "shared-header": f"`{SHARED_HEADERS.get(tool, 'a header of its own')}`",
    }
    return ", ".join(words[way] for way in guide.authentication)


def _section(tool: str, guide: Guide) -> str:
    others = sorted(alias for alias, known in ALIASES.items() if known == tool)
    route = f"Route `{tool}`" + (f", also {', '.join(f'`{o}`' for o in others)}" if others else "")
    lines = [
        f"## {guide.title}",
        "",
        f"{route}. [Documentation]({guide.documentation}).",
        "",
        guide.setup.strip(),
        "",
        f"Resolved: {guide.resolves}",
        "",
    ]
    if guide.template:
        lines += ["To paste:", "", "```", guide.template.strip(), "```", ""]
    lines += ["| of an alert | from |", "|---|---|"]
    lines += [f"| {name} | {_cell(text)} |" for name, text in guide.maps.items()]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
