"""A person's texts are found in every form, and nothing that leads somewhere is masked."""

import json
from typing import Any

import pytest

from responder import raw
from responder_cli.erase.masking import MASK, Found, Masking, Texts

WHO = Texts(["Zoë Doe", "zoe.doe@example.com"])


def typed(**texts: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in texts.items()}


@pytest.mark.parametrize(
    "written",
    [
        "Zoë Doe",
        "ZOË DOE",
        r"Zo\u00eb Doe",
        r"zo\u00EB doe",
        "Zo%C3%AB%20Doe",
        "Zo%c3%ab+Doe",
        "ZOE.DOE@example.com",
        "zoe.doe%40example.com",
    ],
)
def test_a_text_is_found_in_every_form(written: str) -> None:
    assert WHO.masked(f"disk of {written} is full") == f"disk of {MASK} is full"


@pytest.mark.parametrize("text", ["Zoe", " ", "\tabc "])
def test_a_text_that_would_be_everywhere_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="shorter than"):
        Texts(["Zoë Doe", text])


def test_every_text_of_an_item_is_masked_however_deep() -> None:
    item = {
        "alert_id": {"S": "a1"},
        "alert": {
            "M": {
                **typed(title="Zoë Doe's disk", message="zoe.doe@example.com, Zoë Doe"),
                "labels": {"M": typed(owner="Zoë Doe", id="zoe.doe@example.com", service="shop")},
                "truncated": {"L": [{"S": "of Zoë Doe"}]},
                "count": {"N": "3"},
            }
        },
    }
    kept, found = Masking(WHO).item(item, ["alert_id"])
    assert "Doe" not in json.dumps(kept)
    assert "doe@" not in json.dumps(kept)
    assert (found.masked, found.stays) == (6, set())
    assert kept["alert"]["M"]["labels"]["M"]["service"] == {"S": "shop"}
    assert kept["alert"]["M"]["count"] == {"N": "3"}


def test_what_leads_to_other_items_stays_and_is_told() -> None:
    item = typed(id="channel#zoe.doe@example.com", incident_id="Zoë Doe", title="Zoë Doe")
    kept, found = Masking(WHO).item(item, ["id"])
    assert kept == {**item, "title": {"S": MASK}}
    assert found.stays == {"id", "incident_id"}
    assert found.masked == 1


@pytest.mark.parametrize("payload", ['{"owner": "Zoë Doe"}', '{"owner": "Zoë Doe"}' + " " * 3000])
def test_a_packed_payload_is_masked_inside(payload: str) -> None:
    found = Found()
    kept = Masking(WHO).plain({"raw": raw.pack(payload)}, found)
    assert json.loads(raw.unpack(kept["raw"])) == {"owner": MASK}
    assert found.masked == 1


def test_a_payload_that_nobody_can_unpack_is_told() -> None:
    found = Found()
    assert Masking(WHO).plain({"raw": "!!"}, found) == {"raw": "!!"}
    assert found.stays == {"raw"}


def test_of_operators_documents_only_what_is_for_people_is_masked() -> None:
    item = typed(id="silences#0", comment="Zoë Doe is away", value="Zoë Doe")
    kept, found = Masking(WHO, frozenset({"comment"})).item(item, ["id"])
    assert kept["comment"] == {"S": f"{MASK} is away"}
    assert kept["value"] == {"S": "Zoë Doe"}
    assert found.stays == {"value"}
