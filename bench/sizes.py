"""The size of what ``sam build`` made, function by function and layer by layer."""

import tomllib
from dataclasses import dataclass

from bench.imports import REPOSITORY

BUILD = REPOSITORY / ".aws-sam" / "build"


@dataclass(frozen=True)
class Package:
    """One folder of the build, unpacked, compiled files included."""

    name: str
    megabytes: float
    files: int


def measure() -> list[Package]:
    """Every function and layer; none where nothing was built."""
    found = sorted(path for path in BUILD.glob("*") if path.is_dir())
    return [_package(path.name) for path in found]


def architecture() -> str:
    """What the build is for; empty where nothing was built."""
    described = REPOSITORY / ".aws-sam" / "build.toml"
    if not described.exists():
        return ""
    built = tomllib.loads(described.read_text())["function_build_definitions"].values()
    return ", ".join(sorted({one["architecture"] for one in built}))


def _package(name: str) -> Package:
    sizes = [path.stat().st_size for path in (BUILD / name).rglob("*") if path.is_file()]
    return Package(name, sum(sizes) / 1e6, len(sizes))
