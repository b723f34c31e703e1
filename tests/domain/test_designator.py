"""The grammar of flight designators: what is one, what is none, and what people are told."""

from __future__ import annotations

import string
from operator import attrgetter

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from flightctl.domain.designator import (
    AirlineCode,
    AirlineQuery,
    Designator,
    PrefixQuery,
    natural_order,
    parse_designator,
    parse_or_none,
    parse_query,
)
from flightctl.errors import BadDesignator

LETTERS, DIGITS = string.ascii_uppercase, string.digits
WHITE_SPACE = " \t\r\n\v\f"

airlines = st.one_of(
    st.text(LETTERS, min_size=2, max_size=3),
    st.tuples(st.sampled_from(LETTERS), st.sampled_from(DIGITS)).map("".join),
    st.tuples(st.sampled_from(DIGITS), st.sampled_from(LETTERS)).map("".join),
)
designators = st.builds(
    Designator, airlines, st.integers(1, 9999), st.one_of(st.just(""), st.sampled_from(list(LETTERS)))
)


def read(text: str) -> tuple[Designator | None, str]:
    """The designator, or why it is none."""
    try:
        return parse_designator(text), ""
    except BadDesignator as refused:
        return None, refused.message


@pytest.mark.parametrize(
    ("text", "airline", "number", "suffix"),
    [
        ("LH400", "LH", 400, ""),
        ("BA9", "BA", 9, ""),
        ("JL9999", "JL", 9999, ""),
        ("B6915", "B6", 915, ""),
        ("A3601", "A3", 601, ""),
        ("K71", "K7", 1, ""),
        ("S77", "S7", 7, ""),
        ("5J814", "5J", 814, ""),
        ("6E2134", "6E", 2134, ""),
        ("8M331", "8M", 331, ""),
        ("4Z0001", "4Z", 1, ""),
        ("0B101", "0B", 101, ""),
        ("O6101", "O6", 101, ""),
        ("AC0855", "AC", 855, ""),
        ("qr 920", "QR", 920, ""),
        ("qR-920", "QR", 920, ""),
        ("QR    920", "QR", 920, ""),
        ("\t\r\n QR920 \v\f", "QR", 920, ""),
        ("AF 006", "AF", 6, ""),
        ("AF6A", "AF", 6, "A"),
        ("af0006z", "AF", 6, "Z"),
        ("5J814P", "5J", 814, "P"),
        ("W95001K", "W9", 5001, "K"),
        ("DLH400", "DLH", 400, ""),
        ("dlh 0400", "DLH", 400, ""),
        ("BAW-12C", "BAW", 12, "C"),
        ("N345B", "N3", 45, "B"),
        ("XX1", "XX", 1, ""),
    ],
)
def test_well_formed_text_is_read(text: str, airline: str, number: int, suffix: str) -> None:
    assert parse_designator(text) == Designator(airline, number, suffix)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "nothing was given"),
        (" \t ", "nothing was given"),
        ("LH", "without a flight number"),
        ("W9", "without a flight number"),
        ("BAW", "without a flight number"),
        ("4", "digits only"),
        ("400", "digits only"),
        ("12400", "digits only"),
        ("LH0", "start at 1"),
        ("LH0000", "start at 1"),
        ("LH 0A", "start at 1"),
        ("LH10000", "at most four digits"),
        ("LH00001", "at most four digits"),
        ("B61234567", "at most four digits"),
        ("DLH12345A", "at most four digits"),
        ("LH400AB", "at most one letter"),
        ("DLH4TA", "at most one letter"),
        ("LH--400", "only one separator"),
        ("LH - 400", "only one separator"),
        ("LUFT400", "two characters or three letters"),
        ("L 4", "two characters or three letters"),
        ("L-400", "two characters or three letters"),
        ("LH_400", "only letters, digits"),
        ("LH\t400", "only letters, digits"),
        ("LH\n400", "only letters, digits"),
        ("LH400\0", "only letters, digits"),
        ("LH400.20261120", "only letters, digits"),
        ("LH400;DROP TABLE airlines", "only letters, digits"),
        ("LH%", "only letters, digits"),
        ("../../LH400", "only letters, digits"),
        ("[bold]LH400", "only letters, digits"),
        ("\x1b[31mLH400", "only letters, digits"),
        ("LH-", "not an airline designator"),
        ("-LH400", "not an airline designator"),
        ("LH400-", "not an airline designator"),
        ("LH400 A", "not an airline designator"),
        ("LH4A0", "not an airline designator"),
        ("D-AIMA", "not an airline designator"),
        ("1234A", "not an airline designator"),
        ("LH\N{NO-BREAK SPACE}400", "NO-BREAK SPACE"),
        ("LH\N{ZERO WIDTH SPACE}400", "ZERO WIDTH SPACE"),
        ("LH\N{EN DASH}400", "EN DASH"),
        ("LH\N{ARABIC-INDIC DIGIT FOUR}00", "ARABIC-INDIC DIGIT FOUR"),
        ("LH\N{SUPERSCRIPT TWO}", "SUPERSCRIPT TWO"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER L}H400", "FULLWIDTH LATIN CAPITAL LETTER L"),
        ("\N{CYRILLIC CAPITAL LETTER ES}A400", "CYRILLIC CAPITAL LETTER ES"),
        ("\N{LATIN SMALL LETTER LONG S}7123", "LATIN SMALL LETTER LONG S"),
        ("\N{KELVIN SIGN}L400", "KELVIN SIGN"),
        ("LH\N{RIGHT-TO-LEFT OVERRIDE}400", "RIGHT-TO-LEFT OVERRIDE"),
        ("\N{NO-BREAK SPACE}LH400", "NO-BREAK SPACE"),
        ("LH400\udcff", "U+DCFF"),
        ("\N{AIRPLANE}", "AIRPLANE"),
    ],
)
def test_other_text_is_refused_and_told_what_is_wrong(text: str, fault: str) -> None:
    with pytest.raises(BadDesignator) as refused:
        parse_designator(text)
    assert fault in refused.value.message
    assert parse_or_none(text) is None


