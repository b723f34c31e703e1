"""Machines that share a remote: each login has a local file of its own."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.sightings import sighting
from flightctl.services import observing
from flightctl.store.remote_engine import Remote
from postgres import SERVICE, RemoteDatabase


def machine_of(login: str, remote: RemoteDatabase, home: Path, empty_cache: Path) -> dict[str, str]:
    """The environment of this login's machine, its local file made."""
    file = home / f"{login}.db"
    if not file.exists():
        shutil.copy(empty_cache, file)
    return {"FLIGHTCTL_DB": str(file), "FLIGHTCTL_REMOTE_URL": remote.url(login)}


def stored_flight(remote: RemoteDatabase) -> str:
    """Id of a flight that service has put into the remote."""
    database = Remote(remote.url(SERVICE))
    with database.writing() as session:
        an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
        [taken] = observing.take(session, [sighting("2026-12-03 08:30", observed_at=an_hour_ago)])
    database.close()
    return taken.flight.flight_id
