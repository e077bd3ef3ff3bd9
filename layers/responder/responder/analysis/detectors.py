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

PLACEHOLDER = re.compile(r"\[(?:secret|email|phone|iban|card|ip|account|text)-\d{1,6}\]")


def _anything(_value: str) -> bool:
    return True


@dataclass(frozen=True)
class Detector:
    """One kind of thing to mask: the named group that matched, else the whole match."""

    kind: str
    pattern: re.Pattern[str]
    accepts: Callable[[str], bool] = _anything


def _not_a_plain_word(value: str) -> bool:
    """Keeps "token: expired", "credentials: AccessDenied" and "Basic authentication" readable."""
    word = value.strip(".,:;")
    if _ERROR_NAME.fullmatch(word):
        return False
    return len(value) >= 16 or not word.isalpha() or not value[1:].islower()


_ERROR_NAME = re.compile(
    r"(?:[A-Z][a-z]{2,20}){0,5}(?:Denied|Found|Exception|Error|Expired|Invalid|Missing|Failed"
    r"|Failure|Refused|Timeout|Exceeded|Unauthorized|Forbidden)"
)


def _no_quantity(value: str) -> bool:
    """Keeps "max_tokens=8192" and "secrets: 12 rotated" readable, too."""
    return _not_a_plain_word(value) and not _QUANTITY.fullmatch(value)


_QUANTITY = re.compile(r"\d{1,12}(?:[.,]\d{1,3}){0,4}[.,]?[kKMG]?")


def _like_a_password(value: str) -> bool:
    """Letters and digits: "pass" also counts what passed ("pass: 17/20", "pass=true")."""
    has_letter = any(char.isalpha() for char in value)
    return len(value) >= 6 and has_letter and any(char.isdigit() for char in value)


def _no_sentence(value: str) -> bool:
    """Keeps "authorization: denied by policy …" readable; what a header holds is no prose."""
    return "=" in value or _PROSE.match(value) is None


#: Schemes of https://www.iana.org/assignments/http-authschemes, and others in use, with their
#: credentials behind them.
_SCHEMES = (
    r"basic|bearer|digest|token|negotiate|ntlm|hoba|mutual|oauth|vapid|dpop|gnap|hawk|signature"
    r"|api|apikey|key|user|username|password|scram|privatetoken|concealed"
)
_PROSE = re.compile(rf"(?i:(?!(?:{_SCHEMES})\b)(?-i:[a-z]{{2,15}})[ \t](?-i:[a-z]{{2,15}})[ \t]\S)")


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
    if any(_scattered(run) for run in runs):
        return True
    return len(value) >= 28 and any(_mixed(run) for run in whole + runs)


_SMALL_AND_DIGITS = re.compile(r"[a-z0-9]{20,}")
_HEX = re.compile(r"[a-f0-9]+")


def _scattered(run: str) -> bool:
    """Whether digits are scattered among small letters; hex digits are a digest's, or an id's."""
    if not _SMALL_AND_DIGITS.fullmatch(run) or _HEX.fullmatch(run):
        return False
    changes = sum(1 for before, after in pairwise(run) if before.isdigit() != after.isdigit())
    return changes >= 0.2 * len(run)


def _with_a_digit(value: str) -> bool:
    return not value.isalpha()


def _mixed(run: str) -> bool:
    kinds = ["0" if char.isdigit() else "Aa"[char.islower()] for char in run]
    changes = sum(1 for before, after in pairwise(kinds) if before != after)
    capitals, small = kinds.count("A"), kinds.count("a")
    return "0" in kinds and min(capitals, small) >= 0.15 * len(run) and changes >= 0.4 * len(run)


_NOT_IN_A_WORD = r"(?<![A-Za-z0-9_])"
#: Words after which any value is a secret, and words that are also common in plain sentences.
_STRONG = (
    r"pass(?:word|wd|phrase|wort)|kennwort|contraseña|senha|wachtwoord|пароль|密码|pwd|api[_-]?key|app(?:lication)?[_-]?key|access[_-]?key(?:[_-]?id)?"
    r"|account[_-]?key|sharedaccesskey|secret[_-]?(?:access[_-]?)?key(?:[_-]?base)?|private[_-]?key"
    r"|client[_-]?secret|signing[_-]?key|encryption[_-]?key|auth[_-]?key|routing[_-]?key"
    r"|integration[_-]?key|licen[cs]e[_-]?key|session[_-]?id|connection[_-]?string|[_-]pat"
    r"|(?-i:(?<=[A-Z0-9]_)(?:PASS|PW))"
)
_WEAK = (
    r"secret|token|credential|(?<=[\"'_])auth"
    r"|(?:api|access|secret|private|signing|encryption|licen[cs]e)[ ]key"
)
#: Also what is counted.
_PLURAL = r"secrets|tokens|credentials"
_SHORT = r"(?<![A-Za-z0-9])(?:pass|pw)|(?-i:(?<=[a-z])P(?:ass|w))"
_QUERY = r"sig|signature|key|code|x-amz-signature|x-amz-credential|x-amz-security-token"


