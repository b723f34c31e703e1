"""What tests of the services have at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flightctl.store.engine import Database
from services.payers import Payers


@pytest.fixture
def payers(database: Path) -> Iterator[Payers]:
    opened = Database(database)
    yield Payers(opened)
    opened.close()
