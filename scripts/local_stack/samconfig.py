"""What ``samconfig.toml`` gives an environment; ``shipping`` and ``deploying`` add to it."""

import tomllib
from typing import Any

from local_stack import layout


def parameters(environment: str) -> dict[str, str]:
    """Its parameters by name: any ``--parameter-overrides`` would replace them all."""
    return dict(pair.split("=", 1) for pair in _section(environment)["parameter_overrides"])


def setting(environment: str, name: str) -> str:
    """What it gives ``sam deploy`` itself, such as the stack's name."""
    return str(_section(environment)[name])


def _section(environment: str) -> dict[str, Any]:
    config = tomllib.loads((layout.REPOSITORY / "samconfig.toml").read_text())
    section: dict[str, Any] = config[environment]["deploy"]["parameters"]
    return section
