"""The ports of the local stack: settable, and named when they cannot be used."""

import socket

import pytest

from local_stack.ports import LOOPBACK, PortError, Ports

SERVERS = ("aws", "slack", "claude", "notices")


def test_defaults_are_those_of_the_readme() -> None:
    assert Ports.chosen({}) == Ports(aws=4566, slack=8090, claude=8091, notices=8092)


def test_each_port_is_settable() -> None:
    given = {
        "AWS_PORT": "5001",
        "SLACK_PORT": "5002",
        "CLAUDE_PORT": "5003",
        "NOTICES_PORT": "5004",
    }

    assert Ports.chosen(given) == Ports(aws=5001, slack=5002, claude=5003, notices=5004)


@pytest.mark.parametrize("text", ["none", "0", "65536", "-1", "80 ", "٨٠"])
def test_a_setting_that_is_no_port_is_named(text: str) -> None:
    with pytest.raises(PortError, match="SLACK_PORT"):
        Ports.chosen({"SLACK_PORT": text})


def test_unused_ports_are_distinct_and_can_be_used() -> None:
    ports = Ports.unused()

    assert len({ports.aws, ports.slack, ports.claude, ports.notices}) == 4
    ports.check(SERVERS)


def test_a_port_of_a_server_that_is_not_started_may_be_taken() -> None:
    ports = Ports.unused()
    with socket.create_server((LOOPBACK, ports.claude)):
        ports.check(["aws", "slack"])


def test_a_taken_port_is_named_with_the_variable_that_changes_it() -> None:
    ports = Ports.unused()
    with socket.create_server((LOOPBACK, ports.slack)), pytest.raises(PortError) as raised:
        ports.check(SERVERS)

    assert str(ports.slack) in str(raised.value)
    assert "SLACK_PORT=" in str(raised.value)
