"""Stored flights, and what answers of providers make of them: recognised, changed, or entered for the first time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter

from flightctl.domain.flight import CONFIRMED, REJECTED, Flight
from flightctl.domain.flight_entry import CODESHARE, DESIGNATOR, SCHEDULE, Entry, Written
from flightctl.domain.flight_news import Applied, applied, first_seen
from flightctl.domain.flight_update import FlightUpdate, updated
from flightctl.domain.horizon import DayWindow
from flightctl.domain.recognition import (
    FURTHEST_APART,
    Recognised,
    Reported,
    names_of,
    own_id_of,
    recognise,
    report_of,
    reported,
)
from flightctl.domain.sighting import Sighting

_BESIDE = (
    *("provider", "provider_status", "observed_at", "updated_at", "version", "local_date"),
    *("flight_iata", "origin_iata", "origin_icao", "destination_iata", "destination_icao"),
)
"""Fields that may have another value without a change of them: who told, and codes that became known."""
_beside = attrgetter(*_BESIDE)


class Book:
    """The stored flights that some answers may be about; it takes up what each answer says, in their order."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: dict[str, Entry] = {}
        self._by_alias: defaultdict[str, list[Entry]] = defaultdict(list)
        self.written = Written()
        for entry in entries:
            self._add(entry)

    def take(
        self,
        answer: Sequence[Sighting],
        asked: Collection[str] = (),
        review: str = CONFIRMED,
        covers: DayWindow | None = None,
    ) -> list[Applied]:
        """Take up one answer: rows of one provider and moment.

        ``asked`` are names that all its flights go by, too; ``covers`` is the time of which it tells every departure,
        where that is known.
        """
        taken: list[Applied] = []
        for rows in _connected(answer):
            reports = [one for one in reported(rows) if not self._is_passed(one, taken, asked)]
            for report, flight_id in self._recognised(reports, covers):
                after = self._taken(report, flight_id, review)
                taken.append(after._replace(rows=len(report.sightings)))
                self._name(taken[-1].flight.flight_id, report, asked)
        return taken

    def begin(self, sighting: Sighting) -> Applied:
        """Take up a flight of which the id is known, and that is not here, without recognising it."""
        report = report_of([sighting])
        made = self._taken(report, "", CONFIRMED)
        self._name(made.flight.flight_id, report, ())
        return made

    def update(self, update: FlightUpdate, provider: str) -> Applied | None:
        """Take up an update by permanent id; none where no such flight is here. Raises MalformedRow."""
        entry = self._entries.get(str(update.flight_id))
        if entry is None:
            return None
        after = updated(entry.flight, update, provider, entry.told)
        if not after.outdated:
            self._keep(entry, after)
        return after

    def _recognised(self, reports: Sequence[Reported], covers: DayWindow | None) -> list[tuple[Reported, str]]:
        if not reports:
            return []
        now = reports[0].sightings[0].observed_at
        known = [entry.known(now, covers) for entry in self._candidates(reports)]
        return self._untangled(recognise(reports, known))

    def _is_passed(self, report: Reported, taken: list[Applied], asked: Collection[str]) -> bool:
        """Whether this is an older report than what is known, with a schedule that a flight had: then it is that one's.

        By its present schedule it might not be recognised any more, however often it was put off since.
        """
        would_get, observed_at = report.own_id, report.sightings[0].observed_at
        had_it = [*self._by_alias.get(would_get, ())]
        had_it += [self._entries[would_get]] if would_get in self._entries else []
        later = [entry.flight for entry in had_it if entry.flight.observed_at > observed_at]
        if len(later) == 1:
            # Of two answers on their way at once the one that comes late may be the first to say this name.
            self._name(later[0].flight_id, report, asked)
        if later:
            taken.append(Applied(later[0], (), outdated=True, rows=len(report.sightings)))
        return bool(later)

    def _untangled(self, recognised: Sequence[Recognised]) -> list[tuple[Reported, str]]:
        """An id says when its flight was first to leave: a stored flight that a row would get the id of is that row's.

        The row that it was taken for, because it was nearer, is then another flight, unless the provider's id says
        that it is this one, or it would get the id of a stored one, too.
        """
        found = {id(one.reported): one.flight_id for one in recognised}
        holders = {one.flight_id: one.reported for one in recognised if one.flight_id}
        for one in recognised:
            would_get = one.reported.own_id
            holder = holders.get(would_get)
            if one.flight_id or holder is None or would_get not in self._entries:
                continue
            if not self._is_by_id(holder, would_get) and holder.own_id not in self._entries:
                found[id(one.reported)], found[id(holder)] = would_get, ""
        return [(one.reported, found[id(one.reported)]) for one in recognised]

    def _is_by_id(self, report: Reported, flight_id: str) -> bool:
        aliases = self._entries[flight_id].aliases
        return any(aliases.get(alias) == provider for provider, alias in report.provider_ids)

    def _taken(self, report: Reported, flight_id: str, review: str) -> Applied:
        # The same number never left the same place twice at the same minute: an id that is there is this flight's.
        entry = self._entries.get(flight_id or report.own_id)
        if entry is None:
            made = first_seen(report, review)
            self._add(Entry(made.flight, {}, {change.field for change in made.changes}))
            self.written.created[made.flight.flight_id] = made.flight
            self.written.changes += made.changes
            return made
        after = applied(entry.flight, report, entry.told)
        if not after.outdated:
            self._keep(entry, after)
        return after

    def _keep(self, entry: Entry, after: Applied) -> None:
        flight, written = after.flight, self.written
        if flight.local_date != entry.flight.local_date:
            written.moved.add(flight.flight_id)
        before = written.columns.get(flight.flight_id, frozenset())
        written.columns[flight.flight_id] = before | _touched(entry.flight, after)
        if flight.observed_at > entry.flight.observed_at:
            entry.told.clear()
        entry.told |= {change.field for change in after.changes}
        entry.flight = flight
        written.changes += after.changes
        if flight.flight_id in written.created:
            written.created[flight.flight_id] = flight
        elif after.changes or flight.flight_id in written.changed:
            written.seen.pop(flight.flight_id, None)
            written.changed[flight.flight_id] = flight
        else:
            written.seen[flight.flight_id] = flight

    def _name(self, flight_id: str, report: Reported, asked: Collection[str]) -> None:
        entry, ids = self._entries[flight_id], {alias for _, alias in report.provider_ids}
        if {*report.names, *asked, *ids, report.own_id} - {flight_id} <= entry.aliases.keys():
            return
        for alias, kind in _aliases(report, asked).items():
            if alias not in entry.aliases and alias != flight_id:
                entry.aliases[alias] = kind
                self._by_alias[alias].append(entry)
                self.written.aliases.append((entry, alias, kind))

    def _add(self, entry: Entry) -> None:
        self._entries[entry.flight.flight_id] = entry
        for alias in entry.aliases:
            self._by_alias[alias].append(entry)

    def _candidates(self, reports: Sequence[Reported]) -> list[Entry]:
        """Flights that go by one of the names at about the time, or by one of the ids at any."""
        first = min(one.departs_at for one in reports) - FURTHEST_APART
        last = max(one.departs_at for one in reports) + FURTHEST_APART
        names = frozenset().union(*(one.names for one in reports))
        named = (entry for name in names for entry in self._by_alias.get(name, ()))
        found = {one.flight.flight_id: one for one in named if _is_near(one.flight, first, last)}
        for provider, alias in (pair for one in reports for pair in one.provider_ids):
            owners = (entry for entry in self._by_alias.get(alias, ()) if entry.aliases[alias] == provider)
            found |= {entry.flight.flight_id: entry for entry in owners}
        return list(found.values())


