"""Manual proposals in SQL: who proposed what, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select, update

from flightctl.domain.proposal import Decision, Proposal, same_codes
from flightctl.domain.route import Route, direct
from flightctl.store.engine import on_postgresql
from flightctl.store.models import Absence, CachedRoute, ProposalRow
from flightctl.store.remote_calls import call
from flightctl.store.routes import store_pending
from flightctl.store.schema import CONFIRMED, MANUAL


def waiting(session: Session, cache_keys: Sequence[str]) -> list[Proposal]:
    """Undecided proposals for these keys, oldest first."""
    return _undecided(session, col(ProposalRow.cache_key).in_(cache_keys))


def all_waiting(session: Session) -> list[Proposal]:
    """Every undecided proposal, oldest first."""
    return _undecided(session)


def add(session: Session, route: Route, note: str, user: str, now: datetime, *, replaces: bool) -> Proposal:
    """Write a proposal down."""
    row = ProposalRow(
        cache_key=route.cache_key,
        flight_iata=route.flight_iata,
        airline_iata=route.airline_iata,
        departure_iata=route.departure_iata,
        arrival_iata=route.arrival_iata,
        note=note,
        replaces=replaces,
        proposed_by=user,
        proposed_at=now,
    )
    session.add(row)
    session.flush()
    return _proposal(row)


def propose(session: Session, route: Route, note: str, user: str, now: datetime, *, replaces: bool) -> Proposal | None:
    """Write a proposal down, with a pending row where the key has none.

    On the remote a function does so and answers alike whether or not others have proposed the same; none where the
    flight has been confirmed meanwhile.
    """
    if not on_postgresql(session):
        store_pending(session, route, now)
        return add(session, route, note, user, now, replaces=replaces)
    codes = (route.flight_iata, route.airline_iata, route.departure_iata, route.arrival_iata)
    written = call(session, "propose_route", *codes, note, replaces, now)
    if not written:
        return None
    return Proposal(written[0].proposal_id, route, note, replaces, user, written[0].proposed_at.astimezone(UTC))


def decide(session: Session, proposals: Sequence[Proposal], decision: Decision, user: str, now: datetime) -> None:
    """Write a decision down."""
    session.exec(
        update(ProposalRow)
        .where(col(ProposalRow.id).in_([proposal.id for proposal in proposals]))
        .values(decision=decision.value, decided_by=user, decided_at=now)
    )


def settle(session: Session, route: Route, provider: str, now: datetime) -> None:
    """A provider has answered: proposals that say the same are done, others stay for staff to see."""
    agreeing = [known for known in waiting(session, [route.cache_key]) if same_codes(known.route, route)]
    if agreeing:
        decide(session, agreeing, Decision.SETTLED, provider, now)


def to_confirm_again(session: Session, stale_since: datetime) -> list[str]:
    """Keys of confirmed manual entries that are stale and that upstream, asked since, does not know."""
    asked_since = col(Absence.learned_at) >= col(CachedRoute.refreshed_at)
    rows = session.exec(
        select(CachedRoute.cache_key)
        .join(Absence, col(Absence.cache_key) == col(CachedRoute.cache_key))
        .where(CachedRoute.status == CONFIRMED, CachedRoute.provider == MANUAL, asked_since)
        .where(col(CachedRoute.refreshed_at) <= stale_since)
        .order_by(CachedRoute.cache_key)
    )
    return list(rows.all())


def decisions_since(session: Session, since: datetime) -> dict[Decision, int]:
    """How many proposals were decided which way since then."""
    decided = col(ProposalRow.decision)
    rows = session.exec(
        select(ProposalRow.decision, func.count()).where(col(ProposalRow.decided_at) >= since).group_by(decided)
    )
    return {Decision(decision): n for decision, n in rows}


def _undecided(session: Session, *conditions: ColumnElement[bool]) -> list[Proposal]:
    query = select(ProposalRow).where(col(ProposalRow.decision).is_(None), *conditions)
    return [_proposal(row) for row in session.exec(query.order_by(col(ProposalRow.id)))]


def _proposal(row: ProposalRow) -> Proposal:
    assert row.id is not None  # it has been flushed
    route = direct(row.flight_iata, row.airline_iata, row.departure_iata, row.arrival_iata)
    return Proposal(row.id, route, row.note, row.replaces, row.proposed_by, row.proposed_at)
