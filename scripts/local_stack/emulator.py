"""Runs the pinned AWS emulator with our patches, in its own environment; ``stack`` starts it.

Unlike the emulator's own entry point it listens on one loopback port and nowhere else.
"""

import asyncio
import importlib.metadata
import os
import sys

#: The patches rely on private functions of this very version.
PINNED = "1.5.33"
#: Seconds an idle connection stays open; longer than the SDK's pools keep theirs.
KEEP_ALIVE_SECONDS = 75


def main() -> None:
    """Serve until a signal ends the process."""
    found = importlib.metadata.version("ministack")
    if found != PINNED:
        sys.exit(f"The emulator's environment has ministack {found}; the patches need {PINNED}.")
    # Only now: its modules read the environment as they are imported.
    import ministack.app
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.core import tls

    from local_stack import patches

    patches.apply()
    config = Config()
    config.bind = [f"127.0.0.1:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.certfile, config.keyfile = tls.resolve_tls_material()

    async def run() -> None:
        # No graceful end: nothing is kept, and function processes would be waited for.
        never = asyncio.Event()
        await serve(ministack.app.app, config, shutdown_trigger=never.wait)

    asyncio.run(run())


if __name__ == "__main__":
    main()
