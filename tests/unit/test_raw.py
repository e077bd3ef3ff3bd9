"""A payload travels as text that every queue takes, and comes back as it was."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from responder.raw import pack, unpack

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
REFUSED_BY_SQS = re.compile("[^\x09\x0a\x0d\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@given(st.text(max_size=5_000))
def test_what_is_packed_comes_back(text: str) -> None:
    writable = text.encode(errors="replace").decode()
    assert unpack(pack(text)) == writable


@given(st.recursive(st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_no_payload_holds_what_a_queue_refuses(value: object) -> None:
    text = json.dumps({"payload": value}, ensure_ascii=False)
    assert not REFUSED_BY_SQS.search(pack(text))


def test_short_json_stays_readable_and_long_json_gets_short() -> None:
    assert pack('{"title": "disk full"}') == '{"title": "disk full"}'
    long = json.dumps(["disk full on db-1"] * 500)
    assert len(pack(long)) < len(long) / 10


def test_text_that_looks_packed_is_not_taken_for_it() -> None:
    assert unpack(pack("eAFLBAAAYgBi")) == "eAFLBAAAYgBi"


def test_what_earlier_versions_packed_is_read() -> None:
    assert unpack("eAGrVirJLMlJVbJSUErJLM5WSCvNyVGqBQBVXgd7") == '{"title": "disk full"}'
