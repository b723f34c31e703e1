"""Sentences for ``--explain``: which tiers were asked in what order, why a call was or was not made, what it cost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from flightctl.domain.answer import LOCAL
from flightctl.domain.freshness import expires_at, is_fresh
from flightctl.domain.route import RouteEntry
from flightctl.domain.strategy import Move, Strategy

if TYPE_CHECKING:
    from flightctl.domain.billing import Price


class Bill(NamedTuple):
    """What came of asking the provider for one answer."""

    calls: int = 0
    """Those that have to be paid for."""
    used: int = 0
    """Calls of the cycle that were used after them, by everybody."""
    cap: int | None = None
    by_another: bool = False
    """Whether another process asked, and paid."""
    failure: str = ""
    """Why there is no answer."""


NO_BILL = Bill()


class TiersAsked(NamedTuple):
    """Which tiers a question went to, the local one first."""

    entry: str = LOCAL
    """The tier whose entry counts; where none has one, the last that was asked."""
    absence: str = LOCAL
    """The tier that remembers that upstream did not know the flight."""
    local: str = ""
    """What the local tier had, where it is not its entry that counts."""
    remote: str = ""
    """What came of asking the remote, where it is not its entry that counts; empty where it was not asked."""


LOCAL_ALONE = TiersAsked()
NO_ENTRY = "no confirmed entry"
HAS_TO_BE_CHECKED = "an entry that had to be checked"
NOTHING_YOUNGER = "nothing younger"


def unasked(why: str) -> str:
    """What is said of a tier that gave no answer."""
    return f"could not be asked, {why}"


def of_tiers(
    found: RouteEntry | None,
    absent_until: datetime | None,
    strategy: Strategy,
    now: datetime,
    asked: TiersAsked = LOCAL_ALONE,
) -> list[str]:
    """What each tier had, in the order in which they were asked."""
    if not strategy.cache_enabled:
        return ["local: not read, cache.enabled is false"]
    said = [f"local: {asked.local}"] if asked.local else []
    said.append(f"{asked.entry}: {_entry(found, strategy, now) if found else NO_ENTRY}")
    if asked.remote:
        said.append(f"remote: {asked.remote}")
    if absent_until is not None:
        said.append(f"{asked.absence}: upstream did not know it; remembered until {_clock(absent_until)}")
    if strategy.refresh:
        said.append(f"{asked.entry}: passed over, because of --refresh")
    return said


def of_move(move: Move, provider: str, bill: Bill) -> str:
    """Why the next step is what it is."""
    why = {
        Move.ANSWER: "not asked, the entry is fresh",
        Move.ANSWER_ABSENT: "not asked, it did not know the flight lately (--refresh asks anew)",
        Move.ASK: _asking(bill),
        Move.REFUSE_OFFLINE: "not asked, because of --offline",
        Move.REFUSE_DENIED: "not asked, it is open to subscribers only and your tier is basic",
    }[move]
    return f"{provider}: {why}"


def of_price(move: Move, bill: Bill, price: Price) -> str:
    """What the answer cost, or did not cost."""
    if move is Move.ANSWER:
        return f"price: nothing; a call would have been {price.of(1)}"
    if bill.calls:
        return f"price: {price.of(bill.calls)}; {_used(bill)} of this cycle used"
    return "price: nothing, another process paid" if bill.by_another else "price: nothing was paid"


def of_repetition(found: bool, price: Price) -> tuple[str, str]:
    """A flight that stands in a batch more than once; ``found`` where it has an answer by now."""
    move = Move.ANSWER if found else Move.ANSWER_ABSENT
    return "local: asked for before in this run, answered alike", of_price(move, NO_BILL, price)


def age(since: datetime, now: datetime) -> str:
    """How long ago, in the two units that matter: ``3 d 4 h``."""
    elapsed = max(now - since, timedelta())
    minutes = int(elapsed.total_seconds()) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def _used(bill: Bill) -> str:
    if bill.cap is not None:
        return f"{bill.used} of {bill.cap} calls"
    return f"{bill.used} call{'' if bill.used == 1 else 's'}"


def _asking(bill: Bill) -> str:
    if bill.calls:
        return "asked, one paid call" if bill.calls == 1 else f"asked, {bill.calls} paid calls"
    if bill.by_another:
        return "not asked, another process has just done so"
    return f"no paid call was made: {bill.failure}"


def _entry(found: RouteEntry, strategy: Strategy, now: datetime) -> str:
    fresh = is_fresh(found.refreshed_at, now, strategy.ttl)
    until = _clock(expires_at(found.refreshed_at, strategy.ttl))
    return f"confirmed entry, {age(found.refreshed_at, now)} old, {'fresh until' if fresh else 'stale since'} {until}"


def _clock(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
