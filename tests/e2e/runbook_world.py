"""The stack that the runbook is tried on, and what its placeholders stand for there."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from e2e.pipeline import Pipeline, wait_until
from local_stack import layout

PATIENCE = 90
BUCKET = "runbook-backups"


class World:
    """A stack with one analysed incident, and what placeholders of the runbook stand for."""

    def __init__(self, pipeline: Pipeline) -> None:
        """``pipeline`` is the running stack."""
        self.pipeline = pipeline

    @cached_property
    def alert_id(self) -> str:
        """An alert that is recorded, analysed and shown."""
        body = {"source": "e2e", "title": "Till stands still", "service": "checkout"}
        alert_id = self.pipeline.accept(json.dumps(body | {"severity": "HIGH"}).encode())
        wait_until(
            lambda: self.pipeline.incident_of(alert_id),
            lambda one: one is not None and not one.analysis.is_fallback,
            PATIENCE,
        )
        self.pipeline.shown([alert_id], PATIENCE)
        return alert_id

    @cached_property
    def incident(self) -> str:
        """Its incident."""
        found = self.pipeline.incident_of(self.alert_id)
        assert found is not None
        return found.incident_id

    def secret(self, name: str) -> str:
        """A secret's value."""
        client = self.pipeline.client("secretsmanager")
        held = client.get_secret_value(SecretId=self.pipeline.secret(name))
        return str(held["SecretString"]).strip()

    def silence(self) -> str:
        """A silence that somebody made before."""
        self.pipeline.responder(
            *("silence", "add", "service=nobody", "--for", "1h", "--comment", "before", "--yes")
        )
        return str(self.pipeline.asked("silence", "list")[0]["id"])

    def window(self) -> str:
        """A window that somebody made before."""
        self.pipeline.responder(
            *("window", "add", "service=nobody", "--every", "sun", "--at", "02:00"),
            *("--for", "1h", "--zone", "Europe/Berlin", "--comment", "before", "--yes"),
        )
        return str(self.pipeline.asked("window", "list")[0]["id"])

    def mappings(self) -> list[dict[str, Any]]:
        """How queues lead to the analysis function."""
        client = self.pipeline.client("lambda")
        name = f"{layout.STACK_NAME}-AnalysisFunction:live"
        answer = client.list_event_source_mappings(FunctionName=name)
        return list(answer["EventSourceMappings"])

    def stopped_mapping(self) -> str:
        """One of them, which somebody switched off."""
        uuid = str(self.mappings()[0]["UUID"])
        self.pipeline.client("lambda").update_event_source_mapping(UUID=uuid, Enabled=False)
        return uuid

    def dead_letter(self, body: str, **attributes: str) -> None:
        """Put a letter into the dead-letter queue of processing."""
        self.pipeline.put("DeadLetterQueueUrl", body, **attributes)

    def logged(self, alert_id: str, at: datetime) -> None:
        """Have reception's log say that it accepted an alert."""
        logs = self.pipeline.client("logs")
        group = f"/aws/lambda/{layout.STACK_NAME}-AlertReceptionFunction"
        line = {"message": "Accepted", "source": "generic", "alert_id": alert_id}
        logs.create_log_stream(logGroupName=group, logStreamName=alert_id)
        logs.put_log_events(
            logGroupName=group,
            logStreamName=alert_id,
            logEvents=[{"timestamp": int(at.timestamp() * 1000), "message": json.dumps(line)}],
        )

    def buried(self) -> int:
        """How many letters lie there."""
        return sum(self.pipeline.depth(["DeadLetterQueueUrl"]).values())


#: What the runbook writes in capitals.
FILLED: Mapping[str, Callable[[World], str]] = {
    "INCIDENT": lambda world: world.incident,
    "ALERT_ID": lambda world: world.alert_id,
    "SILENCE_ID": World.silence,
    "WINDOW_ID": World.window,
    "MAPPING_ID": World.stopped_mapping,
    "YOUR-BACKUP-BUCKET": lambda _: BUCKET,
}


def filled(text: str, world: World) -> str:
    """A block as an operator runs it."""
    words = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in FILLED))
    values = {word: FILLED[word](world) for word in set(words.findall(text))}
    return words.sub(lambda found: values[found[0]], text)
