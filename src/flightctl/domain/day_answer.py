"""The answers to questions for one day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from flightctl.domain.answer import Answer, Outcome
from flightctl.domain.explanation import age
from flightctl.domain.flight import Flight
from flightctl.domain.flight_freshness import FOR_EVER, FlightLifetimes, all_fresh_until
from flightctl.domain.question import Question
from flightctl.errors import FlightctlError, NotFound, OfflineAbsent

if TYPE_CHECKING:
    from flightctl.domain.sighting_page import Rejected


THERE_MAY_BE_MORE = "nobody has asked for that day yet: there may be more flights"
IS_CUT = "there are more flights than the most result sets that are read"


class AskedDay(NamedTuple):
    """A question for one day, and when it was asked."""

    question: Question
    local_date: date
    now: datetime

    def __str__(self) -> str:
        return f"{self.question.asked} on {self.local_date}"


def answered(
    asked: AskedDay,
    flights: Sequence[Flight],
    lifetimes: FlightLifetimes,
    outcome: Outcome,
    source: str,
    warnings: Sequence[str] = (),
) -> Answer:
    """An answer with flights; every warning is told."""
    until = all_fresh_until(flights, lifetimes, asked.now)
    latest = max(flights, key=lambda flight: flight.observed_at)
    return Answer(
        asked.question.text,
        str(asked.question.asked),
        outcome,
        source,
        latest.provider,
        expires_at=None if until == FOR_EVER else until,
        warning="; ".join(filter(None, (asked.question.warning, *warnings))),
        flights=tuple(flights),
    )


def without_flights(
    asked: AskedDay, outcome: Outcome, error: FlightctlError, source: str = "", provider: str = ""
) -> Answer:
    """An answer that has no flight to show."""
    question = asked.question
    return Answer(question.text, str(question.asked), outcome, source, provider, warning=question.warning, error=error)


def not_found(asked: AskedDay, provider: str, source: str, warnings: Sequence[str] = ()) -> Answer:
    """The answer where a provider knows no flight of the number on that day."""
    error = NotFound(
        "; ".join((f"{asked}: {provider} knows no such flight", *warnings)),
        hint="check number and date; the date is the local day at the origin",
    )
    return without_flights(asked, Outcome.NOT_FOUND, error, source, provider)


def offline(asked: AskedDay, *, is_stored: bool) -> Answer:
    """The answer where nobody may be asked because of ``--offline``."""
    state = "what is stored has expired" if is_stored else "not stored"
    return without_flights(asked, Outcome.OFFLINE, OfflineAbsent(f"{asked}: {state}, and --offline asks nobody"))


def as_last_seen(flights: Sequence[Flight], now: datetime, why: str) -> str:
    """A warning for flights that are shown although they have expired."""
    seen = min(flight.observed_at for flight in flights)
    return f"as last seen {age(seen, now)} ago; {why}"


def warnings_of(is_cut: bool, rejected: Sequence[Rejected], trouble: FlightctlError | None) -> list[str]:
    """What is to be said about an answer that was paid for."""
    warnings = [IS_CUT] if is_cut else []
    if rejected:
        reasons = ", ".join(dict.fromkeys(one.reason for one in rejected))
        warnings.append(f"{len(rejected)} row{'' if len(rejected) == 1 else 's'} kept out: {reasons}")
    return [*warnings, f"not kept: {trouble.message}"] if trouble else warnings
