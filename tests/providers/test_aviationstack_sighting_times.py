from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aviationstack_legs import AUCKLAND, PARIS, end, leg, read, reason, table, utc
from hypothesis import given
from hypothesis import strategies as st

from flightctl.domain.sighting import Place, Times


@pytest.mark.parametrize(
    ("which", "stamp", "time"),
    [
        ("departure", "estimated", "estimated_out"),
        ("departure", "estimated_runway", "estimated_off"),
        ("departure", "actual", "actual_off"),
        ("departure", "actual_runway", "actual_off"),
        ("arrival", "scheduled", "scheduled_in"),
        ("arrival", "estimated", "estimated_in"),
        ("arrival", "estimated_runway", "estimated_on"),
        ("arrival", "actual", "actual_on"),
        ("arrival", "actual_runway", "actual_on"),
    ],
)
def test_each_stamp_is_one_of_the_twelve_times(which: str, stamp: str, time: str) -> None:
    ends = {"departure": end("2026-11-20T08:30:00+00:00"), "arrival": end(None)}
    ends[which][stamp] = "2026-11-20T09:01:00+00:00"
    scheduled, told = utc("2026-11-19T19:30"), utc("2026-11-19T20:01")
    assert read(leg(**ends)).times == Times(**{"scheduled_out": scheduled, time: told})


def test_the_runway_s_own_stamp_comes_before_the_one_that_only_should_be_the_runway_s() -> None:
    stamps = {"actual": "2026-11-20T09:00:00+00:00", "actual_runway": "2026-11-20T09:05:00+00:00"}
    times = read(leg(end("2026-11-20T08:30:00+00:00", **stamps), end(None, **stamps))).times
    assert times.actual_off == times.actual_on == utc("2026-11-19T20:05")


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-11-20T08:30:00+00:00",
        "2026-11-20T08:30:00+13:00",
        "2026-11-20T08:30:00-0500",
        "2026-11-20T08:30:00.000Z",
        "2026-11-20T08:30",
    ],
)
def test_whatever_offset_a_stamp_claims_is_dropped(stamp: str) -> None:
    made = read(leg(end(stamp)))
    assert (made.scheduled_local, made.times.scheduled_out) == (datetime(2026, 11, 20, 8, 30), utc("2026-11-19T19:30"))


@pytest.mark.parametrize(
    ("local", "zone", "instant"),
    [
        ("2026-11-20T08:30", AUCKLAND, "2026-11-19T19:30"),
        ("2026-11-20T00:10", AUCKLAND, "2026-11-19T11:10"),
        ("2026-11-20T00:10", "Pacific/Apia", "2026-11-19T11:10"),
        ("2026-11-20T23:50", "Pacific/Honolulu", "2026-11-21T09:50"),
        ("2026-11-20T00:10", "Asia/Kathmandu", "2026-11-19T18:25"),
        ("2028-02-29T00:10", PARIS, "2028-02-28T23:10"),
        ("2026-03-29T01:59", PARIS, "2026-03-29T00:59"),
        ("2026-03-29T02:30", PARIS, "2026-03-29T01:30"),
        ("2026-03-29T03:00", PARIS, "2026-03-29T01:00"),
        ("2026-10-25T02:30", PARIS, "2026-10-25T00:30"),
        ("2026-10-25T03:00", PARIS, "2026-10-25T02:00"),
        ("2026-09-27T02:30", AUCKLAND, "2026-09-26T14:30"),
        ("2026-04-05T02:30", AUCKLAND, "2026-04-04T13:30"),
    ],
)
def test_the_scheduled_departure_is_the_origin_s_wall_clock(local: str, zone: str, instant: str) -> None:
    made = read(leg(end(f"{local}:00+00:00", zone)))
    assert made.scheduled_local == datetime.fromisoformat(local)
    assert made.departure_date == date.fromisoformat(local[:10])
    assert made.times.scheduled_out == utc(instant)


