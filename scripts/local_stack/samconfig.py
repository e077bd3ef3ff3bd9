"""What ``samconfig.toml`` gives an environment; ``shipping`` and ``deploying`` add to it."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from local_stack import layout

# What SAM's parser of parameters reads whole without quotes.
_PLAIN = re.compile(r"[\w./:@,#=-]+")


def parameters(environment: str) -> dict[str, str]:
    """Its parameters by name: any ``--parameter-overrides`` would replace them all."""
    return dict(pair.split("=", 1) for pair in _section(environment)["parameter_overrides"])


def overrides(given: Mapping[str, str]) -> list[str]:
    """These parameters as the arguments of SAM, which reads each value back whole."""
    return ["--parameter-overrides", *(f"{name}={_quoted(one)}" for name, one in given.items())]


def setting(environment: str, name: str) -> str:
    """What it gives ``sam deploy`` itself, such as the stack's name."""
    return str(_section(environment)[name])


def _section(environment: str) -> dict[str, Any]:
    config = tomllib.loads((layout.REPOSITORY / "samconfig.toml").read_text())
    section: dict[str, Any] = config[environment]["deploy"]["parameters"]
    return section


def _quoted(value: str) -> str:
    """Unquoted a value would end at its first blank."""
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return value
    return value if _PLAIN.fullmatch(value) else '"' + value.replace('"', '\\"') + '"'