def test_a_three_letter_airline_is_an_icao_one() -> None:
    assert parse_designator("DLH400").airline_code is AirlineCode.ICAO
    assert {parse_designator(text).airline_code for text in ("LH400", "W95001", "5J814")} == {AirlineCode.IATA}


def test_the_cache_key_names_the_canonical_form() -> None:
    assert parse_designator("nz-0527d").cache_key == "flight:NZ527D"


def test_the_letter_o_and_the_digit_0_are_two_airlines() -> None:
    assert parse_designator("OB101") != parse_designator("0B101")


@settings(deadline=None)
@given(designators)
def test_the_canonical_form_is_read_back(designator: Designator) -> None:
    assert parse_designator(str(designator)) == designator
    assert parse_query(str(designator)) == designator
    assert parse_or_none(str(designator)) == designator


@settings(deadline=None)
@given(
    designators,
    st.integers(0, 3),
    st.one_of(st.sampled_from(["", "-"]), st.text(" ", max_size=5)),
    st.text(WHITE_SPACE, max_size=3),
    st.text(WHITE_SPACE, max_size=3),
    st.data(),
)
def test_case_separator_leading_zeros_and_outer_white_space_do_not_matter(
    designator: Designator, zeros: int, separator: str, before: str, after: str, data: st.DataObject
) -> None:
    number = "0" * zeros + str(designator.number)
    assume(len(number) <= 4)
    plain = f"{designator.airline}{separator}{number}{designator.suffix}"
    typed = "".join(data.draw(st.sampled_from([c, c.lower()])) for c in plain)
    assert parse_designator(before + typed + after) == designator


