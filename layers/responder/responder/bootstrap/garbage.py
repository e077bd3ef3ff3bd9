"""What a function's process need not look through for garbage."""

import gc


def settle() -> None:
    """Leave alone what the start made: it is there to stay, 75,000 objects and more.

    Every full collection went through all of it, a tenth of the time of each alert. How often
    Python looks stays as it is: a failed connection leaves a cycle with the whole request in it.
    """
    gc.freeze()
