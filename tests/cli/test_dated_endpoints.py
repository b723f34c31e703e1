"""``lookup --date``: who is asked for a day, by how far off it is, by what is configured and by who asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from aeroapi_server import KEY as AERO_KEY
from aeroapi_server import AeroApiServer, flight_row, schedule_row
from dated import AKL, CHC, DAY, HOUR, Line, calm_line, code, local, look, outcome, stack_row, summer_day, today
from running import Cached, Flightctl, Result
from upstream import KEY, Upstream

pytestmark = pytest.mark.usefixtures("database")

FLIGHTS, REAL_TIME, DATE, SCHEDULES = "flights", "real time", "date", "schedules"
OUT_OF_REACH, NO_KEY, DENIED, PLAN = "2 bad_date", "10 no_key", "4 denied", "5 plan_refused"
DAYS = (-100, -20, -5, -1, 0, 1, 2, 5, 12, 300, 400)
LETTERS = {
    "x": OUT_OF_REACH,
    "k": NO_KEY,
    "4": DENIED,
    "f": FLIGHTS,
    "r": REAL_TIME,
    "d": DATE,
    "t": SCHEDULES,
    "p": PLAN,
}
TABLE = {
    # of AviationStack, of AeroAPI, tier, to whom AeroAPI is open
    ("", "", "subscriber", "subscribers"): "x k k k k k k k k k x",
    ("free", "", "subscriber", "subscribers"): "x k k r r r k k k k x",
    ("paid", "", "subscriber", "subscribers"): "x d d d d d k k k k x",
    ("", "key", "subscriber", "subscribers"): "x t f f f f t t t t x",
    ("free", "key", "subscriber", "subscribers"): "x t f f f f t t t t x",
    ("paid", "key", "subscriber", "subscribers"): "x d f f f f t t t t x",
    ("", "", "basic", "subscribers"): "x 4 4 4 4 4 4 4 4 4 x",
    ("free", "", "basic", "subscribers"): "x 4 4 r r r 4 4 4 4 x",
    ("paid", "", "basic", "subscribers"): "x d d d d d 4 4 4 4 x",
    ("", "key", "basic", "subscribers"): "x 4 4 4 4 4 4 4 4 4 x",
    ("free", "key", "basic", "subscribers"): "x 4 4 r r r 4 4 4 4 x",
    ("paid", "key", "basic", "subscribers"): "x d d d d d 4 4 4 4 x",
    ("free", "key", "basic", "everyone"): "x t f f f f t t t t x",
    ("", "", "basic", "everyone"): "x k k k k k k k k k x",
}


@dataclass
class Providers:
    """Both of them, with the flights of a line on every day that is asked for."""

    stack: Upstream
    aero: AeroApiServer
    line: Line

    def serve(self, number: int, days: int) -> None:
        line, day = self.line, today(self.line.origin) + days * DAY
        ends, out = (line.origin, line.destination), local(line.origin, day, "12:00")
        self.stack.rows.append(stack_row(line.flight(number), *ends, day))
        self.aero.flights.append(flight_row(line.both(number), *ends, out))
        self.aero.schedules.append(schedule_row(line.both(number), *ends, out))

    def taken(self) -> list[str]:
        """What was asked since the last time."""
        asked = [DATE if "flight_date" in query else REAL_TIME for query in self.stack.asked]
        asked += [one.endpoint for one in self.aero.asked]
        self.stack.asked.clear()
        self.aero.asked.clear()
        return asked


@pytest.fixture
def providers(upstream: Upstream, aeroapi: AeroApiServer, cached: Cached) -> Providers:
    line = calm_line()
    for number in range(len(DAYS)):
        cached(line.flight(100 + number), line.origin.iata, line.destination.iata)
    return Providers(upstream, aeroapi, line)


@pytest.fixture
def configured(providers: Providers, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    stack, aero, tier, open_to = request.param
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_KEY", KEY if stack else "")
    monkeypatch.setenv("FLIGHTCTL_AVIATIONSTACK_PLAN", stack or "free")
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_KEY", AERO_KEY if aero else "")
    monkeypatch.setenv("FLIGHTCTL_TIER", tier)
    monkeypatch.setenv("FLIGHTCTL_AEROAPI_OPEN_TO", open_to)


def _ended(done: Result, asked: Iterable[str]) -> str:
    return " and ".join(asked) if done.code == 0 else f"{done.code} {code(done)}"


@pytest.mark.parametrize(
    ("configured", "expected"),
    TABLE.items(),
    ids=[" ".join(filter(None, row)) for row in TABLE],
    indirect=["configured"],
)
@pytest.mark.usefixtures("configured")
def test_a_day_is_asked_of_who_can_tell_of_it(flightctl: Flightctl, providers: Providers, expected: str) -> None:
    ended = {}
    for number, days in enumerate(DAYS, 100):
        providers.serve(number, days)
        done = look(flightctl, providers.line.flight(number), today(providers.line.origin) + days * DAY)
        ended[days] = _ended(done, providers.taken())
    assert ended == dict(zip(DAYS, (LETTERS[letter] for letter in expected.split()), strict=True))


@pytest.mark.parametrize(
    ("words", "days"), [("today", 0), ("tomorrow", 1), ("yesterday", -1), ("+1", 1), ("-5", -5), ("+5", 5), ("+0", 0)]
)
def test_words_for_days_are_counted_from_the_origins_today(
    flightctl: Flightctl, providers: Providers, words: str, days: int
) -> None:
    for around in (-1, 0, 1):
        providers.serve(100, days + around)
    done = look(flightctl, providers.line.flight(100), words)
    dates = [flight["departure_date"] for flight in done.answers[0]["flights"]]
    assert dates == [str(today(providers.line.origin) + days * DAY)]


REASONS = [
    (-20, "AeroAPI schedules: asked, one paid call; 20 days back; it tells of three months back to a year ahead"),
    (-1, "AeroAPI flights: asked, one paid call; 1 day back; it tells of 10 days back to 2 days ahead"),
    (0, "AeroAPI flights: asked, one paid call; today; it tells of 10 days back to 2 days ahead"),
    (5, "AeroAPI schedules: asked, one paid call; 5 days ahead; it tells of three months back to a year ahead"),
]


@pytest.mark.parametrize(("days", "reason"), REASONS)
def test_explain_says_who_was_asked_and_why(flightctl: Flightctl, providers: Providers, days: int, reason: str) -> None:
    providers.serve(100, days)
    day = today(providers.line.origin) + days * DAY
    explained = look(flightctl, providers.line.flight(100), day, "--explain").answers[0]["explain"]
    assert explained[0] == "local: nothing is stored of that day"
    assert reason in explained


def test_explain_says_why_nobody_could_be_asked(
    flightctl: Flightctl, providers: Providers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_TIER", "basic")
    day = today(providers.line.origin) + 12 * DAY
    explained = look(flightctl, providers.line.flight(100), day, "--explain").answers[0]["explain"]
    assert "AeroAPI schedules: not asked, it is for subscribers" in explained
    assert providers.taken() == []


def test_a_day_beyond_all_providers_says_how_far_off_it_is(flightctl: Flightctl, providers: Providers) -> None:
    for days, said in ((400, "400 days ahead, and providers tell of a year ahead at most"), (-100, "100 days back")):
        day = today(providers.line.origin) + days * DAY
        error = look(flightctl, providers.line.flight(100), day).answers[0]["error"]
        assert said in error["message"]
    assert providers.taken() == []


def test_the_window_has_the_origins_local_day_and_half_a_day_around(
    flightctl: Flightctl, aeroapi: AeroApiServer, cached: Cached
) -> None:
    cached("NZ527", "AKL", "CHC")
    day = summer_day(AKL)
    look(flightctl, "NZ527", day)
    [asked] = aeroapi.asked
    assert asked.window == (local(AKL, day) - 12 * HOUR, local(AKL, day + DAY) + 12 * HOUR)
    assert local(AKL, day).hour == 11, "13 hours ahead of UTC"


def test_the_window_of_an_unknown_origin_has_the_day_anywhere(flightctl: Flightctl, aeroapi: AeroApiServer) -> None:
    day = summer_day(AKL)
    look(flightctl, "NZ527", day)
    [asked] = aeroapi.asked
    start, end = asked.window
    assert asked.covers(AKL, day)
    assert end - start == timedelta(hours=24 + 14 + 12)


def test_the_window_of_a_near_day_stays_within_what_aeroapi_takes(flightctl: Flightctl, providers: Providers) -> None:
    line = providers.line
    for days in (-9, 1):
        providers.serve(100, days)
        day = today(line.origin) + days * DAY
        assert look(flightctl, line.flight(100), day).code == 0
        assert providers.aero.asked[-1].covers(line.origin, day)


def test_an_origin_is_known_from_a_flight_of_another_day(flightctl: Flightctl, aeroapi: AeroApiServer) -> None:
    day = summer_day(AKL)
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, day, "08:30"))]
    look(flightctl, "NZ527", day)
    look(flightctl, "NZ527", day + 5 * DAY)
    assert aeroapi.asked[1].window[0] == local(AKL, day + 5 * DAY) - 12 * HOUR


def test_aeroapi_is_asked_by_the_icao_designator_and_never_for_a_registration(
    flightctl: Flightctl, providers: Providers
) -> None:
    line = providers.line
    providers.serve(100, 0)
    look(flightctl, line.flight(100), "today")
    [asked] = providers.aero.asked
    assert (asked.path, asked.params["ident_type"]) == (f"/flights/{line.icao}100", "designator")


def test_a_number_with_a_letter_is_not_asked_of_timetables(flightctl: Flightctl, aeroapi: AeroApiServer) -> None:
    done = look(flightctl, "NZ527A", summer_day(AKL))
    assert (done.code, outcome(done), code(done), aeroapi.asked) == (5, "error", "request_refused", [])
