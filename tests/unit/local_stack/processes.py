"""Whether processes of other tests' making have ended."""

import subprocess
import time


def gone(pid: int) -> bool:
    """Whether the process ends within twenty seconds; a zombie has ended."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        shown = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        if shown.stdout.strip()[:1] in ("", "Z"):
            return True
        time.sleep(0.05)
    return False
