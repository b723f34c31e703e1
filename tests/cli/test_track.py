"""``track``, ``untrack`` and ``flights`` as people use them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pexpect
import pytest

from aeroapi_server import AeroApiServer, flight_row, schedule_row
from dated import AKL, CHC, DAY, HOUR, Line, calm_line, local, today
from domain.sightings import sighting
from flightctl.render.flights import FLIGHT_KEYS
from flightctl.services import observing
from flightctl.store.engine import Database
from flightctl.store.local_engine import LocalFile
from people import UNKNOWN, flight_id, observe
from running import As, Result, Rows
from terminals import Terminal, ended, interrupt_question

pytestmark = pytest.mark.usefixtures("database")
ID = flight_id()
FAR = today(AKL) + 30 * DAY


@pytest.fixture
def stored(database: Path) -> None:
    """Two flights of NZ527."""
    with closing(LocalFile(database)) as db:
        observe(db, 0)
        observe(db, 1)


@pytest.fixture
def line() -> Line:
    return calm_line()


def serve(aeroapi: AeroApiServer, line: Line, number: int, day: date, *clocks: str) -> None:
    """The provider has flights of this number that leave at these times."""
    ends = line.origin, line.destination
    for clock in clocks:
        out = local(line.origin, day, clock)
        aeroapi.flights.append(flight_row(line.both(number), *ends, out, fa_flight_id=f"{number}-{out:%d%H%M}"))
        aeroapi.schedules.append(schedule_row(line.both(number), *ends, out))


def listed(as_: As, user: str = "alice") -> list[tuple[str, str]]:
    """(flight, kind) as the list stands."""
    return [(one["flight_id"], one["kind"]) for one in as_(user, "flights", "--json").json["flights"]]


def error(done: Result) -> tuple[int, str]:
    return done.code, done.json["error"]["code"]


# track FLIGHT_ID


@pytest.mark.usefixtures("stored")
def test_a_flight_is_tracked_by_its_id_as_owned(as_: As) -> None:
    done = as_("alice", "track", ID, "--json")
    assert (done.code, done.err) == (0, "")
    assert list(done.json) == ["schema", "flights", "changed"]
    assert (done.json["schema"], done.json["changed"]) == ("flightctl.flights/1", {})
    [flight] = done.json["flights"]
    assert list(flight) == list(FLIGHT_KEYS)
    assert (flight["flight_id"], flight["kind"], flight["flight_iata"]) == (ID, "owned", "NZ527")
    assert listed(as_) == [(ID, "owned")]


@pytest.mark.usefixtures("stored")
def test_the_id_may_be_typed_in_any_case(as_: As) -> None:
    assert as_("alice", "track", f" {ID.lower()} ").code == 0
    assert listed(as_) == [(ID, "owned")]


@pytest.mark.usefixtures("stored")
def test_a_person_is_told_that_it_is_now_or_already_in_the_list(as_: As) -> None:
    said = [as_("alice", "track", ID).err for _ in range(2)]
    assert said == [f"flightctl: {ID} is {word} in your list\n" for word in ("now", "already")]


@pytest.mark.usefixtures("stored")
def test_tracking_twice_is_one_entry(as_: As, rows: Rows) -> None:
    first, second = (as_("alice", "track", ID, "--json") for _ in range(2))
    assert first == second
    assert listed(as_) == [(ID, "owned")]
    assert rows("SELECT (SELECT count(*) FROM user_flights), (SELECT count(*) FROM flight_watchers)") == [(1, 1)]


@pytest.mark.usefixtures("stored")
def test_nobody_is_asked_and_nothing_is_paid_for_an_id(as_: As, aeroapi: AeroApiServer) -> None:
    as_("alice", "track", ID)
    as_("alice", "track", UNKNOWN)
    assert aeroapi.asked == []


@pytest.mark.usefixtures("stored")
def test_an_unknown_id_is_3_and_the_hint_says_how_to_look_for_it(as_: As) -> None:
    done = as_("alice", "track", UNKNOWN, "--json")
    assert error(done) == (3, "not_found")
    assert "'flightctl lookup ANZ528 --date 2026-12-03'" in done.err
    assert listed(as_) == []


@pytest.mark.parametrize("flight", ["a.b", "NZ527.", "ANZ527.2026-13-03.0830.NZAA.NZCH", ".", "é.x", "\x1b[31m."])
def test_what_is_no_id_is_2(as_: As, flight: str) -> None:
    done = as_("alice", "track", flight, "--json")
    assert error(done) == (2, "bad_flight_id")
    assert "\x1b" not in done.err


@pytest.mark.parametrize(
    "arguments", [("track", ID), ("track", "NZ527", "--date", "+1"), ("untrack", ID), ("flights",)]
)
def test_who_cannot_own_a_list_is_10_before_anybody_is_asked(
    as_: As, aeroapi: AeroApiServer, stored: None, arguments: tuple[str, ...]
) -> None:
    assert error(as_("a b", *arguments, "--json")) == (10, "bad_user")
    assert aeroapi.asked == []


# track FLIGHT --date


@pytest.mark.parametrize(("typed", "days"), [("today", 0), ("tomorrow", 1), ("+1", 1), ("+3", 3), ("+30", 30)])
def test_a_flight_is_tracked_by_number_and_day(
    as_: As, aeroapi: AeroApiServer, line: Line, typed: str, days: int
) -> None:
    day = today(line.origin) + days * DAY
    for around in (day - DAY, day, day + DAY):
        serve(aeroapi, line, 527, around, "12:00")
    done = as_("alice", "track", line.flight(527), "--date", typed, "--json")
    assert (done.code, [one["departure_date"] for one in done.json["flights"]]) == (0, [str(day)])
    assert [kind for _, kind in listed(as_)] == ["owned"]


def test_a_date_may_be_written_out_and_the_number_in_any_way(as_: As, aeroapi: AeroApiServer) -> None:
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"))]
    for name in ("nz 0527", "ANZ527", "NZ527"):
        assert as_("alice", "track", name, "--date", str(FAR)).code == 0
    assert listed(as_) == [(f"ANZ527.{FAR}.0830.NZAA.NZCH", "owned")]
    assert len(aeroapi.asked) == 1, "it is stored after the first"


def test_a_number_without_a_day_is_2_and_the_hint_names_the_option(as_: As, aeroapi: AeroApiServer) -> None:
    done = as_("alice", "track", "NZ527", "--json")
    assert error(done) == (2, "usage")
    assert "--date" in done.err
    assert aeroapi.asked == []


@pytest.mark.parametrize(("flight", "day"), [("NZ527", "someday"), ("NZ527", "2026-02-30"), ("N", "today"), ("", "+1")])
def test_what_is_no_number_or_day_is_2(as_: As, aeroapi: AeroApiServer, flight: str, day: str) -> None:
    assert as_("alice", "track", flight, "--date", day).code == 2
    assert aeroapi.asked == []


def test_a_prefix_is_no_flight(as_: As, aeroapi: AeroApiServer) -> None:
    assert as_("alice", "track", "NZ5*", "--date", str(FAR)).code == 2
    assert (aeroapi.asked, listed(as_)) == ([], [])


def test_a_flight_that_nobody_knows_is_3(as_: As, aeroapi: AeroApiServer) -> None:
    assert error(as_("alice", "track", "NZ527", "--date", str(FAR), "--json")) == (3, "not_found")
    assert (len(aeroapi.asked), listed(as_)) == (1, [])


def test_without_a_key_it_is_10(as_: As) -> None:
    assert error(as_("alice", "track", "NZ527", "--date", str(FAR), "--json")) == (10, "no_key")


def test_a_basic_caller_tracks_what_is_stored_and_is_asked_for_no_money(
    as_: As, aeroapi: AeroApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    aeroapi.schedules = [schedule_row("ANZ527/NZ527", AKL, CHC, local(AKL, FAR, "08:30"))]
    monkeypatch.setenv("FLIGHTCTL_TIER", "basic")
    assert as_("alice", "track", "NZ527", "--date", str(FAR)).code == 4
    monkeypatch.setenv("FLIGHTCTL_TIER", "subscriber")
    as_("bob", "lookup", "NZ527", "--date", str(FAR))
    monkeypatch.setenv("FLIGHTCTL_TIER", "basic")
    assert as_("alice", "track", "NZ527", "--date", str(FAR)).code == 0
    assert len(aeroapi.asked) == 1


def test_a_failing_provider_tracks_nothing(as_: As, aeroapi: AeroApiServer) -> None:
    aeroapi.fails(500, "INTERNAL", "it broke")
    assert error(as_("alice", "track", "NZ527", "--date", str(FAR), "--json")) == (5, "upstream_server_error")
    assert listed(as_) == []


# Several flights of the day


@pytest.fixture
def two(aeroapi: AeroApiServer) -> list[str]:
    """NZ527 leaves twice that day; the ids."""
    serve(aeroapi, Line(AKL, CHC, "NZ", "ANZ"), 527, FAR, "08:30", "17:45")
    return [f"ANZ527.{FAR}.{clock}.NZAA.NZCH" for clock in ("0830", "1745")]


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_where_nobody_can_be_asked_the_candidates_are_listed_and_it_is_2(
    as_: As, two: list[str], options: tuple[str, ...]
) -> None:
    done = as_("alice", "track", "NZ527", "--date", str(FAR), *options)
    assert (done.code, [one in done.err for one in two], listed(as_)) == (2, [True, True], [])
    assert done.err.count("\n") == 1


def test_the_candidates_stand_in_the_error_object(as_: As, two: list[str]) -> None:
    done = as_("alice", "track", "NZ527", "--date", str(FAR), "--json")
    assert error(done) == (2, "several_flights")
    assert all(one in done.json["error"]["message"] for one in two)
    assert as_("alice", "track", two[1]).code == 0
    assert listed(as_) == [(two[1], "owned")]


@pytest.fixture
def asking(two: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[pexpect.spawn]:
    """``track`` in a terminal, at its question."""
    monkeypatch.setenv("FLIGHTCTL_USER", "alice")
    child = Terminal("track", "NZ527", "--date", str(FAR), columns=120).child
    child.timeout = 30
    for number, candidate in enumerate(two, 1):
        child.expect(rf"{number}  NZ527  AKL \d\d:\d\d to CHC .*{re.escape(candidate)}")
    child.expect("Which one.*:")
    yield child
    child.close(force=True)


@pytest.mark.parametrize(("typed", "chosen"), [("2", 1), ("", 0)])
def test_on_a_terminal_one_of_them_is_chosen(
    as_: As, asking: pexpect.spawn, two: list[str], typed: str, chosen: int
) -> None:
    asking.sendline(typed)
    code, screen = ended(asking)
    assert (code, f"{two[chosen]} is now in your list" in screen) == (0, True)
    assert listed(as_) == [(two[chosen], "owned")]


def test_a_wrong_answer_is_asked_about_again(as_: As, asking: pexpect.spawn, two: list[str]) -> None:
    for wrong in ("3", "0", "-1", "1.0", "x", "²"):
        asking.sendline(wrong)
        asking.expect("a number from 1 to 2 is needed")
        asking.expect("Which one.*:")
    asking.sendline("2")
    assert ended(asking)[0] == 0
    assert listed(as_) == [(two[1], "owned")]


@pytest.mark.parametrize("leave", [interrupt_question, pexpect.spawn.sendeof])
def test_who_leaves_the_question_tracks_nothing(
    as_: As, asking: pexpect.spawn, leave: Callable[[pexpect.spawn], None]
) -> None:
    leave(asking)
    code, screen = ended(asking)
    assert (code, "Traceback" in screen) == (130, False)
    assert listed(as_) == []


# Manual flights


TO_CHC = ("--from", "AKL", "--to", "CHC", "--out", "08:30")


@pytest.fixture
def pending(as_: As, monkeypatch: pytest.MonkeyPatch) -> str:
    """A flight that alice added and nobody has confirmed; everybody is a mere user from now on."""
    monkeypatch.setenv("FLIGHTCTL_ROLE", "user")
    assert as_("alice", "add-manual", "NZ527", f"--date={FAR}", *TO_CHC).code == 0
    return f"ANZ527.{FAR}.0830.NZAA.NZCH"


def test_a_manual_flight_that_waits_is_tracked_by_who_added_it(as_: As, pending: str) -> None:
    assert as_("alice", "track", pending).code == 0
    assert listed(as_) == [(pending, "owned")]


@pytest.mark.parametrize("role", ["user", "staff", "service"])
def test_to_others_it_does_not_exist(as_: As, pending: str, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    monkeypatch.setenv("FLIGHTCTL_ROLE", role)
    done = as_("bob", "track", pending, "--json")
    absent = as_("bob", "track", pending.replace("ANZ527", "ANZ528"), "--json")
    assert error(done) == error(absent) == (3, "not_found")
    assert done.out.replace("ANZ527", "") == absent.out.replace("ANZ528", "")
    assert listed(as_, "bob") == []


def test_others_do_not_find_it_by_its_number_either(as_: As, pending: str, aeroapi: AeroApiServer) -> None:
    done = as_("bob", "track", "NZ527", "--date", str(FAR), "--json")
    assert error(done) == (3, "not_found")
    assert pending not in done.err


def test_once_it_is_rejected_not_even_who_added_it_can_track_it(
    as_: As, pending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_ROLE", "staff")
    assert as_("bob", "reject", pending, "--yes").code == 0
    assert as_("alice", "track", pending).code == 3


def test_once_it_is_confirmed_everybody_can_track_it(as_: As, pending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_ROLE", "staff")
    assert as_("bob", "confirm", pending).code == 0
    monkeypatch.setenv("FLIGHTCTL_ROLE", "user")
    assert as_("bob", "track", pending).code == 0
    assert as_("carol", "track", "NZ527", "--date", str(FAR)).code == 0


def test_one_that_was_rejected_stays_where_it_is_and_comes_to_nobody_else(
    as_: As, pending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_("alice", "track", pending)
    monkeypatch.setenv("FLIGHTCTL_ROLE", "staff")
    assert as_("bob", "reject", pending).code == 0
    monkeypatch.setenv("FLIGHTCTL_ROLE", "user")
    assert listed(as_) == [(pending, "owned")]
    assert as_("bob", "track", pending).code == 3
    assert as_("alice", "untrack", pending).code == 0


# untrack


@pytest.fixture
def both(as_: As, stored: None) -> None:
    """Alice owns the flight, and bob has shared it with her."""
    as_("alice", "track", ID)
    as_("bob", "track", ID)
    token = as_("bob", "share", ID, "--json").json["token"]
    assert as_("alice", "claim", token).code == 0


@pytest.mark.parametrize(
    ("options", "left"),
    [((), []), (("--kind", "owned"), ["shared"]), (("--kind", "shared"), ["owned"]), (("--kind=owned",), ["shared"])],
    ids=str,
)
@pytest.mark.usefixtures("both")
def test_untrack_takes_away_what_is_said_and_shows_it(as_: As, options: tuple[str, ...], left: list[str]) -> None:
    done = as_("alice", "untrack", ID, *options, "--json")
    assert (done.code, done.json["schema"]) == (0, "flightctl.flights/1")
    gone = [one["kind"] for one in done.json["flights"]]
    assert sorted(gone + left) == ["owned", "shared"]
    assert [kind for _, kind in listed(as_)] == left
    assert listed(as_, "bob") == [(ID, "owned")], "others keep theirs"


@pytest.mark.usefixtures("both")
def test_untrack_says_what_it_did(as_: As) -> None:
    assert (
        as_("alice", "untrack", ID, "--kind", "shared").err == f"flightctl: {ID} is no longer in your list as shared\n"
    )
    assert as_("alice", "untrack", ID).err == f"flightctl: {ID} is no longer in your list\n"


@pytest.mark.usefixtures("stored")
def test_what_is_not_in_the_list_is_3(as_: As) -> None:
    as_("alice", "track", ID)
    as_("bob", "track", flight_id(1))
    for arguments in ((flight_id(1),), (UNKNOWN,), (ID, "--kind", "shared")):
        assert error(as_("alice", "untrack", *arguments, "--json")) == (3, "not_found")
    assert (listed(as_), listed(as_, "bob")) == ([(ID, "owned")], [(flight_id(1), "owned")])


@pytest.mark.parametrize("arguments", [("NZ527",), (ID, "--kind", "borrowed"), (ID, "--kind", ""), ()], ids=str)
def test_what_cannot_be_untracked_is_2(as_: As, stored: None, arguments: tuple[str, ...]) -> None:
    assert as_("alice", "untrack", *arguments, "--json").code == 2


# flights


@pytest.mark.usefixtures("stored")
def test_everybody_sees_their_own_list_only(as_: As) -> None:
    as_("alice", "track", ID)
    as_("bob", "track", flight_id(1))
    assert [listed(as_, user) for user in ("alice", "bob", "carol", "Alice")] == [
        [(ID, "owned")],
        [(flight_id(1), "owned")],
        [],
        [],
    ]


def test_an_empty_list_is_empty_in_every_format_and_no_failure(as_: As) -> None:
    ended = {form: as_("alice", "flights", "--format", form) for form in ("json", "ndjson", "csv", "table")}
    assert {done.code for done in ended.values()} == {0}
    assert {form: done.out for form, done in ended.items()} == {
        "json": '{"schema": "flightctl.flights/1", "flights": [], "changed": {}}\n',
        "ndjson": "",
        "csv": ",".join(FLIGHT_KEYS) + "\n",
        "table": "0 flights\n",
    }


@pytest.mark.usefixtures("both")
def test_ndjson_and_csv_have_an_entry_a_line_with_the_keys_in_order(as_: As) -> None:
    lines = [json.loads(line) for line in as_("alice", "flights", "--format", "ndjson").out.splitlines()]
    assert [list(line) for line in lines] == [list(FLIGHT_KEYS)] * 2
    assert [line["kind"] for line in lines] == ["owned", "shared"]
    rows = list(csv.DictReader(io.StringIO(as_("alice", "flights", "--format", "csv").out)))
    assert [list(row) for row in rows] == [list(FLIGHT_KEYS)] * 2
    assert [(row["flight_id"], row["kind"]) for row in rows] == [(ID, "owned"), (ID, "shared")]


@pytest.mark.usefixtures("both")
def test_the_table_has_a_line_an_entry_and_the_ids_to_copy(as_: As) -> None:
    lines = as_("alice", "flights").out.splitlines()
    assert lines[0].startswith("FLIGHT")
    assert [line.split()[0] for line in lines[2:4]] == ["NZ527", "NZ527"]
    assert lines[4:] == [f"NZ527  {ID}  owned", f"NZ527  {ID}  shared", "2 flights"]


def leaving(db: Database, number: int, away: timedelta) -> str:
    """A flight of this number that leaves so far from now is reported; its id."""
    wall = (datetime.now(UTC) + away).astimezone(ZoneInfo(AKL.zone)).strftime("%Y-%m-%d %H:%M")
    names: dict[str, Any] = {"ident": f"ANZ{number}", "designators": frozenset({f"NZ{number}", f"ANZ{number}"})}
    with db.writing() as session:
        [taken] = observing.take(session, [sighting(wall, observed_at=datetime.now(UTC), **names)])
    return taken.flight.flight_id


def test_the_next_departure_is_first_and_what_has_left_comes_last(as_: As, database: Path) -> None:
    away = [30 * HOUR, -50 * HOUR, 2 * HOUR, -3 * HOUR, 200 * HOUR]
    with closing(LocalFile(database)) as db:
        ids = {span: leaving(db, number, span) for number, span in enumerate(away, 1)}
    for flight in ids.values():
        assert as_("alice", "track", flight).code == 0
    order = [2 * HOUR, 30 * HOUR, 200 * HOUR, -3 * HOUR, -50 * HOUR]
    assert [flight for flight, _ in listed(as_)] == [ids[span] for span in order]


# What is new


def ingest(as_: As, **values: Any) -> None:
    row = {"flight_id": ID, **values}
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    line = json.dumps({"provider": "flightctl", "observed_at": stamp, "row": row})
    assert as_("service", "ingest", "-", stdin=line).code == 0


@pytest.mark.usefixtures("stored")
def test_what_changed_since_it_was_last_seen_is_said_once(as_: As) -> None:
    as_("alice", "track", ID)
    as_("bob", "track", ID)
    ingest(as_, status="cancelled", departure_gate="24")
    changed = as_("alice", "flights", "--json").json["changed"]
    assert {flight: sorted(fields) for flight, fields in changed.items()} == {ID: ["departure_gate", "status"]}
    assert as_("alice", "flights", "--json").json["changed"] == {}
    assert set(as_("bob", "flights", "--json").json["changed"]) == {ID}, "each for themselves"


@pytest.mark.usefixtures("stored")
def test_the_table_marks_what_is_new_in_words(as_: As) -> None:
    as_("alice", "track", ID)
    ingest(as_, departure_gate="24")
    first, second = (as_("alice", "flights").out for _ in range(2))
    assert "NZ527: new since you last looked: departure gate" in first.splitlines()
    assert "new since" not in second
    assert "G24" in second


@pytest.mark.usefixtures("stored")
def test_what_changed_before_it_was_tracked_is_not_new(as_: As) -> None:
    ingest(as_, departure_gate="24")
    as_("alice", "track", ID)
    assert as_("alice", "flights", "--json").json["changed"] == {}


@pytest.mark.usefixtures("stored")
def test_tracking_it_again_does_not_take_away_what_is_new(as_: As) -> None:
    as_("alice", "track", ID)
    ingest(as_, departure_gate="24")
    assert as_("alice", "track", ID, "--json").json["changed"] == {ID: ["departure_gate"]}
    assert as_("alice", "flights", "--json").json["changed"] == {ID: ["departure_gate"]}


# Sharers and claimants


def test_neither_learns_the_other_s_id(as_: As, stored: None) -> None:
    sharer, claimant = "sharer-7f3a", "claimant-91bc"
    as_(sharer, "track", ID)
    token = as_(sharer, "share", ID, "--json").json["token"]
    as_(claimant, "claim", token)
    ingest(as_, departure_gate="24")
    forms = [("--verbose",), ("--json",), ("--format", "csv")]
    commands = [("flights",), ("shares",), ("history", ID), ("track", ID), ("claim", token), ("untrack", ID)]
    for user, other in ((sharer, claimant), (claimant, sharer)):
        for command in commands:
            for form in forms:
                done = as_(user, *command, *form)
                assert other not in done.out + done.err, (user, command, form)


def test_an_id_with_a_day_is_2(as_: As) -> None:
    done = as_("alice", "track", ID, "--date", "+3", "--json")
    assert (done.code, done.json["error"]["message"]) == (2, "a flight id says its day")
