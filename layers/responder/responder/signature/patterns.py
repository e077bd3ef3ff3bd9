"""The tables of signature version 1: which labels and words name a problem, and which vary.

Never edited once version 1 is in production: a better table is a new version beside this one.
"""

import re

# --- Labels -----------------------------------------------------------------------------------

# Where a problem is; the incident's key holds it, so that one analysis can serve many places.
SCOPE_LABELS = frozenset(
    {"account", "accountid", "awsaccount", "awsaccountid", "subscriptionid", "projectid",
     "region", "awsregion", "cloudregion", "location", "cluster", "clustername", "k8scluster",
     "k8sclustername", "kubernetescluster", "kubeclustername", "environment", "env", "stage",
     "deploymentenvironment", "availabilityzone", "zone", "datacenter", "dc"}
)  # fmt: skip

# How bad it is or who cares; the same problem at another threshold stays the same problem.
SEVERITY_LABELS = frozenset({"severity", "priority", "level", "urgency", "team", "owner",
                             "prometheus", "receiver", "alertname", "value"})  # fmt: skip

# Which one of many: copies of a problem differ in these.
VOLATILE_LABELS = frozenset(
    {"instance", "exportedinstance", "instancename", "node", "nodename", "host", "hostname",
     "server", "device", "disk", "volume", "mountpoint", "interface", "nic", "ifdescr", "ifname",
     "cpu", "core", "gpu", "ip", "address", "peer", "port", "target", "replica", "shard",
     "partition", "worker", "executor", "exporter", "exportedendpoint", "relname", "version",
     "revision", "release", "build", "commit", "sha", "image", "user", "username", "session",
     "publickey", "persistentvolume", "uid", "uuid", "guid", "id", "task"}
)  # fmt: skip
# Labels that are a cause: their whole value counts, digits included.
CODE_LABELS = frozenset(
    {"code", "statuscode", "status", "httpcode", "httpstatus", "httpstatuscode", "responsecode",
     "httpresponsecode", "exitcode", "errorcode", "returncode", "reasoncode", "errno", "grpccode",
     "grpcstatus", "grpcstatuscode", "resultcode"}
)  # fmt: skip
# Ids that people gave: what has no digit in it is a name.
NAMED_IDS = frozenset({"dagid", "groupid", "consumergroupid", "topicid", "queueid", "ruleid",
                       "checkid", "monitorid", "templateid", "pipelineid"})  # fmt: skip
# Last words of label names that hold identifiers ("request_id", "TraceId", "pod_ip").
VOLATILE_LAST_WORDS = frozenset({"id", "ids", "uid", "uuid", "ip", "version", "hash", "digest",
                                 "time", "timestamp"})  # fmt: skip
NAME_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")

# A pod's name ends in what its owner appends: a template hash or a job's time, then five
# characters of the alphabet that Kubernetes draws from (no vowels, no 0, 1, 3); or an ordinal.
POD_LABELS = frozenset({"pod", "podname", "kubernetespodname", "exportedpod"})
POD_SUFFIX = re.compile(
    r"(?:-(?:[bcdfghjklmnpqrstvwxz2456789]{6,10}|\d{6,10}))?-[bcdfghjklmnpqrstvwxz2456789]{5}$"
    r"|-\d{1,4}$"
)

# Sources whose rule names the problem and whose message only tells the state of this moment.
RULE_SAYS_ALL = frozenset({"cloudwatch", "responder"})

# --- Text -------------------------------------------------------------------------------------

