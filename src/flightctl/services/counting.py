"""Look-ups are counted where they are answered, and handed over to the remote when it is used anyway."""

from __future__ import annotations

from flightctl.store import handover
from flightctl.store.engine import Database


def hand_over(local: Database, remote: Database) -> None:
    """Hand over what was counted since the last time; what is interrupted goes on the next time, and counts once.

    Raises StoreError.
    """
    with local.reading() as session:
        if not handover.has_unreported(session):
            return
    with local.writing() as session:
        handover.pack(session)
        session.flush()
        batches = handover.waiting(session)
    for batch in batches:
        with remote.writing() as session:
            handover.deliver(session, batch)
        with local.writing() as session:
            handover.arrived(session, batch)
