"""Several write the same into a remote at once: each comes through, as in a local file, where they wait in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from flightctl.domain.observed import Carrier, ObservedLeg, Stop
from flightctl.domain.route import Route
from flightctl.store import accounts, asked_days, feeds, leases, proposals, references, routes
from flightctl.store.asked_days import AskedDay
from flightctl.store.engine import Database, Transaction
from postgres import SERVICE
from running import Rows
from store.engines import remotely

pytestmark = remotely
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
UNTIL_IT_WAITS_S = 0.3
KEY = "flight:PW494"
VIA = Route("PW494", "PW", "BKZ", "DAR", (("BKZ", "MWZ"), ("MWZ", "DAR")))
NEW = ObservedLeg(
    None,
    None,
    date(2026, 11, 20),
    False,
    Carrier("1X", "QXX", "Example Air"),
    Stop("Q9Q", "QQQQ", "New Field", "", None),
    Stop("Q8Q", "QQQR", "Other Field", "", None),
    raw={},
)
DAY = date(2026, 12, 3)
ASKED = AskedDay("aviationstack", NOW, None, False)
Write = Callable[[Transaction, int], object]
WRITES: dict[str, Write] = {
    "a route": lambda session, _: routes.store(session, VIA, "aviationstack", None, NOW),
    "a proposal": lambda session, _: proposals.propose(session, VIA, "", SERVICE, NOW, replaces=False),
    "an asked day": lambda session, _: asked_days.remember(session, ["NZ527", "ANZ527"], DAY, ASKED),
    "an absence": lambda session, _: routes.remember_absence(
        session, routes.RememberedAbsence(KEY, "aviationstack", NOW, NOW + HOUR), fresh_since=NOW
    ),
    "names": lambda session, _: references.learn(session, [NEW]),
    "a size": lambda session, _: feeds.remember_total(session, "aviationstack", "NZ", 7, NOW),
    "a lease": lambda session, number: leases.take(session, KEY, str(number), NOW),
    "a freeze": lambda session, _: accounts.stop_all(session, SERVICE, NOW),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_others_are_writing_too_is_written(db: Database, write: Write) -> None:
    assert _while_it_is_written(db, write) == []


def test_a_route_that_two_stored_at_once_is_there_once_with_its_legs(db: Database, rows: Rows) -> None:
    _while_it_is_written(db, WRITES["a route"])
    assert rows("SELECT cache_key FROM aviationstack_cache") == [(KEY,)]
    assert rows("SELECT position FROM route_legs ORDER BY 1") == [(0,), (1,)]


def _while_it_is_written(db: Database, write: Write) -> list[BaseException]:
    """What happened to who wrote the same before somebody else had committed it; nothing if all is well."""
    failed = list[BaseException]()

    def second() -> None:
        try:
            with db.writing() as session:
                write(session, 2)
        except BaseException as error:  # noqa: BLE001 - the test is to tell of all of them
            failed.append(error)

    thread = threading.Thread(target=second)
    with db.writing() as session:
        write(session, 1)
        session.flush()
        thread.start()
        thread.join(UNTIL_IT_WAITS_S)
    thread.join()
    return failed
