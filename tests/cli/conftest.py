"""What tests of the command line share beyond the rest."""

from __future__ import annotations

import pytest


@pytest.fixture
def basic(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller of the basic tier, and a provider that is open to subscribers only."""
    monkeypatch.setenv("FLIGHTCTL_TIER", "basic")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_OPEN_TO", "subscribers")
