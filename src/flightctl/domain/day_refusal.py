"""Why nobody can be asked for a day; loaded only where that is so."""

from __future__ import annotations

from flightctl.domain.answer import Answer, Outcome
from flightctl.domain.day_answer import AskedDay, without_flights
from flightctl.domain.horizon import Choice, Permit, refusal
from flightctl.errors import BadDate, FlightctlError, NoKey, NotAllowed, PlanRefused


def refused(asked: AskedDay, choice: Choice) -> Answer:
    """The answer where nobody can be asked for this day, and nothing is stored."""
    if _is_denied(choice):
        return without_flights(asked, Outcome.DENIED, _denied(f"{asked}: not stored"))
    return without_flights(asked, Outcome.ERROR, why_refused(str(asked), choice))


def why_refused(asked: str, choice: Choice) -> FlightctlError:
    """What to raise where nobody can be asked for this day; ``asked`` says which."""
    if choice.is_told_by_nobody:
        return _out_of_reach(asked, choice)
    if _is_denied(choice):
        return _denied(asked)
    return _no_key(asked, choice) if refusal(choice) is Permit.NO_KEY else _plan(asked)


def _is_denied(choice: Choice) -> bool:
    return not choice.is_told_by_nobody and refusal(choice) is Permit.SUBSCRIBERS_ONLY


def why_not_asked(choice: Choice) -> str:
    """Why nobody was asked, after the words "as last seen 3 h ago;"."""
    if choice.is_told_by_nobody:
        return "no provider tells of a day so far off"
    if refusal(choice) is Permit.SUBSCRIBERS_ONLY:
        return "live lookups of that day are for subscribers"
    return "no provider that can tell of that day is configured"


def _out_of_reach(asked: str, choice: Choice) -> BadDate:
    days = choice.days_ahead
    reach = "a year ahead at most" if days > 0 else "three months back at most"
    where = f"{days} days ahead" if days > 0 else f"{-days} days back"
    return BadDate(f"{asked}: that is {where}, and providers tell of {reach}", hint="check the year of the date")


def _denied(asked: str) -> NotAllowed:
    return NotAllowed(
        f"{asked}; live lookups of that day are for subscribers",
        hint="'flightctl whoami' shows your tier and who decided it",
    )


def _no_key(asked: str, choice: Choice) -> NoKey:
    lacking = [endpoint.value.split()[0] for endpoint, permit in choice.barred.items() if permit is Permit.NO_KEY]
    providers = list(dict.fromkeys(lacking))
    setting = f"{providers[-1].lower()}.key"
    return NoKey(
        f"{asked}: {' or '.join(providers)} can tell of that day, and no key is set",
        hint=f"'flightctl config set {setting}' reads one from stdin; or try 'flightctl --sandbox lookup'",
    )


def _plan(asked: str) -> PlanRefused:
    return PlanRefused(
        f"{asked}: AviationStack's free plan knows yesterday to tomorrow only",
        hint="set aviationstack.plan to paid if it is, or configure a key for AeroAPI (aeroapi.key)",
        was_sent=False,
    )
