"""Whatever is posted: read, or refused by the typed error; and identities that hold."""

import json
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from responder.alert import Alert
from responder.contracts import AlertMessage
from responder.intake import BadRequest, parse
from samples import EVENTS, JSON, NOW

SAMPLES = sorted(path for path in EVENTS.rglob("*.*") if path.is_file())
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
keys = st.text(max_size=10) | st.sampled_from(
    ["title", "message", "status", "severity", "labels", "alerts", "version", "source", "id",
     "AlarmName", "NewStateValue", "Trigger", "detail", "detail-type", "Type", "TopicArn",
     "Message", "Records", "Sns", "startsAt", "endsAt", "links", "tags", "annotations"]
)  # fmt: skip
values = st.recursive(
    scalars | st.sampled_from(["4", "aws.cloudwatch", "ALARM", "Notification", "firing"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=25,
)
headers = st.dictionaries(
    st.sampled_from(["Content-Type", "Content-Encoding", "Idempotency-Key"]) | st.text(max_size=8),
    st.sampled_from(["application/json", "text/plain", "gzip", "application/x-www-form-urlencoded"])
    | st.text(max_size=12),
    max_size=3,
)
tools = st.none() | st.sampled_from(["alertmanager", "cloudwatch", "generic", "sns"]) | st.text()


def check(body: bytes, given_headers: dict[str, str], tool: str | None) -> None:
    refusal = None
    alerts: list[Alert] = []
    try:
        alerts = parse(body, given_headers, tool, received_at=NOW)
    except BadRequest as error:
        refusal = error
    assert refusal is None or (400 <= refusal.status < 500 and refusal.message)
    for alert in alerts:
        assert alert.alert_id
        assert alert.title
        assert alert.fingerprint
        assert not any("reader failed" in note for note in alert.truncated)
        message = AlertMessage(alert=alert).model_dump_json()
        assert AlertMessage.model_validate_json(message).alert == alert


@given(st.binary(max_size=200), headers, tools)
def test_any_bytes(body: bytes, given_headers: dict[str, str], tool: str | None) -> None:
    check(body, given_headers, tool)


@settings(max_examples=400)
@given(values, tools)
def test_any_json(value: object, tool: str | None) -> None:
    check(json.dumps(value).encode(), {}, tool)
    check(json.dumps(value).encode(), JSON, tool)


@settings(max_examples=400)
@given(st.data())
def test_any_mutation_of_a_sample(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(SAMPLES)).read_text()
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    for _ in range(data.draw(st.integers(1, 3))):
        value = mutated(value, data)
    check(json.dumps(value).encode(), {}, data.draw(tools))


def mutated(value: object, data: st.DataObject) -> object:
    if isinstance(value, dict) and value and data.draw(st.integers(0, 4)):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: mutated(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.integers(0, 4)):
        index = data.draw(st.integers(0, len(value) - 1))
        return [*value[:index], mutated(value[index], data), *value[index + 1 :]]
    return data.draw(values)


@given(st.sampled_from(["firing", "resolved"]), st.integers(0, 10_000), st.integers(0, 10_000))
def test_alert_id_is_stable_and_tells_status_and_time_apart(
    status: str, first: int, second: int
) -> None:
    def alert_id(state: str, seconds: int, received: int) -> str:
        at = (NOW - timedelta(days=1) + timedelta(seconds=seconds)).isoformat()
        body = {"title": "t", "id": "i", "status": state, "timestamp": at}
        now = NOW + timedelta(seconds=received)
        (alert,) = parse(json.dumps(body).encode(), JSON, received_at=now)
        return alert.alert_id

    same = alert_id(status, first, 0)
    assert alert_id(status, first, 77) == same
    assert (alert_id(status, second, 0) == same) == (first == second)
    other = "resolved" if status == "firing" else "firing"
    assert alert_id(other, first, 0) != same
