"""What ``samconfig.toml`` gives an environment; ``shipping`` and ``deploying`` add to it."""

import tomllib

from local_stack import layout


def parameters(environment: str) -> dict[str, str]:
    """Its parameters by name: any ``--parameter-overrides`` would replace them all."""
    config = tomllib.loads((layout.REPOSITORY / "samconfig.toml").read_text())
    overrides = config[environment]["deploy"]["parameters"]["parameter_overrides"]
    return dict(pair.split("=", 1) for pair in overrides)
