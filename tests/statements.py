"""Statements that are compiled once in a test run, and not once in each of its thousands of engines.

A command opens an engine, and compiling its statements is a third of what it costs; the program does it once and
ends, a test run would do it again for each command. What is compiled depends on the dialect only, and that of all
local files is the same.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_CAPACITY = 2_000
_COMPILED: LRUCache[object, object] = LRUCache(_CAPACITY)


def compile_once() -> None:
    """From now on engines over local files share what they have compiled."""
    _set(SQLiteDialect_pysqlite, "__hash__", lambda dialect: hash(type(dialect)))
    _set(SQLiteDialect_pysqlite, "__eq__", lambda dialect, other: type(dialect) is type(other))
    _set(Engine, "_compiled_cache", property(_cache, lambda engine, own: engine.__dict__.update(own_cache=own)))


def _cache(engine: Engine) -> Any:
    """Engines over anything else keep what is theirs."""
    return _COMPILED if isinstance(engine.dialect, SQLiteDialect_pysqlite) else engine.__dict__["own_cache"]


def _set(kind: type, name: str, what: object) -> None:
    setattr(kind, name, what)
