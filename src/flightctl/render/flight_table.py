"""Dated flights as a table: a line a flight, with as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from rich.table import Table
from rich.text import Text

from flightctl.domain.flight import Flight, FlightStatus
from flightctl.render.console import styled, table
from flightctl.render.local_clock import arrival_of, delay_of, delay_text, departure_of, goes_elsewhere
from flightctl.render.room import has_room

Cells = Mapping[str, str | Text]
"""What stands in a line, by column; a column that is not there is empty."""

HEADINGS = {
    "flight": "FLIGHT",
    "date": "DATE",
    "from": "FROM",
    "out": "OUT",
    "out_utc": "UTC",
    "out_gate": "GATE",
    "to": "TO",
    "in": "IN",
    "in_utc": "UTC",
    "in_gate": "GATE",
    "delay": "DELAY",
    "status": "STATUS",
    "type": "TYPE",
    "answer": "ANSWER",
    "source": "SOURCE",
    "age": "AGE",
}
"""All columns in order: OUT and IN are local time, with UTC beside each."""
_BRIEF = {"out_brief": "OUT", "in_brief": "IN", "status_brief": "STATUS"}
"""OUT and IN as expected now only; where a diverted flight goes is said below the table."""
_NARROW = ("flight", "from", "out_brief", "to", "in_brief", "delay", "status")
_NARROWEST = (*_NARROW[:-1], "status_brief")
_SPARED = (("type", "source"), ("age",), ("date",), ("answer",), ("out_utc", "in_utc"), ("out_gate", "in_gate"))
"""What a narrower table leaves out, the least missed first; the date stands in the ids below it."""
_LATE = timedelta(minutes=15)
"""From here on a flight counts as late in the field's statistics."""
_LONGEST_PLACE = 8
_STYLES = {
    FlightStatus.ACTIVE: "cyan",
    FlightStatus.LANDED: "green",
    FlightStatus.ARRIVED: "green",
    FlightStatus.CANCELLED: "red",
    FlightStatus.DIVERTED: "red",
    FlightStatus.UNKNOWN: "dim",
}


def flight_table(lines: Sequence[Cells], width: int) -> Table:
    """The widest table that fits into this many cells; what is empty in every line is no column."""
    choices = [_shown(columns, lines) for columns in _layouts()]
    fitting = (choice for choice in choices if has_room(width, *choice))
    return table(*next(fitting, choices[-1]))


def cells_of(flight: Flight) -> dict[str, str | Text]:
    """What is to be said about the flight itself."""
    out, into, delay = departure_of(flight), arrival_of(flight), delay_of(flight)
    return {
        "date": flight.departure_date.isoformat(),
        "from": flight.origin_iata or flight.origin,
        "out": out.local,
        "out_brief": out.local_now,
        "out_utc": out.utc,
        "out_gate": gate_text(flight.departure_terminal, flight.departure_gate),
        "to": flight.destination_iata or flight.destination,
        "in": into.local,
        "in_brief": into.local_now,
        "in_utc": into.utc,
        "in_gate": gate_text(flight.arrival_terminal, flight.arrival_gate),
        "delay": "" if delay is None else styled(delay_text(delay), "yellow" if delay >= _LATE else ""),
        "status": _status(flight),
        "status_brief": _status_word(flight),
        "type": flight.aircraft_type,
    }


def waiting_table(flights: Iterable[Flight], width: int) -> Table:
    """Manual flights that wait for staff; their ids are to be copied, so they stay whole."""
    whole = [(*_waiting(one), one.added_by, one.note) for one in flights]
    choices = [
        (("FLIGHT ID", "OUT (LOCAL)", "IN (LOCAL)", "REVIEW", "BY", "NOTE"), whole),
        (("FLIGHT ID", "OUT (LOCAL)", "IN (LOCAL)", "REVIEW"), [row[:4] for row in whole]),
    ]
    narrowest = (("FLIGHT ID", "OUT", "IN", "REVIEW"), [row[:4] for row in whole])
    return table(*next((choice for choice in choices if has_room(width, *choice)), narrowest))


def _waiting(flight: Flight) -> tuple[str, ...]:
    return flight.flight_id, departure_of(flight).local, arrival_of(flight).local, flight.review


def gate_text(terminal: str, gate: str) -> str:
    """``T2 G23``; what is no bare number is shown as it is (``Main D12``), and one letter is a terminal's: ``TD``."""
    hall = f"T{terminal}" if terminal[:1].isdigit() or len(terminal) == 1 else terminal
    door = f"G{gate}" if gate[:1].isdigit() else gate
    return f"{hall[:_LONGEST_PLACE]} {door[:_LONGEST_PLACE]}".strip()


def _layouts() -> Iterable[Sequence[str]]:
    """Columns to choose from, most first."""
    columns: Sequence[str] = tuple(HEADINGS)
    yield columns
    for spared in _SPARED:
        columns = [column for column in columns if column not in spared]
        yield columns
    yield from (_NARROW, _NARROWEST)


def _shown(columns: Sequence[str], lines: Sequence[Cells]) -> tuple[list[str], list[list[str | Text]]]:
    filled = [column for column in columns if any(line.get(column) for line in lines)]
    headings = HEADINGS | _BRIEF
    return [headings[column] for column in filled], [[line.get(column, "") for column in filled] for line in lines]


def _status(flight: Flight) -> Text:
    return styled(f"diverted to {flight.diverted_to}", "red") if goes_elsewhere(flight) else _status_word(flight)


def _status_word(flight: Flight) -> Text:
    return styled(flight.status.value, _STYLES.get(flight.status, ""))
