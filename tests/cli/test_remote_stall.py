"""A network that stops: what is here is answered at once, what needs the remote is given up in time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from postgres import BASIC, RemoteDatabase
from running import As, Flightctl
from stalling import Door, door_to
from upstream import Upstream, row

GIVEN_UP_WITHIN_S = 15.0


@pytest.fixture
def door(shared_remote: RemoteDatabase, monkeypatch: pytest.MonkeyPatch, at: As, upstream: Upstream) -> Iterator[Door]:
    """The program's way to the remote, with a flight that is held here."""
    upstream.rows = [row("NZ527"), row("NZ5")]
    assert at(BASIC, "lookup", "NZ527").code == 0
    with door_to(shared_remote.server.socket_folder) as opened:
        monkeypatch.setenv("FLIGHTCTL_REMOTE_URL", opened.url(BASIC, shared_remote.name))
        yield opened


def told(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out)["results"][0]
    return found


def test_through_a_door_that_is_open_all_is_as_ever(door: Door, flightctl: Flightctl) -> None:
    assert told(flightctl("lookup", "NZ5", "--json").out)["outcome"] == "miss"
    assert door.opened > 0


def test_a_local_hit_does_not_even_knock(door: Door, flightctl: Flightctl) -> None:
    door.stalls.set()
    found = told(flightctl("lookup", "NZ527", "--json").out)
    assert (found["outcome"], found["source"], door.opened) == ("hit", "local", 0)


def test_what_needs_the_remote_is_given_up_in_time(door: Door, flightctl: Flightctl, upstream: Upstream) -> None:
    door.stalls.set()
    began = time.monotonic()
    done = flightctl("lookup", "NZ5", "--json")
    assert time.monotonic() - began < GIVEN_UP_WITHIN_S
    assert (done.code, told(done.out)["error"]["code"]) == (5, "remote_timeout")
    assert len(upstream.asked) == 1


@pytest.mark.slow
def test_so_is_what_had_begun(door: Door, flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.while_asked = door.stalls.set
    began = time.monotonic()
    done = flightctl("lookup", "NZ5", "--json")
    assert time.monotonic() - began < GIVEN_UP_WITHIN_S
    assert (done.code, told(done.out)["outcome"]) == (0, "miss")
    assert "not kept" in told(done.out)["warning"]
