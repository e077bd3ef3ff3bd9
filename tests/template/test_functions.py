"""Functions, layers and their sources: the traps that no linter sees."""

import pytest
from samtranslator.yaml_helper import yaml_parse

from local_stack import shipping
from responder import settings
from template import deployed
from template.deployed import ENVIRONMENTS, FUNCTIONS, referred, resources, stack

#: Seconds, https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
API_GATEWAY_TIMEOUT = 29
#: Nobody reads it: it makes another version of a function whose settings changed.
REVISION = "SETTINGS_REVISION"
SETTINGS: dict[str, type[settings.Common]] = {
    "AlertReceptionFunction": settings.Reception,
    "AnalysisFunction": settings.Analysis,
    "DistributionFunction": settings.Distribution,
    "HeartbeatFunction": settings.Heartbeat,
}
MAPPINGS = {
    "AnalysisFunction": (
        ["AnalysisConcurrency", "ProcessingConcurrency", "ProcessingConcurrency"],
        "AnalysisReserved",
    ),
    "DistributionFunction": (
        ["CriticalConcurrency", "DistributionConcurrency"],
        "DistributionReserved",
    ),
}


def versions(template: deployed.Json) -> set[str]:
    return set(resources("AWS::Lambda::Version", template))


@pytest.mark.parametrize("layer", ["DependenciesLayer", "ResponderLayer"])
def test_a_change_of_a_layer_alone_publishes_new_versions(layer: str) -> None:
    changed = deployed.source()
    changed["Resources"][layer]["Properties"]["ContentUri"] = "s3://code/changed"
    assert versions(stack()).isdisjoint(versions(deployed.transform(changed, {})))


def test_a_change_of_settings_alone_publishes_a_new_version() -> None:
    changed = deployed.source()
    variables = changed["Resources"]["AnalysisFunction"]["Properties"]["Environment"]["Variables"]
    variables["MODEL_SMALL"] = "another"
    gone = versions(stack()) - versions(deployed.transform(changed, {}))
    assert [name.startswith("AnalysisFunction") for name in gone] == [True]


@pytest.mark.parametrize("parameter", ["SecretPrefix", "DailyBudgetUsd", "CriticalLane"])
def test_another_parameter_reaches_the_live_functions_as_it_is_shipped(parameter: str) -> None:
    text = (deployed.ROOT / "template.yaml").read_text()
    found = [
        versions(deployed.transform(yaml_parse(shipping.revised(text, given)), given))
        for given in ({parameter: "1"}, {parameter: "2"})
    ]
    assert len(found[0]) == len(FUNCTIONS) + 1
    assert found[0].isdisjoint(found[1])


def test_everything_that_calls_a_function_calls_its_alias() -> None:
    aliases = set(resources("AWS::Lambda::Alias"))
    assert aliases == {f"{name}Aliaslive" for name in (*FUNCTIONS, "HeartbeatFunction")}
    mappings = resources("AWS::Lambda::EventSourceMapping").values()
    permissions = resources("AWS::Lambda::Permission").values()
    subscriptions = [
        p for p in resources("AWS::SNS::Subscription").values() if p["Protocol"] == "lambda"
    ]
    rules = resources("AWS::Events::Rule").values()
    called = [
        *(m["FunctionName"] for m in mappings),
        *(p["FunctionName"] for p in permissions),
        *(s["Endpoint"] for s in subscriptions),
        *(target["Arn"] for rule in rules for target in rule["Targets"]),
    ]
    assert len(mappings) == 5
    assert len(subscriptions) == 1
    assert len(rules) == 4
    assert {referred(value) for value in called} <= aliases
    body = deployed.text(resources("AWS::ApiGateway::RestApi")["AlertApi"])
    assert "AlertReceptionFunctionAliaslive" in body
    assert "${AlertReceptionFunction.Arn}" not in body


