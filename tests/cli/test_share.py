"""``share``, ``shares``, ``revoke`` and ``claim`` as two people see them."""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flightctl.render.flights import FLIGHT_KEYS
from flightctl.store.local_engine import LocalFile
from people import flight_id, observe
from running import As, Rows

pytestmark = pytest.mark.usefixtures("stored")
ID = flight_id()
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
TOKEN = r"[A-Za-z0-9_-]{43}"
NO_TOKEN = "A" * 43


@pytest.fixture
def stored(database: Path) -> None:
    with closing(LocalFile(database)) as opened:
        observe(opened, 0)
        observe(opened, 1)


@pytest.fixture
def share(as_: As) -> Callable[..., dict[str, str]]:
    """Share alice's flight; the JSON object."""

    def call(*options: str) -> dict[str, str]:
        as_("alice", "track", ID)
        done = as_("alice", "share", ID, "--json", *options)
        assert done.code == 0
        made: dict[str, str] = done.json
        return made

    return call


Share = Callable[..., dict[str, str]]


def shares(as_: As, user: str = "alice") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = as_(user, "shares", "--json").json["shares"]
    return found


def lasts(made: dict[str, str], now: datetime) -> timedelta:
    return datetime.fromisoformat(made["expires_at"]) - now


# share


def test_the_json_is_exact(share: Share) -> None:
    made = share()
    assert list(made) == ["schema", "share_id", "token", "flight_id", "expires_at", "claim_command"]
    assert (made["schema"], made["flight_id"]) == ("flightctl.share/1", ID)
    assert re.fullmatch(UUID, made["share_id"])
    assert re.fullmatch(TOKEN, made["token"])
    assert re.fullmatch(STAMP, made["expires_at"])
    assert made["claim_command"] == f"flightctl claim {made['token']}"


def test_the_command_that_is_printed_is_the_one_to_type(as_: As, share: Share) -> None:
    program, *command = shlex.split(share()["claim_command"])
    assert program == "flightctl"
    assert as_("bob", *command).code == 0
    assert [one["kind"] for one in as_("bob", "flights", "--json").json["flights"]] == ["shared"]


def test_in_the_sandbox_the_command_is_one_of_the_sandbox(as_: As) -> None:
    tracked = as_("alice", "--sandbox", "track", "NZ527", "--date", "+12", "--json").json["flights"][0]["flight_id"]
    command = as_("alice", "--sandbox", "share", tracked, "--json").json["claim_command"]
    assert command.startswith("flightctl --sandbox claim ")
    assert as_("bob", *shlex.split(command)[1:]).code == 0


def test_the_table_has_the_token_and_the_command_each_on_one_line(as_: As) -> None:
    as_("alice", "track", ID)
    done = as_("alice", "share", ID)
    assert re.search(rf"^token +{TOKEN}$", done.out, re.MULTILINE)
    assert re.search(rf"^claim command +flightctl claim {TOKEN}$", done.out, re.MULTILINE)
    assert done.err == "flightctl: the token is shown this once; whoever has it first can claim the flight\n"


def test_csv_has_the_keys_of_the_json(as_: As) -> None:
    as_("alice", "track", ID)
    [row] = csv.DictReader(io.StringIO(as_("alice", "share", ID, "--format", "csv").out))
    assert list(row) == ["share_id", "token", "flight_id", "expires_at", "claim_command"]


def test_no_later_command_shows_the_token(as_: As, share: Share) -> None:
    token = share()["token"]
    shown = [as_("alice", "shares", *form) for form in ((), ("--json",), ("--format", "csv"), ("--format", "ndjson"))]
    assert [token in done.out + done.err for done in shown] == [False] * 4


@pytest.mark.parametrize(
    ("options", "span"),
    [
        ((), timedelta(hours=24)),
        (("--expires", "30m"), timedelta(minutes=30)),
        (("--expires", "24h"), timedelta(hours=24)),
        (("--expires", "7d"), timedelta(days=7)),
        (("--expires", "2W"), timedelta(days=14)),
    ],
)
def test_a_share_lasts_a_day_or_as_long_as_is_said(
    as_: As, share: Share, options: tuple[str, ...], span: timedelta
) -> None:
    made = share(*options)
    [listed] = shares(as_)
    assert lasts(made, datetime.fromisoformat(listed["created_at"])) == span


@pytest.mark.parametrize("span", ["0h", "", "-1h", "1y", "1", "1.5h", "forever", "9" * 30 + "w"])
def test_what_is_no_span_is_2_and_shares_nothing(as_: As, span: str) -> None:
    as_("alice", "track", ID)
    done = as_("alice", "share", ID, f"--expires={span}", "--json")
    assert (done.code, done.json["error"]["code"], shares(as_)) == (2, "usage", [])


@pytest.mark.parametrize("flight", [flight_id(1), flight_id(9)])
def test_a_flight_that_is_not_listed_is_3(as_: As, share: Share, flight: str) -> None:
    share()
    done = as_("alice", "share", flight, "--json")
    assert (done.code, done.json["error"]["code"]) == (3, "not_found")
    assert "'flightctl flights'" in done.err


def test_somebody_else_s_flight_is_3(as_: As, share: Share) -> None:
    share()
    assert as_("bob", "share", ID).code == 3


def test_what_is_no_id_is_2(as_: As) -> None:
    assert as_("alice", "share", "NZ527", "--json").json["error"]["code"] == "bad_flight_id"


# shares and revoke


