"""AeroAPI's key goes into a header, to the configured address, and appears nowhere else whatever fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aeroapi_server import KEY, AeroApiServer, schedule_row
from dated import AKL, CHC, DAY, local, today
from leaks import no_trace, shows, traces_of
from running import Flightctl, Result

pytestmark = pytest.mark.usefixtures("database")

FAR = today(AKL) + 30 * DAY
ECHO = {"title": KEY, "reason": f"INVALID_{KEY}", "detail": f"the key {KEY} is bad", "status": 401}
REPLIES = {
    "a refusal that echoes the key": (401, json.dumps(ECHO)),
    "a bad request that echoes the key": (400, json.dumps({**ECHO, "status": 400})),
    "its own failure, with the key": (500, json.dumps({**ECHO, "status": 500})),
    "a page that echoes the key": (502, f"<html>x-apikey: {KEY}</html>"),
    "text that echoes the key": (200, f"x-apikey: {KEY}"),
    "nothing, with the key": (200, json.dumps({"scheduled": [], "links": None, "num_pages": 1, "key": KEY})),
    "a redirect": (302, ""),
}


def _leaks(text: bytes) -> bool:
    return shows(text, traces_of(KEY))


@pytest.fixture
def nothing_leaked(home: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[Result], None]]:
    with no_trace(traces_of(KEY), home, caplog) as check:
        yield check


def _everywhere(flightctl: Flightctl, check: Callable[[Result], None]) -> None:
    for format in ("table", "json"):
        # What the last one has met keeps nobody from asking again.
        flightctl("budget", "thaw")
        check(
            flightctl("lookup", "NZ527", "--date", str(FAR), "--explain", "--refresh", "--verbose", "--format", format)
        )
    for command in (("budget", "show"), ("stats",), ("config", "show"), ("pending",)):
        check(flightctl(*command, "--json"))


def test_the_key_is_in_the_header_and_nowhere_in_the_address(
    flightctl: Flightctl, aeroapi: AeroApiServer, nothing_leaked: Callable[[Result], None]
) -> None:
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"))]
    _everywhere(flightctl, nothing_leaked)
    assert {one.headers["x-apikey"] for one in aeroapi.asked} == {KEY}
    assert not any(_leaks(json.dumps([one.path, one.params]).encode()) for one in aeroapi.asked)


@pytest.mark.parametrize("reply", REPLIES.values(), ids=list(REPLIES))
def test_no_failure_shows_the_key(
    flightctl: Flightctl,
    aeroapi: AeroApiServer,
    nothing_leaked: Callable[[Result], None],
    reply: tuple[int, str],
) -> None:
    aeroapi.reply = reply
    _everywhere(flightctl, nothing_leaked)


def test_rows_that_echo_the_key_cannot_put_it_into_the_cache(
    flightctl: Flightctl, aeroapi: AeroApiServer, nothing_leaked: Callable[[Result], None]
) -> None:
    row = schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"), aircraft_type=KEY, fa_flight_id=KEY)
    aeroapi.schedules = [{**row, KEY: [KEY]}]
    _everywhere(flightctl, nothing_leaked)
    [answer] = flightctl("lookup", "NZ527", "--date", str(FAR), "--json").answers
    nothing_leaked(flightctl("history", answer["flights"][0]["flight_id"], "--json"))


def test_a_redirect_is_not_followed(flightctl: Flightctl, aeroapi: AeroApiServer) -> None:
    aeroapi.reply = 302, ""
    assert flightctl("lookup", "NZ527", "--date", str(FAR)).code == 5
    assert len(aeroapi.asked) == 1


def test_the_provider_that_is_not_asked_does_not_get_the_other_ones_key(
    flightctl: Flightctl, aeroapi: AeroApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", "of-the-other")
    flightctl("lookup", "NZ527", "--date", str(FAR))
    [asked] = aeroapi.asked
    assert "of-the-other" not in json.dumps([asked.path, asked.params, asked.headers])
