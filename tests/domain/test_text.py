"""Text from outside is safe to show: nothing steers a terminal, nothing hides."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightctl.domain.text import REPLACEMENT, cleaned

STEERING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    "text",
    ["", "Auckland Airport", "São Paulo–Guarulhos", "北京首都国际机场", "مطار دبي", "Ålesund ✈", "[bold]not markup[/]"],
)
def test_names_of_the_world_stay_as_they_are(text: str) -> None:
    assert cleaned(text) == text


@pytest.mark.parametrize(
    "character",
    [
        "\0",
        "\a",
        "\b",
        "\t",
        "\n",
        "\r",
        "\x1b",
        "\x7f",
        "\x85",
        "\x9b",
        "\N{SOFT HYPHEN}",
        "\N{ZERO WIDTH SPACE}",
        "\N{ZERO WIDTH JOINER}",
        "\N{RIGHT-TO-LEFT OVERRIDE}",
        "\N{LINE SEPARATOR}",
        "\N{PARAGRAPH SEPARATOR}",
        "\N{ZERO WIDTH NO-BREAK SPACE}",
        "\N{TAG LATIN SMALL LETTER A}",
        "\ud800",
        "\ue000",
        "\U0010ffff",
    ],
)
def test_a_character_that_steers_or_hides_is_replaced(character: str) -> None:
    assert cleaned(f"a{character}b") == f"a{REPLACEMENT}b"


@pytest.mark.parametrize(
    "attack", ["\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\", "\x9b31m"]
)
def test_no_terminal_sequence_survives(attack: str) -> None:
    assert not {"\x1b", "\x07", "\x9b"} & set(cleaned(attack))


@settings(deadline=None)
@given(st.text(st.characters()))
def test_nothing_of_these_categories_is_left_and_nothing_else_is_lost(text: str) -> None:
    clean = cleaned(text)
    assert len(clean) == len(text)
    for before, after in zip(text, clean, strict=True):
        assert after == (REPLACEMENT if unicodedata.category(before) in STEERING else before)


@settings(deadline=None)
@given(st.text(st.characters()))
def test_clean_text_is_one_line_and_stays_clean(text: str) -> None:
    assert len(cleaned(text).splitlines()) <= 1
    assert cleaned(cleaned(text)) == cleaned(text)
