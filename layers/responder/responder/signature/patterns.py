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
# Endings of label names that hold identifiers ("request_id", "TraceId", "pod_ip").
VOLATILE_ENDINGS = ("id", "ids", "uid", "uuid", "ip", "version", "hash", "digest", "time",
                    "timestamp")  # fmt: skip

# A pod's name ends in what its owner appends: a template hash or a job's time, then five
# characters of the alphabet that Kubernetes draws from (no vowels, no 0, 1, 3); or an ordinal.
POD_LABELS = frozenset({"pod", "podname", "kubernetespodname", "exportedpod"})
POD_SUFFIX = re.compile(
    r"(?:-(?:[bcdfghjklmnpqrstvwxz2456789]{6,10}|\d{6,10}))?-[bcdfghjklmnpqrstvwxz2456789]{5}$"
    r"|-\d{1,4}$"
)

# Sources whose rule names the problem and whose message only tells the state of this moment.
RULE_SAYS_ALL = frozenset({"cloudwatch"})

# --- Text -------------------------------------------------------------------------------------

# Double quotes, and single ones that are no apostrophe; bounded, so that time stays linear.
QUOTED = re.compile(r"\"([^\"\n]{0,300})\"|(?<!\w)'([^'\n]{0,300})'(?!\w)")
# Quoted words that are names in code (column, key, class), not a person's or a customer's data.
IDENTIFIER = re.compile(r"[A-Za-z]*_[A-Za-z_]+|[A-Za-z]+[a-z][A-Z][A-Za-z]*|[A-Z]{2,}")
HTTP_METHOD = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\b")
# Three or more words without digits between quotes are a message, not a value.
SENTENCE = re.compile(r"[A-Za-z,.:;']+(?: [A-Za-z,.:;'()-]+){2,}")

DIGIT = re.compile(r"\d")
DIGITS = re.compile(r"\d+")
# What separates units inside a word; hyphens, dots and underscores hold a unit together.
BREAK = re.compile(r"[^\w.$-]+")
# host.example.net, svc.cluster.local, but not java.lang.Error: lower case and a network's ending.
HOST = re.compile(
    r"(?:[a-z0-9_-]{1,63}\.){1,8}"
    r"(?:com|net|org|io|dev|app|cloud|edu|gov|info|biz|local|internal|localdomain|lan|svc|test"
    r"|example|de|uk|fr|eu|cn|jp|ru|us|nl|it|es|ch|at|se|pl|in|br|au|ca)"
)

# Names in code keep their meaning beside a number: CamelCase, dotted, with underscores.
NAME = re.compile(r"[A-Za-z]+[a-z][A-Z]\w*|\w+[._][\w.]*")

# Codes that are a cause, told by the word before them: "status 503", "exit code 137".
CODE_WORDS = frozenset({"status", "code", "exit", "errno", "sqlstate", "signal", "http"})
CODE = re.compile(r"[1-9]\d{0,4}|[0-9A-Z]{5}")
# "(IntegrityError) (1062, …": the number behind an error's name is the vendor's, too.
ERROR_NAME = re.compile(r"[\w.]*(?:Error|Exception)")
# ORA-00060, SQL-1205: a vendor's number of an error.
VENDOR_CODE = re.compile(r"(?:ORA|TNS|SQL|DB|PLS|PGSQL|MSSQL|SQLSTATE)-?\d{3,6}")
# Only a text that tells of a fault has codes that are causes.
FAULT = re.compile(
    r"error|fail|exception|fatal|denied|refused|abort|crash|panic|killed|invalid|timed?.?out"
    r"|exited|terminated",
    re.IGNORECASE,
)

# An identifier inside a rule's name: UUIDs, instance ids, long numbers and long hexadecimals.
RULE_IDENTIFIER = re.compile(
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|\b[a-z]{1,4}-[0-9a-f]{8,17}\b"
    r"|\b(?=[a-f]{0,16}\d)[0-9a-f]{12,64}\b|\d{1,3}(?:\.\d{1,3}){3}|\d{6,}"
)
