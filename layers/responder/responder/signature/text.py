"""The words of a text that name a problem: signature version 1's ``normalise``.

Words that hold a digit are dropped, not masked: 96 of 100 variable values in log text hold one.
Most words of a stream were seen before, so the fate of each is remembered.
"""

import re
from collections.abc import Set

from responder.signature.patterns import (
    BREAK,
    CODE,
    CODE_WORDS,
    DIGIT,
    DIGITS,
    ERROR_NAME,
    FAULT,
    HOST,
    HTTP_METHOD,
    IDENTIFIER,
    NAME,
    QUOTED,
    SENTENCE,
    VENDOR_CODE,
)

#: What stands behind this many characters does not change what problem a text tells of.
MAX_TEXT = 32_768
_MAX_MEMO = 50_000
_MAX_REMEMBERED = 80
_FEWEST_WORDS = 2
_EDGES = "()[]{}<>,;:.=\"'`"

_memo: dict[str, tuple[str, ...]] = {}


def normalise(text: str, known: Set[str] = frozenset()) -> str:
    """The constant words of ``text``, in order, without those in ``known``.

    Where fewer than two words remain, the text with its digits masked.
    """
    text = text[:MAX_TEXT]
    words = _words(text, known)
    if len(words) >= _FEWEST_WORDS:
        return " ".join(words)
    return DIGITS.sub("0", " ".join(text.split()))


def _words(text: str, known: Set[str]) -> list[str]:
    has_fault = FAULT.search(text) is not None
    if '"' in text or "'" in text:
        text = QUOTED.sub(_unquoted, text)
    kept: list[str] = []
    before = ""
    for word in text.split():
        if word.isalpha():
            fate: tuple[str, ...] = (word,)
        elif (found := _memo.get(word)) is not None:
            fate = found
        else:
            fate = _remembered(word)
        if has_fault and not fate and (code := _code(before, word)):
            fate = (code,)
        kept.extend(unit for unit in fate if unit not in known)
        before = word
    return kept


def _remembered(word: str) -> tuple[str, ...]:
    fate = _fate(word)
    if len(word) <= _MAX_REMEMBERED:
        if len(_memo) >= _MAX_MEMO:
            _memo.clear()
        _memo[word] = fate
    return fate


def _fate(word: str) -> tuple[str, ...]:
    """What remains of one word: its units that are neither values nor places."""
    if "://" in word or _is_path(word):
        return ()
    name, equals, _ = word.partition("=")
    if equals and name:
        word = name
    units = [part.strip("._-$") for part in BREAK.split(word)]
    # One word of a name and a number ("task:2315", "context#7") is a value as a whole.
    has_number = len(units) > 1 and any(unit and DIGIT.search(unit) for unit in units)
    return tuple(unit for unit in units if _stays(unit, has_number))


def _stays(unit: str, has_number: bool) -> bool:
    if not unit or DIGIT.search(unit) or HOST.fullmatch(unit):
        return False
    return not has_number or NAME.fullmatch(unit) is not None


def _is_path(word: str) -> bool:
    word = word.lstrip("([{<\"'")
    return word[:1] == "/" or word[1:3] == ":\\" or word.count("/") > 1


def _unquoted(quoted: re.Match[str]) -> str:
    """What stands for a quoted text: a message or a name in code stays, a value goes."""
    inner = quoted[1] if quoted[1] is not None else quoted[2]
    if method := HTTP_METHOD.match(inner):
        return f" {method[1]} "
    if IDENTIFIER.fullmatch(inner) or SENTENCE.fullmatch(inner):
        return f" {inner} "
    return " "


def _code(before: str, word: str) -> str:
    """The code that ``word`` is, where a vendor's form or the word before it says that it is."""
    bare = word.strip(_EDGES)
    if VENDOR_CODE.fullmatch(bare):
        return bare
    name, separator, value = bare.rpartition("=")
    named = (name if separator else before).strip(_EDGES)
    is_named = named.lower().rpartition("_")[2] in CODE_WORDS or ERROR_NAME.fullmatch(named)
    return value if is_named and CODE.fullmatch(value) else ""
