"""Which commands of an answer may be shown: those that only read, with names from the incident.

``reading`` asks of each command that a check offers, and has harmful ones struck from plain text.
A table of programs says what is known to read; whatever it does not know is not shown. That a
person, not this program, runs a command is no reason to print one that an alert's author chose.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Final

from responder.analysis.text import LINK_REMOVED, names_in, strike_links

COMMAND_REMOVED: Final = "[command removed]"

FOREIGN: Final = f"it used an address that is not in the alert, {LINK_REMOVED}"
_NOT_PLAIN: Final = "it is more than one plain command"
_NOT_KNOWN: Final = "it is not known to be read-only"
_SECRETS: Final = "it shows credentials"

Rule = Callable[[Sequence[str]], bool]


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
        rule = _PROGRAMS.get(program)
        if rule is None or not rule(arguments):
            return _NOT_KNOWN
        if any(_CREDENTIALS.search(word) for word in arguments):
            return _SECRETS
        if program in _NETWORK and _has_foreign_name(arguments, known):
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


#: Programs that talk to the host that they are given.
_NETWORK: Final = frozenset(
    ("curl", "dig", "nslookup", "host", "ping", "traceroute", "mtr", "nc", "openssl", "psql",
     "mysql", "redis-cli")
)  # fmt: skip
#: Files and variables that hold credentials, also where a program would only print them.
_CREDENTIALS = re.compile(
    r"\.(?:aws|ssh|kube|docker|gnupg|pgpass|netrc|env|npmrc|pypirc)\b|/etc/(?:shadow|gshadow|sudoers)"
    r"|id_(?:rsa|dsa|ecdsa|ed25519)|/environ\b|\.\w{0,20}_history\b|\.config/gcloud"
    r"|\b(?:pg_shadow|pg_authid|pg_user_mappings?|rolpassword|authentication_string)\b|/var/run/secrets|/run/secrets|\.(?:pem|key|pfx|p12)\b",
    re.IGNORECASE,
)


def _any(arguments: Sequence[str]) -> bool:
    return True


def _without(*forbidden: str) -> Rule:
    """No argument begins with any of these, or is a long option shortened, as GNU allows."""

    def is_forbidden(word: str) -> bool:
        name = word.partition("=")[0]
        short = name.startswith("--") and len(name) > 2
        return word.startswith(forbidden) or (short and any(f.startswith(name) for f in forbidden))

    return lambda arguments: not any(map(is_forbidden, arguments))


def _first(*allowed: str, but: tuple[str, ...] = ()) -> Rule:
    """The first words that are no options are one of these; options that steer it elsewhere no."""
    wanted = [tuple(one.split()) for one in allowed]

    def rule(arguments: Sequence[str]) -> bool:
        plain = _after_options(arguments)
        starts = any(tuple(plain[: len(one)]) == one for one in wanted)
        return starts and _without(*but)(arguments)

    return rule


@dataclass(frozen=True)
class _Options:
    """Programs whose options decide: each one must be known; ``valued`` ones take the next word."""

    flags: str
    valued: frozenset[str] = frozenset()
    most: int = 1

    def __call__(self, arguments: Sequence[str]) -> bool:
        words = iter(arguments)
        others = 0
        for word in words:
            if word in self.valued:
                if next(words, "").startswith("@"):
                    return False
            elif word.startswith("-"):
                if word.startswith("--") or set(word[1:]) - set(self.flags):
                    return False
            else:
                others += 1
        return others <= self.most


def _kubectl(arguments: Sequence[str]) -> bool:
    """Reads, on the cluster that is configured; a secret's contents are not for the screen."""
    plain = _after_options(arguments)
    reads = plain[:1] and (
        plain[0] in {"get", "describe", "logs", "top", "events", "explain", "version"}
        or plain[:2] in (["rollout", "history"], ["rollout", "status"], ["auth", "can-i"])
    )
    secret = any(
        re.search(r"(?:^|,)secrets?(?:/|,|\.|$)", word, re.IGNORECASE) for word in arguments
    )
    printed = any(word.startswith(("-o", "--output", "--template")) for word in arguments)
    elsewhere = ("--server", "-s", "--kubeconfig", "--token", "--as", "--raw", "--insecure")
    return bool(reads) and not (secret and printed) and _without(*elsewhere)(arguments)


