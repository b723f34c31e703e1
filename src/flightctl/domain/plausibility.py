"""Whether the times of one flight can be true together."""

from __future__ import annotations

from datetime import datetime, timedelta

from flightctl.domain.sighting import Times

_LONGEST_FLIGHT = timedelta(hours=24)
"""Gate to gate; the longest there is takes 19."""
_STALE_ESTIMATE = timedelta(hours=24)
"""An estimate of the arrival may not have followed the departure yet; beyond that it is of another day."""
_EARLIEST_DEPARTURE = timedelta(hours=12)
"""What happened so long before the scheduled departure happened to another flight."""


def contradiction(times: Times) -> str:
    """What cannot be true, in a few words; empty where nothing speaks against the times.

    Scheduled, estimated and actual times are held against each other each for itself: landing may stand minutes
    after gate arrival, as it does in one recorded row of thirty.
    """
    return _of_the_schedule(times) or _of_the_rest(times)


def _of_the_schedule(times: Times) -> str:
    departs, arrives = times.scheduled_departure, times.scheduled_in or times.scheduled_on
    if departs is None or arrives is None:
        return ""
    if arrives < departs:
        return "scheduled to arrive before it departs"
    return "scheduled to fly for more than a day" if arrives - departs > _LONGEST_FLIGHT else ""


def _of_the_rest(times: Times) -> str:
    if _ends_long_before(times.estimated_in or times.estimated_on, times.estimated_out or times.estimated_off):
        return "expected to arrive a day before it departs"
    if _ends_long_before(times.actual_in or times.actual_on, times.actual_out or times.actual_off):
        return "arrived a day before it departed"
    departs, happened = times.scheduled_departure, _happened(times)
    if departs is not None and happened and departs - min(happened) > _EARLIEST_DEPARTURE:
        return "flown half a day before its scheduled departure"
    return ""


def _happened(times: Times) -> list[datetime]:
    actual = (times.actual_out, times.actual_off, times.actual_on, times.actual_in)
    return [moment for moment in actual if moment is not None]


def _ends_long_before(end: datetime | None, start: datetime | None) -> bool:
    return end is not None and start is not None and start - end > _STALE_ESTIMATE
