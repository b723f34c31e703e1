"""What is asked, and the answers that need nobody to be asked."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from flightctl.domain.answer import LOCAL, Answer, Outcome
from flightctl.domain.designator import Designator
from flightctl.domain.freshness import expires_at
from flightctl.domain.route import RouteEntry
from flightctl.domain.strategy import Move, Strategy
from flightctl.errors import FlightctlError, NotAllowed, NotFound, OfflineAbsent


class Question(NamedTuple):
    """One flight that is asked for."""

    text: str
    asked: Designator
    keys: tuple[str, ...]
    """Under which the cache may have it, best first."""
    warning: str = ""


def answered(
    question: Question, entry: RouteEntry, outcome: Outcome, source: str, ttl: timedelta, warning: str = ""
) -> Answer:
    """An answer with a route; warnings of question and answer are both told."""
    return Answer(
        question.text,
        entry.route.flight_iata,
        outcome,
        source,
        entry.provider,
        entry,
        expires_at(entry.refreshed_at, ttl),
        "; ".join(filter(None, (question.warning, warning))),
    )


def refused(move: Move, question: Question, found: RouteEntry | None, provider: str) -> Answer:
    """The answer where nobody is asked and no entry may be shown."""
    outcome, source, error = {
        Move.ANSWER_ABSENT: (Outcome.NOT_FOUND, LOCAL, unknown_upstream(question, provider)),
        Move.REFUSE_OFFLINE: (Outcome.OFFLINE, "", _offline(question, found)),
    }.get(move, (Outcome.DENIED, "", _denied(question)))
    return without_route(question, outcome, error, source, provider if source else "")


def failed(
    question: Question, found: RouteEntry | None, error: FlightctlError, strategy: Strategy, provider: str
) -> Answer:
    """The answer where the provider failed: the failure, or on request the stale entry with a warning."""
    if strategy.stale_if_error and error.serves_stale and found and strategy.cache_enabled:
        warning = f"shown although it expired, because {error.message}"
        return answered(question, found, Outcome.STALE, LOCAL, strategy.ttl, warning)
    return without_route(question, Outcome.ERROR, error, "", provider)


def not_found(question: Question, provider: str) -> Answer:
    """The answer where the provider was asked and does not know the flight."""
    error = unknown_upstream(question, provider)
    return without_route(question, Outcome.NOT_FOUND, error, provider, provider)


def without_route(question: Question, outcome: Outcome, error: FlightctlError, source: str, provider: str) -> Answer:
    """An answer that has no route to show."""
    return Answer(question.text, str(question.asked), outcome, source, provider, warning=question.warning, error=error)


def unknown_upstream(question: Question, provider: str) -> NotFound:
    """Why there is no route: the provider knows no such flight."""
    return NotFound(
        f"{question.asked}: {provider} knows no such flight",
        hint=f"check the number; 'flightctl add-manual {question.asked} --from AKL --to CHC' can propose its route",
    )


def _offline(question: Question, found: RouteEntry | None) -> OfflineAbsent:
    state = "the cached entry is stale" if found else "not in the local cache"
    return OfflineAbsent(f"{question.asked}: {state}, and --offline asks nobody")


def _denied(question: Question) -> NotAllowed:
    return NotAllowed(
        f"{question.asked}: not in the cache; live lookups are for subscribers",
        hint="'flightctl whoami' shows your tier and who decided it",
    )
