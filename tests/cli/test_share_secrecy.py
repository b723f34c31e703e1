"""A token is printed once by ``share``, and is nowhere else: in no file, log, history, export or refusal."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from flightctl.store.local_engine import LocalFile
from leaks import no_trace, traces_of
from people import flight_id, observe
from running import As, Flightctl, Result

Check = Callable[[Result], None]
ID = flight_id()
FORMATS: list[tuple[str, ...]] = [(), ("--json",), ("--format", "ndjson"), ("--format", "csv")]


@pytest.fixture
def shared(as_: As, database: Path) -> str:
    """The token of alice's flight."""
    with closing(LocalFile(database)) as opened:
        observe(opened)
    as_("alice", "track", ID)
    token: str = as_("alice", "share", ID, "--json").json["token"]
    return token


@pytest.fixture
def nothing_leaked(shared: str, home: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Check]:
    as_bytes = base64.urlsafe_b64decode(shared[::-1] + "=")
    with no_trace({*traces_of(shared), shared[-20:].encode(), as_bytes}, home, caplog) as check:
        yield check


@pytest.mark.parametrize("form", FORMATS)
def test_no_command_shows_it_before_or_after_the_claim(
    as_: As, shared: str, nothing_leaked: Check, form: tuple[str, ...]
) -> None:
    def shown() -> list[Result]:
        lines = (
            ("shares",),
            ("flights",),
            ("history", ID),
            ("watchers", ID),
            ("stats",),
            ("whoami",),
            ("config", "show"),
        )
        return [as_(user, *line, *form) for user in ("alice", "bob") for line in lines]

    before = shown()
    claimed = as_("bob", "claim", "-", *form, stdin=shared)
    assert claimed.code == 0
    for done in (*before, claimed, *shown()):
        nothing_leaked(done)


@pytest.mark.parametrize("form", FORMATS)
def test_no_refusal_shows_it(as_: As, shared: str, nothing_leaked: Check, form: tuple[str, ...]) -> None:
    as_("bob", "claim", shared)
    refused = [as_("carol", "claim", shared, "--verbose", *form), as_("carol", "claim", shared[:-1], *form)]
    assert [done.code for done in refused] == [7, 7]
    for done in refused:
        nothing_leaked(done)


def test_no_copy_of_the_file_has_it(flightctl: Flightctl, shared: str, home: Path, nothing_leaked: Check) -> None:
    done = flightctl("db", "backup", str(home / "copy.db"))
    assert (done.code, (home / "copy.db").stat().st_size > 0) == (0, True)
    nothing_leaked(done)


def test_a_file_that_cannot_be_written_does_not_bring_it_to_light(
    as_: As, shared: str, database: Path, nothing_leaked: Check
) -> None:
    database.write_bytes(b"no database at all")
    done = as_("bob", "claim", shared, "--verbose")
    assert done.code == 8
    nothing_leaked(done)
