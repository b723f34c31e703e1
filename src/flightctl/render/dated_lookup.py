"""Answers of a look-up for one day: ``flightctl.lookup/1`` with the flights of that day, and their table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from flightctl.domain.answer import Answer
from flightctl.domain.designator import AirlineCode, parse_or_none
from flightctl.domain.explanation import age
from flightctl.domain.flight import Flight
from flightctl.domain.route import EntryStatus
from flightctl.render.flights import FLIGHT_KEYS, flight_shape
from flightctl.render.lookup import LookupView, answer_shape
from flightctl.render.times import short_utc, utc_text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

_OF_THE_ANSWER = ("query", "outcome", "source")
_OF_ITS_END = ("warning", "error")
_SHORTEST_QUERY = 8
"""Cells that are left to a query which is no designator: those of the longest designator."""


class DatedLookupView(LookupView):
    """Answers for one day; a csv line is a flight, or an answer that has none."""

    columns: Sequence[str] = (*_OF_THE_ANSWER, *FLIGHT_KEYS, *_OF_ITS_END)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One answer a row."""
        for answer in self._coming:
            self.answers.append(answer)
            yield dated_shape(answer)

    def csv_rows(self) -> Iterator[dict[str, Any]]:
        """One flight a row, and one an answer without."""
        for shape in self.rows():
            answer = {key: shape[key] for key in (*_OF_THE_ANSWER, *_OF_ITS_END)}
            flights: list[dict[str, Any]] = shape["flights"] or [{}]
            yield from ({**answer, **flight} for flight in flights)

    def tables(self, width: int) -> Iterable[RenderableType]:
        """The flights; under them what is to be said about some, their ids to copy, and the explanations."""
        from flightctl.render.console import styled
        from flightctl.render.flight_table import flight_table

        self.answers.extend(self._coming)
        if len(self.answers) > 1 or any(answer.flights for answer in self.answers):
            yield flight_table([line for answer in self.answers for line in self._lines(answer, width)], width)
            yield from (styled(note, "yellow") for note in (*self._notes(), *_diversions(self.answers)))
        yield from (styled(line, "dim") for line in _ids(self.answers))
        for answer in self.answers:
            yield from (styled(f"{answer.flight_iata}  {step}", "dim") for step in answer.explanation)

    def _lines(self, answer: Answer, width: int) -> Iterator[dict[str, str | Text]]:
        """One line a flight; an answer without flights says in place of their status how it ended."""
        from flightctl.render.console import OUTCOME_STYLES, styled
        from flightctl.render.flight_table import cells_of

        outcome = styled(answer.outcome.value, OUTCOME_STYLES[answer.outcome.value])
        if not answer.flights:
            asked = answer.flight_iata or _shortened(answer.query, width)
            yield {"flight": asked, "status": outcome, "status_brief": outcome}
        for flight in answer.flights:
            yield {
                "flight": answer.flight_iata,
                **cells_of(flight),
                "answer": outcome,
                "source": answer.source,
                "age": age(flight.observed_at, self._now),
            }


def dated_shape(answer: Answer) -> dict[str, Any]:
    """One element of ``results``, with ``flights`` after ``legs``."""
    shape: dict[str, Any] = {}
    for key, value in (answer_shape(answer) | _route_of(answer)).items():
        shape[key] = value
        if key == "legs":
            shape["flights"] = [flight_shape(flight) for flight in answer.flights]
    return shape


def _route_of(answer: Answer) -> dict[str, Any]:
    """What the flights say of the route; nothing where there are none."""
    flights = answer.flights
    if not flights:
        return {}
    return {
        "airline_iata": _airline_iata(answer.flight_iata),
        "departure_iata": flights[0].origin_iata or None,
        "arrival_iata": _last(flights).destination_iata or None,
        "legs": [[one.origin_iata or one.origin, one.destination_iata or one.destination] for one in flights],
        "status": EntryStatus.CONFIRMED.value,
        "refreshed_at": utc_text(min(flight.observed_at for flight in flights)),
    }


def _airline_iata(designator: str) -> str | None:
    parsed = parse_or_none(designator)
    return parsed.airline if parsed and parsed.airline_code is AirlineCode.IATA else None


def _last(flights: Sequence[Flight]) -> Flight:
    """Whose destination is the route's: of legs that chain the last that does not lead back, else the first."""
    if not all(_departs_where_ends(before, after) for before, after in pairwise(flights)):
        return flights[0]
    start = _origin_codes(flights[0])
    return next((one for one in reversed(flights) if not start & _destination_codes(one)), flights[-1])


def _departs_where_ends(before: Flight, after: Flight) -> bool:
    return bool(_destination_codes(before) & _origin_codes(after))


def _origin_codes(flight: Flight) -> set[str]:
    return {flight.origin, flight.origin_iata, flight.origin_icao} - {""}


def _destination_codes(flight: Flight) -> set[str]:
    return {flight.destination, flight.destination_iata, flight.destination_icao} - {""}


def _ids(answers: Iterable[Answer]) -> Iterable[str]:
    """``NZ527  ANZ527.2026-12-03.0830.NZAA.NZCH``, for ``history`` and ``track``; what was asked twice, once."""
    return dict.fromkeys(f"{answer.flight_iata}  {flight.flight_id}" for answer in answers for flight in answer.flights)


def _diversions(answers: Iterable[Answer]) -> Iterator[str]:
    """Where diverted flights go and when they came down, in UTC: the other airport's zone is not known."""
    from flightctl.render.local_clock import goes_elsewhere

    for answer in answers:
        for flight in filter(goes_elsewhere, answer.flights):
            landed = flight.actual_in or flight.actual_on
            since = f", came down {short_utc(landed)} UTC" if landed else ""
            yield f"{answer.flight_iata}: diverted to {flight.diverted_to}{since}"


def _shortened(query: str, width: int) -> Text:
    """A query that would leave no room for the flights; its error says it in full."""
    from flightctl.render.console import styled

    text, room = styled(query, ""), max(_SHORTEST_QUERY, width // 10)
    if text.cell_len > room:
        text.truncate(room - 3)
        text.append("...")
    return text
