"""The way in: ``flightctl`` and ``python -m flightctl``."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run this process's command line and leave with its exit code."""
    # A short run leaves no cycles worth looking for, and without looking a hit is a tenth faster from the first import
    # on; only what runs on, as 'watch' does, gets this far.
    gc.set_threshold(200_000)
    try:
        from flightctl.cli.main import run_process

        _leave(run_process())
    except KeyboardInterrupt:
        sys.exit(130)


def _leave(code: int) -> None:
    """End the process without taking the interpreter apart, which costs a sixth of a hit.

    All that was opened is closed by now.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        # What cannot be written is told as Python tells it.
        sys.exit(code)
    os._exit(code)


if __name__ == "__main__":
    main()