@pytest.mark.parametrize(
    ("departs", "arrives", "instant"),
    [
        ("2026-10-25T01:10", "2026-10-25T02:30", "2026-10-25T00:30"),
        ("2026-10-25T02:50", "2026-10-25T02:20", "2026-10-25T01:20"),
        ("2026-10-25T02:50", "2026-10-25T02:50", "2026-10-25T00:50"),
        ("2026-10-25T01:40", "2026-10-25T03:10", "2026-10-25T02:10"),
    ],
)
@pytest.mark.parametrize("stamp", ["scheduled", "estimated", "estimated_runway", "actual", "actual_runway"])
def test_an_arrival_in_the_hour_that_happens_twice_comes_after_its_departure(
    departs: str, arrives: str, instant: str, stamp: str
) -> None:
    departure = {**end(f"{departs}:00+00:00", PARIS), stamp: f"{departs}:00+00:00"}
    arrival = {**end(None, PARIS), stamp: f"{arrives}:00+00:00"}
    times = read(leg(departure, arrival)).times
    told = {times.scheduled_in, times.estimated_in, times.estimated_on, times.actual_on} - {None}
    assert told == {utc(instant)}


@pytest.mark.parametrize(
    ("departs", "origin", "arrives", "destination", "minutes"),
    [
        ("2026-11-20T20:00", "Asia/Seoul", "2026-11-20T14:00", "America/Los_Angeles", 11 * 60),
        ("2026-11-20T00:10", AUCKLAND, "2026-11-19T09:50", "Pacific/Honolulu", 8 * 60 + 40),
        ("2026-11-20T14:00", "Pacific/Apia", "2026-11-19T14:35", "Pacific/Pago_Pago", 35),
        ("2026-11-19T22:00", "Pacific/Honolulu", "2026-11-21T06:30", AUCKLAND, 9 * 60 + 30),
        ("2026-11-20T23:30", "America/Chicago", "2026-11-20T23:25", "America/Denver", 55),
    ],
)
def test_only_instants_say_whether_an_arrival_comes_before_its_departure(
    departs: str, origin: str, arrives: str, destination: str, minutes: int
) -> None:
    times = read(leg(end(f"{departs}:00+00:00", origin), end(f"{arrives}:00+00:00", destination))).times
    assert times.scheduled_in is not None
    assert times.scheduled_out is not None
    assert times.scheduled_in - times.scheduled_out == timedelta(minutes=minutes)


NO_TIMES: list[Any] = [
    None,
    "",
    "soon",
    1763500000,
    True,
    [],
    {},
    "2026-11-20",
    "2026-02-30T08:30:00+00:00",
    "2026-11-20T25:00:00+00:00",
    "2026-11-2\uff10T08:30:00+00:00",
    "2026-11-20T08:30:00+00:00\n",
    "0001-01-01T00:00:00+00:00",
    "1999-12-31T23:59:00+00:00",
    "2100-01-01T00:00:00+00:00",
    "9999-12-31T23:59:59+00:00",
]


@pytest.mark.parametrize("value", NO_TIMES)
def test_what_is_no_time_is_left_out(value: object) -> None:
    times = read(leg(end("2026-11-20T08:30", estimated=value), end(value))).times
    assert times == Times(scheduled_out=utc("2026-11-19T19:30"))


@pytest.mark.parametrize("value", NO_TIMES)
def test_without_a_time_of_departure_a_row_is_kept_out(value: object) -> None:
    assert reason(leg(end(value))) == "no scheduled departure"


@pytest.mark.parametrize("moment", ["2000-01-01T00:00", "2099-12-31T23:59"])
def test_the_whole_century_is_read(moment: str) -> None:
    assert read(leg(end(moment))).scheduled_local == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("ours", "theirs", "zone"),
    [
        ({}, "Asia/Makassar", "Asia/Makassar"),
        ({"UPG": "Asia/Makassar"}, "Australia/Brisbane", "Asia/Makassar"),
        ({"WAAA": "Asia/Makassar"}, "Australia/Brisbane", "Asia/Makassar"),
        ({"UPG": "Asia/Makassar", "WAAA": "Asia/Tokyo"}, None, "Asia/Makassar"),
        ({"UPG": "+8", "WAAA": "Asia/Makassar"}, "+8", "Asia/Makassar"),
        ({"UPG": "Asia/Makassar"}, "+8", "Asia/Makassar"),
        ({"UPG": "Asia/Makassar"}, None, "Asia/Makassar"),
        ({"UPG": "+8"}, "Asia/Makassar", "Asia/Makassar"),
        ({"UPG": ""}, " Asia/Makassar ", "Asia/Makassar"),
    ],
)
def test_our_table_knows_zones_better_than_the_provider(ours: dict[str, str], theirs: object, zone: str) -> None:
    upg = {**end("2026-11-20T08:30:00+00:00", theirs), "iata": "UPG", "icao": "WAAA"}
    made = read(leg(upg, {**upg, "scheduled": "2026-11-20T10:00:00+00:00"}), table(**ours))
    assert made.origin.zone == made.destination.zone == zone
    assert made.times.scheduled_out == utc("2026-11-20T00:30")
    assert made.times.scheduled_in == utc("2026-11-20T02:00")


