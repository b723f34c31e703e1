"""A diversion in AeroAPI: two rows with one ``fa_flight_id``, one to, or from, the other airport (CONTRACT B2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flightctl.providers.aeroapi_places import airport, place
from flightctl.providers.aeroapi_rows import provider_id


@dataclass(frozen=True, slots=True)
class _Leg:
    """A row, as far as a diversion takes it; airports by their codes."""

    index: int
    origin: str
    destination: str
    diverted: bool
    has_landed: bool


def diversions(rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Code of the airport that a diverted flight went to instead, by index of each row that it concerns.

    Those are the row to the planned destination and, where there is one, the row to the other airport. A row counts
    as the other one where it is not flagged as diverted, or, should all be, where the aircraft landed. Where the rows
    name several other airports, or none, nothing is said.
    """
    if not any(_is_flagged(row) for row in rows):
        return {}
    flights: defaultdict[str, list[_Leg]] = defaultdict(list)
    for index, row in enumerate(rows):
        flights[provider_id(row)].append(_leg(index, row))
    flights.pop("", None)
    several = (legs for legs in flights.values() if len(legs) > 1 and any(leg.diverted for leg in legs))
    return {index: code for legs in several for index, code in _of_one_flight(legs).items()}


def _leg(index: int, row: Mapping[str, Any]) -> _Leg:
    origin, destination = (place(airport(row, end), "").code for end in ("origin", "destination"))
    has_landed = any(isinstance(row.get(name), str) for name in ("actual_on", "actual_in"))
    return _Leg(index, origin, destination, _is_flagged(row), has_landed)


def _is_flagged(row: Mapping[str, Any]) -> bool:
    return row.get("diverted") is True


def _of_one_flight(legs: Sequence[_Leg]) -> dict[int, str]:
    onward = [leg for leg in legs if not leg.diverted] or [leg for leg in legs if leg.has_landed]
    planned = [leg for leg in legs if leg not in onward]
    reached = {_reached(leg, other) for leg in planned for other in onward} - {""}
    if len(reached) != 1:
        return {}
    [code] = reached
    return {leg.index: code for leg in legs if leg in planned or leg.destination == code}


def _reached(planned: _Leg, other: _Leg) -> str:
    """Where the flight went by its ``other`` row: it leads there, or goes on from there."""
    where = other.destination if other.origin == planned.origin else other.origin
    return "" if where == planned.destination else where
