"""How often Python looks for garbage in a function's process.

Nearly all that a batch makes is gone with its last reference. Unsettled, the collector looked again
and again through what the start had made, a tenth of the time of every alert.
"""

import gc

#: Container objects that a process may have made and kept before the collector looks at them. A
#: batch has few that refer to each other; as many as these take some megabytes.
YOUNG = 20_000


def settle() -> None:
    """Leave alone what there is at the end of the start (``gc.freeze``), and look less often."""
    gc.freeze()
    gc.set_threshold(YOUNG)
