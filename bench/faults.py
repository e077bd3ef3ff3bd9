"""``python -m bench.faults``: the fault campaign; its harness, ``tests/faults``, is part of CI."""

import sys

from faults.__main__ import main

if __name__ == "__main__":
    sys.exit(main(prog="python -m bench.faults"))