def test_the_shares_are_exact(as_: As, share: Share) -> None:
    made = share()
    [listed] = shares(as_)
    assert list(listed) == ["share_id", "flight_id", "status", "created_at", "expires_at", "claimed_at"]
    assert (listed["share_id"], listed["flight_id"], listed["status"]) == (made["share_id"], ID, "pending")
    assert (listed["expires_at"], listed["claimed_at"]) == (made["expires_at"], None)
    as_("bob", "claim", made["token"])
    [listed] = shares(as_)
    assert listed["status"] == "claimed"
    assert re.fullmatch(STAMP, listed["claimed_at"])


def test_no_shares_are_an_empty_list_and_no_failure(as_: As) -> None:
    assert as_("alice", "shares", "--json").out == '{"schema": "flightctl.shares/1", "shares": []}\n'
    assert as_("alice", "shares", "--format", "ndjson").out == ""
    assert as_("alice", "shares").out == "0 shares\n"
    header = "share_id,flight_id,status,created_at,expires_at,claimed_at\n"
    assert as_("alice", "shares", "--format", "csv").out == header


def test_the_latest_share_is_first_and_only_one_s_own_are_shown(as_: As, share: Share, rows: Rows) -> None:
    first, second = share(), share()
    rows("UPDATE shares SET created_at = '2026-01-01 00:00:00.000000' WHERE share_id = ?", first["share_id"])
    assert [one["share_id"] for one in shares(as_)] == [second["share_id"], first["share_id"]]
    assert shares(as_, "bob") == []


def test_revoking_shows_the_share_and_ends_it(as_: As, share: Share) -> None:
    made = share()
    done = as_("alice", "revoke", made["share_id"], "--json")
    assert (done.code, [one["status"] for one in done.json["shares"]]) == (0, ["revoked"])
    assert as_("bob", "claim", made["token"]).code == 7
    assert as_("alice", "revoke", made["share_id"]).code == 0


def test_only_its_sharer_can_revoke_a_share(as_: As, share: Share) -> None:
    made = share()
    done = as_("bob", "revoke", made["share_id"], "--json")
    assert (done.code, done.json["error"]["code"]) == (3, "not_found")
    assert [one["status"] for one in shares(as_)] == ["pending"]


@pytest.mark.parametrize("share_id", ["nonsense", "", "%", "c08b9a15-c5f6-476d-b28a-db807a8be5eb", "\udcff"])
def test_a_share_that_there_is_not_is_3(as_: As, share: Share, share_id: str) -> None:
    share()
    done = as_("alice", "revoke", share_id)
    assert (done.code, done.err.isascii()) == (3, True)
    assert [one["status"] for one in shares(as_)] == ["pending"]


def test_a_claimed_share_cannot_be_revoked(as_: As, share: Share) -> None:
    made = share()
    as_("bob", "claim", made["token"])
    done = as_("alice", "revoke", made["share_id"], "--json")
    assert (done.code, done.json["error"]["code"]) == (7, "share_over")


# claim


def test_a_claim_shows_the_flight(as_: As, share: Share) -> None:
    made = share()
    done = as_("bob", "claim", made["token"], "--json")
    assert (done.code, list(done.json)) == (0, ["schema", "share_id", "flight"])
    assert (done.json["schema"], done.json["share_id"]) == ("flightctl.claim/1", made["share_id"])
    assert list(done.json["flight"]) == list(FLIGHT_KEYS)
    assert (done.json["flight"]["flight_id"], done.json["flight"]["flight_iata"]) == (ID, "NZ527")


def test_a_claim_s_table_row_and_csv_have_the_flight(as_: As, share: Share) -> None:
    token = share()["token"]
    assert re.search(rf"^flight id +{ID}$", as_("bob", "claim", token).out, re.MULTILINE)
    assert as_("bob", "claim", token, "--format", "ndjson").json["flight_id"] == ID
    [row] = csv.DictReader(io.StringIO(as_("bob", "claim", token, "--format", "csv").out))
    assert (row["flight_id"], row["origin_iata"], row["destination_iata"]) == (ID, "AKL", "CHC")


def test_the_same_claim_again_prints_the_same(as_: As, share: Share) -> None:
    token = share()["token"]
    assert len({as_("bob", "claim", token, "--json") for _ in range(3)}) == 1


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nmore lines\n"])
def test_a_token_is_read_from_stdin(as_: As, share: Share, end: str) -> None:
    assert as_("bob", "claim", "-", stdin=share()["token"] + end).code == 0


@pytest.mark.parametrize("given", [b"", b"\n", b"\xff\xfe\n", b"\xff" * 43, b"\0" * 43, b"A" * 100_000])
def test_what_is_no_token_on_stdin_is_refused_like_a_wrong_one(as_: As, given: bytes) -> None:
    assert as_("bob", "claim", "-", "--json", stdin=given) == as_("bob", "claim", NO_TOKEN, "--json")


def test_a_refusal_is_7_with_one_sentence(as_: As) -> None:
    done = as_("bob", "claim", NO_TOKEN, "--json")
    assert (done.code, done.json["schema"]) == (7, "flightctl.error/1")
    assert (done.json["error"]["code"], done.json["error"]["message"]) == (
        "token_refused",
        "this token cannot be claimed",
    )
    assert done.err.count("\n") == 1


def test_the_setting_says_how_many_refusals_an_hour_there_may_be(
    as_: As, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHTCTL_SHARING_MAX_FAILED_CLAIMS", "2")
    token = share()["token"]
    said = {as_("bob", "claim", NO_TOKEN, "--json") for _ in range(2)}
    assert {as_("bob", "claim", token, "--json")} == said
    monkeypatch.setenv("FLIGHTCTL_SHARING_MAX_FAILED_CLAIMS", "3")
    assert as_("bob", "claim", token).code == 0
