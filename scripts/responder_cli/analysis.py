"""``responder analysis off|on|status``: the switch that keeps alerts away from Claude.

The analysis function reads the item within 30 seconds; cards then carry the fixed triage.
"""

import getpass

import click

from responder.clock import utc_now
from responder.protocols.switch import SWITCH
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.options import asks_where_it_acts, examples, json_option, on_stack


@click.group(epilog=examples("responder analysis off", "responder analysis status --json"))
def analysis() -> None:
    """Switch Claude off and on; cards always appear."""


@analysis.command(epilog=examples("responder analysis off --stack mcp-incident-responder-prod"))
@on_stack
@asks_where_it_acts
def off(stack: Stack) -> None:
    """Send nothing to Claude; new cards carry the fixed triage."""
    _turn(stack, off=True)
    console.say("Analysis is off; obeyed within 30 seconds.")


@analysis.command(epilog=examples("responder analysis on --stack mcp-incident-responder-prod"))
@on_stack
def on(stack: Stack) -> None:
    """Let Claude analyse again."""
    _turn(stack, off=False)
    console.say("Analysis is on; obeyed within 30 seconds.")


@analysis.command(epilog=examples("responder analysis status"))
@json_option
@on_stack
def status(stack: Stack, as_json: bool) -> None:
    """Whether it is off, by whom and since when."""
    item = stack.item("state", "id", SWITCH) or {}
    answer = {"off": bool(item.get("off")), "by": item.get("by"), "at": item.get("at")}
    if as_json:
        console.as_json(answer)
    elif answer["at"]:
        word = "off" if answer["off"] else "on"
        console.say(f"Analysis is {word}, switched by {answer['by']} at {answer['at']}.")
    else:
        console.say("Analysis is on; it was never switched.")


def _turn(stack: Stack, *, off: bool) -> None:
    """Last writer wins: the newest order of an operator is the one that counts."""
    stack.client("dynamodb").update_item(
        TableName=stack.table("state"),
        Key={"id": {"S": SWITCH}},
        UpdateExpression="SET #off = :off, #by = :by, #at = :at ADD #version :one",
        ExpressionAttributeNames={"#off": "off", "#by": "by", "#at": "at", "#version": "version"},
        ExpressionAttributeValues={
            ":off": {"BOOL": off},
            ":by": {"S": getpass.getuser()},
            ":at": {"S": utc_now().isoformat()},
            ":one": {"N": "1"},
        },
    )
