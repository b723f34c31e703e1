"""The answers to questions for one day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from flightctl.domain.answer import Answer, Outcome
from flightctl.domain.explanation import age
from flightctl.domain.flight import Flight
from flightctl.domain.flight_freshness import FOR_EVER, FlightLifetimes, all_fresh_until
from flightctl.domain.horizon import Choice, Permit, refusal
from flightctl.domain.question import Question
from flightctl.errors import BadDate, FlightctlError, NoKey, NotAllowed, NotFound, OfflineAbsent, PlanRefused

if TYPE_CHECKING:
    from flightctl.domain.sighting_page import Rejected


class AskedDay(NamedTuple):
    """A question for one day, and when it was asked."""

    question: Question
    date: date
    now: datetime

    def __str__(self) -> str:
        return f"{self.question.asked} on {self.date}"


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


def not_found(asked: AskedDay, provider: str, source: str) -> Answer:
    """The answer where a provider knows no flight of the number on that day."""
    error = NotFound(
        f"{asked}: {provider} knows no such flight",
        hint="check number and date; the date is the local day at the origin",
    )
    return without_flights(asked, Outcome.NOT_FOUND, error, source, provider)


def offline(asked: AskedDay, *, is_stored: bool) -> Answer:
    """The answer where nobody may be asked because of ``--offline``."""
    state = "what is stored has expired" if is_stored else "not stored"
    return without_flights(asked, Outcome.OFFLINE, OfflineAbsent(f"{asked}: {state}, and --offline asks nobody"))


def refused(asked: AskedDay, choice: Choice) -> Answer:
    """The answer where nobody can be asked for this day, and nothing is stored."""
    if choice.is_told_by_nobody:
        return without_flights(asked, Outcome.ERROR, _out_of_reach(asked, choice))
    permit = refusal(choice)
    if permit is Permit.SUBSCRIBERS_ONLY:
        return without_flights(asked, Outcome.DENIED, _denied(asked))
    return without_flights(asked, Outcome.ERROR, _no_key(asked, choice) if permit is Permit.NO_KEY else _plan(asked))


def as_last_seen(flights: Sequence[Flight], now: datetime, why: str) -> str:
    """A warning for flights that are shown although they have expired."""
    seen = min(flight.observed_at for flight in flights)
    return f"as last seen {age(seen, now)} ago; {why}"


def why_not_asked(choice: Choice) -> str:
    """Why nobody was asked, after the words "as last seen 3 h ago;"."""
    if choice.is_told_by_nobody:
        return "no provider tells of a day so far off"
    if refusal(choice) is Permit.SUBSCRIBERS_ONLY:
        return "live lookups of that day are for subscribers"
    return "no provider that can tell of that day is configured"


def warnings_of(is_cut: bool, rejected: Sequence[Rejected], trouble: FlightctlError | None) -> list[str]:
    """What is to be said about an answer that was paid for."""
    warnings = ["there are more flights than the most result sets that are read"] if is_cut else []
    if rejected:
        reasons = ", ".join(dict.fromkeys(one.reason for one in rejected))
        warnings.append(f"{len(rejected)} row{'' if len(rejected) == 1 else 's'} kept out: {reasons}")
    return [*warnings, f"not kept: {trouble.message}"] if trouble else warnings


def _out_of_reach(asked: AskedDay, choice: Choice) -> BadDate:
    days = choice.days_ahead
    reach = "a year ahead at most" if days > 0 else "three months back at most"
    where = f"{days} days ahead" if days > 0 else f"{-days} days back"
    return BadDate(f"{asked}: that is {where}, and providers tell of {reach}", hint="check the year of the date")


def _denied(asked: AskedDay) -> NotAllowed:
    return NotAllowed(
        f"{asked}: not stored; live lookups of that day are for subscribers",
        hint="'flightctl whoami' shows your tier and who decided it",
    )


def _no_key(asked: AskedDay, choice: Choice) -> NoKey:
    lacking = next(endpoint for endpoint, permit in choice.barred.items() if permit is Permit.NO_KEY)
    setting = "aeroapi.key" if lacking.value.startswith("AeroAPI") else "aviationstack.key"
    provider = lacking.value.split()[0]
    return NoKey(
        f"{asked}: {provider} can tell of that day, and no key is set for it",
        hint=f"'flightctl config set {setting}' reads one from stdin; or try 'flightctl --sandbox lookup'",
    )


def _plan(asked: AskedDay) -> PlanRefused:
    return PlanRefused(
        f"{asked}: AviationStack's free plan knows yesterday to tomorrow only",
        hint="set aviationstack.plan to paid if it is, or configure a key for AeroAPI (aeroapi.key)",
        was_sent=False,
    )
