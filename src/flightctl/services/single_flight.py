"""One upstream call for all who want the same key at the same time, across processes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from flightctl import errors
from flightctl.domain.turn import Lease, LeaseLost, Turn, next_turn
from flightctl.errors import BudgetReached, FlightctlError, StoreError, TimedOut
from flightctl.services.holder import is_gone, this_holder
from flightctl.store import leases
from flightctl.store.engine import Database, Transaction

_T = TypeVar("_T")
_PATIENCE = timedelta(seconds=90)
"""Several leaders may die one after the other, each with its lease to run out; longer nobody waits."""
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 1.0
_PART_WAITED = 0.1
"""A hundred who wait must leave the machine to the one who works: who has waited for long looks less often."""


@dataclass(frozen=True, slots=True)
class Landed(Generic[_T]):
    """What came of wanting a key."""

    value: _T
    led: bool
    """Whether we asked upstream ourselves."""
    waited: bool
    """Whether somebody else asked while we waited."""


@dataclass(frozen=True, slots=True)
class Wish(Generic[_T]):
    """A key, how to see whether the store has it, and how to ask for it."""

    key: str
    look: Callable[[Transaction], _T | None]
    """``None`` where the store has nothing good enough. Short: it runs inside the store's transactions."""
    ask: Callable[[Lease], _T]
    """Asks upstream, stores under the lease and gives it back; runs outside any transaction."""


@dataclass(frozen=True, slots=True)
class _Seen(Generic[_T]):
    """What one look at the store says."""

    turn: Turn
    stored: _T | None
    lease: Lease | None


class SingleFlight:
    """Leads or waits. No transaction is open while upstream is asked or others are waited for."""

    def __init__(
        self, database: Callable[[], Database], clock: Callable[[], datetime], sleep: Callable[[float], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._sleep = sleep

    def fly(self, wish: Wish[_T]) -> Landed[_T]:
        """Ask upstream, or wait for who is asking.

        Raises what ``ask`` raises, also where somebody else asked while we waited and failed; StoreError.
        """
        began = self._clock()
        waited = False
        while True:
            seen = self._seen(wish, began)
            if seen.turn is Turn.TAKE and seen.stored is not None:
                return Landed(seen.stored, led=False, waited=waited)
            if seen.turn is Turn.SHARE_FAILURE and seen.lease is not None:
                raise _failure(seen.lease)
            if seen.turn is Turn.LEAD and seen.lease is not None:
                with suppress(LeaseLost):
                    return Landed(self._lead(wish, seen.lease), led=True, waited=waited)
            if self._clock() - began > _PATIENCE:
                raise TimedOut(f"{wish.key}: other processes have been asking for {_PATIENCE.seconds} seconds in vain")
            waited = True
            self._sleep(_pause_s(self._clock() - began))

    def lead_at_once(self, wish: Wish[_T]) -> Landed[_T] | None:
        """Ask upstream if nobody else does and the store has no answer; ``None`` where there is nothing to do."""
        seen = self._seen(wish, self._clock())
        if seen.turn is not Turn.LEAD or seen.lease is None:
            return None
        with suppress(LeaseLost):
            return Landed(self._lead(wish, seen.lease), led=True, waited=False)
        return None

    def _seen(self, wish: Wish[_T], began: datetime) -> _Seen[_T]:
        """Look first without the write lock, which many who wait would keep from the one who works."""
        with self._database().reading() as session:
            seen = self._looked(session, wish, began)
        if seen.turn is not Turn.LEAD:
            return seen
        with self._database().writing() as session:
            leases.hold(session, wish.key)
            # The second look: somebody may have been quicker.
            seen = self._looked(session, wish, began)
            return self._taken(session, wish.key, seen) if seen.turn is Turn.LEAD else seen

    def _taken(self, session: Transaction, key: str, seen: _Seen[_T]) -> _Seen[_T]:
        try:
            return replace(seen, lease=leases.take(session, key, this_holder(), self._clock()))
        except LeaseLost:
            return replace(seen, turn=Turn.WAIT)

    def _looked(self, session: Transaction, wish: Wish[_T], began: datetime) -> _Seen[_T]:
        stored, lease = wish.look(session), leases.find(session, wish.key)
        gone = lease is not None and is_gone(lease.holder)
        return _Seen(next_turn(stored is not None, lease, began, self._clock(), holder_gone=gone), stored, lease)

    def _lead(self, wish: Wish[_T], lease: Lease) -> _T:
        failure = ""
        try:
            return wish.ask(lease)
        except BudgetReached:
            # What one may not spend another may: a look-up has the reserve that a refresh has not.
            raise
        except FlightctlError as error:
            failure = json.dumps([type(error).__name__, error.message, error.hint])
            raise
        finally:
            self._release(lease, failure)

    def _release(self, lease: Lease, failure: str) -> None:
        """Whatever ended the work, Ctrl-C too: nobody has to wait for the lease to run out, unless it must."""
        with suppress(StoreError), self._database().writing() as session:
            leases.release(session, lease, self._clock(), failure)


def _pause_s(waited: timedelta) -> float:
    longer = waited.total_seconds() * _PART_WAITED
    return random.uniform(0.5, 1.5) * min(max(longer, _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S)


def _failure(lease: Lease) -> FlightctlError:
    """The leader's failure, for one who waited for it."""
    name, message, hint = json.loads(lease.failure)
    kind: type[FlightctlError] = getattr(errors, name)
    return kind(message, hint=hint)
