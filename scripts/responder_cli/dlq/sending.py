"""How letters go back, one way a function; nothing is deleted before its copy is safely there.

receive ──▶ send the copy ──▶ delete the letter
         │                │
         │                └─ killed here: letter and copy both exist; the next run sends a
         │                   second copy, which the pipeline recognises (alert id, revision)
         └─ killed here: nothing happened; the letter reappears when its hold runs out
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from responder_cli.aws import LIVE, Stack
from responder_cli.dlq.letters import OUR_ATTRIBUTES, Letter, Selection
from responder_cli.dlq.looking import HOLD_SECONDS, batches, hide, meant, put_back
from responder_cli.dlq.places import Place, Way, arn
from responder_cli.dlq.plan import Step

#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
FASTEST_MOVE = 500
POLL_SECONDS = 1.0
RENEWED_AFTER = timedelta(seconds=HOLD_SECONDS / 2)
RUNNING = ("RUNNING", "CANCELLING")

Wait = Callable[[float], None]
Progress = Callable[[int], None]
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Conduct:
    """How fast to go, by which clock, and whom to tell of each letter sent."""

    rate: int
    wait: Wait
    now: Clock
    progress: Progress


@dataclass
class Outcome:
    """What became of the ``planned`` letters of one place; ``failures`` says why some stayed."""

    place: Place
    planned: int
    sent: int = 0
    sent_but_kept: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether everything meant went back."""
        return not (self.failures or self.sent_but_kept or self.missing)

    @property
    def missing(self) -> int:
        """Letters of the plan that SQS never handed to us."""
        return max(0, self.planned - self.sent - len(self.failures))


def move(stack: Stack, step: Step, conduct: Conduct) -> Outcome:
    """Let SQS move the whole queue, and follow it; a move already under way is followed.

    It leaves behind what somebody else holds at that time.
    """
    place = step.place
    source = arn(stack, stack.output(place.output))
    if _task(stack, source).get("Status") not in RUNNING:
        stack.client("sqs").start_message_move_task(
            SourceArn=source,
            DestinationArn=arn(stack, stack.output(place.target)),
            MaxNumberOfMessagesPerSecond=min(conduct.rate, FASTEST_MOVE),
        )
    task = _task(stack, source)
    while task.get("Status") in RUNNING:
        conduct.progress(int(task.get("ApproximateNumberOfMessagesMoved", 0)))
        conduct.wait(POLL_SECONDS)
        task = _task(stack, source)
    outcome = Outcome(place, step.depth, int(task.get("ApproximateNumberOfMessagesMoved", 0)))
    conduct.progress(outcome.sent)
    if task.get("Status") != "COMPLETED":
        failure = task.get("FailureReason", "no reason given")
        outcome.failures.append(f"SQS ended the move as {task.get('Status', 'unknown')}: {failure}")
    return outcome


def send_back(stack: Stack, step: Step, selection: Selection, conduct: Conduct) -> Outcome:
    """Send the selected letters of a step back, one by one, and delete each.

    Letters not sent are visible again afterwards, also when we are interrupted.
    """
    place = step.place
    url = stack.output(place.output)
    outcome = Outcome(place, planned=_planned(step, selection))
    untouched: dict[str, Letter] = {}
    renewed_at = conduct.now()
    try:
        for batch in batches(stack, url, HOLD_SECONDS, step.depth):
            if conduct.now() - renewed_at > RENEWED_AFTER:
                # Else those that are not meant would come again and again before the others.
                hide(stack, url, list(untouched.values()), HOLD_SECONDS)
                renewed_at = conduct.now()
            untouched.update((letter.message_id, letter) for letter in batch)
            for letter in meant(stack, selection, batch):
                if _send_one(stack, place, url, letter, conduct.now, outcome):
                    del untouched[letter.message_id]
                conduct.progress(outcome.sent)
                conduct.wait(1 / conduct.rate)
    finally:
        put_back(stack, url, list(untouched.values()))
    return outcome


def _planned(step: Step, selection: Selection) -> int:
    if selection.everything:
        return step.depth
    return (step.matching or 0) + step.hidden


def _send_one(
    stack: Stack, place: Place, url: str, letter: Letter, now: Clock, outcome: Outcome
) -> bool:
    """Send, then delete; False when it was not sent."""
    try:
        if place.way is Way.REPLAY:
            _replay(stack, letter)
        else:
            _copy(stack, stack.output(place.target), letter, now())
    except (ClientError, BotoCoreError, NotDelivered) as error:
        outcome.failures.append(f"{letter.message_id}: {error}")
        return False
    outcome.sent += 1
    try:
        stack.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=letter.receipt)
    except (ClientError, BotoCoreError):
        outcome.sent_but_kept += 1
    return True


class NotDelivered(Exception):
    """Reception refused a replayed event, or the letter holds none."""


def _copy(stack: Stack, target: str, letter: Letter, now: datetime) -> None:
    """Send the letter to its queue again, without what our own hand added when it gave up."""
    kept = {
        name: {key: part for key, part in value.items() if part}
        for name, value in letter.attributes.items()
        if name not in OUR_ATTRIBUTES
    }
    group, trace = (letter.system.get(name) for name in ("MessageGroupId", "AWSTraceHeader"))
    traced = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}} if trace else {}
    stack.client("sqs").send_message(
        QueueUrl=target,
        MessageBody=renewed(letter, now),
        MessageAttributes=kept,
        MessageSystemAttributes=traced,
        **({"MessageGroupId": group} if group else {}),
    )


def renewed(letter: Letter, now: datetime) -> str:
    """The body with its age set anew, or as it is where it carries none."""
    content = letter.content
    if not isinstance(content, dict) or "first_sent" not in content:
        return letter.body
    anew = {"first_sent": now.isoformat(), "not_before": None, "slot_reserved": False}
    return json.dumps(content | {name: anew[name] for name in anew.keys() & content.keys()})


def _replay(stack: Stack, letter: Letter) -> None:
    """Hand the original event to reception and wait for its answer."""
    answer = stack.client("lambda").invoke(
        FunctionName=stack.function("AlertReceptionFunction"),
        Qualifier=LIVE,
        InvocationType="RequestResponse",
        Payload=json.dumps(original_event(letter.content)).encode(),
    )
    if answer.get("FunctionError"):
        raise NotDelivered("reception failed on this event; its log says why")


def original_event(content: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON value
    """The event that reception should have had, out of the envelope it lies in.

    Lambda's OnFailure wraps it as ``requestPayload``; a rule's dead letter is the event itself;
    a subscription's dead letter is SNS's notification, which Lambda would have got as a record.
    """
    if not isinstance(content, dict):
        raise NotDelivered("the letter holds no event")
    if isinstance(content.get("requestPayload"), dict):
        return dict(content["requestPayload"])
    if content.get("Type") == "Notification":
        record = {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": content}
        return {"Records": [record]}
    return content


def _task(stack: Stack, source: str) -> dict[str, Any]:
    """The newest move task of a queue, empty when it never had one."""
    answer = stack.client("sqs").list_message_move_tasks(SourceArn=source, MaxResults=1)
    return dict(next(iter(answer.get("Results", [])), {}))
