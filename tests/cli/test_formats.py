"""The output contract: JSON shapes to the last key, ndjson and csv, and the options that choose among them."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from running import Cached, Flightctl, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

REFRESHED = "2199-01-01T00:00:00Z"
"""A fixed instant that counts as now, so that whole documents can be compared."""
EXPIRES = "2199-01-31T00:00:00Z"

HIT = {
    "query": "nz 0527",
    "flight_iata": "NZ527",
    "airline_iata": "NZ",
    "departure_iata": "AKL",
    "arrival_iata": "CHC",
    "airline_name": "Air New Zealand",
    "departure_name": "Auckland International Airport",
    "arrival_name": "Christchurch International Airport",
    "legs": [["AKL", "CHC"]],
    "outcome": "hit",
    "source": "local",
    "provider": "aviationstack",
    "status": "confirmed",
    "refreshed_at": REFRESHED,
    "expires_at": EXPIRES,
    "warning": None,
    "error": None,
}
METRICS = {"hits": 1, "misses": 0, "stale": 0, "coalesced": 0, "upstream_calls": 0, "upstream_errors": 0}


@pytest.fixture
def entry(cached: Cached, rows: Rows) -> None:
    """NZ527, fresh, at a fixed instant."""
    cached("NZ527")
    rows("UPDATE aviationstack_cache SET cached_at = ?, refreshed_at = ?", *["2199-01-01 00:00:00.000000"] * 2)


def _lines(text: str) -> io.StringIO:
    """For the csv module, which wants to see the line breaks as they are."""
    return io.StringIO(text, newline="")


def _exactly(document: Any) -> str:
    """The one line that has these keys in this order."""
    return json.dumps(document) + "\n"


def test_lookup_json(flightctl: Flightctl, entry: None) -> None:
    expected = {"schema": "flightctl.lookup/1", "results": [HIT], "metrics": METRICS}
    assert flightctl("lookup", "nz 0527", "--json").out == _exactly(expected)


def test_lookup_json_of_a_prefix(flightctl: Flightctl, entry: None) -> None:
    prefixes = [{"query": "NZ5*", "matched": 1, "stale_omitted": 0, "complete": False}]
    results = [{**HIT, "query": "NZ5*"}]
    expected = {"schema": "flightctl.lookup/1", "results": results, "prefixes": prefixes, "metrics": METRICS}
    assert flightctl("lookup", "NZ5*", "--json").out == _exactly(expected)


def test_lookup_json_without_a_route(flightctl: Flightctl, upstream: Upstream) -> None:
    answer = flightctl("lookup", "nz 0527", "--json").answers[0]
    error = answer.pop("error")
    assert list(error) == ["code", "message", "hint"]
    nulls = dict.fromkeys(list(HIT)[2:8])
    expected: dict[str, Any] = {"query": "nz 0527", "flight_iata": "NZ527", **nulls, "legs": [], "outcome": "not_found"}
    expected |= {"source": "aviationstack", "provider": "aviationstack", "status": None}
    expected |= {"refreshed_at": None, "expires_at": None, "warning": None}
    assert _exactly(answer) == _exactly(expected)


def test_entries_json(flightctl: Flightctl, entry: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_USER", "ann")
    flightctl("add-manual", "NZ527", "--from", "AKL", "--to", "WLG", "--note", "timetable", "--replace", "--yes")
    done = flightctl("pending", "--json")
    proposed_at = done.json["entries"][0]["proposals"][0]["proposed_at"]
    proposal = {"id": 1, "airline_iata": "NZ", "departure_iata": "AKL", "arrival_iata": "WLG", "note": "timetable"}
    proposal |= {"replaces": True, "proposed_by": "ann", "proposed_at": proposed_at}
    codes = {name: HIT[name] for name in list(HIT)[1:9]}
    times = {"cached_at": REFRESHED, "refreshed_at": REFRESHED, "expires_at": EXPIRES}
    entry_shape = {**codes, "status": "confirmed", "provider": "aviationstack", **times, "proposals": [proposal]}
    assert done.out == _exactly({"schema": "flightctl.entries/1", "entries": [entry_shape]})


def test_entries_json_of_nothing(flightctl: Flightctl) -> None:
    assert flightctl("pending", "--json").out == _exactly({"schema": "flightctl.entries/1", "entries": []})


def test_refresh_json(flightctl: Flightctl, upstream: Upstream, cached: Cached) -> None:
    cached("NZ527", "AKL", "WLG", age_s=31 * 86_400)
    upstream.rows = [row("NZ527", "AKL", "CHC")]
    counts = {"selected": 1, "refreshed": 1, "changed": 1, "unchanged": 0, "not_found": 0, "failed": 0, "skipped": 0}
    document = flightctl("refresh-stale", "--json").json
    assert list(document)[:10] == ["schema", *counts, "upstream_calls", "dry_run"]
    assert {name: document[name] for name in counts} == counts
    assert (document["schema"], document["upstream_calls"], document["dry_run"]) == ("flightctl.refresh/1", 1, False)


NO_COST = {"calls": 0, "cost": "0.00"}
MONEY = {
    "currency": "USD",
    "price_per_call": "0.01",
    "spent": "0.00",
    "calls_avoided": 1,
    "saved": "0.01",
    "misses_by_cause": dict.fromkeys(("cold", "expired", "negative_expired", "bypassed"), NO_COST),
    "background": dict.fromkeys(("refresh", "verify"), NO_COST),
}


def test_stats_json(flightctl: Flightctl, entry: None) -> None:
    flightctl("lookup", "NZ527")
    counts = {"hits": 1, "misses": 0, "stale": 0, "coalesced": 0}
    expected = {
        "schema": "flightctl.stats/1",
        "lookups": {**counts, "hit_ratio": 1.0, "by_source": {"local": counts}},
        "upstream": {"calls": 0, "errors": {}, "budget": None},
        "entries": {"confirmed": 1, "pending": 0, "stale": 0},
        "confirmations": 0,
        "rejections": 0,
        "since": None,
        "money": MONEY,
        "what_if": None,
    }
    assert flightctl("stats", "--json").out == _exactly(expected)


def test_whoami_json(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_USER", "ann")
    expected = {"schema": "flightctl.whoami/1", "user": "ann", "tier": "subscriber", "role": "service"}
    assert flightctl("whoami", "--json").out == _exactly({**expected, "decided_by": "local file"})


def test_config_json(flightctl: Flightctl) -> None:
    document = flightctl("config", "show", "--json").json
    assert list(document) == ["schema", "settings"]
    assert {tuple(setting) for setting in document["settings"]} == {("name", "value", "origin", "help")}
    ttl = next(setting for setting in document["settings"] if setting["name"] == "cache.ttl_days")
    assert (ttl["value"], ttl["origin"]) == ("30", "default")


def test_error_json(flightctl: Flightctl) -> None:
    done = flightctl("reject", "NZ527", "--json")
    message, hint = "NZ527: no proposal waits", "'flightctl pending' lists what does"
    error = {"code": "not_found", "message": message, "hint": hint}
    assert done.out == _exactly({"schema": "flightctl.error/1", "error": error})
    assert done.err == f"flightctl: {message} ({hint})\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("lookup", "--json"),
        ("lookup", "NZ527", "--bogus", "--json"),
        ("--json", "lookup", "NZ527", "--bogus"),
        ("nonsense", "--format", "json"),
        ("nonsense", "--format=ndjson"),
        ("lookup", "NZ527", "--format", "ndjson", "--bogus"),
        ("lookup", "NZ527", "--color", "sometimes", "--json"),
        ("lookup", "NZ527", "--format", "xml", "--json"),
        ("refresh-stale", "--ahead", "soon", "--json"),
        ("refresh-stale", "--limit", "-1", "--json"),
        ("config", "--json"),
        ("confirm", "--proposal", "x", "NZ527", "--json"),
    ],
)
def test_a_usage_error_is_an_object_on_stdout_and_a_line_on_stderr(
    flightctl: Flightctl, arguments: tuple[str, ...]
) -> None:
    done = flightctl(*arguments)
    assert done.code == 2
    assert list(done.json) == ["schema", "error"]
    assert (done.json["schema"], done.json["error"]["code"]) == ("flightctl.error/1", "usage")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("format", ["table", "csv"])
def test_an_error_prints_no_object_for_people_and_spreadsheets(flightctl: Flightctl, format: str) -> None:
    done = flightctl("reject", "NZ527", "--format", format)
    assert (done.code, done.out, len(done.err.splitlines())) == (3, "", 1)


def test_ndjson_is_one_result_a_line(flightctl: Flightctl, entry: None) -> None:
    done = flightctl("lookup", "nz 0527", "nz 0527", "--format", "ndjson")
    assert done.out == _exactly(HIT) * 2


def test_csv_has_the_json_keys_in_order_as_its_header_and_legs_joined(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.rows = [row("NZ527", "AKL", "WLG", in_="01:00"), row("NZ527", "WLG", "CHC", out="02:00", in_="03:00")]
    lines = list(csv.DictReader(_lines(flightctl("lookup", "NZ527", "NZ0", "--format", "csv").out)))
    assert list(lines[0]) == list(HIT)
    assert (lines[0]["legs"], lines[0]["warning"], lines[0]["error"]) == ("AKL-WLG WLG-CHC", "", "")
    assert (lines[1]["flight_iata"], lines[1]["error"]) == ("", "bad_designator: 'NZ0': flight numbers start at 1")


def test_csv_of_nothing_is_its_header(flightctl: Flightctl) -> None:
    assert flightctl("lookup", "NZ5*", "--format", "csv").out == ",".join(HIT) + "\n"


@pytest.mark.parametrize("note", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_csv_is_formula_safe_on_request(flightctl: Flightctl, note: str, upstream: Upstream) -> None:
    plain = next(csv.DictReader(_lines(flightctl("lookup", "--format", "csv", "--", note).out)))
    safe = next(csv.DictReader(_lines(flightctl("lookup", "--format", "csv", "--csv-safe", "--", note).out)))
    assert not plain["query"].startswith("'")
    assert safe["query"].startswith("'")
    assert upstream.asked == []


def test_csv_keeps_a_line_break_of_any_kind_inside_its_cell(flightctl: Flightctl) -> None:
    done = flightctl("lookup", "a\r=1+1", "b\n=1+1", "c\r\n=1+1", "--format", "csv", "--csv-safe")
    assert [row["query"] for row in csv.DictReader(_lines(done.out))] == ["a\r=1+1", "b\n=1+1", "c\r\n=1+1"]


def test_csv_safety_can_be_a_setting(flightctl: Flightctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHTCTL_OUTPUT_CSV_SAFE", "true")
    assert "'=1" in flightctl("lookup", "=1", "--format", "csv").out


@pytest.mark.parametrize(
    "arguments",
    [
        ("--json", "lookup", "nz 0527"),
        ("--format", "json", "lookup", "nz 0527"),
        ("lookup", "--json", "nz 0527"),
        ("lookup", "nz 0527", "--format=json"),
        ("--format", "csv", "lookup", "nz 0527", "--json"),
    ],
)
def test_global_options_stand_before_or_after_the_name_and_the_last_one_counts(
    flightctl: Flightctl, entry: None, arguments: tuple[str, ...]
) -> None:
    assert flightctl(*arguments).json["results"] == [HIT]


def test_global_options_stand_at_every_level_of_a_group(flightctl: Flightctl) -> None:
    documents = [
        flightctl(*arguments).out
        for arguments in (
            ("--json", "config", "path"),
            ("config", "--json", "path"),
            ("config", "path", "--json"),
        )
    ]
    assert len(set(documents)) == 1
    assert json.loads(documents[0])["schema"] == "flightctl.paths/1"


@pytest.mark.parametrize("command", [("lookup", "NZ527"), ("refresh-stale",), ("whoami",), ("config", "show")])
def test_prometheus_is_refused_before_anything_is_done(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, command: tuple[str, ...]
) -> None:
    cached("NZ527", age_s=31 * 86_400)
    assert flightctl("--format", "prometheus", *command).code == 2
    assert upstream.asked == []
