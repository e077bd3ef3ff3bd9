"""Alarms, dashboard, saved queries: they name what is really there, or they are silent for ever."""

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache

import click
import pytest

from responder.adapters import telemetry
from responder.adapters.telemetry import BY_VERSION
from responder_cli.main import cli
from template import deployed
from template.deployed import FUNCTIONS, ROOT, Json, referred, resources, stack

NAMESPACE = {"Fn::Sub": f"{telemetry.NAMESPACE}/${{AWS::StackName}}"}
CANARY_ONLY = {
    "ReceptionNewVersionErrors",
    "AnalysisNewVersionErrors",
    "DistributionNewVersionErrors",
    "AnalysisNewVersionFallbacks",
    "AnalysisNewVersionFailedItems",
    "DistributionNewVersionFailedItems",
}


def alarms() -> dict[str, Json]:
    return resources("AWS::CloudWatch::Alarm")


@cache
def code() -> str:
    """Our own code, as text: where metrics and log lines come from."""
    folder = ROOT / "layers" / "responder" / "responder"
    return "\n".join(path.read_text() for path in sorted(folder.rglob("*.py")))


@cache
def dashboard() -> Json:
    body = resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    given: Json = json.loads(body)
    return given


def dashboard_metrics() -> Iterator[list[str]]:
    """Every metric of the dashboard: namespace, name, then dimensions."""
    for widget in dashboard()["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            if isinstance(metric[0], str):
                yield [part for part in metric if isinstance(part, str)]


def own_metrics() -> set[str]:
    """The names of all business metrics that alarms and dashboard look at."""
    names = {
        alarm["MetricName"] for alarm in alarms().values() if alarm.get("Namespace") == NAMESPACE
    }
    for alarm in alarms().values():
        names |= {
            metric["MetricStat"]["Metric"]["MetricName"]
            for metric in alarm.get("Metrics", [])
            if metric.get("MetricStat", {}).get("Metric", {}).get("Namespace") == NAMESPACE
        }
    names |= {metric[1] for metric in dashboard_metrics() if metric[0] == NAMESPACE["Fn::Sub"]}
    return names | set(re.findall(r'MetricName=\\"(\w+)\\"', deployed.text(dashboard())))


@pytest.mark.parametrize("name", [name for name, one in alarms().items() if "Metrics" in one])
def test_no_alarm_reckons_with_more_metrics_than_cloudwatch_takes(name: str) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html
    asked = [metric for metric in alarms()[name]["Metrics"] if "MetricStat" in metric]
    assert len(asked) <= 10


@pytest.mark.parametrize("name", alarms())
def test_every_alarm_is_ours_by_name_and_says_what_missing_data_means(name: str) -> None:
    alarm = alarms()[name]
    # The rule that feeds CloudWatch alarms to reception leaves out this prefix: no loops.
    assert alarm["AlarmName"]["Fn::Sub"].startswith("${AWS::StackName}-")
    assert alarm["TreatMissingData"] in {"notBreaching", "breaching"}
    assert alarm["AlarmDescription"]
    told = [{"Ref": "AlarmTopic"}]
    actions = (alarm.get("AlarmActions"), alarm.get("OKActions"))
    assert actions == ((None, None) if name in CANARY_ONLY else (told, told))


@pytest.mark.parametrize("name", alarms())
def test_an_alarm_names_only_commands_that_exist(name: str) -> None:
    said = alarms()[name]["AlarmDescription"]["Fn::Sub"]
    for words in re.findall(r"responder ([a-z]+(?: [a-z]+)?)", said):
        found: click.Command | None = cli
        for word in words.split():
            if not isinstance(found, click.Group):
                break
            found = found.get_command(click.Context(found), word)
        assert found is not None, words


@pytest.mark.parametrize("name", alarms())
def test_an_alarm_on_a_percentile_needs_no_crowd(name: str) -> None:
    # With "ignore", a p95 is judged from 200 samples per period on: no team sees so many cards.
    assert alarms()[name].get("EvaluateLowSampleCountPercentile", "evaluate") == "evaluate"


def alarm_rule() -> Json:
    return resources("AWS::Events::Rule")["AlertReceptionFunctionAlarmStateChange"]


def test_the_rule_leaves_out_the_alarms_of_this_stack_and_its_siblings() -> None:
    pattern = alarm_rule()["EventPattern"]
    assert pattern["source"] == ["aws.cloudwatch"]
    assert pattern["detail-type"] == ["CloudWatch Alarm State Change"]
    (other,) = pattern["detail"]["alarmName"]
    own, siblings = other["anything-but"]["prefix"]
    assert own == {"Fn::Sub": "${AWS::StackName}-"}
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    for environment in deployed.ENVIRONMENTS:
        assert config[environment]["deploy"]["parameters"]["stack_name"].startswith(siblings)


def test_one_stack_of_an_account_takes_its_alarms() -> None:
    # Each alarm would come with a card of dev, one of staging and one of prod.
    assert alarm_rule()["State"] == {"Ref": "AlarmRule"}
    takes = {name: deployed.parameters(name)["AlarmRule"] for name in deployed.ENVIRONMENTS}
    assert takes == {
        "local": "ENABLED",
        "dev": "DISABLED",
        "staging": "DISABLED",
        "prod": "ENABLED",
    }


def watched(metric: str, dimension: str) -> set[str]:
    return {
        referred(d["Value"])
        for alarm in alarms().values()
        for d in alarm.get("Dimensions", [])
        if alarm.get("MetricName") == metric and d["Name"] == dimension
    }


def test_every_queue_is_watched() -> None:
    queues = set(resources("AWS::SQS::Queue"))
    dead = {name for name in queues if "DeadLetter" in name or "Failure" in name}
    assert watched("ApproximateNumberOfMessagesVisible", "QueueName") == dead
    assert watched("ApproximateAgeOfOldestMessage", "QueueName") == queues - dead


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_is_watched(metric: str) -> None:
    assert watched(metric, "FunctionName") == set(FUNCTIONS)


def test_the_tick_runs_before_its_silence_is_an_alarm() -> None:
    silent = stack()["Resources"]["TickSilent"]
    assert silent["Properties"]["TreatMissingData"] == "breaching"
    assert stack()["Resources"][silent["DependsOn"]]["Type"].startswith(
        ("AWS::Events::Rule", "AWS::Scheduler::Schedule")
    )


def test_what_no_failure_queue_kept_is_watched() -> None:
    sums = [one for one in alarms()["EventsLost"]["Metrics"] if "MetricStat" in one]
    seen = {
        (metric["MetricName"], referred(metric["Dimensions"][0]["Value"]))
        for metric in (one["MetricStat"]["Metric"] for one in sums)
    }
    configs = resources("AWS::Lambda::EventInvokeConfig").values()
    assert seen == {
        *(
            ("DestinationDeliveryFailures", referred(one["FunctionName"]))
            for one in configs
            if one.get("DestinationConfig", {}).get("OnFailure")
        ),
        *(
            ("NumberOfNotificationsFailedToRedriveToDlq", referred(one["TopicArn"]))
            for one in resources("AWS::SNS::Subscription").values()
            if "RedrivePolicy" in one
        ),
        *(
            ("InvocationsFailedToBeSentToDlq", name)
            for name, rule in resources("AWS::Events::Rule").items()
            if any("DeadLetterConfig" in target for target in rule["Targets"])
        ),
    }
    total = alarms()["EventsLost"]["Metrics"][-1]["Expression"]
    assert {f"FILL({one['Id']}, 0)" for one in sums} == set(total.split(" + "))


def test_the_product_itself_is_watched() -> None:
    names = {
        alarm["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        for alarm in alarms().values()
    }
    assert {
        "alerts-unshown",
        "tick-silent",
        "time-to-card",
        "fallback-rate",
        "spend",
        "budget-spent",
        "analysis-failed-items",
        "distribution-failed-items",
        "api-unavailable",
    } <= names


def test_business_metrics_are_those_of_this_stack_only() -> None:
    # Several stacks may share an account: a bare namespace would mix dev's metrics with prod's.
    named = re.findall(rf"{telemetry.NAMESPACE}(.{{18}})", deployed.text(stack()["Resources"]))
    assert len(named) > 30
    assert set(named) == {"/${AWS::StackName}"}


@pytest.mark.parametrize("metric", sorted(own_metrics()))
def test_every_business_metric_is_emitted(metric: str) -> None:
    assert f'"{metric}"' in code() or metric in read_from_logs()


def read_from_logs() -> dict[str, Json]:
    """What CloudWatch counts in a log of ours, by metric."""
    filters = resources("AWS::Logs::MetricFilter").values()
    return {one["MetricTransformations"][0]["MetricName"]: one for one in filters}


def test_a_flood_that_the_api_refuses_is_counted_by_the_status_that_tools_see() -> None:
    # AWS counts a throttle as a 4XXError, even where our answer to it is 503.
    found = read_from_logs()["ApiServerErrors"]
    (stage,) = resources("AWS::ApiGateway::Stage").values()
    (made,) = found["MetricTransformations"]
    assert made["MetricNamespace"] == NAMESPACE
    assert referred(found["LogGroupName"]) == "ApiAccessLogGroup"
    written = json.loads(stage["AccessLogSetting"]["Format"])
    assert written["status"] == "$context.status"
    assert found["FilterPattern"] == '{ $.status = "5*" }'
    refused = {metric[1] for metric in dashboard_metrics() if metric[0] == "AWS/ApiGateway"}
    watched_by_aws = {one.get("MetricName") for one in alarms().values()}
    assert "5XXError" not in refused | watched_by_aws
    alarm = alarms()["ApiUnavailable"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (NAMESPACE, "ApiServerErrors")


def test_metrics_with_a_reason_or_tier_are_asked_for_with_one() -> None:
    # CloudWatch keeps each combination of dimensions apart: without them nothing would be found.
    counted = re.findall(r'\.count\(\s*"(\w+)"[^)]*?(reason|tier)=', code())
    apart = {(name, dimension) for name, dimension in counted}
    assert ("ClaudeDollars", "tier") in apart
    for alarm in alarms().values():
        if alarm.get("Namespace") == NAMESPACE and "version" not in _dimensions(alarm):
            assert alarm["MetricName"] not in {name for name, _ in apart}
    for metric in dashboard_metrics():
        for name, dimension in apart:
            # What a canary is judged by is counted as a whole, too.
            assert metric[1] != name or dimension in metric or name in BY_VERSION


def test_metrics_asked_for_by_version_are_emitted_by_version() -> None:
    asked = {a["MetricName"] for a in alarms().values() if "version" in _dimensions(a)}
    assert asked == BY_VERSION


def _dimensions(alarm: Json) -> set[str]:
    return {dimension["Name"] for dimension in alarm.get("Dimensions", [])}


def test_no_log_level_silences_the_metrics() -> None:
    # Lambda drops what is below the level, and metrics are lines at INFO.
    assert set(deployed.source()["Parameters"]["LogLevel"]["AllowedValues"]) == {"DEBUG", "INFO"}


def test_saved_queries_look_for_lines_that_are_written() -> None:
    queries = resources("AWS::Logs::QueryDefinition").values()
    assert len(queries) == 4
    lines = {
        line
        for query in queries
        for line in re.findall(r"'([A-Z][a-z]+(?: [a-z]+)+)'", query["QueryString"])
    }
    assert {"Using cached analysis", "Claude analysis", "Card posted"} == lines
    for line in lines:
        assert f'"{line}"' in code()


def test_the_dashboard_shows_all_functions_queues_and_tables() -> None:
    shown = deployed.text(dashboard())
    named = [
        *(
            f["FunctionName"]
            for n, f in resources("AWS::Lambda::Function").items()
            if n in FUNCTIONS
        ),
        *(q["QueueName"] for q in resources("AWS::SQS::Queue").values()),
        *(t["TableName"] for t in resources("AWS::DynamoDB::Table").values()),
    ]
    for name in named:
        assert f'"{name["Fn::Sub"]}"' in shown


def test_nothing_that_the_emulator_refuses_is_created_on_it() -> None:
    for name, resource in stack()["Resources"].items():
        refused = resource["Type"] in {
            "AWS::CloudWatch::CompositeAlarm",
            "AWS::Logs::QueryDefinition",
            "AWS::Logs::MetricFilter",
        } or ("Metrics" in resource.get("Properties", {}))
        assert not refused or resource.get("Condition") == "OnAws", name
