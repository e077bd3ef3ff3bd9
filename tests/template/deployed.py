"""What CloudFormation would see: the template after SAM's transform; used by the tests here."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("local", "dev", "staging", "prod")
FUNCTIONS = ("AlertReceptionFunction", "AnalysisFunction", "DistributionFunction")

type Json = dict[str, Any]


def source() -> Json:
    """The template as it is written."""
    parsed: Json = yaml_parse((ROOT / "template.yaml").read_text())
    return parsed


def transform(given: Json, parameters: Mapping[str, str]) -> Json:
    """What SAM makes of ``given``; the code's place in S3 stands for its content."""
    for name, resource in given["Resources"].items():
        properties = resource.get("Properties", {})
        for key in ("CodeUri", "ContentUri"):
            if key in properties and not properties[key].startswith("s3://"):
                properties[key] = f"s3://code/{name}"
    session = boto3.Session(region_name="us-east-1")
    translator = Translator({}, Parser(), boto_session=session)
    made: Json = translator.translate(given, dict(parameters))
    return made


@cache
def stack(deployment_preference: str = "AllAtOnce") -> Json:
    """The transformed template; do not change it."""
    return transform(source(), {"DeploymentPreference": deployment_preference})


def resources(kind: str, template: Json | None = None) -> dict[str, Json]:
    """Properties of all resources of one CloudFormation type, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in (template or stack())["Resources"].items()
        if resource["Type"] == kind
    }


def parameters(environment: str) -> dict[str, str]:
    """Parameter values of one environment: the template's defaults, then samconfig's."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    deploy = config[environment]["deploy"]["parameters"]
    defaults = {name: str(p["Default"]) for name, p in source()["Parameters"].items()}
    return defaults | dict(pair.split("=", 1) for pair in deploy["parameter_overrides"])


def referred(value: object) -> str:
    """The logical id that a Ref, GetAtt or Sub of one resource speaks of."""
    match value:
        case {"Ref": str(name)}:
            return name
        case {"Fn::GetAtt": [str(name), *_]}:
            return name
        case {"Fn::Sub": str(text)}:
            return text.removeprefix("${").split("}")[0].split(".")[0]
    raise AssertionError(f"refers to nothing: {value}")


def statements(policy: Json) -> Iterator[Json]:
    """The statements of a policy, with actions and resources as lists.

    One that a condition takes in has its name as ``Condition``.
    """
    for given in policy["Statement"]:
        condition, statement, otherwise = given.get("Fn::If", ("", given, None))
        assert otherwise in (None, {"Ref": "AWS::NoValue"})
        yield {
            **({"Condition": condition} if condition else {}),
            **statement,
            "Action": as_list(statement["Action"]),
            "Resource": as_list(statement["Resource"]),
        }


def as_list(value: Any) -> list[Any]:
    """IAM's "one or many", as many."""
    return value if isinstance(value, list) else [value]


def text(value: object) -> str:
    """Any part of the template as text, to look for what must not be in it."""
    return json.dumps(value, sort_keys=True)