#: Options before the words that matter, which take the next word.
_VALUED: Final = frozenset(
    ("-n", "--namespace", "--context", "-h", "-p", "--region", "--profile", "--output")
)


#: Options before them that take no word and change nothing.
_HARMLESS: Final = frozenset({"--no-pager", "-l", "--full"})


def _after_options(arguments: Sequence[str]) -> list[str]:
    """The first words that are no options; none behind an option that may take a word of them."""
    words = iter(arguments)
    plain: list[str] = []
    for word in words:
        if not word.startswith("-"):
            plain.append(word)
        elif plain:
            break
        elif word in _VALUED:
            next(words, None)
        elif word not in _HARMLESS and word.partition("=")[0] not in _VALUED:
            break
    return plain


def _aws(arguments: Sequence[str]) -> bool:
    """Operations that read, and none that hands out a credential."""
    plain = _after_options(arguments)
    if len(plain) < 2 or not _without("--endpoint", "--cli-", "--with-decryption")(arguments):
        return False
    service, operation = plain[:2]
    if operation in _AWS_CREDENTIALS or (service, operation) == ("ecr", "get-login"):
        return False
    known = {("s3", "ls"), ("logs", "tail"), ("dynamodb", "query"), ("dynamodb", "scan")}
    reads = ("describe-", "list-", "get-", "lookup-", "filter-", "batch-get-")
    return (service, operation) in known or operation.startswith(reads)


#: https://docs.aws.amazon.com/cli/latest/reference: "get" that gives out a secret or a session.
_AWS_CREDENTIALS: Final = frozenset(
    ("get-secret-value", "batch-get-secret-value", "get-session-token", "get-federation-token",
     "get-authorization-token", "get-login-password", "get-password-data", "get-role-credentials",
     "get-credentials-for-identity", "get-cluster-credentials", "get-open-id-token", "get-data-key",
     "get-instance-access-details", "get-api-key", "get-api-keys", "get-token",
     "describe-user-pool-client")
)  # fmt: skip


def _sql(arguments: Sequence[str]) -> bool:
    """One statement that asks, of functions that are known to have no effects."""
    asked = [
        value
        for option, value in pairwise(arguments)
        if option in {"-c", "-e", "-tc", "-Atc", "-xc", "--command", "--execute"}
    ]
    options = [word for word in arguments if word.startswith("-")]
    known = all(one in _SQL_OPTIONS or one.startswith("--host=") for one in options)
    return len(asked) == 1 and known and _asks(asked[0].rstrip("; "))


_SQL_OPTIONS: Final = frozenset(
    ("-h", "-U", "-d", "-D", "-p", "-P", "-u", "-t", "-A", "-x", "-X", "-q", "-N", "-B", "-c", "-e",
     "-tc", "-Atc", "-xc", "--command", "--execute", "--host")
)  # fmt: skip


def _asks(statement: str) -> bool:
    called = {name.lower() for name in re.findall(r"(\w+)\s*\(", statement)}
    begins = re.match(r"\s*(?:select|show|explain)\b", statement, re.IGNORECASE)
    return begins is not None and called <= _SQL_PURE and not _SQL_EFFECTS.search(statement)


_SQL_PURE: Final = frozenset(
    ("count", "sum", "min", "max", "avg", "now", "age", "extract", "date_trunc", "coalesce",
     "round", "left", "length", "lower", "upper", "cast", "in", "any", "all", "and", "or", "not",
     "where", "from", "as", "on", "over", "filter", "exists", "array_agg", "string_agg", "to_char",
     "pg_size_pretty", "pg_database_size", "pg_total_relation_size", "pg_relation_size",
     "pg_blocking_pids", "pg_is_in_recovery", "pg_last_xact_replay_timestamp",
     "pg_last_wal_receive_lsn", "pg_last_wal_replay_lsn", "pg_current_wal_lsn", "pg_wal_lsn_diff",
     "current_database", "current_setting", "timestampdiff", "if", "ifnull", "concat")
)  # fmt: skip
_SQL_EFFECTS = re.compile(
    r"[;\\]|\b(?:insert|update|delete|drop|alter|create|truncate|grant|revoke|copy|into|call|do"
    r"|execute|vacuum|analyze|lock|set)\b",
    re.IGNORECASE,
)


