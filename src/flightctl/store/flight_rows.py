"""A row of ``flights`` as the domain's flight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flightctl.domain.flight import Flight, FlightStatus

_STATUS = Flight._fields.index("status")
_STATUSES = {status.value: status for status in FlightStatus}


def flight_of(row: Sequence[Any]) -> Flight:
    """A row of ``flights``, in the order of its columns."""
    values = list(row)
    values[_STATUS] = _STATUSES[values[_STATUS]]
    return Flight._make(values)
