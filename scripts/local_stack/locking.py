"""``python -m local_stack.locking`` (make lock): writes every lock file again from its .in file.

A lock names versions and hashes for all platforms, and neither an index nor a path of this machine.
"""

import os
import subprocess
import sys
from pathlib import Path

from local_stack import layout

_SETTINGS = (
    "--quiet",
    "--upgrade",
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    "--no-emit-options",
)


def sources() -> list[Path]:
    """Every .in file: the environments', the layer's and the functions'."""
    folders = (
        layout.REPOSITORY / "requirements",
        layout.REPOSITORY / "layers",
        layout.REPOSITORY / "functions",
    )
    return sorted(path for folder in folders for path in folder.rglob("*.in"))


def lock(source: Path) -> None:
    """Resolve one .in file against the default registry alone: a mirror may lack platforms."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PIP_FIND_LINKS"},
        "PIP_CONFIG_FILE": os.devnull,
    }
    subprocess.run(  # noqa: S603 (our own command)
        [
            str(Path(sys.executable).parent / "pip-compile"),
            *_SETTINGS,
            *("--output-file", f"{source.stem}.txt", source.name),
        ],
        cwd=source.parent,
        env=environment,
        check=True,
    )


def main() -> None:
    """Lock everything."""
    for source in sources():
        print(f"Locking {source.relative_to(layout.REPOSITORY)}", flush=True)
        lock(source)


if __name__ == "__main__":
    main()
