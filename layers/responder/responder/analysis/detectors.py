"""What counts as a secret or as personal data: the ordered table that ``redaction`` applies.

Order matters: what is certain and long comes before what is guessed. Every pattern starts where no
earlier attempt can have scanned (a lookbehind) and repeats over disjoint or bounded classes, so
that the time stays linear in the text, whatever an attacker wrote into it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

SECRET = "secret"  # noqa: S105 - the kind of a placeholder

PLACEHOLDER = re.compile(r"\[(?:secret|email|phone|iban|card|text)-\d{1,6}\]")


def _anything(_value: str) -> bool:
    return True


@dataclass(frozen=True)
class Detector:
    """One kind of thing to mask: the named group that matched, else the whole match."""

    kind: str
    pattern: re.Pattern[str]
    accepts: Callable[[str], bool] = _anything


def _not_a_plain_word(value: str) -> bool:
    """Keeps "token: expired" and "Basic authentication" readable."""
    return len(value) >= 16 or not value.strip(".,:;").isalpha() or not value[1:].islower()


def _luhn(value: str) -> bool:
    """The check digit of payment cards; keeps order numbers and long counters readable."""
    digits = [int(char) for char in value if char.isdigit()]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _iban(value: str) -> bool:
    """The mod-97 check of ISO 13616."""
    compact = value.replace(" ", "")
    turned = compact[4:] + compact[:4]
    return 15 <= len(compact) <= 34 and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def _random_looking(value: str) -> bool:
    """Whether letters and digits alternate as in random text: as a whole, or in one long run.

    Names made of words, hex digests, UUIDs and timestamps do not, and stay readable. A value with
    dashes is often a name, so only its runs count.
    """
    runs = [run for run in re.split(r"[/+_=-]", value) if len(run) >= 16]
    whole = [] if "-" in value or "_" in value else [re.sub(r"[/+=]", "", value)]
    return any(_mixed(run) for run in whole + runs)


def _mixed(run: str) -> bool:
    kinds = ["0" if char.isdigit() else "Aa"[char.islower()] for char in run]
    changes = sum(1 for before, after in pairwise(kinds) if before != after)
    capitals, small = kinds.count("A"), kinds.count("a")
    return "0" in kinds and min(capitals, small) >= 0.15 * len(run) and changes >= 0.4 * len(run)


_NOT_IN_A_WORD = r"(?<![A-Za-z0-9_])"
#: Words after which any value is a secret, and words that are also common in plain sentences.
_STRONG = (
    r"pass(?:word|wd|phrase)|pwd|api[_-]?key|app(?:lication)?[_-]?key|access[_-]?key(?:[_-]?id)?"
    r"|account[_-]?key|sharedaccesskey|secret[_-]?(?:access[_-]?)?key|private[_-]?key"
    r"|client[_-]?secret|signing[_-]?key|encryption[_-]?key|auth[_-]?key|routing[_-]?key"
    r"|integration[_-]?key|session[_-]?id|connection[_-]?string"
)
_WEAK = r"secrets?|tokens?|credentials?"
_QUERY = r"sig|signature|key|code|x-amz-signature|x-amz-credential|x-amz-security-token"


def _assigned(words: str) -> re.Pattern[str]:
    """``word=value``, ``"word": "value"``, ``word => value``; also inside escaped JSON."""
    return re.compile(
        rf"(?i:{words})\\?[\"']?\s{{0,5}}(?:=>|[:=])\s{{0,5}}(?!{PLACEHOLDER.pattern})"
        r"(?:\\?\"(?P<double>[^\"\\\r\n]{1,2000})|'(?P<single>[^'\r\n]{1,2000})"
        r"|(?P<bare>[^\s\"',;&)}\]\\]{1,2000}))"
    )


DETECTORS: tuple[Detector, ...] = (
    # Text of the alert that imitates a placeholder would otherwise be replaced by somebody's data.
    Detector("text", PLACEHOLDER),
    # PEM; without its END line (cut off) everything up to the next dashes goes with it.
    Detector(
        SECRET,
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----))*+"
            r"(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
    ),
    # scheme://user:password@host
    Detector(SECRET, re.compile(r"(?<=://)(?P<value>[^\s/?#\"'<>]{1,400})@")),
    # The path of an incoming webhook is its password.
    Detector(
        SECRET,
        re.compile(
            r"(?:hooks\.slack\.com/(?:services|workflows|triggers)|webhook\.office\.com"
            r"|discord(?:app)?\.com/api/webhooks)/(?P<value>[\w/@-]{8,})"
        ),
    ),
    # Whole header lines: every scheme and every cookie.
    Detector(
        SECRET,
        re.compile(
            r"(?i:authorization|cookie|x-api-key|x-auth-token)\\?[\"']?\s{0,5}[:=]\s{0,5}\\?[\"']?"
            r"(?P<value>[^\r\n\"'\\]{1,4000})"
        ),
    ),
    Detector(
        SECRET,
        re.compile(_NOT_IN_A_WORD + r"(?i:bearer|basic)\s{1,5}(?P<value>[\w.~+/=:-]{8,}+)"),
        _not_a_plain_word,
    ),
    # JSON web tokens.
    Detector(SECRET, re.compile(r"(?<![\w-])eyJ[\w-]{5,}+\.[\w-]{5,}+(?:\.[\w-]*+)?")),
    # Tokens that their vendors gave a prefix so that they can be found.
    Detector(
        SECRET,
        re.compile(
            _NOT_IN_A_WORD + r"(?:(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"
            r"|gh[pousr]_[A-Za-z0-9]{16,}+|github_pat_\w{20,}+|gl(?:pat|dt|rt|ptt)-[\w-]{16,}+"
            r"|xox[a-z]-[\w-]{8,}+|(?:xapp|xwfp)-[\w-]{8,}+"
            r"|(?:sk|rk|pk)_(?:live|test)_\w{8,}+|whsec_\w{8,}+|sk-[\w-]{16,}+"
            r"|AIza[\w-]{30,}+|ya29\.[\w-]{16,}+|GOCSPX-[\w-]{16,}+|npm_\w{16,}+|pypi-[\w-]{16,}+"
            r"|SG\.[\w-]{16,64}\.[\w-]{16,}+|hf_\w{16,}+|do[opr]_v1_\w{16,}+"
            r"|shp(?:at|ca|pa|ss)_\w{16,}+|hv[sbr]\.[\w-]{16,}+|dapi[0-9a-f]{32}|glsa_\w{16,}+"
            r"|NRAK-\w{16,}+|sntr[yx]s_[\w=-]{16,}+|lin_api_\w{16,}+|dckr_pat_[\w-]{16,}+)"
        ),
    ),
    Detector(SECRET, _assigned(_STRONG)),
    Detector(SECRET, _assigned(_WEAK), _not_a_plain_word),
    Detector(
        SECRET,
        re.compile(
            r"(?i:--(?:password|passwd|token|secret|api-key|secret-key))\s{1,5}"
            rf"(?!{PLACEHOLDER.pattern})(?P<value>[^\s\"'-][^\s\"']{{0,400}})"
        ),
    ),
    Detector(SECRET, re.compile(rf"[?&](?i:{_QUERY})=(?P<value>[^\s&\"'<>#\[]{{4,2000}})")),
    # Keys without a prefix.
    Detector(
        SECRET, re.compile(r"(?<![A-Za-z0-9/+_-])[A-Za-z0-9/+_-]{28,}+={0,2}"), _random_looking
    ),
    Detector(
        "email",
        re.compile(
            r"(?<![\w.+%-])[A-Za-z0-9_+%-][\w.+%-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}"
        ),
    ),
    Detector(
        "iban",
        re.compile(
            r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)"
        ),
        _iban,
    ),
    Detector(
        "card",
        re.compile(
            r"(?<!\d)(?<!\d[.,])(?:[2-6]\d{12,18}|[2-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}"
            r"|3[47]\d{2}[ -]\d{6}[ -]\d{5})(?!\d)"
        ),
        _luhn,
    ),
    Detector("phone", re.compile(r"(?<![\w+])\+\d(?:[ .()-]{0,2}\d){7,14}(?!\d)")),
)

#: A field (label, link) with such a name holds a secret, whatever its value looks like.
SECRET_NAME = re.compile(
    rf"(?i:{_STRONG}|{_WEAK}|authorization|cookie|x-auth-token)[^A-Za-z0-9]{{0,3}}$"
)
