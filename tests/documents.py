"""The documents as tests read them: fenced blocks, and the commands that blocks and prose name.

``unit/test_documents`` holds their words against the command line and against AWS's own models;
``e2e/test_runbook`` runs every command block of the runbook.
"""

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNBOOK = ROOT / "docs" / "runbook.md"
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

#: A block of commands; of the runbook's, each is run.
COMMANDS = "bash"
#: What else a block of the runbook may be: a line of a crontab, text of a terminal, a file.
NO_COMMANDS = frozenset({"cron", "text", "json"})

#: The runbook's command blocks that the local stack cannot run, and why. Each has a test of its own
#: in ``unit/test_runbook_exceptions``.
EXCEPTIONS: Mapping[str, str] = {
    "Deploy 1": "deploys to three environments of AWS, and runs the tests that this is one of",
    "Deploy 2": "CodeDeploy moves the traffic, and the emulator has none",
    "Deploy 4": "CodeDeploy moves the traffic, and the emulator has none",
    "Recovery 1": "deploys to another region of AWS; the emulator has one",
}

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>.*)$")
_HEADING = re.compile(r"^#{1,6} (?P<words>.+)$")
_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_SHELL_ENDS = frozenset({"|", "||", "&&", ";", "&", ">", ">>", "<", "2>", "2>&1"})
_SUBSTITUTION = re.compile(r"\$\([^()]*\)")


@dataclass(frozen=True)
class Block:
    """A fenced block, by the section that it stands in and its number among that one's."""

    section: str
    number: int
    info: str
    text: str

    @property
    def name(self) -> str:
        """What tests call it. A command block's number counts command blocks alone."""
        return f"{self.section} {self.number}"


class Unclosed(Exception):
    """A fence that no other ends."""


def blocks(text: str) -> list[Block]:
    """Every fenced block of a document, in its order. Raises Unclosed."""
    found: list[Block] = []
    numbers: Counter[tuple[str, str]] = Counter()
    section = ""
    for fence, lines in _stretches(text):
        if fence is None:
            section = [section, *_headings(lines)][-1]
            continue
        info = fence["info"].strip()
        numbers[section, info] += 1
        body = "\n".join(one.removeprefix(fence["indent"]) for one in lines)
        found.append(Block(section, numbers[section, info], info, body + "\n"))
    return found


def headings(text: str) -> list[str]:
    """Every heading; what a block comments is none. Raises Unclosed."""
    return _headings(prose(text).splitlines())


def prose(text: str) -> str:
    """A document without its fenced blocks. Raises Unclosed."""
    plain = (lines for fence, lines in _stretches(text) if fence is None)
    return "\n".join(line for lines in plain for line in lines)


def calls(text: str, program: str) -> Iterator[list[str]]:
    """The words of every call of a program, in blocks, indented lines and code spans."""
    plain = prose(text)
    pieces = [one.text for one in blocks(text) if one.info in (COMMANDS, "", "text", "sh")]
    pieces += ["\n".join(line[4:] for line in plain.splitlines() if line.startswith("    "))]
    pieces += [" ".join(span.split()) for span in _SPAN.findall(plain)]
    for piece in pieces:
        for line in piece.replace("\\\n", " ").splitlines():
            yield from _calls(line, program)


def _stretches(text: str) -> Iterator[tuple[re.Match[str] | None, list[str]]]:
    """A document's lines in turn: those of prose, and those that a fence has opened."""
    opened: re.Match[str] | None = None
    lines: list[str] = []
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if fence and (opened is None or _closes(fence, opened)):
            yield opened, lines
            opened, lines = (fence if opened is None else None), []
        else:
            lines.append(line)
    if opened is not None:
        raise Unclosed(opened[0])
    yield None, lines


def _headings(lines: Sequence[str]) -> list[str]:
    return [found["words"] for line in lines if (found := _HEADING.match(line))]


def _closes(fence: re.Match[str], opened: re.Match[str]) -> bool:
    same = fence["fence"][0] == opened["fence"][0]
    return same and len(fence["fence"]) >= len(opened["fence"]) and not fence["info"].strip()


def _calls(line: str, program: str) -> Iterator[list[str]]:
    starts = re.finditer(rf"(?:^|[\s($])(?:\S*/)?{re.escape(program)} (?=[a-z-])", line)
    for start in starts:
        words = _words(line[start.end() :])
        if words:
            yield words


def _words(rest: str) -> list[str]:
    """Up to where the shell ends the command."""
    lexer = shlex.shlex(_SUBSTITUTION.sub("_", rest), posix=True, punctuation_chars="|;&<>)")
    lexer.whitespace_split = True
    words: list[str] = []
    try:
        for word in lexer:
            if word in _SHELL_ENDS or set(word) <= set("|;&<>)"):
                break
            words.append(word)
    except ValueError:
        # A quotation that goes on in the next line.
        return words
    return words


def options(words: Sequence[str]) -> list[str]:
    """The options among a call's words, without their values."""
    return [word.partition("=")[0] for word in words if re.match(r"--?[A-Za-z]", word)]
