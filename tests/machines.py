"""Machines that share a remote: each login has a local file of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from postgres import RemoteDatabase


def machine_of(login: str, remote: RemoteDatabase, home: Path, empty_cache: Path) -> dict[str, str]:
    """The environment of this login's machine, its local file made."""
    file = home / f"{login}.db"
    if not file.exists():
        shutil.copy(empty_cache, file)
    return {"FLIGHTCTL_DB": str(file), "FLIGHTCTL_REMOTE_URL": remote.url(login)}
