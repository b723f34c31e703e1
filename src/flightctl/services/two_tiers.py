"""The local tier in front of the remote: what is held and was checked lately answers by itself, the rest is looked up
in the remote once and copied down. A remote that cannot be reached is a warning where the local tier has an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

from flightctl.domain.answer import LOCAL, REMOTE
from flightctl.domain.explanation import HAS_TO_BE_CHECKED, NO_ENTRY, NOTHING_YOUNGER, TiersAsked, unasked
from flightctl.domain.route import EntryStatus, RouteEntry
from flightctl.domain.tiers import CopyLifetimes, has_to_be_checked, merged
from flightctl.errors import FlightctlError, LocalFileError, NotAllowed, StoreError
from flightctl.services.local_tier import LocalTier
from flightctl.store.hits import LocalReader

if TYPE_CHECKING:
    from flightctl.domain.stored_day import StoredDay
    from flightctl.store.engine import Database, Transaction

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind the local file."""

    remote: Callable[[], Database]
    copies: Callable[[], Database]
    """The local file, for writing."""
    lifetimes: CopyLifetimes
    clock: Callable[[], datetime]


class TwoTiers(LocalTier):
    """Both tiers as one."""

    def __init__(self, open_reader: Callable[[], LocalReader], behind: Behind) -> None:
        super().__init__(open_reader, reports=True)
        self.shared_store = REMOTE
        self._behind = behind
        self._sources: dict[str, str] = {}
        self._due: dict[str, str] = {}
        """Keys that the remote was to be asked for, and what was held here."""
        self._unchecked: set[str] = set()
        self._absences: dict[str, datetime] = {}
        self.remote_trouble: StoreError | NotAllowed | None = None
        """Why the remote cannot be asked."""

    @property
    def obstacle(self) -> StoreError | NotAllowed | None:
        """Why no paid call can be written down: it would be in the remote."""
        return self.remote_trouble

    def entries(self, cache_keys: Sequence[str]) -> dict[str, RouteEntry]:
        """Confirmed entries by key, fresh or not, from the nearest tier that has them."""
        return self.entries_for([(key,) for key in cache_keys])

    def entries_for(self, choices: Sequence[Sequence[str]]) -> dict[str, RouteEntry]:
        """The same for questions: who is answered here under one key is not looked for there under the others."""
        cache_keys = list(dict.fromkeys(key for keys in choices for key in keys))
        held, checked, now = super().entries(cache_keys), self._checks(cache_keys), self._behind.clock()
        lifetimes = self._behind.lifetimes
        doubtful = {key for key in cache_keys if has_to_be_checked(held.get(key), checked.get(key), lifetimes, now)}
        # Of the keys of a question the first that is held counts.
        asked = (keys for keys in choices if next((key for key in keys if key in held), keys[0]) in doubtful)
        due = list(dict.fromkeys(key for keys in asked for key in keys))
        self._due |= {key: HAS_TO_BE_CHECKED if key in held else NO_ENTRY for key in due}
        return self._checked(held, due, checked) if due else held

    def entries_with_prefix(self, prefix: str) -> list[RouteEntry]:
        """Confirmed entries whose designator starts like this: of the remote, whose list is the whole one."""
        from flightctl.store import routes

        held = {entry.route.cache_key: entry for entry in super().entries_with_prefix(prefix)}
        found = self._asked(lambda session: routes.entries_with_prefix(session, prefix), None)
        if found is None:
            self._unchecked.update(held)
            return list(held.values())
        theirs = {entry.route.cache_key: entry for entry in found}
        checked = self._checks(list(held))
        self._sources.update(dict.fromkeys(theirs, REMOTE))
        both = {key: merged(held.get(key), theirs.get(key), is_copy=key in checked) for key in held | theirs}
        return [entry for entry in both.values() if entry is not None]

    def absences(self, cache_keys: Sequence[str]) -> dict[str, datetime]:
        """Keys that upstream did not know, and until when that is, or was, to be remembered; the remote's as well."""
        unasked = [key for key in cache_keys if key not in self._absences]
        if unasked:
            from flightctl.store import routes

            nothing: dict[str, datetime] = {}
            self._absences |= self._asked(lambda session: routes.absences(session, unasked), nothing)
        return super().absences(cache_keys) | {key: self._absences[key] for key in cache_keys if key in self._absences}

    def day(self, names: Sequence[str], day: date) -> StoredDay:
        """Confirmed flights that go by one of these designators on a local day: as the remote has them, which hears of
        each change; the copy here where it cannot be asked.
        """
        from flightctl.store import day_copies

        held = super().day(names, day)
        found = self._asked(lambda session: day_copies.read(session, names, day), None)
        if found is None:
            return held
        if found.stored != held and self.trouble is None:
            with suppress(LocalFileError), self._behind.copies().writing() as session:
                day_copies.keep(session, names, day, found)
        return found.stored

    def keep_day(self, names: Sequence[str], day: date) -> None:
        """Copy down what has just come into the remote."""
        self.day(names, day)

    def warning_of_days(self) -> str:
        """What to tell with flights of a day that could not be compared with the remote."""
        return f"a local copy, not checked: {self.remote_trouble.message}" if self.remote_trouble else ""

    def origin_zone(self, names: Sequence[str], cache_keys: Sequence[str]) -> str:
        """Zone of where the number leaves, by its route; empty where that is not known."""
        self.entries(cache_keys)
        return super().origin_zone(names, cache_keys)

    def failed(self, error: FlightctlError) -> None:
        """A paid step failed: a remote that cannot be used is not asked again in this run."""
        if isinstance(error, StoreError) and not isinstance(error, LocalFileError):
            self._give_up(error)

    def keep(self, entries: Sequence[RouteEntry]) -> None:
        """Copy down what has just come into the remote; where that cannot be, it is looked up there the next time."""
        self._copied(entries, ())

    def source_of(self, cache_key: str) -> str:
        """The tier that answered for it."""
        return self._sources.get(cache_key, LOCAL)

    def asked(self, cache_keys: Sequence[str], found: RouteEntry | None) -> TiersAsked:
        """Which tiers were asked about a question with these keys, to which this was found."""
        due = [key for key in cache_keys if key in self._due]
        absence = REMOTE if any(key in self._absences for key in cache_keys) else LOCAL
        if not due:
            return TiersAsked(absence=absence)
        if self.remote_trouble is not None and not self._unchecked.isdisjoint(due):
            return TiersAsked(absence=absence, remote=unasked(self.remote_trouble.message))
        if found is not None and self.source_of(found.route.cache_key) == LOCAL:
            return TiersAsked(absence=absence, remote=NOTHING_YOUNGER)
        had = HAS_TO_BE_CHECKED if HAS_TO_BE_CHECKED in map(self._due.get, due) else NO_ENTRY
        return TiersAsked(REMOTE, absence, local=had)

    def asked_of_days(self) -> TiersAsked:
        """Which tier is asked about days: the remote, which has all of them."""
        trouble = self.remote_trouble
        return TiersAsked(REMOTE, remote=unasked(trouble.message) if trouble else "")

    def warning_of(self, cache_key: str) -> str:
        """What to tell with an answer that ought to have been checked and could not be."""
        if cache_key not in self._unchecked or self.remote_trouble is None:
            return ""
        return f"a local copy, not checked: {self.remote_trouble.message}"

    def _checks(self, cache_keys: Sequence[str]) -> dict[str, datetime]:
        never: dict[str, datetime] = {}
        return self._read(lambda reader: reader.copies_checked(cache_keys), never)

    def _checked(
        self, held: dict[str, RouteEntry], due: Sequence[str], checked: Mapping[str, datetime]
    ) -> dict[str, RouteEntry]:
        from flightctl.store import routes

        theirs = self._asked(lambda session: routes.entries(session, due, EntryStatus.CONFIRMED), None)
        if theirs is None:
            self._unchecked.update(due)
            return held
        self._copied(list(theirs.values()), [key for key in due if key in checked and key not in theirs])
        for key in due:
            entry = merged(held.pop(key, None), theirs.get(key), is_copy=key in checked)
            if entry is not None:
                held[key] = entry
                self._sources[key] = REMOTE if entry is theirs.get(key) else LOCAL
        return held

    def _copied(self, entries: Sequence[RouteEntry], gone: Sequence[str]) -> None:
        if (not entries and not gone) or self.trouble is not None:
            return
        from flightctl.store import copies

        with suppress(LocalFileError), self._behind.copies().writing() as session:
            copies.keep(session, entries, gone, self._behind.clock())

    def _asked(self, ask: Callable[[Transaction], _T], otherwise: _T) -> _T:
        """What the remote says; what it says in vain once is not asked of it again in this run."""
        if self.remote_trouble is not None:
            return otherwise
        try:
            with self._behind.remote().reading() as session:
                return ask(session)
        except (StoreError, NotAllowed) as error:
            self._give_up(error)
            return otherwise

    def _give_up(self, trouble: StoreError | NotAllowed) -> None:
        self.remote_trouble, self.shared_store = trouble, LOCAL
