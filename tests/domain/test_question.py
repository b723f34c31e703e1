"""The answers that need nobody to be asked, and those where the provider failed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.legs import NOW, NZ527, TTL, entry
from flightctl import errors
from flightctl.domain.answer import LOCAL, Outcome
from flightctl.domain.question import Question, answered, failed, not_found, refused
from flightctl.domain.strategy import Move, Strategy

QUESTION = Question("nz 0527", NZ527, (NZ527.cache_key,))
DOUBTFUL = QUESTION._replace(warning="NZ is shared by two")
STALE = entry(age=TTL + timedelta(days=1))
LENIENT = Strategy(TTL, may_ask=True, stale_if_error=True)


def all_errors(base: type[errors.FlightctlError] = errors.FlightctlError) -> list[type[errors.FlightctlError]]:
    """The tree of errors, flat."""
    return [base, *(found for child in base.__subclasses__() for found in all_errors(child))]


SERVES_STALE = {
    errors.Unreachable,
    errors.TimedOut,
    errors.Redirected,
    errors.TooLarge,
    errors.Unreadable,
    errors.ServerError,
    errors.ToldToWait,
    errors.Unavailable,
    errors.RateLimited,
    errors.BreakerOpen,
    errors.BudgetReached,
    errors.Frozen,
    errors.QuotaUsedUp,
    errors.RemoteUnreachable,
    errors.RemoteTimedOut,
}


def test_an_answer_tells_what_was_typed_what_it_means_and_when_it_expires() -> None:
    answer = answered(QUESTION, entry(), Outcome.HIT, LOCAL, TTL)
    assert (answer.query, answer.flight_iata, answer.provider) == ("nz 0527", "NZ527", "aviationstack")
    assert answer.expires_at == NOW + TTL
    assert (answer.warning, answer.error) == ("", None)


def test_warnings_of_question_and_answer_are_both_told() -> None:
    assert answered(DOUBTFUL, entry(), Outcome.HIT, LOCAL, TTL, "not kept").warning == "NZ is shared by two; not kept"
    assert answered(DOUBTFUL, entry(), Outcome.HIT, LOCAL, TTL).warning == "NZ is shared by two"
    assert refused(Move.REFUSE_DENIED, DOUBTFUL, None, "aviationstack").warning == "NZ is shared by two"


@pytest.mark.parametrize(
    ("move", "outcome", "source", "code", "exit_code"),
    [
        (Move.ANSWER_ABSENT, Outcome.NOT_FOUND, LOCAL, "not_found", 3),
        (Move.REFUSE_OFFLINE, Outcome.OFFLINE, "", "offline", 3),
        (Move.REFUSE_DENIED, Outcome.DENIED, "", "denied", 4),
    ],
)
def test_a_refusal_has_its_outcome_and_no_route(
    move: Move, outcome: Outcome, source: str, code: str, exit_code: int
) -> None:
    answer = refused(move, QUESTION, STALE, "aviationstack")
    assert (answer.outcome, answer.source, answer.entry, answer.flight_iata) == (outcome, source, None, "NZ527")
    assert answer.error is not None
    assert (answer.error.code, answer.error.exit_code) == (code, exit_code)


def test_a_denied_caller_is_told_that_live_lookups_are_for_subscribers() -> None:
    error = refused(Move.REFUSE_DENIED, QUESTION, None, "aviationstack").error
    assert error is not None
    assert error.message == "NZ527: not in the cache; live lookups are for subscribers"
    assert "whoami" in error.hint


def test_offline_tells_a_stale_entry_from_none() -> None:
    messages = [refused(Move.REFUSE_OFFLINE, QUESTION, found, "aviationstack").error for found in (STALE, None)]
    assert ["stale" in str(message) for message in messages] == [True, False]
    assert ["not in the local cache" in str(message) for message in messages] == [False, True]


def test_a_flight_that_the_provider_was_asked_for_and_does_not_know_comes_from_the_provider() -> None:
    answer = not_found(QUESTION, "aviationstack")
    assert (answer.outcome, answer.source, answer.provider) == (Outcome.NOT_FOUND, "aviationstack", "aviationstack")
    assert "aviationstack knows no such flight" in str(answer.error)


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: str(kind.__name__))
def test_only_a_failure_of_who_was_asked_serves_a_stale_entry(kind: type[errors.FlightctlError]) -> None:
    answer = failed(QUESTION, STALE, kind("it broke"), LENIENT, "aviationstack")
    assert (answer.outcome is Outcome.STALE) is (kind in SERVES_STALE)
    assert (answer.entry is STALE) is (kind in SERVES_STALE)


@pytest.mark.parametrize(
    ("found", "strategy"),
    [
        (STALE, Strategy(TTL, may_ask=True)),
        (None, LENIENT),
        (STALE, LENIENT._replace(cache_enabled=False)),
    ],
)
def test_a_failure_is_told_where_stale_is_not_wanted_or_not_there(found: object, strategy: Strategy) -> None:
    error = errors.TimedOut("no answer within 15 s")
    answer = failed(QUESTION, STALE if found else None, error, strategy, "aviationstack")
    assert (answer.outcome, answer.entry, answer.error) == (Outcome.ERROR, None, error)


def test_a_stale_answer_warns_and_is_no_error() -> None:
    answer = failed(DOUBTFUL, STALE, errors.TimedOut("no answer within 15 s"), LENIENT, "aviationstack")
    assert answer.error is None
    assert answer.warning == "NZ is shared by two; shown although it expired, because no answer within 15 s"
    assert (answer.source, answer.expires_at) == (LOCAL, NOW - timedelta(days=1))