# Double quotes, and single ones that are no apostrophe; bounded, so that time stays linear.
QUOTED = re.compile(r"\"([^\"\n]{0,300})\"|(?<!\w)'([^'\n]{0,300})'(?!\w)")
# Quoted words that are names in code (column, key, class), not a person's or a customer's data.
IDENTIFIER = re.compile(r"[A-Za-z]*_[A-Za-z_]+|[A-Za-z]+[a-z][A-Z][A-Za-z]*|[A-Z]{2,}")
HTTP_METHOD = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\b")
# Three words in a row between quotes are a message, not a value, whatever stands around them.
SENTENCE = re.compile(r"(?<![^ (])[A-Za-z']{2,}[,.:;]?(?: [A-Za-z'()-]{2,}[,.:;]?){2}(?![^ )])")
# What stands before a quoted value in JSON: its field.
JSON_FIELD = re.compile(r"[\"'](\w+)[\"']\s*:\s*\Z")
# What stands before a quoted name that is part of the code or the schema, not data.
SCHEMA_WORD = re.compile(
    r"\b(?:column|relation|table|constraint|key|keyerror|attribute|field|module|named|index|type"
    r"|function|parameter|argument|configmap|secret|property|reading|method):?[ (]{1,2}\Z",
    re.IGNORECASE,
)
SCHEMA_NAME = re.compile(r"[A-Za-z_]{1,64}(?:\.[A-Za-z_]{1,64}){0,4}")
#: How far before a quoted text its field or the kind of its name is looked for.
BEFORE_QUOTE_CHARS = 24
# Fields whose value is the cause itself: reason=OOMKilled, err="connection refused".
CAUSE_FIELDS = frozenset({"msg", "message", "error", "err", "reason", "cause", "exception",
                          "desc", "description", "detail", "code", "error_code", "errorcode",
                          "error_type", "errortype", "exception_type"})  # fmt: skip

