"""The way in: ``flightctl`` and ``python -m flightctl``."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run this process's command line and leave with its exit code."""
    # A run is short and leaves no cycles worth looking for; without, a hit is a tenth faster from the first import on.
    gc.disable()
    try:
        from flightctl.cli.main import run_process

        sys.exit(run_process())
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
