"""The deployment that ``responder doctor`` is about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local_stack import layout, samconfig

#: What ``make build`` builds for unless it is told otherwise.
ARCHITECTURE = "arm64"
_PARAMETER = re.compile(r"^  (\w+):$")
_DEFAULT = re.compile(r'^    Default: "?([^"]*)"?$')


@dataclass(frozen=True)
class Plan:
    """What would be deployed: the section of samconfig.toml, with the template's defaults below."""

    environment: str
    parameters: Mapping[str, str]
    unknown: tuple[str, ...] = ()

    def number(self, name: str) -> int:
        """A parameter that is a number."""
        return int(self.parameters[name])

    def is_on(self, name: str) -> bool:
        """A parameter that is a switch."""
        return self.parameters.get(name) == "true"


NOTHING: Mapping[str, str] = {}


def plan_of(
    environment: str,
    parameters: Mapping[str, str] = NOTHING,
    template: Path = layout.REPOSITORY / "template.yaml",
) -> Plan:
    """The deployment of an environment, with ``parameters`` before those of its section."""
    given = {**samconfig.parameters(environment), **parameters}
    defaults = _defaults(template.read_text())
    unknown = tuple(sorted(given.keys() - defaults.keys()))
    return Plan(environment, {**defaults, **given}, unknown)


def _defaults(template: str) -> dict[str, str]:
    """The template's parameters; read as lines, since CloudFormation's tags are no plain YAML."""
    section = template.partition("\nParameters:\n")[2].partition("\nMappings:\n")[0]
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        if begin := _PARAMETER.match(line):
            name = begin[1]
            found[name] = ""
        elif default := _DEFAULT.match(line):
            found[name] = default[1]
    return found