def _assigned(words: str) -> re.Pattern[str]:
    """``word=value``, ``"word": "value"``, ``word => value``, ``<word>value``, however escaped."""
    return re.compile(
        rf"(?i:{words})(?:\\{{0,7}}[\"']?\s{{0,5}}(?:=>|[:=])\s{{0,5}}|>)(?!{PLACEHOLDER.pattern})"
        r"(?:[bru]{0,2}\\{0,7}\"(?P<double>[^\"\\\r\n]{1,2000})|[bru]{0,2}'(?P<single>[^'\r\n]{1,2000})"
        r"|(?P<bare>[^\s\"',;&<)}\]\\]{1,2000}))"
    )


#: Other options and arguments of the same command, and the value that is looked for.
_OPTIONS = r"[^\r\n|;]{0,200}?"
_GIVEN = r"[\"']?(?P<{}>[^\s\"'-][^\s\"']{{0,400}})"

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
    # scheme://user:password@host  # pragma: allowlist secret
    Detector(SECRET, re.compile(r"(?<=://)(?P<value>[^\s/?#\"'<>]{1,400})@")),
    # The path of an incoming webhook is its password.
    Detector(
        SECRET,
        re.compile(
            r"(?:hooks\.slack\.com/(?:services|workflows|triggers)|webhook\.office\.com"
            r"|discord(?:app)?\.com/api/webhooks)/(?P<value>[\w/@-]{8,})"
        ),
    ),
    # user:password@tcp(host:port)/database, as Go's MySQL driver has it
    Detector(
        SECRET,
        re.compile(r"(?<![\w.-])[\w.-]{1,100}:(?P<value>[^\s@\"']{1,200})@(?:tcp|unix|udp)\("),
    ),
    # jdbc:oracle:thin:user/password@host
    Detector(SECRET, re.compile(r"jdbc:oracle:\w{1,10}:[^\s/@]{1,100}/(?P<value>[^\s@]{1,200})@")),
    # Its parts are quoted, so that a header line would end at the first one.
    Detector(
        SECRET, re.compile(_NOT_IN_A_WORD + r"(?i:digest)\s(?P<value>\w{1,20}=[^\r\n]{1,2000})")
    ),
    # Whole header lines: every scheme and every cookie.
    Detector(
        SECRET,
        re.compile(
            r"(?i:authorization|cookie|x-api-key|x-auth-token)\\{0,7}[\"']?\s{0,5}[:=]\s{0,5}"
            r"\\{0,7}[\"']?(?P<value>[^\r\n\"'\\]{1,4000})"
        ),
        _no_sentence,
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
            r"|gh[pousr]_[A-Za-z0-9]{16,}+|github_pat_\w{20,}+|gl(?:pat|dt|rt|ptt|cbt|soat|ft|imt|agent|oas|ffct)-[\w-]{16,}+"
            r"|xox[a-z]-[\w-]{8,}+|(?:xapp|xwfp)-[\w-]{8,}+"
            r"|(?:sk|rk|pk)_(?:live|test)_\w{8,}+|whsec_\w{8,}+|sk-[\w-]{16,}+"
            r"|AIza[\w-]{30,}+|ya29\.[\w-]{16,}+|GOCSPX-[\w-]{16,}+|npm_\w{16,}+|pypi-[\w-]{16,}+"
            r"|SG\.[\w-]{16,64}\.[\w-]{16,}+|hf_\w{16,}+|do[opr]_v1_\w{16,}+"
            r"|shp(?:at|ca|pa|ss)_\w{16,}+|hv[sbr]\.[\w-]{16,}+|dapi[0-9a-f]{32}|glsa_\w{16,}+"
            r"|NRAK-\w{16,}+|sntr[yx]s_[\w=-]{16,}+|lin_api_\w{16,}+|dckr_pat_[\w-]{16,}+"
            r"|rubygems_[0-9a-f]{32,}+|SK[0-9a-f]{32}|key-[0-9a-z]{32}|[0-9a-f]{32}-us\d{1,2}"
            r"|s\.[A-Za-z0-9]{24}(?!\w)|AT[AC]TT3[\w=-]{16,}+|[A-Za-z0-9]{14}\.atlasv1\.[\w-]{40,}+"
            r"|AGE-SECRET-KEY-1[A-Z0-9]{20,}+|glc_[\w=-]{16,}+"
            r"|PMAK-[0-9a-f-]{24,}+|rdme_\w{16,}+|dt0[a-z]\d\d\.[\w.]{16,}+|fio-u-[\w=-]{16,}+"
            r"|pscale_(?:tkn|pw|oauth)_[\w.=-]{16,}+|s-s4t2(?:ud|af)-[0-9a-f]{16,}+)"
        ),
    ),
    # Others that say what they are: sm_pat_…, acme_token_…
    Detector(
        SECRET,
        re.compile(
            r"(?<![A-Za-z0-9])(?:pat|aat|tkn|token|secret|apikey|sk)_(?P<value>[A-Za-z0-9]{16,}+)"
        ),
        _with_a_digit,
    ),
    # Hashes of passwords, as crypt writes them.
    Detector(
        SECRET,
        re.compile(
            r"(?<![\w$])\$(?:1|2[abxy]?|5|6|7|y|gy|argon2\w{0,2}|scrypt)\$[\w./$,=+-]{16,}+"
        ),
    ),
    # define('DB_PASSWORD', '…'); a form's field, encoded once more; and "name": "DB_PASSWORD",
    # "value": "…", as containers' environments and XML settings have it.
    Detector(
        SECRET,
        re.compile(
            rf"(?i:{_STRONG}|{_PLURAL}|{_WEAK})(?:"
            r"[\"']\s{0,3},\s{0,3}[bru]{0,2}[\"'](?P<argument>[^\"'\r\n]{1,2000})[\"']"
            r"|%3[Dd](?P<encoded>[^\s%&\"'<>]{1,2000})"
            r"|\\?[\"']?[\s,]{0,40}\\?[\"']?(?i:value)\\?[\"']?\s{0,5}[:=]\s{0,5}"
            rf"(?!{PLACEHOLDER.pattern})(?:\\?[\"'](?P<quoted>[^\"'\\\r\n]{{1,2000}})"
            r"|(?P<bare>[^\s\"',;&<)}\]\\]{1,2000})))"
        ),
    ),
    # SQL; redis.conf; .netrc.
    Detector(
        SECRET,
        re.compile(
            r"(?i:identified\s{1,3}by|with\s{1,3}(?:encrypted\s{1,3})?password)\s{1,3}"
            r"(?:'(?P<single>[^'\r\n]{1,400})|\"(?P<double>[^\"\r\n]{1,400}))"
        ),
    ),
    Detector(
        SECRET,
        re.compile(
            r"(?i:password)\s{1,3}(?:'(?P<single>[^'\r\n]{1,400})|\"(?P<double>[^\"\r\n]{1,400}))"
        ),
        _not_a_plain_word,
    ),
    Detector(
        SECRET,
        re.compile(
            r"(?<![\w-])(?i:requirepass|masterauth|login\s{1,3}\S{1,100}\s{1,3}password)"
            rf"\s{{1,3}}(?!{PLACEHOLDER.pattern})(?P<value>[^\s\"']{{1,400}})"
        ),
    ),
    # .pgpass: host:port:database:user:password
    Detector(
        SECRET,
        re.compile(
            r"(?<![\w.*-])[\w.*-]{1,253}:[1-9]\d{3,4}:[^\s:]{1,100}:[^\s:]{1,100}:"
            r"(?P<value>[^\s:\"',]{4,200})(?![\w:])"
        ),
        _not_a_plain_word,
    ),
    Detector(SECRET, _assigned(_STRONG)),
    Detector(SECRET, _assigned(_WEAK), _not_a_plain_word),
    Detector(SECRET, _assigned(_PLURAL), _no_quantity),
    Detector(SECRET, _assigned(_SHORT), _like_a_password),
    Detector(
        SECRET,
        re.compile(
            r"(?i:--(?:password|passwd|pass|token|secret|api-key|secret-key))\s{1,5}"
            rf"(?!{PLACEHOLDER.pattern})(?P<value>[^\s\"'-][^\s\"']{{0,400}})"
        ),
    ),
    # curl -u user:password, mysql -ppassword
    Detector(
        SECRET,
        re.compile(
            r"(?<!\S)(?:-u|--user)[\s=]{1,3}[\"']?[^\s:\"']{1,100}:(?P<curl>[^\s\"']{1,400})"
            r"|(?i:mysql|mariadb)\w{0,20}\s[^\r\n|;]{0,200}?(?<=\s)-p(?P<mysql>[^\s\"'-][^\s\"']{3,200})"
        ),
    ),
    # What other programs are given as an option: sshpass -p …, redis-cli -a …, smbclient -U u%…
    Detector(
        SECRET,
        re.compile(
            r"(?<![\w-])(?:sshpass\s{1,3}-p\s{0,3}(?P<ssh>[^\s\"'-][^\s\"']{0,400})"
            rf"|(?:docker|podman|helm\sregistry)\slogin\s{_OPTIONS}(?<=\s)-p[\s=]{_GIVEN.format('login')}"
            rf"|redis-cli\s{_OPTIONS}(?<=\s)-a\s{{1,3}}{_GIVEN.format('redis')}"
            rf"|ldap\w{{3,10}}\s{_OPTIONS}(?<=\s)-w\s{{1,3}}{_GIVEN.format('ldap')}"
            rf"|snmp\w{{3,10}}\s{_OPTIONS}(?<=\s)-c\s{{1,3}}{_GIVEN.format('snmp')}"
            rf"|(?:smb|rpc)client\s{_OPTIONS}(?<=\s)-U\s{{0,3}}[\"']?[^\s%\"']{{1,100}}%{_GIVEN.format('smb')}"
            rf"|net\suse\s{_OPTIONS}/user:\S{{1,100}}\s{{1,3}}{_GIVEN.format('share')})"
        ),
    ),
    Detector(
        SECRET,
        re.compile(
            r"(?i:password|passphrase|passwort)(?:\s{1,3}(?i:for|of|für|von)\s{1,3}\S{1,100})?"
            r"\s{1,3}(?i:is|was|ist|war)\s{1,3}[\"'`]?"
            rf"(?!{PLACEHOLDER.pattern})(?P<value>[^\s\"'`]{{4,200}})"
        ),
        _not_a_plain_word,
    ),
    Detector(SECRET, re.compile(rf"[?&](?i:{_QUERY})=(?P<value>[^\s&\"'<>#\[]{{4,2000}})")),
    # Keys without a prefix.
    Detector(
        SECRET, re.compile(r"(?<![A-Za-z0-9/+_-])[A-Za-z0-9/+_-]{20,}+={0,2}"), _random_looking
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
    rf"(?i:{_STRONG}|{_PLURAL}|{_WEAK}|{_SHORT}|authorization|cookie|x-auth-token)[^A-Za-z0-9]{{0,3}}$"
)

