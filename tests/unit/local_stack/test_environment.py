"""``stack.env`` is sourced by shells and read back; the lock lets one stack run in a place."""

import os
import subprocess
from pathlib import Path

import pytest

from local_stack import environment
from local_stack.stack import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(
        endpoint="https://127.0.0.1:4566",
        slack_url="http://127.0.0.1:8090",
        claude_url="",
        notices_url="http://127.0.0.1:8092",
        bundle=tmp_path / "a folder" / "ca.pem",
        api_key="key; with $odd 'signs'",
        token="t0ken",
        outputs={
            "WebhookUrl": "https://127.0.0.1:4566/x/live/alerts",
            "IntakeUrl": "https://127.0.0.1:4566/x/live/in",
        },
    )


def test_a_shell_that_sources_it_gets_the_values(stack: Stack, tmp_path: Path) -> None:
    file = environment.write(tmp_path, stack)

    shown = subprocess.run(
        ["sh", "-c", f'. "{file}"; echo "$API_KEY"; echo "$AWS_CA_BUNDLE"; echo "$IN_URL"'],
        capture_output=True,
        text=True,
        check=True,
    )

    assert shown.stdout.splitlines() == [
        stack.api_key,
        str(stack.bundle),
        "https://127.0.0.1:4566/x/live/in/t0ken",
    ]


def test_a_shell_that_sources_it_loses_its_own_account(stack: Stack, tmp_path: Path) -> None:
    file = environment.write(tmp_path, stack)

    shown = subprocess.run(
        ["sh", "-c", f'. "{file}"; echo "${{AWS_PROFILE-none}} $AWS_ACCESS_KEY_ID"'],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "AWS_PROFILE": "production", "AWS_ACCESS_KEY_ID": "theirs"},
    )

    assert shown.stdout.strip() == "none test"


def test_what_was_written_is_read_back(stack: Stack, tmp_path: Path) -> None:
    environment.write(tmp_path, stack)

    assert environment.read(tmp_path) == stack


def test_what_a_shell_trusts_outlives_the_stack(stack: Stack, tmp_path: Path) -> None:
    stack.bundle.parent.mkdir()
    stack.bundle.write_text("authorities")
    lasting = environment.with_lasting_trust(tmp_path, stack)
    stack.bundle.unlink()

    assert lasting.bundle.is_absolute()
    assert lasting.bundle.read_text() == "authorities"
    assert environment.variables(lasting)["CURL_CA_BUNDLE"] == str(lasting.bundle)


def test_it_is_readable_by_its_owner_alone(stack: Stack, tmp_path: Path) -> None:
    assert environment.write(tmp_path, stack).stat().st_mode & 0o077 == 0


def test_a_second_stack_in_the_same_place_is_told_of_the_first(tmp_path: Path) -> None:
    with (
        environment.held(tmp_path),
        pytest.raises(environment.AlreadyRunning) as raised,
        environment.held(tmp_path),
    ):
        pass

    assert str(os.getpid()) in str(raised.value)


def test_the_place_is_free_again_afterwards(tmp_path: Path) -> None:
    with environment.held(tmp_path):
        pass
    with environment.held(tmp_path):
        pass


def test_a_running_stack_is_found_and_an_ended_one_is_not(stack: Stack, tmp_path: Path) -> None:
    environment.write(tmp_path, stack)
    with environment.held(tmp_path):
        assert environment.find(tmp_path) == stack
    assert environment.find(tmp_path) is None
