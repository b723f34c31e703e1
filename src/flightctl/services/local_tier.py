"""The local tier as a look-up uses it: what cannot be read or written is a warning, not the end of the look-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

from flightctl.domain.airline import Airline
from flightctl.domain.answer import LOCAL, Bucket
from flightctl.domain.explanation import LOCAL_ALONE, TiersAsked
from flightctl.domain.route import RouteEntry
from flightctl.errors import FlightctlError, LocalFileError, NotAllowed, StoreError
from flightctl.store.hits import LocalReader

if TYPE_CHECKING:
    from flightctl.domain.stored_day import StoredDay

_T = TypeVar("_T")


class LocalTier:
    """Reads that find nothing once the file has failed; counters that are left alone once they cannot be written."""

    def __init__(self, open_reader: Callable[[], LocalReader], *, reports: bool = False) -> None:
        """``reports`` where what is counted is to be handed over to a remote."""
        self._reports = reports
        self._open_reader = open_reader
        self._reader: LocalReader | None = None
        self._holders: dict[str, list[Airline]] = {}
        self.shared_store = LOCAL
        """The tier that others share, and store into while we wait for them; days and prefixes are read there."""
        self.unreadable: StoreError | None = None
        """Why the file cannot be read."""
        self.unwritable: StoreError | None = None
        """Why answers or counters could not be written, although the file can be read."""

    @property
    def trouble(self) -> StoreError | None:
        """Why nothing can be written into the file."""
        return self.unreadable or self.unwritable

    @property
    def obstacle(self) -> StoreError | NotAllowed | None:
        """Why no paid call can be written down, so that none is made."""
        return self.trouble

    def entries(self, cache_keys: Sequence[str]) -> dict[str, RouteEntry]:
        """Confirmed entries by key, fresh or not."""
        return self._read(lambda reader: reader.entries(cache_keys), {})

    def entries_for(self, choices: Sequence[Sequence[str]]) -> dict[str, RouteEntry]:
        """The same for questions, each with the keys under which it may be answered, best first."""
        return self.entries(list(dict.fromkeys(key for keys in choices for key in keys)))

    def entries_with_prefix(self, prefix: str) -> list[RouteEntry]:
        """Confirmed entries whose designator starts like this, fresh or not."""
        return self._read(lambda reader: reader.entries_with_prefix(prefix), [])

    def absences(self, cache_keys: Sequence[str]) -> dict[str, datetime]:
        """Keys that upstream did not know, and until when that is, or was, to be remembered."""
        return self._read(lambda reader: reader.absences(cache_keys), {})

    def holders(self, airline: str) -> list[Airline]:
        """Airlines that hold a designator; from the package where the file cannot say."""
        if airline not in self._holders:
            found: list[Airline] = self._read(lambda reader: reader.holders(airline), [])
            self._holders[airline] = _packaged_holders(airline) if self.unreadable else found
        return self._holders[airline]

    def day(self, names: Sequence[str], day: date) -> StoredDay:
        """Confirmed flights that go by one of these designators on a local day."""
        from flightctl.domain.stored_day import StoredDay
        from flightctl.store.flight_hits import stored_day

        return self._read(lambda reader: stored_day(reader, names, day), StoredDay(()))

    def keep_day(self, names: Sequence[str], day: date) -> None:
        """What was just paid for of a day stands in the shared store; here that is this file."""

    def warning_of_days(self) -> str:
        """What to tell with flights of a day that were held; nothing where there is but one tier."""
        return ""

    def origin_zone(self, names: Sequence[str], cache_keys: Sequence[str]) -> str:
        """Zone of where the number leaves; empty where that is not known."""
        from flightctl.store.flight_hits import origin_zone

        return self._read(lambda reader: origin_zone(reader, names, cache_keys), "")

    def failed(self, error: FlightctlError) -> None:
        """A paid step failed: what the file would not take once it is not asked to take again."""
        if isinstance(error, StoreError):
            self.unwritable = self.unwritable or error

    def keep(self, entries: Sequence[RouteEntry]) -> None:
        """What was just paid for stands in the shared store; here that is this file."""

    def source_of(self, cache_key: str) -> str:
        """The tier that answered for it."""
        return LOCAL

    def warning_of(self, cache_key: str) -> str:
        """What to tell with an answer that was held; nothing where there is but one tier."""
        return ""

    def asked(self, cache_keys: Sequence[str], found: RouteEntry | None) -> TiersAsked:
        """Which tiers were asked about a question with these keys, to which this was found."""
        return LOCAL_ALONE

    def asked_of_days(self) -> TiersAsked:
        """Which tier is asked about days."""
        return LOCAL_ALONE

    def count(self, counts: Mapping[tuple[Bucket, str], int], now: datetime, asks: Sequence[tuple[str, str]]) -> None:
        """Add to the counters and the history; what keeps them from being written is kept in ``unwritable``."""
        if not counts or self.trouble is not None:
            return
        try:
            self._opened().count(counts, now, asks, reports=self._reports)
        except LocalFileError as error:
            self.unwritable = error

    def close(self) -> None:
        """Let go of the file."""
        if self._reader is not None:
            self._reader.close()

    def _read(self, read: Callable[[LocalReader], _T], otherwise: _T) -> _T:
        if self.unreadable is not None:
            return otherwise
        try:
            return read(self._opened())
        except LocalFileError as error:
            self.unreadable = error
            return otherwise

    def _opened(self) -> LocalReader:
        self._reader = self._reader or self._open_reader()
        return self._reader


def _packaged_holders(airline: str) -> list[Airline]:
    from flightctl.store.reference_data import packaged_airlines

    return [known for known in packaged_airlines() if airline in (known.iata, known.icao)]