# Punctuation around a word, which is none of it.
EDGES = "()[]{}<>,;:.=\"'`"
DIGIT = re.compile(r"\d")
WORD = re.compile(r"-?\w+")
# A word of one unit; hyphens, dots and underscores hold a unit together.
ONE_UNIT = re.compile(r"[\w.$-]+")
BREAK = re.compile(r"[^\w.$-]+")
# "address space.........0": a leader separates as a space does.
LEADER = re.compile(r"\.{2,}")
# host.example.net, svc.cluster.local, but not java.lang.Error: lower case and a network's ending.
HOST = re.compile(
    r"(?:[a-z0-9_-]{1,63}\.){1,8}"
    r"(?:com|net|org|io|dev|app|cloud|edu|gov|info|biz|local|internal|localdomain|lan|svc|test"
    r"|example|de|uk|fr|eu|cn|hk|tw|jp|kr|sg|ru|us|nl|it|es|ch|at|se|dk|fi|be|pl|cz|pt|gr|ie|tr|in"
    r"|il|za|mx|br|ar|au|nz|ca)"
)
# db.internal.lan:5432, but not handler.go:42 or CartService.java:311.
HOST_AND_PORT = re.compile(
    r"(?:[a-z0-9_-]{1,63}\.){1,8}"
    r"(?!go:|py:|js:|rb:|rs:|ts:|cs:|sh:|cc:|kt:|pl:|c:|h:|cpp:|hpp:|java:|scala:|php:|jsx:|tsx:)"
    r"[a-z]{2,10}:\d{2,5}"
)
EMAIL = re.compile(r"[\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
# Hexadecimals without a digit: "Type@fdecab", deadbeef.
OBJECT_HASH = re.compile(r"@[0-9a-f]{5,16}\b")
HEXADECIMAL = re.compile(r"[a-f]{8,64}|[A-F]{8,64}")
# The name of a pod whose suffixes happen to hold no digit: api-bvqzzrfhfk-bsqvq.
POD_NAME = re.compile(
    r"(?:[a-z0-9-]{1,63}?-)?[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}"
)
# Dates in words, and zones of time.
DATE_WORDS = frozenset(
    {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
     "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
     "UTC", "GMT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "CET", "CEST", "BST",
     "IST", "JST"}
)  # fmt: skip
TRUTH = frozenset({"true", "false", "True", "False", "TRUE", "FALSE"})
# A constant, although all of it is punctuation: "connection from 10.0.0.1 () at".
EMPTY_PARENTHESES = "()"
# Beside a name they are values: "rack:null"; alone they are causes: "nil pointer".
NOTHING = frozenset({"null", "nil", "none", "None", "NULL", "undefined"}) | TRUTH
# Numbers that are none: a rule that divides by zero renders them into its text.
NOT_FINITE = frozenset({"NaN", "nan", "NaNs", "Inf", "inf", "Infs"})

# Names in code keep their meaning beside a number: CamelCase, dotted, with underscores.
NAME = re.compile(r"[A-Za-z]+[a-z][A-Z]\w*|\w+[._][\w.]*")

# Codes that are a cause, told by the word before them: "status 503", "exit code 137".
CODE_WORDS = frozenset({"status", "code", "exit", "errno", "sqlstate", "signal", "http",
                        "statuscode", "errorcode", "exitcode", "returncode",
                        "responsecode"})  # fmt: skip
CODE = re.compile(r"[1-9]\d{0,4}|[0-9A-Z]{5}")
# "5xx", "ELB-4XX": what servers do wrong and what clients do are two problems. Any digit, as texts
# are remembered by their shape, in which all digits are alike.
CODE_CLASS = re.compile(r"(?:.*[\W_])?(\dxx)", re.IGNORECASE)
# "(IntegrityError) (1062, …": the number behind an error's name is the vendor's, too.
CLASS_ENDINGS = ("xx", "XX")
ERROR_ENDINGS = ("Error", "Exception")
ERROR_NAME = re.compile(r"[\w.]*(?:Error|Exception)")
# ORA-00060, SQL-1205: a vendor's number of an error.
VENDOR_CODE = re.compile(r"(?:ORA|TNS|SQL|DB|PLS|PGSQL|MSSQL|SQLSTATE)-?\d{3,6}")
# Only a text that tells of a fault has codes that are causes.
FAULTS = ("error", "fail", "exit", "exception", "refused", "denied", "fatal", "panic",
          "killed", "terminated", "crash", "abort", "invalid", "errno")  # fmt: skip
TIMED_OUT = re.compile(r"timed?.?out")

# A unit behind a number belongs to the value: one copy says "93.0 B", the next "5.2 KB", and where
# one waits "<1 sec", another waits "00:07".
SIZES = frozenset(
    {"b", "kb", "mb", "gb", "tb", "pb", "kib", "mib", "gib", "tib", "byte", "bytes", "bit", "bits",
     "kbit", "mbit", "gbit"}
)  # fmt: skip
SIZE = "bytes"
TIMES = frozenset(
    {"ns", "us", "µs", "ms", "s", "sec", "secs", "second", "seconds", "min", "mins", "minute",
     "minutes", "h", "hr", "hrs", "hour", "hours", "d", "day", "days", "week", "weeks", "am", "pm"}
)  # fmt: skip
# What follows these is somebody's data ("user anna", "column echo"), where the word behind it shows
# that it stands for one, and it is not itself a state of the user.
NAMING_WORDS = frozenset({"user", "column", "tenant", "customer", "login", "account", "username"})
NAME_OF_A_USER = re.compile(r"[A-Za-z][\w-]{0,63}")
AFTER_A_NAME = frozenset(
    {"from", "by", "of", "in", "at", "on", "with", "expected", "violates", "exceeded", "logged"}
)  # fmt: skip
# At the end of a text only these make a name of the word after a naming word: "refused for user x".
BEFORE_A_NAMING_WORD = frozenset({"for", "by", "of", "as", "to", "from"})
STATES = frozenset(
    {"unknown", "locked", "disabled", "expired", "denied", "blocked", "missing", "invalid",
     "inactive", "suspended", "deleted", "not", "is", "was", "has", "from", "by", "of", "in", "at",
     "on", "with", "does", "cannot", "already", "and", "or", "for", "to", "the", "a", "an"}
)  # fmt: skip
# "Killed process 83 (quebec)": the name in parentheses says which one it was.
PROCESS_WORDS = frozenset({"process", "pid", "thread", "task", "program"})
IN_PARENTHESES = re.compile(r"\(([a-z][\w-]{0,63})\)[.,:;]?")
PROCESS_STATES = frozenset({"hung", "killed", "dead", "defunct", "stopped", "running", "sleeping",
                            "blocked", "zombie", "crashed", "exited"})  # fmt: skip

# An identifier inside a rule's name: UUIDs, instance ids, long numbers and long hexadecimals.
RULE_IDENTIFIER = re.compile(
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|\b[a-z]{1,4}-[0-9a-f]{8,17}\b"
    r"|\b(?=[a-f]{0,16}\d)[0-9a-f]{12,64}\b|\d{1,3}(?:\.\d{1,3}){3}|\d{6,}"
)
