"""What the fixtures of ``conftest`` hand to tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """How one command line ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def answers(self) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = self.json["results"]
        return results


Flightctl = Callable[..., Result]
"""``flightctl("lookup", "NZ527", stdin=...)``, in this process; ``process`` has the same shape."""
As = Callable[..., Result]
"""``as_("alice", "flights", ...)``: the same for this user."""
Cached = Callable[..., None]
"""``cached("NZ527", "AKL", "CHC", age_s=60, status=..., provider=...)`` puts an entry into the local file."""
Rows = Callable[..., list[Any]]
"""``rows("SELECT ...", value, ...)`` on the local file."""
