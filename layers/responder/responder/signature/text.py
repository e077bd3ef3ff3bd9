"""The words of a text that name a problem: signature version 1's ``normalise``.

Words that hold a digit are dropped, not masked: 96 of 100 variable values in log text hold one.
Most words of a stream were seen before, so the fate of each is remembered; only the few words that
say something of their neighbours ("status 503", "user anna", "5 seconds") are looked at in place,
by ``neighbours``.
"""

import re

from responder.signature import neighbours
from responder.signature.patterns import (
    BEFORE_QUOTE_CHARS,
    BREAK,
    CAUSE_FIELDS,
    DATE_WORDS,
    DIGIT,
    EDGES,
    EMAIL,
    EMPTY_PARENTHESES,
    HEXADECIMAL,
    HOST,
    HOST_AND_PORT,
    HTTP_METHOD,
    IDENTIFIER,
    JSON_FIELD,
    LEADER,
    NAME,
    NOT_FINITE,
    NOTHING,
    OBJECT_HASH,
    ONE_UNIT,
    POD_NAME,
    QUOTED,
    SCHEMA_NAME,
    SCHEMA_WORD,
    SENTENCE,
    TRUTH,
    WORD,
)

#: What stands behind this many characters does not change what problem a text tells of.
MAX_TEXT = 32_768
_MAX_MEMO = 50_000
_MAX_REMEMBERED = 80
_MAX_TEXTS = 5_000
_MAX_TEXT_REMEMBERED = 1_000
_MAX_KNOWN = 20
_INNER_EDGES = "._-$"
_ANY_DIGIT = bytes.maketrans(b"0123456789", b"1111111111")


class _Fates(dict[str, str]):
    """What remains of each word seen lately: its units without values and places, or nothing."""

    def __init__(self) -> None:
        super().__init__()
        #: The words that say something of their neighbours, and what.
        self.roles: dict[str, neighbours.Role] = {}

    def forget(self) -> None:
        """Begin anew where there are too many; never within a text, whose roles would be lost."""
        if len(self) >= _MAX_MEMO:
            self.clear()
            self.roles.clear()

    def __missing__(self, word: str) -> str:
        if len(word) > _MAX_REMEMBERED:
            return _fate(word)
        if role := neighbours.role_of(word.strip(EDGES)):
            self.roles[word] = role
        fate = self[word] = _fate(word)
        return fate


#: The fate of each word of a text, and the places of those that may be codes.
type _Frame = tuple[list[str], list[int]]

_fates = _Fates()
#: By shape: what such a text comes out as, or, where its codes decide, the frame around them.
_texts: dict[tuple[bytes, frozenset[str]], str | _Frame] = {}


def normalise(text: str, known: frozenset[str] = frozenset()) -> str:
    """The constant words of ``text``, in order, without those in ``known``.

    Where fewer than two words remain, the text with its numbers masked.
    """
    text = text[:MAX_TEXT]
    shape = _shape(text)
    found = _texts.get((shape, known))
    if found is None:
        return _learn(text, shape, known)
    return found if isinstance(found, str) else _filled(found, text, text, known)


def _shape(text: str) -> bytes:
    """``text`` with all its digits alike: they decide nothing but its codes."""
    return text.encode("utf-8", "surrogatepass").translate(_ANY_DIGIT)


def _learn(text: str, shape: bytes, known: frozenset[str]) -> str:
    has_quotes = '"' in text or "'" in text
    bare = QUOTED.sub(_unquoted, text) if has_quotes else text
    frame = _frame(bare, _shape(bare) if has_quotes else shape)
    kept = _filled(frame, bare, text, known)
    if len(shape) <= _MAX_TEXT_REMEMBERED and len(known) <= _MAX_KNOWN:
        if len(_texts) >= _MAX_TEXTS:
            _texts.clear()
        if not frame[1]:
            _texts[shape, known] = kept
        elif not has_quotes:
            _texts[shape, known] = frame
    return kept


def _frame(bare: str, shape: bytes) -> _Frame:
    words = shape.decode("utf-8", "surrogatepass").split()
    _fates.forget()
    fates = list(map(_fates.__getitem__, words))
    roles = _fates.roles
    speakers = [(at, roles[word]) for at, word in enumerate(words) if word in roles]
    if not speakers:
        return fates, []
    neighbours.settle_values(words, fates, speakers)
    places = neighbours.code_places(words, fates, speakers)
    return fates, places if places and neighbours.tells_of_a_fault(bare) else []


