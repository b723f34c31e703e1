"""Updates of flights in our own words: by the permanent id, without any recognising.

A row is an object with ``flight_id`` and any of the fields below; a field that is absent stays as it is, null makes it
unknown. Instants are UTC, such as ``2026-12-02T19:30:00Z``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flightctl.domain.designator import parse_or_none
from flightctl.domain.flight import TIMES, Flight, FlightId, FlightStatus, parse_flight_id
from flightctl.domain.flight_news import Applied, changed
from flightctl.domain.text import cleaned
from flightctl.errors import BadFlightId, MalformedRow

_WORDS = ("departure_gate", "departure_terminal", "arrival_gate", "arrival_terminal", "aircraft_type", "diverted_to")
_WORD_LENGTH = 40
_INSTANT = re.compile(
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


class FlightUpdate(NamedTuple):
    """One row of ours."""

    flight_id: FlightId
    values: Mapping[str, Any]
    """New values by the name of the field in ``Flight``."""
    flight_iata: str
    """For a flight that is not stored yet; may be empty."""
    observed_at: datetime

    def departs(self, scheduled_out: datetime | None, scheduled_off: datetime | None) -> bool:
        """Whether a scheduled departure is left, where these were known."""
        out, off = self.values.get("scheduled_out", scheduled_out), self.values.get("scheduled_off", scheduled_off)
        return bool(out or off)


def read_update(row: Mapping[str, Any], observed_at: datetime) -> FlightUpdate:
    """Read one row. Raises MalformedRow, which says what is wrong."""
    unknown = sorted(row.keys() - FIELDS)
    if unknown:
        raise MalformedRow(f"{ascii(unknown[0])[:40]} is no field of a flight")
    try:
        flight_id = parse_flight_id(str(row.get("flight_id", "")))
    except BadFlightId as error:
        raise MalformedRow(error.message) from None
    named = sorted(row.keys() & _READERS.keys(), key=_PLACES.__getitem__)
    values = {name: _READERS[name](name, row[name]) for name in named}
    return FlightUpdate(flight_id, values, _designator(row.get("flight_iata")), observed_at)


def updated(flight: Flight, update: FlightUpdate, provider: str, told: Collection[str] = ()) -> Applied:
    """The flight after an update; an older one than what is known changes nothing, nor one of the same moment the
    fields that were ``told`` then. Raises MalformedRow where no scheduled departure would be left.
    """
    if update.observed_at < flight.observed_at:
        return Applied(flight, (), outdated=True)
    heard = flight._replace(provider=provider, observed_at=update.observed_at)
    if not update.departs(flight.scheduled_out, flight.scheduled_off):
        raise MalformedRow("a flight without a scheduled departure is none")
    return changed(flight, heard, update.values, provider, told)


def _instant(name: str, value: object) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            # Whole seconds, as the history tells them: else a change could look like none.
            return datetime.fromisoformat(value).astimezone(UTC).replace(microsecond=0)
        except ValueError:
            pass
    raise MalformedRow(f"{name} is no instant such as 2026-12-02T19:30:00Z")


def _word(name: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _WORD_LENGTH:
        raise MalformedRow(f"{name} is no text of at most {_WORD_LENGTH} characters")
    return cleaned(value.strip())


def _status(name: str, value: object) -> FlightStatus:
    if value is None:
        return FlightStatus.UNKNOWN
    try:
        return FlightStatus(value)
    except ValueError:
        words = ", ".join(status.value for status in FlightStatus)
        raise MalformedRow(f"{name} is none of {words}") from None


def _designator(value: object) -> str:
    if value is None:
        return ""
    designator = parse_or_none(value) if isinstance(value, str) else None
    if designator is None:
        raise MalformedRow("flight_iata is no flight designator")
    return str(designator)


_READERS: Mapping[str, Callable[[str, object], Any]] = {
    **dict.fromkeys(TIMES, _instant),
    **dict.fromkeys(_WORDS, _word),
    "status": _status,
}
_PLACES = {name: place for place, name in enumerate(_READERS)}
"""Changes of one moment are told in the order of the fields, whatever the order in the row."""
FIELDS = frozenset({"flight_id", "flight_iata", *_READERS})
"""Every field that a row may have."""