def _find(arguments: Sequence[str]) -> bool:
    return _without("-delete", "-exec", "-ok", "-fprint", "-fls")(arguments)


def _awk(arguments: Sequence[str]) -> bool:
    return not any(re.search(r"system|getline|ENVIRON|[|>@]|-[fvi]", word) for word in arguments)


def _sed(arguments: Sequence[str]) -> bool:
    prints = arguments[:1] == ["-n"] and re.fullmatch(r"[\d,$]+p", "".join(arguments[1:2]))
    return bool(prints) and not any(word.startswith("-") for word in arguments[2:])


def _curl(arguments: Sequence[str]) -> bool:
    """Asks and shows; sends and saves nothing."""
    words = iter(word for word in arguments if word not in _CURL_LONG)
    kept = []
    for word in words:
        if re.fullmatch(r"-[sSkILfvi46]*o", word):
            if next(words, "") != "/dev/null":
                return False
        else:
            kept.append(word)
    return _CURL(kept)


_CURL = _Options("sSkILfvi46", frozenset({"-m", "-w", "--max-time", "--connect-timeout"}))
_CURL_LONG: Final = frozenset({"--silent", "--show-error", "--fail", "--head", "--location"})


def _cloud(*refused: str) -> Rule:
    """The command lines of other clouds: the verb reads, and no word changes or logs in."""

    def rule(arguments: Sequence[str]) -> bool:
        plain = list(takewhile(lambda word: not word.startswith("-"), arguments))
        reads = any(word in {"list", "describe", "show", "read", "tail", "view"} for word in plain)
        changes = any(_CHANGES.match(word) or word in refused for word in plain)
        return reads and not changes

    return rule


_CHANGES = re.compile(
    r"(?:create|delete|update|set|add|remove|start|stop|restart|reset|run|deploy|patch|apply|ssh"
    r"|exec|invoke|import|export|move|enable|disable|rotate|restore|purge|login|rest|print-.*"
    r"|get-access-token|secrets?|keys?|credential|credentials|keyvault|auth|merge|close|edit)$"
)
_CONTAINERS = _first("ps", "logs", "inspect", "stats", "events", "images", "info", "top", "version",
                     but=("-H", "--host"))  # fmt: skip

