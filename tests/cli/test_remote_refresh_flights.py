"""``refresh-stale --flights`` with a remote: service renews, in the shared database, what anybody tracks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from aeroapi_server import AeroApiServer, schedule_row
from dated import AKL, CHC, DAY, local, today
from flightctl.store.models import sqlite_text
from postgres import BASIC, OTHER, SERVICE, STAFF, SUBSCRIBER, RemoteDatabase
from running import As, Result

FAR = today(AKL) + 30 * DAY
Track = Callable[..., str]
Age = Callable[[], None]


def serve(aeroapi: AeroApiServer, number: int, day: date = FAR, out: str = "12:00") -> None:
    aeroapi.schedules = [one for one in aeroapi.schedules if one["ident"] != f"ANZ{number}"]
    aeroapi.schedules.append(schedule_row(f"ANZ{number}/NZ{number}", AKL, CHC, local(AKL, day, out)))


@pytest.fixture
def track(at: As, aeroapi: AeroApiServer) -> Track:
    """The provider has a flight, which these logins track; its id."""

    def call(number: int, *logins: str, day: date = FAR) -> str:
        serve(aeroapi, number, day)
        assert at(SERVICE, "lookup", f"NZ{number}", "--date", str(day)).code == 0
        flight = f"ANZ{number}.{day}.1200.NZAA.NZCH"
        for login in logins:
            assert at(login, "track", flight).code == 0
        return flight

    return call


@pytest.fixture
def age(shared_remote: RemoteDatabase, aeroapi: AeroApiServer) -> Age:
    """Three days pass in which nobody is asked anything."""

    def call() -> None:
        shared_remote.rows("UPDATE flights SET observed_at = observed_at - interval '3 days'")
        shared_remote.rows("UPDATE asked_days SET asked_at = asked_at - interval '3 days'")
        shared_remote.rows("DELETE FROM upstream_calls")
        shared_remote.rows("UPDATE budget_cycles SET used = 0")
        aeroapi.asked.clear()

    return call


def refresh(at: As, login: str = SERVICE, *options: str) -> Result:
    return at(login, "refresh-stale", "--flights", "--json", *options)


def outcomes(done: Result) -> dict[str, str]:
    return {entry["flight_id"]: entry["outcome"] for entry in done.json["entries"]}


def departures(remote: RemoteDatabase) -> list[tuple[str]]:
    return remote.rows("SELECT scheduled_out FROM flights ORDER BY flight_id")


def test_service_renews_what_others_track(
    at: As, track: Track, age: Age, aeroapi: AeroApiServer, shared_remote: RemoteDatabase
) -> None:
    flights = [track(1, BASIC), track(2, OTHER)]
    age()
    serve(aeroapi, 2, out="14:30")
    done = refresh(at)
    assert (done.code, set(outcomes(done)), outcomes(done)[flights[1]]) == (0, set(flights), "changed")
    assert departures(shared_remote) == [(sqlite_text(local(AKL, FAR, clock)),) for clock in ("12:00", "14:30")]


def test_what_is_as_it_was_has_not_changed(at: As, track: Track, age: Age) -> None:
    flight = track(1, BASIC)
    age()
    assert outcomes(refresh(at)) == {flight: "unchanged"}


def test_it_is_new_in_the_list_of_everybody_who_tracks_it(
    at: As, track: Track, age: Age, aeroapi: AeroApiServer
) -> None:
    flight = track(1, BASIC, OTHER)
    for login in (BASIC, OTHER):
        at(login, "flights")
    age()
    serve(aeroapi, 1, out="14:30")
    assert refresh(at).code == 0
    for login in (BASIC, OTHER):
        assert "scheduled_out" in at(login, "flights", "--json").json["changed"][flight]


def test_one_call_is_paid_however_many_track_it_and_is_on_record(
    at: As, track: Track, age: Age, aeroapi: AeroApiServer, shared_remote: RemoteDatabase
) -> None:
    track(1, BASIC, OTHER, STAFF)
    age()
    assert refresh(at).json["upstream_calls"] == len(aeroapi.asked) == 1
    assert shared_remote.rows("SELECT paid_by, provider, result, cause FROM upstream_calls") == [
        (SERVICE, "aeroapi", "ok", "refresh")
    ]


def test_what_was_renewed_is_not_due_again(at: As, track: Track, age: Age, aeroapi: AeroApiServer) -> None:
    track(1, BASIC)
    age()
    assert [refresh(at).json["selected"] for _ in range(2)] == [1, 0]
    assert len(aeroapi.asked) == 1


def test_what_nobody_tracks_is_not_asked_for(at: As, track: Track, age: Age, aeroapi: AeroApiServer) -> None:
    track(1)
    at(BASIC, "untrack", track(2, BASIC))
    age()
    assert (refresh(at).json["selected"], aeroapi.asked) == (0, [])


@pytest.mark.parametrize("login", [BASIC, SUBSCRIBER, STAFF])
@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_others_are_refused_whatever_is_due(
    at: As, track: Track, age: Age, aeroapi: AeroApiServer, login: str, options: tuple[str, ...]
) -> None:
    track(1, login)
    age()
    refused = refresh(at, login, *options)
    assert (refused.code, refused.json["schema"], aeroapi.asked) == (4, "flightctl.error/1", [])


def test_the_shared_cap_ends_the_run(
    at: As,
    track: Track,
    age: Age,
    aeroapi: AeroApiServer,
    shared_remote: RemoteDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flights = [track(number, BASIC) for number in (1, 2, 3)]
    age()
    monkeypatch.setenv("FLIGHTCTL_BUDGET_RESERVE_PERCENT", "0")
    shared_remote.rows("UPDATE provider_terms SET cap = 1 WHERE provider = 'aeroapi'")
    done = refresh(at)
    assert (done.code, len(aeroapi.asked)) == (6, 1)
    assert list(outcomes(done)) == flights
    assert list(outcomes(done).values())[1:] == ["failed", "skipped"]
    assert shared_remote.rows("SELECT used FROM budget_cycles WHERE provider = 'aeroapi'") == [(1,)]


def test_what_failed_stays_as_it_was(
    at: As, track: Track, age: Age, aeroapi: AeroApiServer, shared_remote: RemoteDatabase
) -> None:
    flight = track(1, BASIC)
    age()
    before = shared_remote.rows("SELECT * FROM flights")
    aeroapi.fails(500, "INTERNAL", "it broke")
    done = refresh(at)
    assert (done.code, outcomes(done)) == (5, {flight: "failed"})
    assert shared_remote.rows("SELECT * FROM flights") == before


def test_that_the_provider_knows_it_no_more_is_remembered_for_all_machines(
    at: As, track: Track, age: Age, aeroapi: AeroApiServer
) -> None:
    flight = track(1, BASIC)
    age()
    aeroapi.schedules.clear()
    assert outcomes(refresh(at)) == {flight: "not_found"}
    aeroapi.asked.clear()
    refresh(at)
    assert aeroapi.asked == []
    assert [one["flight_id"] for one in at(BASIC, "flights", "--json").json["flights"]] == [flight]


def test_a_manual_flight_that_waits_for_staff_is_confirmed_by_the_provider(
    at: As, aeroapi: AeroApiServer, age: Age, shared_remote: RemoteDatabase
) -> None:
    at(BASIC, "add-manual", "NZ1", f"--date={FAR}", "--from", "AKL", "--to", "CHC", "--out", "12:00")
    flight = f"ANZ1.{FAR}.1200.NZAA.NZCH"
    assert at(BASIC, "track", flight).code == 0
    serve(aeroapi, 1)
    age()
    assert outcomes(refresh(at)) == {flight: "changed"}
    assert shared_remote.rows("SELECT flight_id, review FROM flights") == [(flight, "confirmed")]
