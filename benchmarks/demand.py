"""What is asked for in ``economy.py``: flights, some much more often than others, typed in several ways."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import permutations
from typing import NamedTuple

AIRLINES = (
    ("NZ", "ANZ"),
    ("QF", "QFA"),
    ("SQ", "SIA"),
    ("BA", "BAW"),
    ("LH", "DLH"),
    ("AF", "AFR"),
    ("DL", "DAL"),
    ("UA", "UAL"),
    ("AA", "AAL"),
    ("EK", "UAE"),
    ("JL", "JAL"),
    ("AC", "ACA"),
)
"""IATA and ICAO designators, each held by one airline only."""
_ROUTES = tuple(permutations(("AKL", "CHC", "SYD", "SIN", "LHR", "FRA", "CDG", "ATL", "ORD", "DXB", "HND", "YYZ"), 2))
_EVERY_NTH_IS_UNKNOWN = 20
_SPELLED_OTHERWISE = 0.3
_SEED = 527


class Flight(NamedTuple):
    """A flight that is asked for."""

    airline: str
    airline_icao: str
    number: int
    departure: str
    arrival: str
    known: bool
    """Whether upstream has it."""

    @property
    def iata(self) -> str:
        return f"{self.airline}{self.number}"

    @property
    def route(self) -> tuple[str, str] | None:
        """What a look-up has to answer; None where upstream does not know the flight."""
        return (self.departure, self.arrival) if self.known else None

    def typed(self, dice: random.Random) -> str:
        """The designator as somebody may type it."""
        if dice.random() >= _SPELLED_OTHERWISE:
            return self.iata
        others = (
            f"{self.airline.lower()} {self.number:04}",
            f"{self.airline}{self.number:04}",
            f"{self.airline_icao}{self.number}",
        )
        return dice.choice(others)


class LookUp(NamedTuple):
    """One question of the sequence."""

    typed: str
    flight: Flight


def flights_of_the_world(count: int) -> list[Flight]:
    """So many flights, in no order; upstream does not know every twentieth of them."""
    flights = [_flight(n) for n in range(count)]
    random.Random(_SEED).shuffle(flights)
    return flights


def _flight(n: int) -> Flight:
    airline, icao = AIRLINES[n % len(AIRLINES)]
    departure, arrival = _ROUTES[n % len(_ROUTES)]
    known = n % _EVERY_NTH_IS_UNKNOWN != 0
    return Flight(airline, icao, 1 + n // len(AIRLINES), departure, arrival, known)


def drawn(flights: Sequence[Flight], count: int) -> list[LookUp]:
    """So many look-ups, the same in every run: the nth flight is asked for 1/n as often as the first (Zipf)."""
    dice = random.Random(_SEED)
    weights = [1 / rank for rank in range(1, len(flights) + 1)]
    return [LookUp(flight.typed(dice), flight) for flight in dice.choices(flights, weights, k=count)]