NO_ZONES: list[Any] = [None, "", "+8", "Pacific/Nowhere", "../../etc/passwd", "America", "A\x00B", 7, [], {}]


@pytest.mark.parametrize("zone", NO_ZONES)
def test_an_origin_in_no_zone_is_kept_out(zone: object) -> None:
    assert reason(leg(end("2026-11-20T08:30", zone))) == "the time zone of its origin is not known"


@pytest.mark.parametrize("zone", NO_ZONES)
def test_a_destination_in_no_zone_has_no_times(zone: object) -> None:
    stamps = dict.fromkeys(("estimated", "estimated_runway", "actual", "actual_runway"), "2026-11-20T10:00:00+00:00")
    made = read(leg(end("2026-11-20T08:30"), end("2026-11-20T10:00:00+00:00", zone, **stamps)))
    assert made.destination == Place("XXA", "XXAA", "UTC")
    assert made.times == Times(scheduled_out=utc("2026-11-19T19:30"))


def test_a_departure_that_is_a_day_off_all_its_other_times_is_kept_out() -> None:
    departure = end("2026-11-20T07:15", estimated="2026-11-20T07:15", actual="2026-11-19T07:14")
    arrival = end("2026-11-19T08:25", estimated="2026-11-19T08:31", actual="2026-11-19T08:30")
    assert reason(leg(departure, arrival)) == "scheduled to arrive before it departs"


ZONES = [
    "Africa/Casablanca",
    "America/New_York",
    "America/Santiago",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    PARIS,
    AUCKLAND,
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Honolulu",
]
MINUTES_OF_THE_CENTURY = (datetime(2099, 12, 30) - datetime(2000, 1, 2)) // timedelta(minutes=1)
CLOCKS = st.integers(0, MINUTES_OF_THE_CENTURY).map(lambda minutes: datetime(2000, 1, 2) + timedelta(minutes=minutes))
HOURS_OF_CHANGE = st.sampled_from(
    [datetime(2026, 3, 8), datetime(2026, 3, 29), datetime(2026, 4, 5), datetime(2026, 10, 25), datetime(2026, 11, 1)]
).flatmap(lambda day: st.integers(0, 5 * 60).map(lambda minutes: day + timedelta(minutes=minutes)))


def shift_in(zone: str, clock: datetime) -> timedelta:
    """How long the clock is put forward over this wall clock, where it does not exist; else nothing."""
    first, second = (clock.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() for fold in (0, 1))
    assert first is not None
    assert second is not None
    return max(second - first, timedelta())


def on_the_wall(moment: datetime | None, zone: str) -> datetime:
    assert moment is not None
    assert moment.tzinfo is UTC
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@given(CLOCKS | HOURS_OF_CHANGE, st.sampled_from(ZONES), CLOCKS | HOURS_OF_CHANGE, st.sampled_from(ZONES))
def test_an_instant_reads_back_as_the_wall_clock_it_was_told_as(
    leaves: datetime, origin: str, lands: datetime, destination: str
) -> None:
    arrival = end(None, destination, estimated_runway=f"{lands.isoformat()}+00:00")
    made = read(leg(end(f"{leaves.isoformat()}+00:00", origin), arrival))
    assert made.scheduled_local == leaves
    assert on_the_wall(made.times.scheduled_out, origin) == leaves + shift_in(origin, leaves)
    assert on_the_wall(made.times.estimated_on, destination) == lands + shift_in(destination, lands)


@given(
    CLOCKS | HOURS_OF_CHANGE,
    st.integers(0, 20 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
)
def test_no_flight_that_can_be_is_kept_out(clock: datetime, duration: timedelta, origin: str, destination: str) -> None:
    departs = clock.replace(tzinfo=UTC)
    leaves, lands = on_the_wall(departs, origin), on_the_wall(departs + duration, destination)
    times = read(leg(end(leaves.isoformat(), origin), end(lands.isoformat(), destination))).times
    assert on_the_wall(times.scheduled_out, origin) == leaves
    assert on_the_wall(times.scheduled_in, destination) == lands
    assert times.scheduled_in >= times.scheduled_out  # type: ignore[operator]
