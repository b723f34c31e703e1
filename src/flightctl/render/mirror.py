"""Mirroring: ``flightctl.mirror/1`` of its status, ``flightctl.mirror_check/1`` of a comparison."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flightctl.render.plain import FactsView
from flightctl.render.times import utc_text_or_none
from flightctl.services.mirror_check import Comparison
from flightctl.services.mirror_run import MirrorStatus

_SHOWN = 100
"""Of the keys that differ; a bucket that was lost has them all."""


def status_view(status: MirrorStatus, bucket: str, servers: str, now: datetime) -> FactsView:
    """How far the bucket is behind, in rows and in seconds."""
    facts: dict[str, Any] = {
        "bucket": bucket,
        "servers": servers,
        "is_on": status.is_on,
        "lag_rows": status.rows,
        "lag_s": _age_s(status.oldest, now) or 0.0,
        "oldest": utc_text_or_none(status.oldest),
        "mirror_seen_at": utc_text_or_none(status.beat_at),
        "mirror_seen_s_ago": _age_s(status.beat_at, now),
        "trouble": status.trouble.message if status.trouble else None,
    }
    return FactsView("flightctl.mirror/1", facts)


def rebuilt_view(bucket: str, keys: int) -> FactsView:
    """What a rebuild has written."""
    return FactsView("flightctl.mirror_rebuild/1", {"bucket": bucket, "keys": keys})


def comparison_view(bucket: str, found: Comparison, repaired: int) -> FactsView:
    """Where bucket and SQL differ; of very many keys the first hundred."""
    facts: dict[str, Any] = {"bucket": bucket, "keys": found.keys}
    for name, keys in found.by_kind():
        facts |= {name: len(keys), f"{name}_keys": sorted(keys)[:_SHOWN]}
    return FactsView("flightctl.mirror_check/1", {**facts, "repaired": repaired})


def _age_s(moment: datetime | None, now: datetime) -> float | None:
    return round(max(0.0, (now - moment).total_seconds()), 1) if moment else None
