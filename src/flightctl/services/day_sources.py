"""The endpoints that can be asked for a day, each as one source."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta

from flightctl.domain.billing import Price
from flightctl.domain.designator import Designator
from flightctl.domain.horizon import DayWindow, window_of
from flightctl.domain.sighting_page import SightingsPage
from flightctl.errors import RequestRefused
from flightctl.providers.aeroapi import FLIGHTS, SCHEDULES, AeroApi
from flightctl.providers.aeroapi_terms import Reach
from flightctl.providers.aviationstack import AviationStack
from flightctl.providers.reading import ZoneOf
from flightctl.services.paid_flights import DayQuestion

IcaoOf = Callable[[Designator], Designator]
"""The ICAO designator of a flight where its airline is unambiguous, else the same again."""


class AviationStackDays:
    """AviationStack's flights: the real-time set, or a date where the plan has dates."""

    most_pages = 1

    def __init__(self, client: AviationStack, name: str, price: Price, zone_of: ZoneOf, *, by_date: bool) -> None:
        self.client, self.name, self.price = client, name, price
        self._zone_of = zone_of
        self._by_date = by_date

    def covers(self, question: DayQuestion) -> DayWindow:
        """The day alone, or yesterday to tomorrow."""
        if self._by_date:
            return window_of(question.local_date, question.zone or UTC)
        today = window_of(question.now.astimezone(question.zone or UTC).date(), question.zone or UTC)
        return today.widened(timedelta(days=1))

    def page(self, question: DayQuestion, _cursor: str) -> SightingsPage:
        """All rows of the number, of the day or of the days around."""
        day = question.local_date if self._by_date else None
        return self.client.sightings(question.asked, day, now=question.now, zone_of=self._zone_of)


class AeroApiFlights:
    """AeroAPI's flights: what is and was under way."""

    def __init__(
        self, client: AeroApi, name: str, price: Price, zone_of: ZoneOf, icao_of: IcaoOf, most_pages: int
    ) -> None:
        self.client, self.name, self.price, self.most_pages = client, name, price, most_pages
        self._zone_of = zone_of
        self._icao_of = icao_of

    def covers(self, question: DayQuestion) -> DayWindow:
        """What is asked for."""
        return _clamped(FLIGHTS, question)

    def page(self, question: DayQuestion, cursor: str) -> SightingsPage:
        """One result set of the number's flights of the day, and of half a day before and after."""
        start, end = _clamped(FLIGHTS, question)
        ident = self._icao_of(question.asked)
        return self.client.flights(ident, start, end, now=question.now, zone_of=self._zone_of, cursor=cursor)


class AeroApiSchedules:
    """AeroAPI's schedules: what is published."""

    def __init__(self, client: AeroApi, name: str, price: Price, zone_of: ZoneOf, most_pages: int) -> None:
        self.client, self.name, self.price, self.most_pages = client, name, price, most_pages
        self._zone_of = zone_of

    def covers(self, question: DayQuestion) -> DayWindow:
        """What is asked for."""
        return _clamped(SCHEDULES, question)

    def page(self, question: DayQuestion, cursor: str) -> SightingsPage:
        """One result set of the number's flights of the day, and of half a day before and after."""
        asked = question.asked
        if asked.suffix:
            raise RequestRefused(f"{asked}: AeroAPI's schedules have no flight numbers with a letter", was_sent=False)
        start, end = _clamped(SCHEDULES, question)
        return self.client.schedules(
            start,
            end,
            asked.airline,
            asked.number,
            include_codeshares=True,
            now=question.now,
            zone_of=self._zone_of,
            cursor=cursor,
        )


def _clamped(reach: Reach, question: DayQuestion) -> DayWindow:
    window = question.window
    clamped = reach.clamped(window.start, window.end, question.now)
    if clamped is None:
        raise RequestRefused(f"AeroAPI's {reach.endpoint} do not reach {question.local_date}", was_sent=False)
    return DayWindow(*clamped)
