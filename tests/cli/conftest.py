"""What tests of the command line share beyond the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from machines import machine_of
from postgres import RemoteDatabase
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


@pytest.fixture
def at(
    shared_remote: RemoteDatabase,
    home: Path,
    empty_cache: Path,
    flightctl: Flightctl,
    monkeypatch: pytest.MonkeyPatch,
) -> As:
    """Run a command line at this login's own machine: the remote is shared, the local file is not."""

    def call(login: str, *arguments: str, **more: Any) -> Result:
        for name, value in machine_of(login, shared_remote, home, empty_cache).items():
            monkeypatch.setenv(name, value)
        return flightctl(*arguments, **more)

    return call
