"""Builders of what providers report of NZ527: a test names what matters to it and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flightctl.domain.flight import CONFIRMED, Flight
from flightctl.domain.flight_news import applied, first_seen
from flightctl.domain.recognition import Reported, reported
from flightctl.domain.sighting import FlightStatus, Place, Sighting, Times

AVIATIONSTACK, AEROAPI, MANUAL = "aviationstack", "aeroapi", "manual"
AKL = Place("AKL", "NZAA", "Pacific/Auckland")
CHC = Place("CHC", "NZCH", "Pacific/Auckland")
WLG = Place("WLG", "NZWN", "Pacific/Auckland")
HNL = Place("HNL", "PHNL", "Pacific/Honolulu")
CDG = Place("CDG", "LFPG", "Europe/Paris")
NICE = Place("NCE", "LFMN", "Europe/Paris")
JFK = Place("JFK", "KJFK", "America/New_York")
NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
"""When the first provider is asked; 2 December at Auckland."""
LATER = NOW + timedelta(hours=1)
OUT, IN = "2026-12-03 08:30", "2026-12-03 09:50"
"""Wall clocks at both ends."""
ID = "ANZ527.2026-12-03.0830.NZAA.NZCH"


def utc(local: str, place: Place = AKL, fold: int = 0) -> datetime:
    """The instant of a wall clock at this airport."""
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(place.zone), fold=fold).astimezone(UTC)


def sighting(
    out: str = OUT, in_: str = "", *, times: Mapping[str, datetime | None] | None = None, **more: Any
) -> Sighting:
    """NZ527 from Auckland to Christchurch, on schedule; ``out`` and ``in_`` are wall clocks at its ends."""
    origin, destination = more.get("origin", AKL), more.get("destination", CHC)
    scheduled = Times(scheduled_out=utc(out, origin), scheduled_in=utc(in_, destination) if in_ else None)
    one = Sighting(
        provider=AVIATIONSTACK,
        provider_id="",
        ident="ANZ527",
        designators=frozenset({"NZ527", "ANZ527"}),
        codeshares=frozenset(),
        operated_as="",
        origin=origin,
        destination=destination,
        scheduled_local=datetime.fromisoformat(out),
        times=scheduled._replace(**(times or {})),
        status=FlightStatus.SCHEDULED,
        provider_status="",
        observed_at=NOW,
    )
    return replace(one, **more)


def codeshare(out: str = OUT, **more: Any) -> Sighting:
    """The row of SQ4321, which NZ527 is sold as, too."""
    own = {"ident": "SIA4321", "designators": frozenset({"SQ4321", "SIA4321"}), "operated_as": "ANZ527"}
    return sighting(out, **{**own, "codeshares": frozenset({"NZ527"}), **more})


def report(*rows: Sighting) -> Reported:
    """The one flight that these rows speak of."""
    (one,) = reported(rows)
    return one


def flight(*rows: Sighting, review: str = CONFIRMED) -> Flight:
    """A flight as the first report of it makes it."""
    return first_seen(report(*rows or (sighting(OUT, IN),)), review).flight


def after(before: Flight, *rows: Sighting) -> Flight:
    """The flight after a report of it."""
    return applied(before, report(*rows)).flight
