"""Third-party code of the functions: where it may be, and that it is locked."""

import re

import pytest

from template.deployed import ROOT

LAYER = "layers/dependencies"
LOCKS = (LAYER, "functions/analysis", "functions/distribution", "functions/reception")


def pins(folder: str) -> dict[str, str]:
    lock = (ROOT / folder / "requirements.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==(\S+)", lock, flags=re.MULTILINE))


def test_only_these_folders_bring_third_party_code() -> None:
    found = {
        str(path.parent.relative_to(ROOT))
        for top in ("layers", "functions")
        for path in (ROOT / top).glob("*/requirements.*")
    }
    assert found == set(LOCKS)


def test_claude_is_only_in_analysis_and_slack_only_in_distribution() -> None:
    assert [folder for folder in LOCKS if "anthropic" in pins(folder)] == ["functions/analysis"]
    assert [folder for folder in LOCKS if "slack-sdk" in pins(folder)] == ["functions/distribution"]


@pytest.mark.parametrize("folder", LOCKS)
def test_every_pin_has_hashes_and_no_lock_names_an_address(folder: str) -> None:
    lock = (ROOT / folder / "requirements.txt").read_text()
    entries = re.findall(r"^[\w.-]+==(?:.*\\\n)+.*$", lock, flags=re.MULTILINE)
    assert len(entries) == len(pins(folder)) > 0
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"://|^-|^/|index-url|find-links", lock, flags=re.MULTILINE)


@pytest.mark.parametrize("folder", LOCKS)
def test_what_is_asked_for_is_what_is_locked(folder: str) -> None:
    asked = (ROOT / folder / "requirements.in").read_text()
    wanted = re.findall(r"^([\w.-]+)==(\S+)", asked, flags=re.MULTILINE)
    assert wanted
    for name, version in wanted:
        assert pins(folder)[name.replace("_", "-")] == version


@pytest.mark.parametrize("folder", LOCKS[1:])
def test_a_function_that_brings_what_the_layer_has_brings_the_same_version(folder: str) -> None:
    # Lambda looks into the function first: another version there would hide the layer's.
    shared = pins(LAYER)
    assert {n: v for n, v in pins(folder).items() if n in shared and shared[n] != v} == {}
