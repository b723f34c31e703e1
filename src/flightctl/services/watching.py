"""A list as it changes, seen by polling the local file, or told of by the remote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flightctl.domain.caller import Caller
from flightctl.domain.flight_news import Change
from flightctl.domain.listing import Listed, in_order, list_user
from flightctl.errors import LocalFileError, NotAllowed, StoreError
from flightctl.store import lists
from flightctl.store.engine import Database, Transaction


@dataclass(frozen=True, slots=True)
class Look:
    """A list at a moment."""

    listed: Sequence[Listed]
    changes: Sequence[Change]
    """What is new since the look before, in the order of the commits; none at first."""
    trouble: str = ""
    """Why the list could not be read, and is as it was."""
    notice: str = ""
    """Why changes are not told of at once, but looked for now and then."""
    read_at: datetime | None = None
    """When the list was last read; none where it never was."""


class Signal(Protocol):
    """How it is noticed that the database has changed: by ``store.file_watch``, ``store.remote_watch``, or through
    NATS by ``mirror.watch``.
    """

    @property
    def file(self) -> int:
        """Which database it is; another one after it was replaced, and 0 where there is none."""
        ...

    def has_changed(self) -> bool:
        """Whether something may have been committed since the last call; also at first."""
        ...

    def look_again(self) -> None:
        """What was read is not all yet."""
        ...

    def notice(self) -> str:
        """Why changes are not told of at once; empty where they are."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Watching:
    """One user's list. ``look`` reads where something was committed; else it is next to nothing."""

    def __init__(self, database: Database, signal: Signal, caller: Caller, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._user = list_user(caller.user)
        self._clock = clock
        self._watch = signal
        self._file = self._watch.file
        self._last_change = -1
        self._shown_at_first: frozenset[int] = frozenset()
        self._listed: list[Listed] = []
        self._trouble = ""
        self._read_at: datetime | None = None

    def look(self) -> Look:
        """The list now. A file that is locked, gone or broken is told of, and looked at again."""
        changes: list[Change] = []
        if self._watch.has_changed() or self._trouble:
            try:
                changes = self._read()
                self._trouble, self._read_at = "", self._clock()
            except (StoreError, NotAllowed) as error:
                self._trouble = error.message
        return Look(self._listed, changes, self._trouble, self._watch.notice(), self._read_at)

    def close(self) -> None:
        """Let go of the file."""
        self._watch.close()
        self._database.close()

    def _read(self) -> list[Change]:
        if not self._watch.file:
            # To open it would make it.
            raise LocalFileError("the local file is gone", hint="'flightctl track' makes another one")
        if self._watch.file != self._file:
            # Another file has other numbers: what was seen of the old one says nothing about it.
            self._database.close()
            self._file, self._last_change = self._watch.file, -1
        with self._database.reading() as session:
            last, is_settled = lists.position(session)
            changes = self._changes(session, last)
            self._listed = in_order(lists.of_user(session, self._user), self._clock())
        self._last_change = last
        if not is_settled:
            self._watch.look_again()
        return changes

    def _changes(self, session: Transaction, until: int) -> list[Change]:
        known = self._last_change
        if known < 0:
            # The list that is shown first has them already.
            self._shown_at_first = lists.seen_behind(session, self._user, until)
            return []
        return lists.changes_between(session, self._user, known, until, self._shown_at_first) if known < until else []
