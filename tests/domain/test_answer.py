"""How answers are counted and which exit code they share."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightctl import errors
from flightctl.domain.answer import (
    LOCAL,
    NO_SOURCE,
    Answer,
    Bucket,
    Metrics,
    Outcome,
    PrefixSummary,
    bucket_of,
    exit_code,
    hit_ratio,
)

PAID = "aviationstack"
ERRORS = {
    2: errors.BadDesignator("bad"),
    3: errors.NotFound("none"),
    4: errors.NotAllowed("no"),
    5: errors.TimedOut("late"),
    6: errors.QuotaUsedUp("spent"),
    8: errors.Locked("held"),
    10: errors.NoKey("no key"),
}


def answer(outcome: Outcome = Outcome.HIT, source: str = LOCAL, code: int = 0) -> Answer:
    return Answer("NZ527", "NZ527", outcome, source, error=ERRORS.get(code))


def prefix(matched: int, *, failed: bool = False) -> PrefixSummary:
    return PrefixSummary("DL", matched, 0, True, failed)


@pytest.mark.parametrize(
    ("outcome", "source", "bucket"),
    [
        (Outcome.HIT, LOCAL, Bucket.HITS),
        (Outcome.MISS, PAID, Bucket.MISSES),
        (Outcome.REFRESHED, PAID, Bucket.MISSES),
        (Outcome.NOT_FOUND, PAID, Bucket.MISSES),
        (Outcome.NOT_FOUND, LOCAL, Bucket.HITS),
        (Outcome.ERROR, "", Bucket.MISSES),
        (Outcome.STALE, LOCAL, Bucket.STALE),
        (Outcome.COALESCED, PAID, Bucket.COALESCED),
        (Outcome.DENIED, "", None),
        (Outcome.OFFLINE, "", None),
    ],
)
def test_each_outcome_is_counted_where_the_rules_say(outcome: Outcome, source: str, bucket: Bucket | None) -> None:
    assert bucket_of(answer(outcome, source)) is bucket


def test_a_count_is_kept_by_the_source_else_the_provider_else_none() -> None:
    metrics = Metrics()
    metrics.count(answer(Outcome.HIT, LOCAL))
    metrics.count(answer(Outcome.ERROR, "")._replace(provider=PAID))
    metrics.count(answer(Outcome.ERROR, ""))
    metrics.count(answer(Outcome.DENIED, ""))
    assert metrics.counts == {(Bucket.HITS, LOCAL): 1, (Bucket.MISSES, PAID): 1, (Bucket.MISSES, NO_SOURCE): 1}


def test_a_total_adds_up_all_sources() -> None:
    metrics = Metrics()
    for source in (LOCAL, LOCAL, "remote"):
        metrics.count(answer(Outcome.HIT, source))
    assert [metrics.total(bucket) for bucket in Bucket] == [3, 0, 0, 0]


def test_what_was_handed_over_to_the_store_is_not_handed_over_again() -> None:
    metrics = Metrics()
    metrics.count(answer())
    assert metrics.take_unwritten() == {(Bucket.HITS, LOCAL): 1}
    assert metrics.take_unwritten() == {}
    metrics.count(answer())
    assert metrics.take_unwritten() == {(Bucket.HITS, LOCAL): 1}
    assert metrics.total(Bucket.HITS) == 2


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Outcome.HIT, "found"),
        (Outcome.MISS, "found"),
        (Outcome.REFRESHED, "found"),
        (Outcome.COALESCED, "found"),
        (Outcome.NOT_FOUND, "absent"),
        (Outcome.ERROR, "failed"),
        (Outcome.STALE, "failed"),
        (Outcome.DENIED, None),
        (Outcome.OFFLINE, None),
    ],
)
def test_the_history_says_of_each_outcome_what_came_of_it(outcome: Outcome, kind: str | None) -> None:
    metrics = Metrics()
    metrics.count(answer(outcome))
    assert metrics.take_asks() == ([("flight:NZ527", kind)] if kind else [])


@pytest.mark.parametrize("outcome", Outcome)
def test_what_passes_over_the_cache_is_said_so_unless_nobody_was_asked(outcome: Outcome) -> None:
    metrics = Metrics()
    metrics.count(answer(outcome), bypassed=True)
    nobody = outcome in (Outcome.DENIED, Outcome.OFFLINE)
    assert metrics.take_asks() == ([] if nobody else [("flight:NZ527", "bypassed")])


def test_every_counted_outcome_is_in_the_history_under_a_kind() -> None:
    metrics = Metrics()
    counted = [answer(outcome) for outcome in Outcome if bucket_of(answer(outcome))]
    for one in counted:
        metrics.count(one)
    assert len(metrics.take_asks()) == len(counted)


def test_what_has_no_designator_is_counted_and_not_in_the_history() -> None:
    metrics = Metrics()
    metrics.count(answer(Outcome.ERROR)._replace(flight_iata=""))
    assert metrics.take_asks() == []
    assert metrics.total(Bucket.MISSES) == 1


def test_look_ups_are_handed_to_the_history_once_and_in_order() -> None:
    metrics = Metrics()
    for flight in ("NZ2", "NZ1", "NZ2"):
        metrics.count(answer()._replace(flight_iata=flight))
    assert [key for key, _ in metrics.take_asks()] == ["flight:NZ2", "flight:NZ1", "flight:NZ2"]
    assert metrics.take_asks() == []


@pytest.mark.parametrize(
    ("hits", "misses", "stale", "coalesced", "ratio"),
    [(0, 0, 0, 0, None), (1, 0, 0, 0, 1.0), (0, 3, 0, 0, 0.0), (1, 1, 1, 1, 0.25), (3, 1, 0, 0, 0.75)],
)
def test_the_hit_ratio_is_hits_among_all_that_is_counted(
    hits: int, misses: int, stale: int, coalesced: int, ratio: float | None
) -> None:
    assert hit_ratio(hits, misses, stale, coalesced) == ratio


@pytest.mark.parametrize(
    ("codes", "shared"),
    [([], 0), ([0], 0), ([0, 0], 0), *(([code] * n, code) for code in ERRORS for n in (1, 3))],
)
def test_answers_that_are_alike_give_their_code(codes: list[int], shared: int) -> None:
    assert exit_code(answer(code=code) for code in codes) == shared


@pytest.mark.parametrize("codes", [[0, 3], [3, 0], [3, 4], [2, 5, 5], [0, 0, 8], [10, 5]])
def test_answers_that_differ_give_9(codes: list[int]) -> None:
    assert exit_code(answer(code=code) for code in codes) == 9


def test_hits_misses_and_stale_answers_are_alike() -> None:
    assert exit_code(answer(outcome) for outcome in (Outcome.HIT, Outcome.MISS, Outcome.REFRESHED, Outcome.STALE)) == 0


@settings(deadline=None)
@given(st.lists(st.sampled_from([0, *ERRORS]), max_size=6), st.randoms())
def test_the_order_of_answers_does_not_change_the_code(codes: list[int], random: object) -> None:
    assert exit_code(answer(code=code) for code in sorted(codes)) == exit_code(answer(code=code) for code in codes)


@pytest.mark.parametrize(
    ("codes", "prefixes", "shared"),
    [
        ([], [prefix(0)], 3),
        ([], [prefix(0), prefix(0)], 3),
        ([0, 0], [prefix(2)], 0),
        ([0], [prefix(1), prefix(0)], 9),
        ([3], [prefix(0)], 3),
        ([0], [prefix(0)], 9),
        ([5], [prefix(0, failed=True)], 5),
        ([4], [prefix(0, failed=True)], 4),
        ([4], [prefix(0, failed=True), prefix(0)], 9),
    ],
)
def test_a_prefix_that_nothing_matches_is_one_not_found(
    codes: list[int], prefixes: list[PrefixSummary], shared: int
) -> None:
    assert exit_code((answer(code=code) for code in codes), prefixes) == shared