def _is_near(flight: Flight, first: datetime, last: datetime) -> bool:
    """What staff turned down is recognised by its id only: it shall not fix the id of what a provider reports."""
    return flight.review != REJECTED and first <= flight.departs_at <= last


def _touched(before: Flight, after: Applied) -> frozenset[str]:
    """Fields that have other values than before."""
    flight = after.flight
    pairs = zip(_BESIDE, _beside(before), _beside(flight), strict=True)
    beside = [name for name, was, is_now in pairs if was != is_now]
    return frozenset([*beside, *(change.field for change in after.changes)])


def possible_ids(sightings: Iterable[Sighting]) -> set[str]:
    """Ids that these rows would get if they were seen for the first time."""
    return {str(own_id_of(one)) for one in sightings}


def _aliases(report: Reported, asked: Collection[str]) -> dict[str, str]:
    """What the flight goes by, as this report says: the operating flight's names come first."""
    operating = [row for row in report.sightings if not row.operated_as]
    own = {name for row in operating for name in (row.ident, *row.designators)}
    own |= {row.operated_as for row in report.sightings if row.operated_as}
    aliases = dict.fromkeys(sorted(own), DESIGNATOR)
    aliases |= dict.fromkeys(sorted({*report.names, *asked} - own), CODESHARE)
    ids = {alias: provider for provider, alias in sorted(report.provider_ids)}
    return {report.own_id: SCHEDULE} | ids | aliases


def _connected(answer: Sequence[Sighting]) -> list[list[Sighting]]:
    """The rows in groups that have no name and no id in common: each can be recognised for itself."""
    by_mark: defaultdict[Hashable, list[int]] = defaultdict(list)
    for i, one in enumerate(answer):
        for mark in _marks(one):
            by_mark[mark].append(i)
    left, groups = dict.fromkeys(range(len(answer))), []
    while left:
        found, group = [left.popitem()[0]], []
        while found:
            group.append(found.pop())
            beside = {i for mark in _marks(answer[group[-1]]) for i in by_mark.pop(mark, ()) if i in left}
            for i in beside:
                del left[i]
            found += beside
        groups.append([answer[i] for i in sorted(group)])
    return groups[::-1]


def _marks(one: Sighting) -> set[Hashable]:
    return {*names_of(one)} | ({(one.provider, one.provider_id)} if one.provider_id else set())
