"""The well-known families of alerts: how each is recognised, and what a person looks at first.

``fallback`` uses it. Words are compared with the words of the alert, in the order of the table;
the first family with the most hits names the category.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Family:
    """A category, the words that point to it, and first questions for a person."""

    category: str
    words: str
    questions: tuple[str, ...]


#: More specific families first: they win where both have as many hits.
FAMILIES: Final = (
    Family(
        "certificate",
        "certificate cert certs tls ssl x509 acme letsencrypt",
        (
            "When does the certificate end, and which host serves it?",
            "Did its automatic renewal run, and what did it log?",
        ),
    ),
    Family(
        "disk",
        "disk diskpressure filesystem inode inodes volume pvc persistentvolume storage "
        "enospc freestoragespace nospace raid smart",
        (
            "Which directory grows, and how fast will it be full?",
            "Did log rotation, a clean-up job or a backup stop working?",
        ),
    ),
    Family(
        "memory",
        "memory mem oom oomkilled oomkill heap swap outofmemory memorypressure rss",
        (
            "Which process holds the memory, and does it grow steadily or in one step?",
            "Was it killed or restarted (exit code 137), and is its limit too low?",
        ),
    ),
    Family(
        "cpu",
        "cpu cpuutilization load loadavg steal cputhrottling saturation",
        (
            "Which process uses the processor, and since when?",
            "Did traffic rise by as much, or does the same traffic cost more?",
        ),
    ),
    Family(
        "database",
        "database db rds aurora postgres postgresql mysql mariadb mongo mongodb redis "
        "elasticache dynamodb sql replication replica deadlock deadlocks vacuum "
        "connections databaseconnections",
        (
            "Are connections, locks or long queries piling up?",
            "Is replication behind, or did a fail-over take place?",
        ),
    ),
    Family(
        "queue",
        "queue queues sqs kafka rabbitmq backlog lag consumer consumers deadletter dlq "
        "approximateageofoldestmessage approximatenumberofmessagesvisible kinesis "
        "iteratorage",
        (
            "Did producers speed up, or consumers slow down or stop?",
            "Does one message fail again and again and hold up the rest?",
        ),
    ),
    Family(
        "security",
        "security guardduty intrusion malware unauthorized unauthorised bruteforce "
        "brute cve vulnerability exfiltration phishing falco credential credentials "
        "accessdenied suspicious",
        (
            "Which identity and which address did it, and is that expected of them?",
            "Keep the evidence: note times and ids before anything is restarted or deleted.",
        ),
    ),
    Family(
        "deployment",
        "deployment deploy deploys rollout release argocd argo flux helm "
        "imagepullbackoff errimagepull replicasmismatch pipeline canary codedeploy",
        (
            "What was deployed or changed last, and did the trouble begin then?",
            "Do old and new versions run side by side, and does only one of them fail?",
        ),
    ),
    Family(
        "network",
        "network dns packet packets connectivity unreachable nxdomain servfail vpn nat "
        "interface bgp handshake route econnrefused econnreset",
        (
            "From where is it unreachable: everywhere, one zone, one node?",
            "Do names resolve, and did a route, firewall or security group change?",
        ),
    ),
    Family(
        "latency",
        "latency slow slowness duration p50 p90 p95 p99 timeout timeouts apdex "
        "responsetime targetresponsetime latencyhigh",
        (
            "Is every request slower, or one route, one zone, one dependency?",
            "What does the slow path wait for: a database, a lock, another service?",
        ),
    ),
    Family(
        "errors",
        "error errors errorrate 5xx 4xx 500 502 503 504 exception exceptions failed "
        "failure failures fault faults traceback panic throttle throttles throttled "
        "throttling burn budget",
        (
            "Which error is the most frequent one, and since when exactly?",
            "Does it come from this service, or from one that it calls?",
        ),
    ),
    Family(
        "availability",
        "down unavailable outage unhealthy health healthcheck heartbeat absent notready "
        "offline probe ping missing targetdown instancedown restart restarted "
        "restarting stopped crash crashed crashes crashloop crashloopbackoff "
        "crashlooping",
        (
            "Is it down for users, or only for the monitoring?",
            "Did it stop, was it stopped, or is its host gone?",
        ),
    ),
)

UNRECOGNISED: Final = Family(
    "other",
    "",
    (
        "What changed shortly before: a deployment, a configuration, traffic?",
        "Is anybody affected now?",
    ),
)
