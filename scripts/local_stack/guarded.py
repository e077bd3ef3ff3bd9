"""``python -m local_stack.guarded PID MODULE ARGS``: runs a server that ends with its starter.

``stack`` starts every server this way: not even a SIGKILL of ``make local`` leaves one behind.
"""

import os
import runpy
import sys
import threading

CHECK_SECONDS = 1.0


def main() -> None:
    """Run the module, with the arguments that follow it, while process PID is our parent."""
    threading.Thread(target=_watch, args=(int(sys.argv[1]),), daemon=True).start()
    module = sys.argv[2]
    sys.argv = sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _watch(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(CHECK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
