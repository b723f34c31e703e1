"""Manual entries and the provider: who settles what, and what happens to a manual entry that turns stale."""

from __future__ import annotations

import pytest

from failures import LASTING
from running import Cached, Flightctl, Rows
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

STALE_S = 31 * 86_400


@pytest.fixture
def proposed(flightctl: Flightctl, database: None) -> None:
    """NZ527 is proposed as AKL to CHC."""
    assert flightctl("add-manual", "NZ527", "--from", "AKL", "--to", "CHC").code == 0


def _waiting(flightctl: Flightctl) -> list[str]:
    return [entry["flight_iata"] for entry in flightctl("pending", "--json").json["entries"]]


def test_a_providers_agreeing_answer_settles_the_proposal(
    flightctl: Flightctl, upstream: Upstream, rows: Rows, proposed: None
) -> None:
    upstream.rows = [row("NZ527", "AKL", "CHC")]
    answer = flightctl("lookup", "NZ527", "--json").answers[0]
    assert (answer["outcome"], answer["provider"]) == ("miss", "aviationstack")
    assert _waiting(flightctl) == []
    assert rows("SELECT decision, decided_by FROM proposals") == [("settled", "aviationstack")]


def test_a_providers_disagreeing_answer_serves_and_the_proposal_stays_for_staff(
    flightctl: Flightctl, upstream: Upstream, proposed: None
) -> None:
    upstream.rows = [row("NZ527", "AKL", "WLG")]
    assert flightctl("lookup", "NZ527", "--json").answers[0]["arrival_iata"] == "WLG"
    entry = flightctl("pending", "--json").json["entries"][0]
    assert (entry["status"], entry["arrival_iata"]) == ("confirmed", "WLG")
    assert entry["proposals"][0]["arrival_iata"] == "CHC"
    assert flightctl("confirm", "NZ527").code == 0
    assert flightctl("lookup", "NZ527", "--json").answers[0]["arrival_iata"] == "CHC"


def test_an_answer_of_none_leaves_the_proposal(flightctl: Flightctl, upstream: Upstream, proposed: None) -> None:
    assert flightctl("lookup", "NZ527").code == 3
    assert _waiting(flightctl) == ["NZ527"]
    flightctl("confirm", "NZ527")
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "hit"


@pytest.mark.parametrize(
    ("arrival", "code", "verdict", "waiting"),
    [("CHC", 0, "agrees", []), ("WLG", 7, "disagrees", ["NZ527"]), (None, 3, "not_found", ["NZ527"])],
)
def test_verify_asks_the_provider_once_and_confirms_what_agrees(
    flightctl: Flightctl,
    upstream: Upstream,
    proposed: None,
    arrival: str | None,
    code: int,
    verdict: str,
    waiting: list[str],
) -> None:
    upstream.rows = [row("NZ527", "AKL", arrival)] if arrival else []
    done = flightctl("confirm", "NZ527", "--verify", "--json")
    assert (done.code, done.json["entries"][0]["verdict"], done.json["upstream_calls"]) == (code, verdict, 1)
    assert _waiting(flightctl) == waiting
    assert len(upstream.asked) == 1


def test_verify_without_a_name_asks_about_all_that_waits(
    flightctl: Flightctl, upstream: Upstream, proposed: None
) -> None:
    flightctl("add-manual", "NZ528", "--from", "CHC", "--to", "AKL")
    upstream.rows = [row("NZ527", "AKL", "CHC")]
    done = flightctl("confirm", "--verify", "--json")
    verdicts = [(entry["flight_iata"], entry["verdict"]) for entry in done.json["entries"]]
    assert (done.code, verdicts) == (9, [("NZ527", "agrees"), ("NZ528", "not_found")])


@pytest.mark.parametrize("kind", list(LASTING)[:2])
def test_verify_stops_at_a_refused_key_or_plan(
    flightctl: Flightctl, upstream: Upstream, proposed: None, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    flightctl("add-manual", "NZ528", "--from", "CHC", "--to", "AKL")
    LASTING[kind][0](upstream, monkeypatch)
    done = flightctl("confirm", "--verify", "--json")
    assert (done.code, [entry["verdict"] for entry in done.json["entries"]]) == (5, ["error", "skipped"])
    assert len(upstream.asked) == 1


def test_verify_of_what_does_not_wait_is_not_found_and_makes_no_call(flightctl: Flightctl, upstream: Upstream) -> None:
    assert flightctl("confirm", "NZ527", "--verify").code == 3
    assert upstream.asked == []


def test_verify_is_refused_to_a_basic_caller(
    flightctl: Flightctl, upstream: Upstream, proposed: None, basic: None
) -> None:
    assert flightctl("confirm", "--verify").code == 4
    assert upstream.asked == []


def test_a_stale_manual_entry_that_upstream_does_not_know_is_listed_to_be_confirmed_again(
    flightctl: Flightctl, upstream: Upstream, cached: Cached, rows: Rows
) -> None:
    cached("NZ527", provider="manual", age_s=STALE_S)
    assert _waiting(flightctl) == []
    assert flightctl("lookup", "NZ527").code == 3
    assert _waiting(flightctl) == ["NZ527"]
    assert flightctl("confirm", "NZ527").code == 0
    assert _waiting(flightctl) == []
    answer = flightctl("lookup", "NZ527", "--json").answers[0]
    assert (answer["outcome"], answer["provider"]) == ("hit", "manual")
    assert len(upstream.asked) == 1


def test_confirm_all_vouches_again_for_stale_manual_entries(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ527", provider="manual", age_s=STALE_S)
    flightctl("lookup", "NZ527")
    assert flightctl("confirm", "--all", "--yes").code == 0
    assert flightctl("lookup", "NZ527", "--json").answers[0]["outcome"] == "hit"


def test_a_stale_manual_entry_that_upstream_knows_becomes_the_providers(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ527", "AKL", "WLG", provider="manual", age_s=STALE_S)
    upstream.rows = [row("NZ527", "AKL", "CHC")]
    answer = flightctl("lookup", "NZ527", "--json").answers[0]
    assert (answer["outcome"], answer["provider"], answer["arrival_iata"]) == ("refreshed", "aviationstack", "CHC")


def test_a_stale_provider_entry_is_not_listed_for_staff(
    flightctl: Flightctl, upstream: Upstream, cached: Cached
) -> None:
    cached("NZ527", age_s=STALE_S)
    flightctl("lookup", "NZ527")
    assert _waiting(flightctl) == []


def test_decisions_are_counted(flightctl: Flightctl, upstream: Upstream) -> None:
    for flight in ("NZ1", "NZ2", "NZ3", "NZ4"):
        flightctl("add-manual", flight, "--from", "AKL", "--to", "CHC")
    upstream.rows = [row("NZ3", "AKL", "CHC")]
    flightctl("confirm", "NZ1")
    flightctl("reject", "NZ2")
    flightctl("confirm", "NZ3", "--verify")
    stats = flightctl("stats", "--json").json
    assert (stats["confirmations"], stats["rejections"]) == (2, 1)
    assert stats["entries"] == {"confirmed": 2, "pending": 1, "stale": 0}
