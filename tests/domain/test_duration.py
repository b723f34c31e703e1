"""Spans of time as people type them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightctl.domain.duration import parse_duration, parse_lifetime
from flightctl.errors import UsageError


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        ("0d", timedelta()),
        (" 3D ", timedelta(days=3)),
        ("007d", timedelta(days=7)),
        ("99999w", timedelta(weeks=99_999)),
    ],
)
def test_a_number_and_a_unit_are_a_span(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "d",
        "3",
        "3 d",
        "-3d",
        "+3d",
        "1.5d",
        "3y",
        "3s",
        "100000d",
        "1d12h",
        "3d\n4",
        "\N{ARABIC-INDIC DIGIT THREE}d",
        "1e3d",
    ],
)
def test_anything_else_is_refused_and_told_how_to_write_it(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_duration(text)
    assert refused.value.hint == "write 30m, 12h, 7d or 2w"


@settings(deadline=None)
@given(st.integers(0, 99_999), st.sampled_from("mhdw"))
def test_every_number_of_up_to_five_digits_counts(number: int, unit: str) -> None:
    assert parse_duration(f"{number}{unit}") == number * parse_duration(f"1{unit}")


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_span_or_refused_in_one_line(text: str) -> None:
    try:
        span, refusal = parse_duration(text), ""
    except UsageError as refused:
        span, refusal = timedelta(), refused.message
    assert span >= timedelta()
    assert refusal.isprintable()


@pytest.mark.parametrize("text", ["0m", "0d", "00w", "", "-7d", "soon"])
def test_a_lifetime_is_longer_than_no_time(text: str) -> None:
    with pytest.raises(UsageError):
        parse_lifetime(text)


def test_a_lifetime_is_a_span() -> None:
    assert parse_lifetime("14d") == parse_duration("2w")
