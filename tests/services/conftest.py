"""What tests of the services have at hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.sightings import NOW
from flightctl.store.local_engine import LocalFile
from people import Person, flight_id, observe, person
from services.payers import Payers


@pytest.fixture
def payers(database: Path) -> Iterator[Payers]:
    opened = LocalFile(database)
    yield Payers(opened)
    opened.close()


@pytest.fixture
def db(database: Path) -> Iterator[LocalFile]:
    """With two flights that nobody has left with yet."""
    with closing(LocalFile(database)) as opened:
        observe(opened, 0, observed_at=NOW)
        observe(opened, 1, observed_at=NOW)
        yield opened


@pytest.fixture
def alice(db: LocalFile) -> Person:
    """Who lists the first flight."""
    alice = person(db, "alice")
    alice.lists.track(flight_id())
    return alice
