"""What tests of the command line share beyond the rest."""

from __future__ import annotations

from typing import Any

import pytest

from running import As, Flightctl, Result


@pytest.fixture
def basic(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller of the basic tier, and a provider that is open to subscribers only."""
    monkeypatch.setenv("FLIGHTCTL_TIER", "basic")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_OPEN_TO", "subscribers")


@pytest.fixture
def as_(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch) -> As:
    """Run a command line as this user."""

    def call(user: str, *arguments: str, **more: Any) -> Result:
        monkeypatch.setenv("FLIGHTCTL_USER", user)
        return flightctl(*arguments, **more)

    return call
