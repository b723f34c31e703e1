"""People who do this and that without an end, each process with connections of its own: to be killed at any moment."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import nursery
from flightctl.domain.listing import Kind
from flightctl.errors import FlightctlError, StoreError
from flightctl.store.engine import Database
from flightctl.store.local_engine import LocalFile
from flightctl.store.remote_engine import Remote
from people import Person, flight_id, observe, person
from postgres import BASIC, OTHER, SERVICE, STAFF, SUBSCRIBER, RemoteDatabase

USERS = (BASIC, OTHER, SUBSCRIBER, STAFF, SERVICE)
FLIGHTS = 12
_GUESSES = 1_000_000
"""So many failed claims are let pass: tokens are claimed late, and twice."""
_PAUSE_S = 0.02
_SHORT_S = (0.2, 3.0)
_OUTAGE_S = 0.1


def addresses_of(where: Path | RemoteDatabase) -> dict[str, str]:
    """By user, of a remote or of a file that all share."""
    return {user: str(where) if isinstance(where, Path) else where.url(user) for user in USERS}


def started(addresses: Mapping[str, str], folder: Path, seed: int) -> nursery.Child:
    """Somebody who goes on until killed. What they have done is counted in the file ``done`` of the folder."""
    return nursery.Child("churn:go_on", {"addresses": dict(addresses), "folder": str(folder), "seed": seed})


def done_in(folder: Path) -> int:
    """How much has been done there by all together."""
    return (folder / "done").stat().st_size


def go_on(order: dict[str, Any]) -> None:
    """The forking side of ``started``."""
    _Churn(order["addresses"], Path(order["folder"]), random.Random(order["seed"])).go_on()


def opened(address: str) -> Database:
    return LocalFile(Path(address)) if address.startswith("/") else Remote(address)


class _Churn:
    def __init__(self, addresses: Mapping[str, str], folder: Path, chance: random.Random) -> None:
        self._databases = {user: opened(address) for user, address in addresses.items()}
        self._people = {user: person(db, user) for user, db in self._databases.items()}
        for one in self._people.values():
            one.sharing._max_failed_claims = _GUESSES
        self._folder = folder
        self._chance = chance
        self._shares: list[tuple[str, str]] = []
        """(sharer, share) of shares that may still be open."""

    def go_on(self) -> None:
        doings = {self._observe: 8, self._track: 4, self._untrack: 3, self._share: 4, self._claim: 3, self._revoke: 1}
        with (self._folder / "done").open("ab", buffering=0) as done:
            while True:
                [doing] = self._chance.choices(list(doings), list(doings.values()))
                try:
                    doing(self._people[self._chance.choice(USERS)])
                    done.write(b".")
                except StoreError:
                    time.sleep(_OUTAGE_S)
                except FlightctlError:
                    # There was nothing to untrack, or to revoke, or somebody else has claimed it.
                    continue
                time.sleep(self._chance.uniform(0, _PAUSE_S))

    def _flight(self) -> str:
        return flight_id(self._chance.randrange(FLIGHTS))

    def _observe(self, _: Person) -> None:
        number, gate = self._chance.randrange(FLIGHTS), str(self._chance.randrange(100))
        observe(self._databases[SERVICE], number, departure_gate=gate)

    def _track(self, one: Person) -> None:
        one.lists.track(self._flight())

    def _untrack(self, one: Person) -> None:
        one.lists.untrack(self._flight(), self._chance.choice([Kind.OWNED, Kind.SHARED]))

    def _share(self, one: Person) -> None:
        is_short = self._chance.random() < 0.5
        lasts = timedelta(seconds=self._chance.uniform(*_SHORT_S)) if is_short else timedelta(hours=1)
        made = one.sharing.share(self._flight(), lasts)
        self._shares.append((one.user, made.share.share_id))
        with (self._folder / "tokens").open("a") as tokens:
            tokens.write(f"{made.token}\n")

    def _claim(self, one: Person) -> None:
        tokens = (self._folder / "tokens").read_text().splitlines()[-20:]
        one.sharing.claim(self._chance.choice(tokens or ["none"]))

    def _revoke(self, _: Person) -> None:
        if self._shares:
            sharer, share_id = self._shares.pop()
            self._people[sharer].sharing.revoke(share_id)
