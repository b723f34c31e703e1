"""Bare airlines and prefixes: every fresh entry that starts like this, and one page upstream where there is none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from flightctl.domain.airline import iata_of
from flightctl.domain.answer import LOCAL, Answer, Outcome, PrefixSummary, shared_outcome
from flightctl.domain.designator import AirlineQuery, PrefixQuery, natural_order
from flightctl.domain.freshness import expires_at, is_fresh
from flightctl.domain.route import RouteEntry
from flightctl.errors import FlightctlError, NotAllowed, UsageError

if TYPE_CHECKING:
    from flightctl.domain.billing import Cause
    from flightctl.services.lookup import Lookups


class PrefixLookup:
    """One prefix, answered with the look-up's own cache, strategy and counters. It counts as one look-up."""

    def __init__(self, lookups: Lookups, text: str, query: AirlineQuery | PrefixQuery) -> None:
        self._lookups = lookups
        self._text = text
        self._bare = isinstance(query, AirlineQuery)
        self._airline = self._iata(query.airline)
        self._key = f"airline:{self._airline}"
        known = not self._bare or lookups.local.holders(self._airline)
        self._warning = "" if known else f"{self._airline} is in no airline table"
        self._prefix = self._airline + ("" if isinstance(query, AirlineQuery) else query.rest)

    def answers(self) -> list[Answer]:
        """The entries in natural order; a row with the reason where a call failed or was not allowed."""
        strategy = self._lookups.strategy
        if strategy.refresh and not self._bare:
            return self._failed(UsageError(f"{self._text}: --refresh works on flights and bare airlines", hint=_WHOLE))
        matching, now = self._matching(), self._lookups.clock()
        fresh = [entry for entry in matching if is_fresh(entry.refreshed_at, now, strategy.ttl)]
        if fresh and not strategy.refresh:
            local, stale = self._lookups.local, len(matching) - len(fresh)
            unchecked = local.warning_of(fresh[0].route.cache_key)
            return self._found(fresh, Outcome.HIT, local.shared_store, stale=stale, warning=unchecked)
        stale = len(matching) - len(fresh)
        if self._lookups.local.unreadable is not None and (strategy.offline or not strategy.may_ask or not self._bare):
            return self._failed(self._lookups.local.unreadable)
        if strategy.offline or not self._bare:
            return self._nothing(stale)
        if not strategy.refresh and any(now < until for until in self._absences()):
            return self._found([], Outcome.NOT_FOUND, LOCAL, stale=stale)
        if not strategy.may_ask:
            return self._failed(NotAllowed(f"{self._text}: not in the cache; live lookups are for subscribers"))
        return self._ask(matching)

    def _ask(self, matching: Sequence[RouteEntry]) -> list[Answer]:
        strategy, upstream = self._lookups.strategy, self._lookups.upstream
        try:
            landed = self._lookups.pay(
                self._cause(matching), lambda shared, wanted: shared.airline(self._airline, wanted)
            )
        except FlightctlError as error:
            if strategy.stale_if_error and error.serves_stale and matching:
                warning = f"shown although it expired, because {error.message}"
                return self._found(matching, Outcome.STALE, LOCAL, warning=warning)
            return self._failed(error)
        fetched = landed.value
        if not landed.led:
            outcome = shared_outcome(landed.waited) if fetched.entries else Outcome.NOT_FOUND
            return self._found(fetched.entries, outcome, self._lookups.local.shared_store)
        outcome = Outcome.MISS if fetched.entries else Outcome.NOT_FOUND
        return self._found(fetched.entries, outcome, upstream.name, complete=fetched.complete)

    def _cause(self, matching: Sequence[RouteEntry]) -> Cause:
        from flightctl.domain.billing import Cause

        if matching:
            return Cause.EXPIRED
        return Cause.NEGATIVE_EXPIRED if self._absences() else Cause.COLD

    def _absences(self) -> Collection[datetime]:
        return self._lookups.local.absences([self._key]).values()

    def _found(
        self,
        entries: Sequence[RouteEntry],
        outcome: Outcome,
        source: str,
        *,
        stale: int = 0,
        complete: bool = False,
        warning: str = "",
    ) -> list[Answer]:
        self._lookups.prefixes.append(PrefixSummary(self._text, len(entries), stale, complete))
        self._lookups.metrics.count(Answer(self._text, "", outcome, source))
        ordered = sorted(entries, key=lambda entry: natural_order(entry.route.flight_iata))
        return [self._row(entry, outcome, source, warning) for entry in ordered]

    def _failed(self, error: FlightctlError) -> list[Answer]:
        denied = isinstance(error, NotAllowed)
        outcome, provider = (Outcome.DENIED, "") if denied else (Outcome.ERROR, self._lookups.upstream.name)
        self._lookups.prefixes.append(PrefixSummary(self._text, 0, 0, complete=False, failed=True))
        answer = Answer(self._text, "", outcome, provider=provider, error=error)
        self._lookups.metrics.count(answer)
        return [answer]

    def _nothing(self, stale: int) -> list[Answer]:
        """Nobody was asked and nothing matched: no look-up of anything, so not counted."""
        self._lookups.prefixes.append(PrefixSummary(self._text, 0, stale, complete=False))
        return []

    def _row(self, entry: RouteEntry, outcome: Outcome, source: str, warning: str) -> Answer:
        until = expires_at(entry.refreshed_at, self._lookups.strategy.ttl)
        flight = entry.route.flight_iata
        told = "; ".join(filter(None, (self._warning, warning)))
        return Answer(self._text, flight, outcome, source, entry.provider, entry, until, told)

    def _matching(self) -> list[RouteEntry]:
        """Confirmed entries with the prefix, fresh or not; for a bare airline its own only (NZ, not NZM)."""
        if not self._lookups.strategy.cache_enabled:
            return []
        entries = self._lookups.local.entries_with_prefix(self._prefix)
        if not self._bare:
            return entries
        third = len(self._airline)
        return [entry for entry in entries if entry.route.flight_iata[third].isdigit()]

    def _iata(self, airline: str) -> str:
        """The IATA designator of an ICAO one, where it is one airline's alone."""
        if len(airline) == 2:
            return airline
        iata = iata_of(self._lookups.local.holders(airline))
        return iata if iata and len(self._lookups.local.holders(iata)) == 1 else airline


_WHOLE = "leave out --refresh, or ask for the airline alone"
