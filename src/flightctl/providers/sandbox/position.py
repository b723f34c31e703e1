"""Where an aircraft in the air is, as the `live` object tells it, and how far places are apart."""

from __future__ import annotations

from datetime import datetime
from math import asin, atan2, cos, degrees, radians, sin, sqrt
from typing import Any

from .reference import Airport
from .schedule import Leg

_CRUISE_METRES = 11_277.6
_CRUISE_KMH = 850.0
_EARTH_MILES = 3958.8


def live_object(leg: Leg, share: float, now: datetime) -> dict[str, Any]:
    """The position after `share` (0.0 to 1.0) of the way, on a straight line of the map."""
    eastward = _eastward_degrees(leg)
    northward = leg.arrival.latitude - leg.departure.latitude
    longitude = (leg.departure.longitude + share * eastward + 180) % 360 - 180
    return {
        "updated": now.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "latitude": round(leg.departure.latitude + share * northward, 2),
        "longitude": round(longitude, 2),
        "altitude": _CRUISE_METRES,
        "direction": _heading(eastward * cos(radians(leg.departure.latitude)), northward),
        "speed_horizontal": _CRUISE_KMH,
        "speed_vertical": 0,
        "is_ground": False,
    }


def statute_miles(one: Airport, other: Airport) -> float:
    """The shortest way over the globe."""
    north, south = radians(one.latitude), radians(other.latitude)
    east = radians(other.longitude - one.longitude)
    chord = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * sin(east / 2) ** 2
    return 2 * _EARTH_MILES * asin(sqrt(chord))


def _eastward_degrees(leg: Leg) -> float:
    """The shorter way around: a flight over the date line must not cross Africa."""
    return (leg.arrival.longitude - leg.departure.longitude + 180) % 360 - 180


def _heading(east: float, north: float) -> float:
    return round(degrees(atan2(east, north)) % 360, 1)