_PROGRAMS: Final[dict[str, Rule]] = {
    **dict.fromkeys(
        ("df", "du", "free", "uptime", "netstat", "lsof", "vmstat", "iostat", "mpstat",
         "last", "who", "w", "id", "nproc", "stat", "ls", "cat", "head", "tail", "wc", "cut",
         "grep", "egrep", "fgrep", "zgrep", "zcat", "tr", "nl", "lsblk", "findmnt", "lscpu",
         "uname", "pgrep", "lsmod", "numastat", "nslookup", "host"),
        _any,
    ),
    "ss": lambda arguments: not any(re.match(r"-\w*K|--kill", word) for word in arguments),
    # Without a dash "e" adds each process's environment.
    "ps": lambda arguments: not re.fullmatch(r"[a-z]*e[a-z]*", "".join(arguments[:1])),
    "getent": lambda arguments: not any("shadow" in word for word in arguments),
    "awk": _awk,
    "sed": _sed,
    "find": _find,
    "sort": _Options("bdfghMnruVszck0123456789,t:", frozenset({"-k", "-t"}), most=5),
    "uniq": _Options("cdiu", most=0),
    "jq": lambda arguments: (
        _without("-f", "--from-file", "-n", "--rawfile", "--slurpfile", "-L")(arguments)
        and not any(re.search(r"\$ENV|(?<![.\w])env\b", word) for word in arguments)
    ),
    "top": _Options("bcHS", frozenset({"-n", "-p", "-o", "-d"}), most=0),
    "date": lambda arguments: all(word in {"-u", "-R"} or word[:1] == "+" for word in arguments),
    "hostname": _Options("fIisd", most=0),
    "dmesg": _Options("THxkeu", frozenset({"-l"}), most=0),
    "dig": _without("-f", "-k", "-y"),
    "ping": _Options("46n", frozenset({"-c", "-W", "-w", "-i", "-M", "-s"})),
    "traceroute": _Options("46nTI", frozenset({"-p", "-m", "-w"})),
    "mtr": _Options("46nrwT", frozenset({"-c", "-P"})),
    "nc": lambda arguments: (
        any(word.startswith("-") and "z" in word for word in arguments)
        and _Options("zvnu46", frozenset({"-w"}), most=2)(arguments)
    ),
    "curl": _curl,
    "openssl": _first("s_client", "x509", "ciphers", "version",
                      but=("-out", "-signkey", "-key", "-cert", "-writerand", "-sess", "-CA",
                           "-engine", "-provider", "-psk")),
    "ip": _first("addr show", "link show", "route show", "route get", "neigh show"),
    "systemctl": _first("status", "show", "cat", "is-active", "is-failed", "is-enabled",
                        "list-units", "list-timers", "list-jobs", "list-dependencies",
                        but=("-H", "--host", "-M")),
    "journalctl": _without("--rotate", "--vacuum", "--flush", "--sync", "--setup", "--update",
                           "-D"),
    "resolvectl": _first("status", "query", "statistics"),
    "timedatectl": _first("status", "timesync-status", "show", "show-timesync", but=("-H",)),
    "chronyc": _first("tracking", "sources", "sourcestats", "activity", but=("-h",)),
    "ntpq": _Options("pn"),
    "crontab": lambda arguments: "-l" in arguments and _Options("lu", frozenset({"-u"}))(arguments),
    "conntrack": _Options("SCL", most=0),
    "iptables": _Options("LSnv", frozenset({"-t"}), most=1),
    "smartctl": _Options("aHAi"),
    "zpool": _first("status", "list"),
    "docker": _CONTAINERS,
    "podman": _CONTAINERS,
    "crictl": _CONTAINERS,
    "kubectl": _kubectl,
    "helm": _first("list", "history", "status", "get values", "get manifest", but=("--kube",)),
    "argocd": _first("app get", "app history", "app diff", "app list", "app logs",
                     but=("--server", "--auth")),
    "flux": _first("get", "logs", "events", but=("--kubeconfig", "--server", "--token")),
    "istioctl": _first("proxy-status", "analyze"),
    "aws": _aws,
    "gcloud": _cloud("config"),
    "az": _cloud("config"),
    "gh": _cloud("api", "gist"),
    "git": _first("log", "show", "diff", "status", "blame", but=("-c", "--output", "--ext",
                                                                       "--exec")),
    "psql": _sql,
    "mysql": _sql,
    "redis-cli": _first("info", "INFO", "ping", "dbsize", "slowlog get", "client list",
                        "memory stats", "memory doctor", "latency doctor", "ttl", "type", "llen",
                        "cluster info", "cluster nodes",
                        but=("-a", "--eval", "-u", "--pass", "--rdb", "--pipe")),
    "rabbitmqctl": _first("list_queues", "list_connections", "list_consumers", "list_channels",
                          "status", "cluster_status", "node_health_check"),
    "rabbitmq-diagnostics": _first("status", "ping", "check_running", "alarms", "memory_breakdown"),
    **dict.fromkeys(
        ("kafka-consumer-groups", "kafka-consumer-groups.sh", "kafka-topics", "kafka-topics.sh"),
        lambda arguments: (
            any(word in {"--describe", "--list"} for word in arguments)
            and _without("--delete", "--reset", "--execute", "--create", "--alter")(arguments)
        ),
    ),
    "etcdctl": _first("endpoint status", "endpoint health", "alarm list", "member list"),
    "certbot": _first("certificates"),
    "nginx": _Options("t", most=0),
    "consul": _first("members", "operator raft list-peers"),
    "vault": _first("status"),
    "nvidia-smi": _Options("qL", most=0),
}  # fmt: skip

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
