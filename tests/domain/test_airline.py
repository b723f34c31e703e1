"""From ICAO to IATA designators: converted where unambiguous, shown where not."""

from __future__ import annotations

import pytest

from flightctl.domain.airline import Airline, iata_of, names_by_best_rank, resolve
from flightctl.domain.designator import Designator, parse_designator

NEW_ZEALAND = Airline("NZ", "ANZ", "Air New Zealand")
LINK = Airline("NZ", "RLK", "Link")
TOKI, PNG = Airline("BV", "TOK", "Toki Air"), Airline("CG", "TOK", "PNG Air")
CARGO = Airline("", "NCX", "Freight Only")


def resolved(text: str, holders: list[Airline], sharers: list[Airline] | None = None) -> tuple[str, str]:
    """What is asked, and what the operator is told."""
    found = resolve(parse_designator(text), holders, sharers if sharers is not None else holders)
    return str(found.designator), found.warning


def test_an_icao_designator_becomes_the_iata_one() -> None:
    assert resolved("ANZ527", [NEW_ZEALAND]) == ("NZ527", "")


def test_an_iata_designator_of_one_airline_stays_and_nothing_is_said() -> None:
    assert resolved("NZ527", [NEW_ZEALAND]) == ("NZ527", "")


def test_a_shared_iata_designator_is_asked_as_it_is_and_its_holders_are_shown() -> None:
    assert resolved("NZ527", [NEW_ZEALAND, LINK]) == (
        "NZ527",
        "NZ is shared by Air New Zealand (NZ/ANZ) and Link (NZ/RLK)",
    )


def test_an_icao_designator_of_two_airlines_is_not_guessed() -> None:
    asked, warning = resolved("TOK12", [TOKI, PNG], [])
    assert asked == "TOK12"
    assert warning == "TOK is shared by Toki Air (BV/TOK) and PNG Air (CG/TOK)"


def test_an_icao_designator_whose_iata_one_is_shared_is_not_guessed() -> None:
    asked, warning = resolved("ANZ527", [NEW_ZEALAND], [NEW_ZEALAND, LINK])
    assert asked == "ANZ527"
    assert warning == "NZ is shared by Air New Zealand (NZ/ANZ) and Link (NZ/RLK); asked as ANZ527"


def test_two_entries_with_the_same_iata_designator_are_no_ambiguity_of_the_icao_one() -> None:
    twice = [NEW_ZEALAND, NEW_ZEALAND._replace(name="Air NZ")]
    assert iata_of(twice) == "NZ"


@pytest.mark.parametrize("text", ["ANZ527K", "ANZ4T"])
def test_a_suffix_letter_may_make_it_a_callsign_which_is_not_converted(text: str) -> None:
    asked, warning = resolved(text, [NEW_ZEALAND])
    assert asked == text
    assert "may be a callsign" in warning


def test_a_suffix_letter_on_an_iata_designator_is_nothing_special() -> None:
    assert resolved("NZ527K", [NEW_ZEALAND]) == ("NZ527K", "")


@pytest.mark.parametrize("text", ["QQ1", "QQQ1"])
def test_an_airline_in_no_table_is_looked_up_with_a_warning(text: str) -> None:
    assert resolved(text, []) == (text, f"{text[:-1]} is in no airline table")


def test_an_airline_without_an_iata_designator_is_asked_by_its_icao_one() -> None:
    assert resolved("NCX7", [CARGO], []) == ("NCX7", "")


def test_resolving_keeps_the_number() -> None:
    assert resolve(Designator("ANZ", 9999), [NEW_ZEALAND], [NEW_ZEALAND]).designator == Designator("NZ", 9999)


@pytest.mark.parametrize(
    ("holders", "iata"),
    [
        ([], ""),
        ([NEW_ZEALAND], "NZ"),
        ([NEW_ZEALAND, LINK], "NZ"),
        ([TOKI, PNG], ""),
        ([CARGO], ""),
        ([CARGO, TOKI], "BV"),
    ],
)
def test_the_one_iata_designator_of_some_airlines(holders: list[Airline], iata: str) -> None:
    assert iata_of(holders) == iata


@pytest.mark.parametrize(
    ("airline", "shown"),
    [
        (NEW_ZEALAND, "Air New Zealand (NZ/ANZ)"),
        (CARGO, "Freight Only (NCX)"),
        (Airline("NZ", "", "Somebody"), "Somebody (NZ)"),
        (Airline("NZ", "ANZ", ""), "NZ/ANZ"),
    ],
)
def test_an_airline_shows_its_name_and_the_codes_it_has(airline: Airline, shown: str) -> None:
    assert str(airline) == shown


def test_names_of_one_rank_stand_together_and_worse_ranks_are_left_out() -> None:
    rows = [("8V", "Astral", 1), ("8V", "Wright", 1), ("8V", "Learned", 2), ("NZ", "Air New Zealand", 1)]
    assert names_by_best_rank(rows) == {"8V": "Astral / Wright", "NZ": "Air New Zealand"}


def test_a_learned_name_serves_where_nothing_better_is_known() -> None:
    assert names_by_best_rank([("QQ", "Learned", 2), ("QQ", "Learned", 2)]) == {"QQ": "Learned"}


def test_a_missing_name_is_not_shown_as_one_of_several() -> None:
    assert names_by_best_rank([("QQ", "", 1), ("QQ", "Known", 1)]) == {"QQ": "Known"}
