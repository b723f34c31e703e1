"""The local tier as a look-up uses it: what cannot be read is a warning, not the end of the look-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from flightctl.domain.airline import Airline
from flightctl.domain.answer import Bucket
from flightctl.domain.route import RouteEntry
from flightctl.errors import LocalFileError
from flightctl.store.hits import LocalReader

_T = TypeVar("_T")


class LocalTier:
    """Reads that fall back to nothing once the file has failed; ``trouble`` keeps the reason."""

    def __init__(self, open_reader: Callable[[], LocalReader]) -> None:
        self._open_reader = open_reader
        self._reader: LocalReader | None = None
        self._holders: dict[str, list[Airline]] = {}
        self.trouble: LocalFileError | None = None

    def entries(self, cache_keys: Sequence[str]) -> dict[str, RouteEntry]:
        """Confirmed entries by key, fresh or not."""
        return self._try(lambda reader: reader.entries(cache_keys), {})

    def entries_with_prefix(self, prefix: str) -> list[RouteEntry]:
        """Confirmed entries whose designator starts like this, fresh or not."""
        return self._try(lambda reader: reader.entries_with_prefix(prefix), [])

    def absent(self, cache_keys: Sequence[str], now: datetime) -> dict[str, datetime]:
        """Keys that upstream did not know, and until when that is remembered."""
        return self._try(lambda reader: reader.absent(cache_keys, now), {})

    def holders(self, airline: str) -> list[Airline]:
        """Airlines that hold a designator; from the package where the file cannot say."""
        if airline not in self._holders:
            found: list[Airline] = self._try(lambda reader: reader.holders(airline), [])
            self._holders[airline] = _packaged_holders(airline) if self.trouble else found
        return self._holders[airline]

    def count(self, counts: Mapping[tuple[Bucket, str], int], now: datetime) -> None:
        """Add to the counters; a file that cannot be written becomes ``trouble``."""
        if counts:
            self._try(lambda reader: reader.count(counts, now), None)

    def _try(self, read: Callable[[LocalReader], _T], otherwise: _T) -> _T:
        if self.trouble is not None:
            return otherwise
        try:
            self._reader = self._reader or self._open_reader()
            return read(self._reader)
        except LocalFileError as error:
            self.trouble = error
            return otherwise


def _packaged_holders(airline: str) -> list[Airline]:
    from flightctl.store.reference_data import packaged_airlines

    return [known for known in packaged_airlines() if airline in (known.iata, known.icao)]
