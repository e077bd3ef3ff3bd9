"""Runs the pinned AWS emulator with our patches, in its own environment; ``stack`` starts it.

Unlike the emulator's own entry point it listens on one loopback port and nowhere else. With
``PERSIST_STATE`` it keeps what it holds when it is ended, and has it again at the next start.
"""

import asyncio
import importlib.metadata
import os
import signal
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
    from ministack.core import persistence, tls

    from local_stack import patches

    patches.apply()
    config = Config()
    config.bind = [f"127.0.0.1:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.certfile, config.keyfile = tls.resolve_tls_material()

    async def run() -> None:
        ending = asyncio.Event()
        if persistence.PERSIST_STATE:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
        # Without, nothing is kept, and no graceful end waits for function processes.
        await serve(ministack.app.app, config, shutdown_trigger=ending.wait)
        # All is written; what its threads still wait for has ended with the functions.
        os._exit(0)

    asyncio.run(run())


if __name__ == "__main__":
    main()