def _filled(frame: _Frame, bare: str, text: str, known: frozenset[str]) -> str:
    """What a text comes out as; ``bare`` is the text without its quotes."""
    fates, places = frame
    if places:
        fates = fates.copy()
        neighbours.keep_codes(bare.split(), fates, places)
    kept = " ".join(filter(None, fates))
    if known and not known.isdisjoint(words := kept.split()):
        kept = " ".join([word for word in words if word not in known])
    return kept if " " in kept else WORD.sub(_masked, " ".join(text.split()))


def _fate(word: str) -> str:
    """What remains of one word: its units that are neither values nor places."""
    bare = word.strip(EDGES)
    if ONE_UNIT.fullmatch(bare):
        if ".." in bare:
            return " ".join(filter(None, map(_fate, LEADER.split(bare))))
        unit = bare.strip(_INNER_EDGES)
        return "" if unit in TRUTH or not _stays(unit) else unit
    if word == EMPTY_PARENTHESES:
        return word
    name, equals, value = bare.partition("=")
    if not name:
        name, equals, value = bare, "", ""
    if "://" in word or _is_path(name) or HOST_AND_PORT.fullmatch(bare) or EMAIL.fullmatch(bare):
        return ""
    name, hashes = OBJECT_HASH.subn(" ", name)
    # "mounted at:/var/lib": the path behind the colon is a value.
    name = name.partition(":/")[0]
    units = _units(name)
    # One word of a name and a number ("task:2315", "context#7") is a value as a whole.
    has_number = bool(hashes) or any(DIGIT.search(unit) for unit in units)
    if equals and units and units[-1].lower() in CAUSE_FIELDS:
        units += _units(value)
    several = len(units) > 1
    return " ".join(
        unit
        for unit in units
        if _stays(unit)
        and not (several and unit in NOTHING)
        and (not has_number or NAME.fullmatch(unit))
    )


def _units(word: str) -> list[str]:
    stripped = (part.strip(_INNER_EDGES) for part in BREAK.split(word))
    return [unit for unit in stripped if unit]


def _stays(unit: str) -> bool:
    if not unit or unit in DATE_WORDS or unit in NOT_FINITE or DIGIT.search(unit):
        return False
    if unit.isalpha():
        return HEXADECIMAL.fullmatch(unit) is None
    return not (HOST.fullmatch(unit) or POD_NAME.fullmatch(unit))


def _is_path(word: str) -> bool:
    return word[:1] == "/" or word[1:3] == ":\\" or word.count("/") > 1


def _unquoted(quoted: re.Match[str]) -> str:
    """What stands for a quoted text: a message or a name in code stays, a value goes."""
    inner = quoted[1] if quoted[1] is not None else quoted[2]
    field = _field_before(quoted)
    if field:
        return f" {inner} " if field.lower() in CAUSE_FIELDS else " "
    if method := HTTP_METHOD.match(inner):
        return f" {method[1]} "
    is_code = IDENTIFIER.fullmatch(inner) or (SCHEMA_NAME.fullmatch(inner) and _is_schema(quoted))
    return f" {inner} " if is_code or SENTENCE.search(inner) else " "


def _field_before(quoted: re.Match[str]) -> str:
    """The field whose value a quoted text is: ``msg="…"``, or ``"msg": "…"`` in JSON."""
    begin = quoted.start()
    before = quoted.string[max(0, begin - BEFORE_QUOTE_CHARS) : begin]
    if before.endswith("="):
        names = _units(before[:-1])
        return names[-1] if names else "="
    found = JSON_FIELD.search(before) if before[-1:] in (":", " ") else None
    return found[1] if found else ""


def _is_schema(quoted: re.Match[str]) -> bool:
    begin = quoted.start()
    before = quoted.string[max(0, begin - BEFORE_QUOTE_CHARS) : begin]
    return SCHEMA_WORD.search(before) is not None


def _masked(word: re.Match[str]) -> str:
    return "0" if DIGIT.search(word[0]) else word[0]
