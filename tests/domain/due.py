"""Builders of entries that are due, and of the work that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.legs import TTL, entry
from flightctl.domain.refresh_plan import Work, dues
from flightctl.domain.route import RouteEntry, direct

AIRLINES = ["NZ", "QF", "BA", "LH", "AF", "UA", "DL", "AA", "SQ", "EK", "KL", "JL"]


def entries(airline: str, count: int, departure: str = "AKL", first: int = 1) -> list[RouteEntry]:
    numbers = range(first, first + count)
    return [entry(direct(f"{airline}{number}", airline, departure, "CHC"), age=TTL) for number in numbers]


def of_all(**counts: int) -> list[RouteEntry]:
    """So many entries of each airline."""
    return [one for airline, count in counts.items() for one in entries(airline, count)]


def work_of(
    due: Sequence[RouteEntry],
    totals: Mapping[str, int] | None = None,
    asks: Mapping[str, int] | None = None,
    read: Mapping[str, int] | None = None,
) -> Work:
    return Work.of(dues(due, asks or {}), totals or {}, read or {})
