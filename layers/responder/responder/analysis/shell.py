"""Which commands of an answer may be shown: those that only read, with names from the incident.

``reading`` asks of each command that a check offers, and has harmful ones struck from plain text.
Here are a line's words, addresses and credentials; ``programs`` says which programs are known to
read, and whatever it does not know is not shown. That a person, not this program, runs a command is
no reason to print one that an alert's author chose.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from responder.analysis import programs
from responder.analysis.text import LINK_REMOVED, names_in, strike_links

COMMAND_REMOVED: Final = "[command removed]"

FOREIGN: Final = f"it used an address that is not in the alert, {LINK_REMOVED}"
_NOT_PLAIN: Final = "it is more than one plain command"
_NOT_KNOWN: Final = "it is not known to be read-only"
_SECRETS: Final = "it shows credentials"


def refusal(command: str, known: frozenset[str]) -> str:
    """Why a command is not shown; empty where it is. ``known``: the addresses of the incident."""
    try:
        stages = list(_stages(command))
    except _NotPlain:
        return _NOT_PLAIN
    if _foreign(command, known):
        return FOREIGN
    for words in stages:
        program, *arguments = words[1:] if words[0] == "sudo" and len(words) > 1 else words
        if not programs.reads(program, arguments):
            return _NOT_KNOWN
        if any(_CREDENTIALS.search(word) for word in arguments):
            return _SECRETS
        if program in programs.NETWORK and _has_foreign_name(arguments, known):
            return FOREIGN
    return ""


def strike(text: str) -> str:
    """Plain text without commands that run foreign code, destroy data or send secrets away."""
    return _HARMFUL.sub(COMMAND_REMOVED, text)


class _NotPlain(Exception):
    """The line is not one pipeline of plain words."""


def _stages(command: str) -> Iterator[list[str]]:
    """The words of each program of a pipeline. Raises _NotPlain for whatever else a shell does."""
    line = _HARMLESS_REDIRECTION.sub("", command)
    words: list[str] = []
    word: str | None = None
    quote = ""
    characters = iter(line)
    for character in characters:
        if character == "\\" and quote != "'":
            word = (word or "") + next(characters, "")
        elif quote:
            if quote == '"' and character in "`$":
                raise _NotPlain
            if character == quote:
                quote = ""
            else:
                word = (word or "") + character
        elif character in "\"'":
            quote, word = character, word or ""
        elif character in "`$;&<>()\r\n":
            raise _NotPlain
        elif character in " \t|":
            if word is not None:
                words.append(word)
            word = None
            if character == "|":
                if not words:
                    raise _NotPlain
                yield words
                words = []
        else:
            word = (word or "") + character
    if word is not None:
        words.append(word)
    if quote or not words:
        raise _NotPlain
    yield words


#: Only behind a blank, so that no part of a word or of a quotation is taken for one.
_HARMLESS_REDIRECTION = re.compile(r"(?<=\s)(?:2>&1|[12]?>\s?/dev/null|</dev/null)(?=\s|$)")


def _foreign(command: str, known: frozenset[str]) -> bool:
    """Whether an address is from nowhere: a host of the incident may be asked for its health."""
    struck = strike_links(command, known)
    if struck == command:
        return False
    tamed = _HEALTH.sub(
        lambda found: found["host"] if found["host"] in known else found[0], command
    )
    return strike_links(tamed, known) != tamed


_HEALTH = re.compile(
    r"(?:https?://|(?<![A-Za-z0-9.-]))(?P<host>[A-Za-z0-9.-]+)(?::\d{1,5})?/"
    r"(?:metrics|healthz?|livez|readyz?|status|-/(?:healthy|ready)|actuator/health)?(?=[\s\"']|$)"
)


def _has_foreign_name(arguments: Sequence[str], known: frozenset[str]) -> bool:
    """Whether a program that talks to a host is given one that the incident does not name."""
    plain = (word for word in arguments if " " not in word and not word.startswith("/"))
    named = frozenset().union(*(names_in(word.replace("@", " ").lstrip("-")) for word in plain))
    return any(name not in known and not name.startswith("127.") for name in named)


#: Files and variables that hold credentials, also where a program would only print them.
_CREDENTIALS = re.compile(
    r"\.(?:aws|ssh|kube|docker|gnupg|pgpass|netrc|env|npmrc|pypirc)\b|/etc/(?:shadow|gshadow|sudoers)"
    r"|id_(?:rsa|dsa|ecdsa|ed25519)|/environ\b|\.\w{0,20}_history\b|\.config/gcloud"
    r"|\b(?:pg_shadow|pg_authid|pg_user_mappings?|rolpassword|authentication_string)\b|/var/run/secrets|/run/secrets|\.(?:pem|key|pfx|p12)\b",
    re.IGNORECASE,
)

# What no card says, in whatever words: it runs what comes from elsewhere, destroys, hides or sends.
# Each begins at a word and repeats over bounded classes, so that the time stays linear.
_SHELL = r"(?:(?:ba|z|da|k|c|tc|a)?sh|python[\d.]*|perl|ruby|node|php|pwsh|powershell)"
_MORE = r"(?:\s{1,3}[-/~*$.@\"'<>|&={}][^\s]{0,300}){0,12}"
_HARMFUL = re.compile(
    r"(?<![\w-])(?:"
    rf"(?:curl|wget|fetch|iwr|invoke-webrequest|echo|printf|base64|cat)\b[^|\n]{{0,400}}"
    rf"(?:\|\s{{0,3}}(?:base64\s[^|\n]{{0,40}})?){{1,3}}(?:sudo\s{{1,3}})?(?:/\w+/(?:\w+/)?)?{_SHELL}\b"
    rf"|(?:sudo\s{{1,3}})?{_SHELL}\s{{1,3}}(?:-\w{{0,9}}[cei]\b|<\s{{0,2}}[(<])"
    r"|(?:eval|source|exec)\s{1,3}[\"'`]?\$\("
    r"|(?:iex|invoke-expression)\b"
    r"|curl\b[^|\n]{0,200}\s(?:-[a-z]{0,6}[dFT]|--(?:data|form|upload|json)[\w-]{0,20})"
    r"(?![\w-])"
    r"|wget\b[^|\n]{0,200}--(?:post|body)-[\w=-]{0,20}"
    r"|base64\s{1,3}(?:-d|-D|--decode)\b"
    r"|(?:nc|ncat|netcat)\s{1,3}(?:-\w{0,6}[elc]\w{0,6}|[\w.-]{1,80}\s{1,3}\d{1,5}\s{0,3}<)"
    r"|(?:scp|rsync|sftp)\s{1,3}[^\s]{1,200}\s{1,3}[\w.-]{1,80}@"
    r"|rm\s{1,3}-\w{0,6}[rRf]\w{0,6}|mkfs[.\w]*|dd\s{1,3}(?:if|of)="
    r"|shred\s|wipefs\s|chmod\s{1,3}(?:-R\s{1,3})?(?:0?777|a?\+[xs]|u\+s)"
    r"|kubectl\b[^|\n]{0,120}\sdelete\s{1,3}(?:ns|namespaces?|pvc?|persistentvolume\w*|secrets?|crds?"
    r"|--all|all|deploy\w*|statefulsets?|nodes?)\b"
    r"|kubectl\b[^|\n]{0,120}\s(?:apply|create|replace)\s{1,3}(?:-f|--filename)[\s=]{1,3}https?:"
    r"|kubectl\b[^|\n]{0,120}\screate\s{1,3}(?:cluster)?rolebinding"
    r"|aws\s{1,3}[\w-]{1,40}\s{1,3}(?:delete|terminate|stop-logging|create-access-key|put-user-policy"
    r"|attach-(?:user|role)-policy|create-user|create-login|get-secret-value|put-bucket-policy"
    r"|deregister|disable|authorize-security-group|update-assume|rb)[\w-]{0,40}"
    r"|aws\s{1,3}s3\s{1,3}(?:cp|sync|mv|rm|rb)\b"
    r"|terraform\s{1,3}destroy\b|pulumi\s{1,3}destroy\b"
    r"|(?:drop|truncate)\s{1,3}(?:table|database|schema)\b(?:\s{1,3}(?:if\s{1,3}exists\s{1,3})?\w{1,60})?"
    r"|git\s{1,3}push\s{1,3}[^|\n]{0,60}(?:-f|--force)\b"
    r"|iptables\s{1,3}-F|ufw\s{1,3}disable|setenforce\s{1,3}0|history\s{1,3}-c"
    r"|(?:useradd|adduser|usermod|ssh-keygen|ssh-copy-id)\s{1,3}[-\w]"
    r"|pip3?\s{1,3}install\s{1,3}[^\n]{0,60}(?:-i|--index-url|--extra-index-url|git\+)"
    r"|docker\s{1,3}run\s{1,3}[^\n]{0,100}--privileged"
    r"|(?:cat|less|more|head|tail|cp|printenv)\s{1,3}[^\s]{0,100}(?:\.aws/|\.ssh/|\.kube/|/etc/shadow"
    r"|id_rsa|/environ\b)"
    r")"
    rf"{_MORE}"
    r"|/dev/(?:tcp|udp)/[^\s]{0,200}|:\(\)\s?\{[^}\n]{0,60}\}[^\n]{0,6}"
    r"|[^\s]{0,60}authorized_keys\b",
    re.IGNORECASE,
)
