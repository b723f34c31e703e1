"""Who holds a lease, named so that others on this machine can see whether it still lives."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def this_holder() -> str:
    """A name for this process that no other has had: machine, process namespace, number, start, and a random part."""
    return "/".join((_machine(), str(os.getpid()), _started(os.getpid()), str(uuid4())))


def is_gone(holder: str) -> bool:
    """Whether this process is known to have ended; false for one that cannot be seen from here."""
    machine, _, rest = holder.partition("/")
    number, _, rest = rest.partition("/")
    started = rest.partition("/")[0]
    return bool(started) and machine == _machine() and _started(int(number)) != started


def _machine() -> str:
    """Where process numbers mean the same: this host and this namespace of processes (containers have their own)."""
    namespace = ""
    with suppress(OSError):
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - a name, not a path
    return f"{socket.gethostname()} {namespace}"


def _started(number: int) -> str:
    """When the process began, in the kernel's ticks; empty where there is none, or it is dead and not yet buried."""
    try:
        after_name = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if after_name[0] in "ZX" else after_name[19]
