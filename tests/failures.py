"""The ways in which the upstream of ``tests/upstream.py`` can fail, by name."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from upstream import KEY, Upstream

Fault = Callable[[Upstream, pytest.MonkeyPatch], None]
"""``fault(upstream, monkeypatch)``: from now on every request fails like this."""


def _refuse_connections(_upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_URL", "http://127.0.0.1:9/v1")


def _reply(status: int, body: str) -> Fault:
    def fault(upstream: Upstream, _monkeypatch: pytest.MonkeyPatch) -> None:
        upstream.reply = status, body

    return fault


def _error(status: int, code: str) -> Fault:
    return _reply(status, json.dumps({"error": {"code": code, "message": f"The service says {code}."}}))


HTML = "<!doctype html><html><body>Sign in to the airport's WiFi</body></html>"
ECHO = {"code": "rate_limit_reached", "message": f"too fast: access_key={KEY}", "context": {KEY: KEY}}

PASSING: dict[str, tuple[Fault, int, str]] = {
    "connection refused": (_refuse_connections, 5, "upstream_unreachable"),
    "500 internal_error": (_error(500, "internal_error"), 5, "upstream_server_error"),
    "503 without JSON": (_reply(503, "no healthy upstream"), 5, "upstream_server_error"),
    "429 rate_limit_reached": (_error(429, "rate_limit_reached"), 5, "upstream_rate_limited"),
    "429 usage_limit_reached": (_error(429, "usage_limit_reached"), 6, "usage_limit_reached"),
    "an error with status 200": (_error(200, "internal_error"), 5, "upstream_server_error"),
    "an HTML page": (_reply(200, HTML), 5, "upstream_unreadable"),
    "truncated JSON": (_reply(200, '{"pagination": {"limit": 100}, "data": [{"fli'), 5, "upstream_unreadable"),
    "a redirect": (_reply(302, ""), 5, "upstream_redirect"),
}
"""Failures that may pass, for which ``--stale-if-error`` is meant: (fault, exit code, error code)."""

LASTING: dict[str, tuple[Fault, int, str]] = {
    "401 invalid_access_key": (_error(401, "invalid_access_key"), 5, "key_refused"),
    "403 function_access_restricted": (_error(403, "function_access_restricted"), 5, "plan_refused"),
    "422 validation_error": (_error(422, "validation_error"), 5, "request_refused"),
}
"""Refusals that last until somebody changes something; they are never covered by a stale answer."""

ECHOING: dict[str, Fault] = {
    "an error that echoes the key": _reply(429, json.dumps({"error": ECHO})),
    "a page that echoes the key": _reply(502, f"<html>GET /v1/flights?access_key={KEY}</html>"),
    "text that echoes the key": _reply(200, f"access_key={KEY}"),
    "no record, with the key": _reply(200, json.dumps({"pagination": {}, "data": [], "access_key": KEY})),
}
"""Answers in which the key comes back."""