def test_no_codedeploy_unless_asked_for() -> None:
    kinds = {resource["Type"] for resource in stack()["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith("AWS::CodeDeploy")]


def test_a_canary_watches_the_new_version_and_runs_the_hook() -> None:
    canary = stack("Canary10Percent10Minutes")
    groups = resources("AWS::CodeDeploy::DeploymentGroup", canary)
    assert set(groups) == {f"{name}DeploymentGroup" for name in FUNCTIONS}
    alarms = resources("AWS::CloudWatch::Alarm", canary)
    for name in FUNCTIONS:
        watched = [
            alarm["Name"]["Ref"]
            for alarm in groups[f"{name}DeploymentGroup"]["AlarmConfiguration"]["Alarms"]
        ]
        dimensions = [{d["Name"] for d in alarms[alarm].get("Dimensions", [])} for alarm in watched]
        assert {"FunctionName", "Resource", "ExecutedVersion"} in dimensions
        policy = canary["Resources"][f"{name}Aliaslive"]["UpdatePolicy"]
        hook = policy["CodeDeployLambdaAliasUpdate"]["BeforeAllowTrafficHook"]
        assert hook == {"Ref": "DeploymentHookFunction"}
    # CodeDeploy's managed role may call functions of this name only.
    name = resources("AWS::Lambda::Function")["DeploymentHookFunction"]["FunctionName"]
    assert name["Fn::Sub"].startswith("CodeDeployHook_")


@pytest.mark.parametrize("name", SETTINGS)
def test_each_function_gets_the_settings_it_reads_and_no_others(name: str) -> None:
    given = resources("AWS::Lambda::Function")[name]["Environment"]["Variables"]
    read = {str(field.alias) for field in SETTINGS[name].model_fields.values()}
    assert set(given) == {*read, REVISION}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_environment_leaves_a_required_setting_empty(environment: str) -> None:
    values = deployed.parameters(environment)
    for name, model in SETTINGS.items():
        variables = resources("AWS::Lambda::Function")[name]["Environment"]["Variables"]
        given = {
            key: values.get(value.get("Ref", ""), "a-resource")
            for key, value in variables.items()
            if key != REVISION
        }
        settings.load(model, given)


@pytest.mark.parametrize("name", [*SETTINGS, "DeploymentHookFunction"])
def test_runtime_memory_timeout_tracing_and_logs_are_explicit(name: str) -> None:
    function = resources("AWS::Lambda::Function")[name]
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == [{"Ref": "Architecture"}]
    assert function["MemorySize"]
    assert function["Timeout"]
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    group = resources("AWS::Logs::LogGroup")[function["LoggingConfig"]["LogGroup"]["Ref"]]
    expected = function["FunctionName"]["Fn::Sub"]
    assert group["LogGroupName"]["Fn::Sub"] == f"/aws/lambda/{expected}"


def test_both_layers_are_attached_to_all_functions() -> None:
    layers = list(resources("AWS::Lambda::LayerVersion"))
    for name in SETTINGS:
        attached = resources("AWS::Lambda::Function")[name]["Layers"]
        assert sorted(referred(layer) for layer in attached) == sorted(layers)


def test_each_mapping_reports_partial_failures_and_waits_for_no_window() -> None:
    sizes = {}
    for mapping in resources("AWS::Lambda::EventSourceMapping").values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["MaximumBatchingWindowInSeconds"] == 0
        sizes[referred(mapping["EventSourceArn"])] = mapping["BatchSize"]
    assert sizes == {
        "ProcessingQueue": 10,
        "CriticalProcessingQueue": 10,
        "AnalysisQueue": 1,
        "DistributionQueue": 5,
        "CriticalQueue": 1,
    }


def test_the_queue_of_critical_alerts_can_be_made_before_it_is_used() -> None:
    """Else an update would fill it before anybody takes from it, and a rollback would delete it."""
    reception = resources("AWS::Lambda::Function")["AlertReceptionFunction"]
    assert reception["Environment"]["Variables"]["CRITICAL_PROCESSING_QUEUE_URL"]["Fn::If"] == [
        "HasCriticalLane",
        {"Ref": "CriticalProcessingQueue"},
        {"Ref": "ProcessingQueue"},
    ]
    asked = {one: deployed.parameters(one)["CriticalLane"] for one in ENVIRONMENTS}
    assert asked == dict.fromkeys(ENVIRONMENTS, "true")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("name", list(MAPPINGS))
def test_reserved_concurrency_holds_all_mappings_and_two_more(name: str, environment: str) -> None:
    values = deployed.parameters(environment)
    given = [
        referred(mapping["ScalingConfig"]["MaximumConcurrency"])
        for mapping in resources("AWS::Lambda::EventSourceMapping").values()
        if referred(mapping["FunctionName"]) == f"{name}Aliaslive"
    ]
    mapped, reserved = MAPPINGS[name]
    assert sorted(given) == mapped
    # https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html: at least 2.
    assert min(int(values[one]) for one in mapped) >= 2
    assert sum(int(values[one]) for one in mapped) + 2 <= int(values[reserved])


def test_reserved_concurrency_hangs_on_its_switch() -> None:
    for name, parameter in zip(
        FUNCTIONS, ("ReceptionReserved", "AnalysisReserved", "DistributionReserved"), strict=True
    ):
        given = resources("AWS::Lambda::Function")[name]["ReservedConcurrentExecutions"]
        assert given["Fn::If"] == [
            "ReservesConcurrency",
            {"Ref": parameter},
            {"Ref": "AWS::NoValue"},
        ]
    assert {e: deployed.parameters(e)["ReserveConcurrency"] for e in ENVIRONMENTS} == {
        "local": "false",
        "dev": "false",
        "staging": "false",
        "prod": "true",
    }


def test_a_late_tick_is_dropped_and_a_failed_event_is_kept() -> None:
    configs = resources("AWS::Lambda::EventInvokeConfig")
    tick = configs["AnalysisFunctionEventInvokeConfig"]
    assert (tick["MaximumEventAgeInSeconds"], tick["MaximumRetryAttempts"]) == (60, 0)
    reception = configs["AlertReceptionFunctionEventInvokeConfig"]
    failed = reception["DestinationConfig"]["OnFailure"]["Destination"]
    assert referred(failed) == "AsyncFailureQueue"
    assert {config["Qualifier"] for config in configs.values()} == {"live"}
    rule = resources("AWS::Events::Rule")["AnalysisFunctionTick"]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert rule["Targets"][0]["Input"] == '{"tick": true}'
    assert rule["Targets"][0]["RetryPolicy"]["MaximumEventAgeInSeconds"] == 60


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_timeouts_leave_room_for_the_calls_they_hold(environment: str) -> None:
    values = deployed.parameters(environment)
    assert int(values["ReceptionTimeout"]) < API_GATEWAY_TIMEOUT
    assert int(values["AnalysisTimeout"]) >= int(values["ClaudeTimeoutSeconds"]) + 15
    assert int(values["DistributionTimeout"]) >= 5 * int(values["SlackTimeoutSeconds"]) + 15
