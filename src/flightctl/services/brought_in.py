"""What callers paid for and brought into the shared cache: staff can look at it, and put back what stood before."""

from __future__ import annotations

from collections.abc import Sequence

from flightctl.domain.caller import Caller, Role
from flightctl.domain.contribution import Contribution
from flightctl.errors import NotFound
from flightctl.store import contributions
from flightctl.store.engine import Database

MOST = 200


def listed(database: Database, caller: Caller) -> Sequence[Contribution]:
    """The latest ones. Raises NotAllowed, StoreError."""
    caller.require(Role.STAFF, "pending --brought-in")
    with database.reading() as session:
        return contributions.newest(session, MOST)


def undone(database: Database, caller: Caller, number: int) -> None:
    """Put back what stood before. Raises NotAllowed, NotFound, StoreError."""
    caller.require(Role.STAFF, "forget --brought-in")
    with database.writing() as session:
        if not contributions.undo(session, number):
            hint = "'flightctl pending --brought-in' lists them; what was answered again since stays"
            raise NotFound(f"{number}: nothing that could be put back", hint=hint)