@settings(deadline=None)
@given(st.one_of(st.text(), st.text(LETTERS + DIGITS + "- ", max_size=9), st.from_regex(r"[A-Za-z0-9]{2,3}[ -]*\w+")))
@example("NZ" + "5" * 5000)
@example("A" * 5000)
@example("\U00010000" * 5000)
@example("\u2028")
@example("\n")
@example("NZ\u0085527")
def test_any_text_is_a_designator_or_refused_in_one_line(text: str) -> None:
    designator, refusal = read(text)
    if designator is None:
        assert refusal.isprintable()
        assert 0 < len(refusal) < 600  # forty characters of the text, each of ten where escaped, and the reason
    else:
        assert str(designator).isascii()
        assert parse_designator(str(designator)) == designator


@settings(deadline=None)
@given(st.text(LETTERS + DIGITS, max_size=8))
def test_both_readers_agree_on_what_is_a_designator(text: str) -> None:
    assert parse_or_none(text) == read(text)[0]


@pytest.mark.parametrize("text", ["lh", " LH ", "w9", "5J", "dlh"])
def test_a_bare_airline_asks_for_all_its_flights(text: str) -> None:
    assert parse_query(text) == AirlineQuery(text.strip().upper())


@pytest.mark.parametrize(
    ("text", "airline", "rest"),
    [
        ("LH*", "LH", ""),
        ("lh 4*", "LH", "4"),
        ("LH-40*", "LH", "40"),
        (" lh4000* ", "LH", "4000"),
        ("LH400A*", "LH", "400A"),
        ("W9*", "W9", ""),
        ("W95*", "W9", "5"),
        ("5J*", "5J", ""),
        ("DLH4*", "DLH", "4"),
    ],
)
def test_a_star_asks_for_every_flight_that_starts_so(text: str, airline: str, rest: str) -> None:
    query = parse_query(text)
    assert query == PrefixQuery(airline, rest)
    assert query.text == airline + rest


@pytest.mark.parametrize(
    "text",
    ["*", "L*", "4*", "40*", "*LH", "LH*4", "LH4**", "LH04*", "LH0*", "LH40000*", "LH4 *", "LH4AB*", "L?*", "LUFT*"],
)
def test_a_star_elsewhere_or_after_too_little_is_refused(text: str) -> None:
    with pytest.raises(BadDesignator) as refused:
        parse_query(text)
    assert "two characters or more before one final star" in refused.value.hint


@pytest.mark.parametrize(
    "text", ["LH%", "LH4%", "LH_", "LH4_0", "%", "_", "LH?", "LH[4]*", "LH%*", "L_*", "LH\\*", "LH'*"]
)
def test_no_wildcard_of_sql_is_a_question(text: str) -> None:
    with pytest.raises(BadDesignator):
        parse_query(text)


@settings(deadline=None)
@given(st.text(LETTERS + DIGITS + "%_?[]\\'\";*- ", max_size=8))
def test_what_is_accepted_holds_letters_and_digits_only(text: str) -> None:
    try:
        query = parse_query(text)
    except BadDesignator:
        return
    kept = query.text if isinstance(query, PrefixQuery) else query.airline
    assert kept.isascii()
    assert kept.isalnum()
    assert not set("%_?[]\\'\";") & set(text)


def test_flights_are_sorted_as_people_count() -> None:
    mixed = ["NZ10", "NZ5", "NZ5A", "5J20", "NZ100", "DL9", "NZ50", "5J3"]
    assert sorted(mixed, key=natural_order) == ["5J3", "5J20", "DL9", "NZ5", "NZ5A", "NZ10", "NZ50", "NZ100"]


@settings(deadline=None)
@given(st.lists(designators))
def test_natural_order_is_the_order_of_designators(some: list[Designator]) -> None:
    assert sorted(map(str, some), key=natural_order) == [str(one) for one in sorted(some)]
    assert sorted(some) == sorted(some, key=attrgetter("airline", "number", "suffix"))


def test_text_that_is_no_designator_still_has_its_place_in_the_order() -> None:
    assert sorted(["NZ5", "odd", "AC1"], key=natural_order) == ["AC1", "NZ5", "odd"]
