"""What tests of the store have at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flightctl.store.engine import Database


@pytest.fixture
def db(database: Path) -> Iterator[Database]:
    """Transactions over the local file of this test."""
    opened = Database(database)
    yield opened
    opened.close()
