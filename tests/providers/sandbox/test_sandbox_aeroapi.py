"""AeroAPI's stand-in as our own client sees it, in process and over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from flightctl.domain.designator import parse_designator
from flightctl.domain.sighting import FlightStatus, Sighting
from flightctl.domain.sighting_page import SightingsPage
from flightctl.errors import KeyRefused, RequestRefused
from flightctl.providers.aeroapi import Access, AeroApi
from flightctl.providers.sandbox.schedule import legs
from flightctl.providers.sandbox.server import SandboxServer
from flightctl.providers.sandbox.transport import SandboxTransport

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ZONES = {end.code: end.zone_name for leg in legs() for end in (leg.departure, leg.arrival)}
IN_WINDOW = 12
"""Departures of a daily flight from 10 days back to 2 ahead."""

Turn = Callable[[str], SightingsPage]


def _zone_of(code: str) -> str:
    return ZONES.get(code, "")


def _api(key: str = "k", *faults: str) -> AeroApi:
    transport = SandboxTransport(lambda: NOW, faults)
    return AeroApi(Access("http://127.0.0.1/aeroapi", key), provider="sandbox", transport=transport)


def _flights(api: AeroApi, flight: str, start: datetime, end: datetime, cursor: str = "") -> SightingsPage:
    return api.flights(parse_designator(flight), start, end, now=NOW, zone_of=_zone_of, cursor=cursor)


def _all_pages(turn: Turn) -> Iterator[SightingsPage]:
    page = turn("")
    yield page
    while page.cursor:
        page = turn(page.cursor)
        yield page


def _everything_of(flight: str, api: AeroApi | None = None) -> list[SightingsPage]:
    asked = api or _api()
    return list(_all_pages(lambda cursor: _flights(asked, flight, NOW - 10 * DAY, NOW + 2 * DAY, cursor)))


def _timetable(start: datetime, airline: str, *, include_codeshares: bool = True) -> list[SightingsPage]:
    api = _api()
    return list(
        _all_pages(
            lambda cursor: api.schedules(
                start,
                start + DAY,
                airline,
                include_codeshares=include_codeshares,
                now=NOW,
                zone_of=_zone_of,
                cursor=cursor,
            )
        )
    )


def _seen(pages: list[SightingsPage]) -> list[Sighting]:
    return [sighting for page in pages for sighting in page.sightings]


def _leg_days(pages: list[SightingsPage]) -> Counter[tuple[str, str, datetime]]:
    """By ident, origin and scheduled departure; the second row of a diversion is left out."""
    planned = [one for one in _seen(pages) if one.diverted_to != one.destination.code]
    return Counter((one.ident, one.origin.iata, one.scheduled_local) for one in planned)


@pytest.fixture(scope="module")
def whole() -> list[SightingsPage]:
    """Every flight of the timetable, over the whole reach of /flights."""
    api = _api()
    flights = dict.fromkeys(leg.flight for leg in legs())
    return [page for flight in flights for page in _everything_of(flight, api)]


def test_our_client_keeps_out_no_row_of_any_flight(whole: list[SightingsPage]) -> None:
    assert [one for page in whole for one in page.rejected] == []
    assert len(_leg_days(whole)) == IN_WINDOW * len(legs())


def test_paging_collects_every_row_of_every_flight_once(whole: list[SightingsPage]) -> None:
    assert set(_leg_days(whole).values()) == {1}
    assert any(page.more for page in whole)


def test_flights_are_seen_in_every_state(whole: list[SightingsPage]) -> None:
    assert {one.status for one in _seen(whole)} == set(FlightStatus) - {FlightStatus.UNKNOWN}


def test_one_provider_id_stands_for_one_flight(whole: list[SightingsPage]) -> None:
    flown = {(one.provider_id, one.origin.iata, one.scheduled_local) for one in _seen(whole) if one.provider_id}
    assert len({provider_id for provider_id, *_ in flown}) == len(flown)


def test_about_one_flight_in_a_hundred_is_diverted_and_our_client_knows_where_to(whole: list[SightingsPage]) -> None:
    diverted = [one for one in _seen(whole) if one.status is FlightStatus.DIVERTED]
    arrivals = {(one.provider_id, one.destination.code) for one in _seen(whole)}
    assert 1 / 300 < len(diverted) / len(_seen(whole)) < 1 / 60
    assert all((one.provider_id, one.diverted_to) in arrivals for one in diverted)
    assert all(one.destination.code != one.diverted_to for one in diverted)


def test_the_first_example_is_never_diverted(whole: list[SightingsPage]) -> None:
    mine = [one for one in _seen(whole) if one.ident == "ANZ527"]
    assert len(mine) == IN_WINDOW
    assert not any(one.diverted_to for one in mine)


@pytest.mark.parametrize("asked", ["AC8428", "ACA8428", "QK8428", "JZA8428"])
def test_a_number_of_another_airline_is_answered_by_the_flight_that_is_flown(asked: str) -> None:
    seen = _seen(_everything_of(asked))
    assert {(one.ident, one.codeshares) for one in seen} == {("JZA8428", frozenset({"ACA8428", "AC8428"}))}
    assert {(one.origin.iata, one.destination.iata) for one in seen} == {("YUL", "YYZ")}


def test_an_unknown_flight_is_an_empty_page() -> None:
    assert _everything_of("NZ9999") == [SightingsPage()]


def test_our_client_keeps_out_no_row_of_the_published_timetable() -> None:
    pages = _timetable(NOW + 100 * DAY, "")
    assert [one for page in pages for one in page.rejected] == []
    sold = [(name, leg.departure.iata) for leg in legs() for name in (leg.flight, *leg.codeshares)]
    assert sorted((name, one.origin.iata) for one in _seen(pages) for name in one.designators if name[2].isdigit()) == (
        sorted(sold)
    )


def test_a_codeshare_in_the_timetable_says_who_operates_it() -> None:
    [sold] = [one for one in _seen(_timetable(NOW + 100 * DAY, "ACA")) if one.ident == "ACA8428"]
    assert sold.operated_as == "JZA8428"


def test_without_codeshares_the_timetable_holds_operated_flights_only() -> None:
    seen = _seen(_timetable(NOW + 100 * DAY, "AC", include_codeshares=False))
    assert {one.ident for one in seen} == {f"ACA{leg.flight[2:]}" for leg in legs() if leg.flight.startswith("AC")}
    assert not any(one.operated_as for one in seen)


def test_the_wrong_key_is_refused_as_such() -> None:
    with pytest.raises(KeyRefused):
        _everything_of("NZ527", _api("invalid"))


def test_a_window_that_is_refused_is_no_absence() -> None:
    api = _api()
    with pytest.raises(RequestRefused, match="start and end") as caught:
        api.flights(parse_designator("NZ527"), NOW, NOW + 3 * DAY, now=NOW + DAY, zone_of=_zone_of)
    assert caught.value.was_sent


def test_our_client_reads_it_over_http_and_the_key_stays_out_of_the_url() -> None:
    with SandboxServer(lambda: NOW) as server:
        with closing(AeroApi(Access(server.addresses.aeroapi, "a-secret-key"))) as api:
            page = _flights(api, "ANZ527", NOW - DAY, NOW)
        assert [one.ident for one in page.sightings] == ["ANZ527"]
        [(path, query)] = server.requests
    assert path == "/aeroapi/flights/ANZ527"
    assert "a-secret-key" not in str(query)


def test_one_server_answers_for_both_providers() -> None:
    with SandboxServer(lambda: NOW) as server:
        flights = f"{server.addresses.aviationstack}/flights"
        first = httpx.get(flights, params={"access_key": "k", "flight_iata": "NZ527"}, trust_env=False)
        second = httpx.get(
            f"{server.addresses.aeroapi}/flights/NZ527", headers={"X-ApiKey": "k"}, params={}, trust_env=False
        )
    assert (first.json()["data"][0]["flight"]["iata"], second.json()["flights"][0]["ident"]) == ("NZ527", "ANZ527")
    assert server.addresses.aviationstack == server.base_url


def test_a_key_that_is_put_into_the_url_is_refused_and_not_kept() -> None:
    with SandboxServer(lambda: NOW) as server:
        reply = httpx.get(f"{server.addresses.aeroapi}/flights/NZ527", params={"x-apikey": "secret"}, trust_env=False)
    assert reply.status_code == 401
    assert server.requests == [("/aeroapi/flights/NZ527", {"x-apikey": "***"})]
