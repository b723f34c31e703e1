"""Transactions over one database, whichever engine it is on; errors come in our words.

What the functions of the store need from the engine is here, and nothing that only one of the two has: see
``store.local_engine`` and ``store.remote_engine``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Connection, Engine
from sqlmodel import Session

Transaction = Session
"""What the functions of the store work in."""


class Database(ABC):
    """Transactions over one database, whose tables must be there: see ``store.migrate``."""

    def __init__(self, engine: Engine, *, reads: Mapping[str, object], writes: Mapping[str, object]) -> None:
        """``reads`` and ``writes`` are the options of the two kinds of transaction."""
        self._engine = engine
        self._reads = engine.execution_options(**reads)
        self._writes = engine.execution_options(**writes)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that writes; committed on leaving, undone on an error. Raises StoreError."""
        with self.explained(), Session(self._writes) as session:
            yield session
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state of the database; raises StoreError."""
        with self.explained(), Session(self._reads) as session:
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A write transaction for schema changes; raises StoreError."""
        with self.explained(), self._writes.begin() as connection:
            yield connection

    @property
    def is_shared(self) -> bool:
        """Whether it is the remote, where several write at once."""
        return self._engine.dialect.name == "postgresql"

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @abstractmethod
    def explained(self) -> AbstractContextManager[None]:
        """Turns what the driver raises inside into a StoreError."""


def on_postgresql(session: Session) -> bool:
    """Whether the transaction is one of the remote."""
    return session.get_bind().dialect.name == "postgresql"