#: Addresses that only mean something inside: RFC 1918, 6598, 4193 and link-local ones.
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_PRIVATE_IP = re.compile(
    rf"(?<![\w.])(?:(?:10|127)\.{_OCTET}|172\.(?:1[6-9]|2\d|3[01])|192\.168|169\.254"
    rf"|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.{_OCTET}\.{_OCTET}(?![\w]|\.\d)"
    r"|(?<![\w.-])ip(?P<dashed>-(?:10-\d{1,3}|172-\d{1,3}|192-168)-\d{1,3}-\d{1,3})(?!\d)"
    r"|(?<![\w:])(?:f[cd][0-9a-f]{2}|fe[89ab][0-9a-f])(?::[0-9a-f]{0,4}){2,7}(?![\w:])",
    re.IGNORECASE,
)
#: An AWS account in an ARN, a registry's or queue's address, or after its name; an Azure one.
_ACCOUNT_ID = re.compile(
    r"(?<=:)(?P<arn>\d{12})(?=:)|(?<![\w.-])(?P<host>\d{12})(?=\.dkr\.ecr\.)"
    r"|(?<=/)(?P<path>\d{12})(?=/)"
    r"|(?i:(?:account|acct|owner)(?:[ _-]?id)?)\\?[\"']?\s{0,3}[:=]?\s{0,3}\\?[\"']?"
    r"(?P<named>\d{12})(?!\d)"
    r"|(?i:subscriptions?|tenants?)[/ :=]{1,3}"
    r"(?P<azure>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
#: Masked only where the operator says so (``redaction.Rules``); put back on the card.
PRIVATE: tuple[Detector, ...] = (
    Detector("ip", _PRIVATE_IP),
    Detector("account", _ACCOUNT_ID),
)
