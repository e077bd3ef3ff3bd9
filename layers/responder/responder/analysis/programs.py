"""Which programs of an answer only read: a table, with what each program's arguments may be.

``shell`` asks of each program of a command. A program that is not in the table does not read, nor
does one with an option that its rule does not know.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Final

#: Whether a program only reads, given these arguments.
Rule = Callable[[Sequence[str]], bool]

#: Programs that talk to the host that they are given.
NETWORK: Final = frozenset(
    ("curl", "dig", "nslookup", "host", "ping", "traceroute", "mtr", "nc", "openssl", "psql",
     "mysql", "redis-cli")
)  # fmt: skip


def reads(program: str, arguments: Sequence[str]) -> bool:
    """Whether the program is known, and known to only read with these arguments."""
    rule = _PROGRAMS.get(program)
    return rule is not None and rule(arguments)


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
    """Operations that read, none that hands out a credential, and none that saves a file."""
    plain = _after_options(arguments)
    if len(plain) < 2 or not _without("--endpoint", "--cli-", "--with-decryption")(arguments):
        return False
    service, operation = plain[:2]
    if operation in _AWS_CREDENTIALS or _AWS_NAMES_OF_CREDENTIALS.search(operation):
        return False
    if (service, operation) in {("s3", "ls"), ("logs", "tail")}:
        return len(plain) <= 3
    asks = service == "dynamodb" and operation in {"query", "scan"}
    reads = ("describe-", "list-", "get-", "lookup-", "filter-", "batch-get-")
    may_read = asks or operation.startswith(reads)
    return may_read and operation not in _AWS_FILES and not _names_a_file(arguments, plain)


def _names_a_file(arguments: Sequence[str], plain: Sequence[str]) -> bool:
    """Whether a word is no option's value: that is the file into which the answer goes."""
    if len(plain) > 2:
        return True
    option, words = "", 0
    for word in arguments:
        if word.startswith("--"):
            option, words = word, 0
            continue
        words += 1
        takes_none = option.startswith(("--no-", "--deb"))
        if option and words > (0 if takes_none else _AWS_MANY.get(option, 1)):
            # The service and its operation may follow the options of all commands.
            if option in _VALUED and word in plain:
                continue
            return True
    return False


#: Options that take several words.
_AWS_MANY: Final = dict.fromkeys(
    ("--instance-ids", "--filters", "--filter", "--dimensions", "--names", "--metric-names",
     "--alarm-names", "--stack-names", "--services", "--clusters", "--tasks", "--include",
     "--load-balancer-arns", "--target-group-arns", "--statistics",
     "--attribute-names", "--group-ids", "--subnet-ids", "--vpc-ids", "--volume-ids",
     "--log-stream-names", "--extended-statistics", "--load-balancer-names"),
    50,
)  # fmt: skip
#: https://docs.aws.amazon.com/cli/latest/reference: what is read goes into a file that is named.
_AWS_FILES: Final = frozenset(
    ("get-object", "get-object-torrent", "get-export", "get-sdk", "get-job-output",
     "get-thing-shadow", "get-media", "get-media-for-fragment-list", "get-clip",
     "get-snapshot-block", "get-package-version-asset", "get-content", "get-tile")
)  # fmt: skip
_AWS_NAMES_OF_CREDENTIALS = re.compile(
    r"password|credential|login|token|api-?key|private-key|data-access"
)
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
    """A program in its own words; of the options only the separator, as others write files."""
    options = (word for word in arguments if word.startswith("-"))
    harmless = all(word.startswith("-F") for word in options)
    return harmless and not any(
        re.search(r"system|getline|ENVIRON|[|>@]|-[fvi]", word) for word in arguments
    )


def _sed(arguments: Sequence[str]) -> bool:
    prints = arguments[:1] == ["-n"] and re.fullmatch(r"[\d,$]+p", "".join(arguments[1:2]))
    return bool(prints) and not any(word.startswith("-") for word in arguments[2:])


def _curl(arguments: Sequence[str]) -> bool:
    """Asks and shows; sends and saves nothing."""
    if any("%output" in word for word in arguments):
        # What "-w" writes, it can write into a file: https://curl.se/docs/manpage.html#-w
        return False
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
        ("df", "du", "free", "uptime", "netstat", "vmstat", "iostat", "mpstat",
         "last", "who", "w", "id", "nproc", "stat", "ls", "cat", "head", "tail", "wc", "cut",
         "grep", "egrep", "fgrep", "zgrep", "zcat", "tr", "nl", "lsblk", "findmnt", "lscpu",
         "uname", "pgrep", "lsmod", "numastat", "nslookup", "host"),
        _any,
    ),
    # "D" writes what it found into a file, of lsof a cache.
    "ss": lambda arguments: not any(re.match(r"-\w*[KD]|--[kd]", word) for word in arguments),
    "lsof": lambda arguments: not any(re.match(r"-\w*D", word) for word in arguments),
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
                           "-engine", "-provider", "-psk", "-msgfile", "-keylog", "-status_f")),
    "ip": _first("addr show", "link show", "route show", "route get", "neigh show"),
    "systemctl": _first("status", "show", "cat", "is-active", "is-failed", "is-enabled",
                        "list-units", "list-timers", "list-jobs", "list-dependencies",
                        but=("-H", "--host", "-M")),
    "journalctl": _without("--rotate", "--vacuum", "--flush", "--sync", "--setup", "--update",
                           "-D", "--cursor-file"),
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
                        but=("-a", "--eval", "-u", "--pass", "--rdb", "--pipe", "--func")),
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
