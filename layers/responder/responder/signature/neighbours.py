"""Words that say something of the words beside them; ``text`` asks here for those alone.

"status 503" makes a cause of a number, "93.0 KB" a value of a word, "user anna" data of a name.
"""

from collections.abc import Mapping, Sequence
from enum import Enum, auto

from responder.signature.patterns import (
    AFTER_A_NAME,
    BEFORE_A_NAMING_WORD,
    CLASS_ENDINGS,
    CODE,
    CODE_CLASS,
    CODE_WORDS,
    DIGIT,
    EDGES,
    ERROR_ENDINGS,
    ERROR_NAME,
    FAULTS,
    IN_PARENTHESES,
    NAME_OF_A_USER,
    NAMING_WORDS,
    PROCESS_STATES,
    PROCESS_WORDS,
    SIZE,
    SIZES,
    STATES,
    TIMED_OUT,
    TIMES,
    VENDOR_CODE,
)

#: With the punctuation around it.
_LONGEST_CODE = 12


class Role(Enum):
    """What a word says of its neighbours, or of itself."""

    CODE = auto()  # the next word is a code
    OWN_CODE = auto()  # the word holds a code: ORA-00060, status=503
    SIZE = auto()  # the word is the unit of the number before it
    TIME = auto()  # likewise
    NAMES = auto()  # the next word is somebody's data
    PROCESS = auto()  # a number and a name follow
    PORT = auto()  # closes "for NAME from ADDRESS port NUMBER"


#: Where a word with a role stands, and which.
type Speaker = tuple[int, Role]

_CODES = frozenset({Role.CODE, Role.OWN_CODE})
_BY_WORD: Mapping[str, Role] = {
    **dict.fromkeys(CODE_WORDS, Role.CODE),
    **dict.fromkeys(SIZES, Role.SIZE),
    **dict.fromkeys(TIMES, Role.TIME),
    **dict.fromkeys(NAMING_WORDS, Role.NAMES),
    **dict.fromkeys(PROCESS_WORDS, Role.PROCESS),
    "port": Role.PORT,
}


def role_of(bare: str) -> Role | None:
    """The role of a word without its punctuation; None for nearly all words."""
    if "=" in bare or bare[-1:].isdigit():
        return Role.OWN_CODE if code_in(bare) else None
    if bare.endswith(CLASS_ENDINGS):
        return Role.OWN_CODE if code_in(bare) else None
    if bare.endswith(ERROR_ENDINGS) and ERROR_NAME.fullmatch(bare):
        return Role.CODE
    return _BY_WORD.get(bare.lower().rpartition("_")[2])


def settle_values(words: Sequence[str], fates: list[str], speakers: Sequence[Speaker]) -> None:
    """Take the words away that are values by what their neighbours say of them, in place."""
    for at, role in speakers:
        if role in _CODES:
            continue
        if role in (Role.SIZE, Role.TIME):
            if at and not fates[at - 1] and DIGIT.search(words[at - 1]):
                fates[at] = SIZE if role is Role.SIZE else ""
        else:
            _drop_name(words, fates, at, role)


def code_places(
    words: Sequence[str], fates: Sequence[str], speakers: Sequence[Speaker]
) -> list[int]:
    """Where a word, by what stands before it or by itself, may hold a code."""
    places = []
    for at, role in speakers:
        if role is Role.OWN_CODE:
            places.append(at)
        elif role is Role.CODE and at + 1 < len(words):
            following = at + 1
            if not fates[following] and len(words[following]) <= _LONGEST_CODE:
                places.append(following)
    return places


def tells_of_a_fault(text: str) -> bool:
    """Only then its codes are causes."""
    lower = text.lower()
    if any(CODE_CLASS.fullmatch(word.strip(EDGES)) for word in lower.split() if "xx" in word):
        return True
    return any(map(lower.__contains__, FAULTS)) or TIMED_OUT.search(lower) is not None


def keep_codes(words: Sequence[str], fates: list[str], places: Sequence[int]) -> None:
    """Bring the codes back that are causes, in place."""
    for at in places:
        bare = words[at].strip(EDGES)
        if code := code_in(bare):
            fates[at] = code
        elif CODE.fullmatch(bare):
            fates[at] = bare


def code_in(bare: str) -> str:
    """The code that a word holds by itself; empty where it holds none."""
    if VENDOR_CODE.fullmatch(bare):
        return bare
    if found := CODE_CLASS.fullmatch(bare):
        return found[1].lower()
    name, _, value = bare.rpartition("=")
    is_code = name.lower().rpartition("_")[2] in CODE_WORDS and CODE.fullmatch(value)
    return value if is_code else ""


def _drop_name(words: Sequence[str], fates: list[str], at: int, role: Role) -> None:
    if role is Role.PORT:
        is_address = at > 3 and DIGIT.search(words[at - 1]) is not None
        if is_address and (words[at - 4], words[at - 2]) == ("for", "from"):
            fates[at - 3] = ""
    elif role is Role.PROCESS:
        if at + 2 < len(words) and words[at + 1].isdigit():
            named = IN_PARENTHESES.fullmatch(words[at + 2])
            if named and named[1] not in PROCESS_STATES:
                fates[at + 2] = ""
    elif _names_data(words, at):
        fates[at + 1] = ""


def _names_data(words: Sequence[str], at: int) -> bool:
    if at + 1 >= len(words) or words[at].endswith((",", ";", ".", ":")):
        return False
    name = words[at + 1]
    bare = name.rstrip(".,;:)")
    # A column's name in quotes came out of code; a user's, however it is written, is data.
    is_data = (
        bare.isalpha() and bare.islower()
        if words[at] == "column"
        else NAME_OF_A_USER.fullmatch(bare)
    )
    if bare in STATES or not is_data:
        return False
    if at + 2 == len(words):
        return at > 0 and words[at - 1] in BEFORE_A_NAMING_WORD
    return bare != name or words[at + 2] in AFTER_A_NAME or not words[at + 2][0].isalnum()
