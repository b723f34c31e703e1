"""The reference tables: names for people, missing codes, and what providers teach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlmodel import Session, col, select

from flightctl.domain.airline import Airline, iata_of, names_by_best_rank
from flightctl.domain.observed import Carrier, ObservedLeg, Stop
from flightctl.domain.references import Airport, References
from flightctl.store.chunks import in_chunks
from flightctl.store.models import AirlineRow, AirportRow
from flightctl.store.reference_data import LEARNED_RANK
from flightctl.store.upserts import add_missing


def airline_names(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """Names by IATA designator; a shared one names all its holders."""
    columns = (AirlineRow.iata, AirlineRow.name, AirlineRow.rank)
    return names_by_best_rank(
        row
        for some in in_chunks(codes)
        for row in session.exec(
            select(*columns).where(col(AirlineRow.iata).in_(some)).order_by(col(AirlineRow.rank), col(AirlineRow.icao))
        )
    )


def airport_names(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """Names by IATA code."""
    return {airport.iata: airport.name for airport in _airports(session, "iata", codes)}


def airport(session: Session, code: str) -> Airport | None:
    """The airport with this IATA (3 letters) or ICAO (4 characters) code."""
    found = _airports(session, "icao" if len(code) == 4 else "iata", [code])
    return found[0] if found else None


def holders(session: Session, airline: str) -> list[Airline]:
    """Airlines that hold a designator, IATA or ICAO; learned ones only where nothing else is known."""
    column = AirlineRow.icao if len(airline) == 3 else AirlineRow.iata
    rows = session.exec(
        select(AirlineRow).where(column == airline).order_by(col(AirlineRow.rank), col(AirlineRow.icao))
    ).all()
    return [Airline(row.iata, row.icao, row.name) for row in rows if row.rank == rows[0].rank]


def references_for(session: Session, legs: Sequence[ObservedLeg]) -> References:
    """What the tables know of the airports and airlines in these rows."""
    stops = [stop for leg in legs for stop in (leg.departure, leg.arrival)]
    known = _airports(session, "iata", {stop.iata for stop in stops if stop.iata})
    known += _airports(session, "icao", {stop.icao for stop in stops if stop.icao and not stop.iata})
    icao_codes = {leg.carrier.icao for leg in legs if leg.carrier.icao and not leg.carrier.iata}
    return References(
        {airport.iata: airport for airport in known},
        {airport.icao: airport.iata for airport in known if airport.icao},
        iata_by_icao := {code: iata for code in icao_codes if (iata := iata_of(holders(session, code)))},
        airline_names(session, {leg.carrier.iata for leg in legs} | set(iata_by_icao.values())),
    )


def learn(session: Session, legs: Sequence[ObservedLeg]) -> None:
    """Keep what these rows say of airlines and airports that no table has; what is known is not overwritten,
    only filled in.
    """
    learn_codes(session, {leg.carrier for leg in legs}, [stop for leg in legs for stop in (leg.departure, leg.arrival)])


def learn_codes(session: Session, carriers: Iterable[Carrier], stops: Iterable[Stop]) -> None:
    """The same for airlines and airports by themselves."""
    _learn_airlines(session, carriers)
    _learn_airports(session, stops)


def _learn_airlines(session: Session, carriers: Iterable[Carrier]) -> None:
    named = {(carrier.iata, carrier.icao): carrier.name for carrier in carriers}
    told = {codes: name for codes, name in named.items() if name and any(codes)}
    known: set[tuple[str, str]] = set()
    for some in in_chunks({iata for iata, _ in told}):
        rows = session.exec(select(AirlineRow.iata, AirlineRow.icao).where(col(AirlineRow.iata).in_(some)))
        known.update((iata, icao) for iata, icao in rows)
    new = sorted(told.keys() - known)
    learned = {"country": "", "rank": LEARNED_RANK, "source": "learned"}
    learn = [{"iata": iata, "icao": icao, "name": told[iata, icao], **learned} for iata, icao in new]
    add_missing(session, AirlineRow, learn)


def _learn_airports(session: Session, stops: Iterable[Stop]) -> None:
    told = {stop.iata: stop for stop in stops if stop.iata and stop.name}
    known = {row.iata: row for row in _airport_rows(session, "iata", told)}
    taken = {row.icao for row in _airport_rows(session, "icao", {stop.icao for stop in told.values() if stop.icao})}
    for iata, stop in sorted(told.items()):
        # An ICAO code is one airport's.
        icao = "" if stop.icao in taken else stop.icao
        if iata not in known:
            row = AirportRow(iata=iata, icao=icao, name=stop.name, zone=stop.zone, source="learned")
            add_missing(session, AirportRow, [row.model_dump()])
        else:
            known[iata].icao = known[iata].icao or icao
            known[iata].zone = known[iata].zone or stop.zone


def _airports(session: Session, column: str, codes: Iterable[str]) -> list[Airport]:
    return [Airport(row.iata, row.icao, row.name, row.zone) for row in _airport_rows(session, column, codes)]


def _airport_rows(session: Session, column: str, codes: Iterable[str]) -> list[AirportRow]:
    key = col(AirportRow.icao if column == "icao" else AirportRow.iata)
    return [row for some in in_chunks(codes) for row in session.exec(select(AirportRow).where(key.in_(some)))]
