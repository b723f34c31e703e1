"""Facts about the tables that the hit path needs: standard library free, import free."""

from __future__ import annotations

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
"""Every revision this program knows, oldest first; a file at any other one is from a later version."""
HEAD = REVISIONS[-1]

CONFIRMED = "confirmed"
PENDING = "pending"
MANUAL = "manual"
"""``provider`` of a route that a person vouched for."""

WAIT_FOR_LOCK_S = 5.0
"""How long a read or a short write waits for another process; write transactions take milliseconds."""
WAIT_FOR_MIGRATION_S = 30.0
"""Another process may be creating the tables, with the reference data, right now."""
