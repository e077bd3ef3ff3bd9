"""``python -m local_stack.guarded MODULE ARGS``: runs a server that ends with its starter.

``stack`` starts every server this way: not even a SIGKILL of ``make local`` leaves one behind.
"""

import os
import runpy
import sys
import threading

CHECK_SECONDS = 1.0


def main() -> None:
    """Run the module named first, with the arguments that follow."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _watch(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(CHECK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
