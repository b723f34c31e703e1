"""One moment and one way to ask, shared by the sandbox's tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from flightctl.providers.sandbox.handler import answer
from flightctl.providers.sandbox.wire import WireAnswer

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def now() -> datetime:
    return datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def ask(now: datetime) -> Ask:
    """Ask /v1/flights with a paid key; the decoded body."""

    def ask(at: datetime = now, **query: object) -> Any:
        asked = {"access_key": "key"} | {name: str(value) for name, value in query.items()}
        return json.loads(answer("/v1/flights", asked, at).body)

    return ask


@pytest.fixture(scope="session")
def everything(ask: Ask) -> list[dict[str, Any]]:
    """All rows of the real-time set, read page by page."""
    total = ask(limit=1)["pagination"]["total"]
    return [row for offset in range(0, total, 100) for row in ask(offset=offset)["data"]]


@pytest.fixture(scope="session")
def aero_answer(now: datetime) -> Callable[..., WireAnswer]:
    """Ask AeroAPI with a good key, by a path below /aeroapi."""

    def aero_answer(path: str, at: datetime = now, **query: object) -> WireAnswer:
        asked = {name: str(value) for name, value in query.items()}
        return answer(f"/aeroapi{path}", asked, at, headers={"x-apikey": "key"})

    return aero_answer


@pytest.fixture(scope="session")
def aero(aero_answer: Callable[..., WireAnswer]) -> Ask:
    """The decoded body of what AeroAPI answers."""
    return lambda path, *at, **query: json.loads(aero_answer(path, *at, **query).body)
