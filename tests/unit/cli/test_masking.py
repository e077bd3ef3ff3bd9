"""A person's texts are found in every form, and nothing that leads somewhere is masked."""

import json
import unicodedata
from typing import Any, Literal
from urllib.parse import quote

import pytest

from responder import raw
from responder_cli.erase.masking import MASK, Found, Masking, Texts

Form = Literal["NFC", "NFD"]

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
        r"Zo\\u00eb Doe",
        r"Zo\\\\u00CB Doe",
        "Zo&euml; Doe",
        "Zo&#235;&nbsp;Doe",
        unicodedata.normalize("NFD", "Zoë Doe"),
        json.dumps(unicodedata.normalize("NFD", "ZOË"))[1:-1] + " Doe",
        quote(unicodedata.normalize("NFD", "Zoë Doe")),
        "Zoë\u00a0Doe",
        r"Zo\u00eb\u00a0Doe",
        "Zoë\r\n    Doe",
        r"Zoë\\n Doe",
        "ZOE.DOE@example.com",
        "zoe.doe%40example.com",
        r"zoe.doe\u0040example.com",
    ],
)
def test_a_text_is_found_in_every_form(written: str) -> None:
    assert WHO.masked(f"disk of {written} is full") == f"disk of {MASK} is full"


@pytest.mark.parametrize("text", ['O"Neill \\ Söhne', "Zoë Doe 😀", "D'Arcy & <Co>/Weiß"])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("kind", ["NFC", "NFD"])
def test_a_text_is_found_in_json_within_json(text: str, ascii_only: bool, kind: Form) -> None:
    who = Texts([text])
    for other in (text, text.upper(), text.lower(), unicodedata.normalize("NFD", text)):
        written, masked = unicodedata.normalize(kind, other), MASK
        for _ in range(4):
            written = json.dumps([written, "and more"], ensure_ascii=ascii_only)
            masked = json.dumps([masked, "and more"])
            assert who.masked(written) == masked


def test_a_text_that_is_given_in_another_form_is_found() -> None:
    assert Texts([unicodedata.normalize("NFD", "Zoë\n Doe")]).masked("of Zoë Doe") == f"of {MASK}"


def test_nothing_else_is_masked() -> None:
    text = r"Zo Doe, Zoe Doe, Zoë.Doe, ZoëDoe, Zo\u00e8 Doe, zoe_doe@example.com"
    assert WHO.masked(text) == text


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


def test_names_in_maps_that_tools_fill_are_masked_and_stay_apart() -> None:
    item = {
        "alert": {
            "M": {
                "labels": {
                    "M": typed(
                        **{
                            "zoe.doe@example.com": "3 failures",
                            "of Zoë Doe": "1",
                            "of ZOË DOE": "2",
                            "shop": "x",
                        }
                    )
                },
                "links": {"M": typed(**{"Zoë Doe": "https://example.com"})},
            }
        }
    }
    kept, found = Masking(WHO).item(item, [])
    assert kept["alert"]["M"]["labels"]["M"] == typed(
        **{MASK: "3 failures", f"of {MASK}": "1", f"of {MASK} 2": "2", "shop": "x"}
    )
    assert kept["alert"]["M"]["links"]["M"] == typed(**{MASK: "https://example.com"})
    assert (found.masked, found.stays) == (4, set())
    again = Found()
    plain = {"labels": {MASK: "old", "Zoë Doe": "new"}}
    assert Masking(WHO).plain(plain, again) == {"labels": {MASK: "old", f"{MASK} 2": "new"}}


def test_names_by_which_the_stack_counts_stay_and_are_told() -> None:
    found = Found()
    ledger = {"services": {"zoe.doe@example.com": {"calls": 1}, "shop": {"calls": 2}}}
    assert Masking(WHO).plain(ledger, found) == ledger
    assert (found.masked, found.stays) == (0, {"services"})


def test_a_text_that_is_part_of_a_fields_name_is_none_of_the_persons() -> None:
    found = Found()
    fields = {"alert": {"changed_at": "2026", "channel": "#c"}}
    assert Masking(Texts(["Chan", "Chang"])).plain(fields, found) == fields
    assert (found.masked, found.stays) == (0, set())


def test_any_name_in_an_event_of_others_is_masked() -> None:
    found = Found()
    event = {"detail": {"zoe.doe@example.com": ["locked"]}}
    masking = Masking(WHO, identities=frozenset())
    assert masking.plain(event, found) == {"detail": {MASK: ["locked"]}}
    assert found.masked == 1


def test_names_in_operators_documents_stay_and_are_told() -> None:
    found = Found()
    document = {"comment": {"Zoë Doe": "x"}}
    assert Masking(WHO, frozenset({"comment"})).plain(document, found) == document
    assert found.stays == {"comment"}
