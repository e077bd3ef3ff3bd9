"""The calls of SAM: onto AWS goes what was built for the processor that is asked for."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local_stack import deploying, layout, shipping


def parameters(call: list[str]) -> dict[str, str]:
    pairs = call[call.index("--parameter-overrides") + 1 :]
    return dict(pair.split("=", 1) for pair in pairs)


def template(call: list[str]) -> Path:
    return Path(call[call.index("--template-file") + 1])


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_the_processor_that_was_built_for_is_deployed(architecture: str) -> None:
    call = shipping.command("prod", architecture, "", {})
    assert parameters(call)["Architecture"] == architecture


def test_what_is_given_goes_before_samconfig_and_replaces_nothing_else() -> None:
    whole = parameters(shipping.command("prod", "arm64", "", {}))
    assert whole["ReserveConcurrency"] == whole["DeletionProtection"] == "true"
    given = parameters(shipping.command("prod", "arm64", "", {"ReserveConcurrency": "false"}))
    assert given == {**whole, "ReserveConcurrency": "false"}


def test_a_bucket_of_ours_keeps_sam_from_making_one() -> None:
    call = shipping.command("dev", "arm64", "ours", {})
    assert call[call.index("--s3-bucket") + 1] == "ours"
    assert "--no-resolve-s3" in call
    assert "--s3-bucket" not in shipping.command("dev", "arm64", "", {})


def test_a_change_set_is_asked_about_or_not_whatever_samconfig_says() -> None:
    asks = shipping.command("dev", "arm64", "", {}, "ask")
    goes = shipping.command("prod", "arm64", "", {}, "go")
    assert ("--confirm-changeset" in asks, "--no-confirm-changeset" in goes) == (True, True)
    assert "changeset" not in " ".join(shipping.command("prod", "arm64", "", {}))
    assert parameters(goes) == parameters(shipping.command("prod", "arm64", "", {}))


def test_a_build_for_this_machine_is_never_deployed_to_aws() -> None:
    ours, theirs = (
        template(deploying.command({})),
        template(shipping.command("prod", "arm64", "", {})),
    )
    assert ours.parent == layout.LOCAL_BUILD
    assert theirs.parent == layout.BUILD
    # SAM keeps the description of a build beside its folder.
    assert ours.parents[1] != theirs.parents[1]


def test_other_parameters_make_another_template() -> None:
    built = (layout.REPOSITORY / "template.yaml").read_text()
    texts = [
        shipping.revised(built, shipping.effective(stage, "arm64", given))
        for stage, given in (
            ("dev", {}),
            ("prod", {}),
            ("prod", {"SecretPrefix": "NEW"}),
            ("prod", {"SecretPrefix": "OLD"}),
        )
    ]
    assert len(set(texts)) == len(texts)
    assert texts[0] == shipping.revised(built, shipping.effective("dev", "arm64", {}))
    with pytest.raises(ValueError, match="not one line"):
        shipping.revised(texts[0], {})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, []),
        ({"ModelLarge": "claude-sonnet-4-5"}, ["ModelLarge: claude-sonnet-4-5 is deprecated"]),
        ({"ModelSmall": "claude-opus-5"}, []),
    ],
)
def test_a_model_that_ends_is_warned_of_and_deployed(
    given: dict[str, str], said: list[str]
) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    found = list(shipping.warnings("prod", given, now))
    assert [one.split(" and ")[0] for one in found] == said


@pytest.mark.parametrize(
    "value",
    [r"EMP-\d+ (?i)project\s+bluebird", "team:on call=2", "", 'a "quoted" word', "plain", "a=b,c"],
)
def test_sam_reads_every_value_as_it_was_given(value: str) -> None:
    given = {"RedactPatterns": value}
    for call in (shipping.command("dev", "arm64", "", given), deploying.command(given)):
        assert read_by_sam(call)["RedactPatterns"] == value


def test_what_is_quoted_already_is_not_quoted_again() -> None:
    call = shipping.command("dev", "arm64", "", {"RedactPatterns": '"a b"'})
    assert read_by_sam(call)["RedactPatterns"] == "a b"


def read_by_sam(call: list[str]) -> dict[str, str]:
    """The parameters as the parser of the SAM that we run reads them."""
    program = (
        "import json, sys\n"
        "from samcli.cli.types import CfnParameterOverridesType as Parser\n"
        "print(json.dumps(Parser().convert(tuple(json.load(sys.stdin)), None, None)))"
    )
    pairs = call[call.index("--parameter-overrides") + 1 :]
    done = subprocess.run(
        [layout.SAM.with_name("python"), "-c", program],
        input=json.dumps(pairs),
        capture_output=True,
        text=True,
        check=True,
    )
    read: dict[str, str] = json.loads(done.stdout)
    return read
