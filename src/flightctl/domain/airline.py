"""From an ICAO designator to the IATA one that routes are kept by; what is ambiguous is shown, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flightctl.domain.designator import AirlineCode, Designator


class Airline(NamedTuple):
    """An airline as the reference table knows it. Codes may be empty."""

    iata: str
    icao: str
    name: str

    def __str__(self) -> str:
        codes = "/".join(filter(None, (self.iata, self.icao)))
        return f"{self.name} ({codes})" if self.name else codes


class Resolved(NamedTuple):
    """The designator to ask and key by, and what the operator should know about it."""

    designator: Designator
    warning: str = ""


def resolve(designator: Designator, holders: Sequence[Airline], sharers: Sequence[Airline]) -> Resolved:
    """Decide by which designator a flight is asked for and keyed.

    ``holders`` are the airlines with the airline designator that was typed; ``sharers`` the airlines that
    share the IATA designator it would be converted to. ANZ527 becomes NZ527 only when both are one airline
    and there is no suffix letter (EZY123K is a callsign, not flight U2123).
    """
    if not holders:
        return Resolved(designator, f"{designator.airline} is in no airline table")
    if designator.airline_code is AirlineCode.IATA:
        return Resolved(designator, _shared(designator.airline, holders))
    iata = iata_of(holders)
    if not iata:
        return Resolved(designator, _shared(designator.airline, holders))
    if designator.suffix:
        return Resolved(designator, f"{designator} may be a callsign; it is not converted to {iata}")
    if len(sharers) > 1:
        return Resolved(designator, _shared(iata, sharers) + f"; asked as {designator}")
    return Resolved(Designator(iata, designator.number, designator.suffix))


def iata_of(holders: Sequence[Airline]) -> str:
    """The one IATA designator of these airlines; empty when there is none or more than one."""
    codes = {airline.iata for airline in holders if airline.iata}
    return codes.pop() if len(codes) == 1 else ""


def _shared(code: str, airlines: Sequence[Airline]) -> str:
    if len(airlines) < 2:
        return ""
    return f"{code} is shared by " + " and ".join(str(airline) for airline in airlines)


def names_by_best_rank(rows: Iterable[tuple[str, str, int]]) -> dict[str, str]:
    """One name for a designator from (code, name, rank) rows, best rank first; shared ones name all holders."""
    best: dict[str, tuple[int, list[str]]] = {}
    for code, name, rank in rows:
        known_rank, names = best.setdefault(code, (rank, []))
        if known_rank == rank and name and name not in names:
            names.append(name)
    return {code: " / ".join(names) for code, (_, names) in best.items()}
