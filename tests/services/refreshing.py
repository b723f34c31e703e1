"""Refresh runs by a clock that goes on by what they wait for, so that nobody else has to wait."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flightctl.domain.renewal import RefreshOrder, RefreshReport
from flightctl.runtime import Options, Runtime
from flightctl.services.refresh_run import Teller
from upstream import Upstream


class Runs:
    """``runs(max_calls=3)`` is one run; what it waited for and told is kept."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.waits: list[float] = []
        """Seconds of each wait."""
        self.told: list[str] = []

    def __call__(self, **order: Any) -> RefreshReport:
        runtime = Runtime(Options(), os.environ, self._clock)
        try:
            refresh = runtime.refresh(RefreshOrder(runtime.ttl, **order))
            teller = Teller(self._clock, self._sleep, lambda: None, self.told.append)
            return refresh.run(refresh.selected(), lambda: runtime.paying.routes, teller)
        finally:
            runtime.close()

    def _clock(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)


Fault = Callable[[Upstream], None]


def failing(upstream: Upstream, faults: Mapping[int, Fault]) -> None:
    """The calls of these numbers (1 is the first) fail so, all others are answered."""

    def be() -> None:
        upstream.works()
        if len(upstream.asked) in faults:
            faults[len(upstream.asked)](upstream)

    upstream.while_asked = be


def error(status: int, code: str, **headers: str) -> Fault:
    """The service says this."""
    return lambda upstream: upstream.fails(status, code, **headers)


def body(text: str) -> Fault:
    """Something that is no answer."""

    def fault(upstream: Upstream) -> None:
        upstream.reply = 200, text

    return fault


FAILED = error(500, "internal_error")
LIMITED = error(429, "rate_limit_reached")
AWAY = error(503, "internal_error")
NO_PAGES = error(403, "function_access_restricted")


def before_page(upstream: Upstream, number: int, change: Callable[[], object]) -> None:
    """Something happens while this page (1 is the first) is asked for."""
    upstream.while_asked = lambda: change() if len(upstream.asked) == number else None


def paging(upstream: Upstream, monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    """Upstream says this in ``pagination``, whatever is true; ``None`` leaves it out."""
    answer = upstream.answer

    def answer_changed(query: dict[str, str]) -> tuple[int, str]:
        status, body = answer(query)
        document = json.loads(body)
        document["pagination"] |= changed
        document["pagination"] = {name: value for name, value in document["pagination"].items() if value is not None}
        return status, json.dumps(document)

    monkeypatch.setattr(upstream, "answer", answer_changed)
