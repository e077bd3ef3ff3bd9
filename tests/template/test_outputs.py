"""What the runbook, the command line and the local stack ask the stack for."""

from responder_cli.dlq.places import PLACES
from template.deployed import referred, resources, stack


def test_the_runbooks_outputs_exist() -> None:
    assert {"WebhookUrl", "ApiKeyId", "DeadLetterQueueUrl", "DashboardName"} <= set(
        stack()["Outputs"]
    )
    dead = stack()["Outputs"]["DeadLetterQueueUrl"]["Value"]
    assert referred(dead) == "ProcessingDeadLetterQueue"


def test_the_webhook_is_reached_on_aws_and_on_the_emulator() -> None:
    condition, on_aws, local = stack()["Outputs"]["WebhookUrl"]["Value"]["Fn::If"]
    assert condition == "OnAws"
    assert on_aws["Fn::Sub"].startswith("https://${AlertApi}.execute-api.")
    assert local["Fn::Sub"].startswith("${LocalEndpoint}/")
    (stage,) = resources("AWS::ApiGateway::Stage").values()
    for address in (on_aws, local):
        assert address["Fn::Sub"].endswith(f"/{stage['StageName']}/alerts")


def test_every_queue_table_function_and_topic_has_an_output() -> None:
    shown = {
        referred(output["Value"])
        for output in stack()["Outputs"].values()
        if "Fn::If" not in output["Value"]
    }
    kinds = ("AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::SNS::Topic", "AWS::Lambda::Function")
    there = {name for kind in kinds for name in resources(kind)}
    assert there - shown == {"DeploymentHookFunction"}


def test_the_command_line_finds_every_place_of_dead_letters() -> None:
    wanted = {place.output for place in PLACES} | {p.target for p in PLACES if p.target}
    assert wanted <= set(stack()["Outputs"])


def test_what_ends_in_any_queue_is_listed_by_the_dead_letter_commands() -> None:
    outputs = stack()["Outputs"]
    known = {referred(outputs[place.output]["Value"]) for place in PLACES}
    queues = resources("AWS::SQS::Queue")
    fed = {name for name, queue in queues.items() if "RedrivePolicy" in queue}
    # A queue that nothing leads on from is an end.
    assert known == set(queues) - fed
