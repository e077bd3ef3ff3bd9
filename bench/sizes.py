"""The size of what ``sam build`` made, function by function and layer by layer."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from bench.imports import REPOSITORY

BUILD = REPOSITORY / ".aws-sam" / "build"


@dataclass(frozen=True)
class Package:
    """One folder of the build, unpacked, compiled files included."""

    name: str
    megabytes: float
    files: int


def measure() -> list[Package]:
    """Every function and layer that would be deployed; none where nothing was built."""
    return of(BUILD)


def of(build: Path) -> list[Package]:
    """Every function and layer of a build."""
    return [_package(path) for path in sorted(build.glob("*")) if path.is_dir()]


def architecture() -> str:
    """What the build is for; empty where nothing was built."""
    described = REPOSITORY / ".aws-sam" / "build.toml"
    if not described.exists():
        return ""
    built = tomllib.loads(described.read_text())["function_build_definitions"].values()
    return ", ".join(sorted({one["architecture"] for one in built}))


def _package(folder: Path) -> Package:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return Package(folder.name, sum(sizes) / 1e6, len(sizes))
