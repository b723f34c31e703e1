"""Lines of updates: cut from bytes, read, or refused in words that are safe to print."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flightctl.domain.ingestion import LONGEST_LINE, PROVIDERS, Line, Lines, read_line
from flightctl.errors import MalformedRow

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
TOLD: dict[str, Any] = {"provider": "flightctl", "observed_at": "2026-12-01T02:00:00Z", "row": {"a": 1}}
PIECE_BYTES = 1 << 18


def said(text: str) -> str:
    """Why this line is refused."""
    with pytest.raises(MalformedRow) as refused:
        read_line(1, text, NOW)
    return refused.value.message


def with_(**changes: object) -> str:
    return json.dumps({**TOLD, **changes})


def without(name: str) -> str:
    return json.dumps({key: value for key, value in TOLD.items() if key != name})


# Reading a line


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_line_is_read(provider: str) -> None:
    observed_at = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
    assert read_line(7, with_(provider=provider), NOW) == Line(7, provider, observed_at, {"a": 1})


@pytest.mark.parametrize("end", ["", "\n", "\r\n", " \t\r\n"])
def test_how_a_line_ends_does_not_matter(end: str) -> None:
    assert read_line(1, json.dumps(TOLD) + end, NOW).row == {"a": 1}


def test_more_keys_do_not_matter_and_of_a_repeated_key_the_last_counts() -> None:
    text = with_(more=[1], provider="aeroapi")[:-1] + ', "row": {"b": 2}}'
    assert read_line(1, text, NOW)[1:] == ("aeroapi", datetime(2026, 12, 1, 2, 0, tzinfo=UTC), {"b": 2})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nonsense",
        "{'provider': 1}",
        "\0",
        json.dumps(TOLD)[:-1],
        json.dumps(TOLD) + json.dumps(TOLD),
        '{"row": ' * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"provider": ' + "1" * 5000 + "}",
        '{"provider": "\x1b"}',
        '{"provider": "\\ud8"}',
    ],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    assert said(text) == "no JSON"


@pytest.mark.parametrize("text", ["[]", "null", "1", '"text"', "NaN", "true", "-1e999"])
def test_json_that_is_no_object_is_refused(text: str) -> None:
    assert said(text) == "no JSON object"


@pytest.mark.parametrize("provider", [None, 7, "", "FLIGHTCTL", " flightctl", "manual", "sandbox", [], {}, "\ud800"])
def test_another_provider_is_refused(provider: object) -> None:
    assert said(with_(provider=provider)) == "provider is none of aviationstack, aeroapi, flightctl"


@pytest.mark.parametrize("row", [None, 7, "row", [], [{}], True])
def test_a_row_is_an_object(row: object) -> None:
    assert said(with_(row=row)) == "row is no object"


def test_what_is_missing_is_said() -> None:
    words = [said(without(name)).split()[0] for name in TOLD]
    assert words == ["provider", "observed_at", "row"]


# When it was observed


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-12-01T02:00:00+00:00",
        "2026-12-01T15:00:00+13:00",
        "2026-11-30T16:00:00.000-10:00",
        "2026-12-01T02:00Z",
    ],
)
def test_an_offset_is_turned_into_utc(stamp: str) -> None:
    observed_at = read_line(1, with_(observed_at=stamp), NOW).observed_at
    assert (observed_at, observed_at.utcoffset()) == (datetime(2026, 12, 1, 2, 0, tzinfo=UTC), timedelta())


@pytest.mark.parametrize(
    "stamp",
    [
        None,
        1764554400,
        True,
        "",
        "yesterday",
        "2026-12-01",
        "2026-12-01T02:00:00",
        "2026-13-01T02:00:00Z",
        "2026-12-01T25:00:00Z",
        "2026-12-01T02:00:00+25:00",
        "10000-01-01T00:00:00Z",
        "\ud800",
        "0001-01-01T00:00:00+14:00",
        [],
        {},
    ],
)
def test_an_observation_without_an_instant_is_refused(stamp: object) -> None:
    assert said(with_(observed_at=stamp)) == "observed_at is no instant such as 2026-12-02T19:30:00Z"


@pytest.mark.parametrize("ahead", [timedelta(minutes=5, microseconds=1), timedelta(days=1)])
def test_what_is_yet_to_be_observed_is_refused(ahead: timedelta) -> None:
    assert said(with_(observed_at=(NOW + ahead).isoformat())) == "observed_at lies in the future"


def test_the_end_of_all_time_lies_in_the_future() -> None:
    assert said(with_(observed_at="9999-12-31T23:59:59-14:00")) == "observed_at lies in the future"


def test_clocks_may_be_five_minutes_apart() -> None:
    ahead = NOW + timedelta(minutes=5)
    assert read_line(1, with_(observed_at=ahead.isoformat()), NOW).observed_at == ahead


# Lengths, and anything at all


def test_a_line_has_a_million_characters_at_most() -> None:
    text = json.dumps(TOLD)
    assert read_line(1, text + " " * (LONGEST_LINE - len(text)), NOW).row == {"a": 1}
    assert said(text + " " * (LONGEST_LINE - len(text) + 1)) == "longer than a million characters"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
_VALUES = st.sampled_from([*PROVIDERS, *TOLD.values()]) | _JSON | st.datetimes().map(str)


@given(st.text() | st.dictionaries(st.sampled_from(list(TOLD)) | st.text(), _VALUES).map(json.dumps))
@example(with_(observed_at="0001-01-01T00:00:00+14:00"))
def test_whatever_a_line_says_it_is_read_or_refused_in_plain_words(text: str) -> None:
    message = ""
    try:
        assert read_line(3, text, NOW).observed_at.utcoffset() == timedelta()
    except MalformedRow as refused:
        message = refused.message
    assert message.isascii()
    assert not message or message.isprintable()


# Cutting a stream into lines


def cut(*pieces: bytes) -> list[str]:
    lines = Lines()
    return [text.rstrip("\r") for piece in pieces for text in lines.cut(piece)] + lines.rest()


def pieces_of(whole: bytes, size: int = PIECE_BYTES) -> list[bytes]:
    return [whole[start : start + size] for start in range(0, len(whole), size)]


@given(st.lists(st.text(st.sampled_from("aé€\r ")), max_size=6), st.integers(1, 9))
def test_wherever_a_stream_is_cut_its_lines_are_the_same(texts: list[str], size: int) -> None:
    whole = "\n".join(texts).encode()
    assert cut(*pieces_of(whole, size)) == cut(whole)


@pytest.mark.parametrize(
    ("whole", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a\nb", ["a", "b"]),
        (b"a\nb\n", ["a", "b"]),
        (b"a\r\n\r\nb\r\n", ["a", "", "b"]),
        (b"\xff\nb", ["\N{REPLACEMENT CHARACTER}", "b"]),
        ("a\u2028b\x0bc\x1cd\x85e".encode(), ["a\u2028b\x0bc\x1cd\x85e"]),
    ],
)
def test_lines_end_with_a_line_feed_only(whole: bytes, lines: list[str]) -> None:
    assert cut(whole) == lines


def test_a_line_is_handed_out_as_soon_as_it_ends() -> None:
    lines = Lines()
    assert [lines.cut(piece) for piece in (b"a", b"b\nc", b"\n\n", b"d")] == [[], ["ab"], ["c", ""], []]
    assert lines.rest() == ["d"]


def test_of_an_endless_line_no_more_is_kept_than_tells_that_it_is_too_long() -> None:
    too_long, last = cut(*pieces_of(b" " * 9_000_000 + b"\nlast", 100_000))
    assert LONGEST_LINE < len(too_long) <= 4 * LONGEST_LINE + 1
    assert (said(too_long), last) == ("longer than a million characters", "last")


@pytest.mark.parametrize("filler", ["x", "é", "€"])
def test_a_long_line_is_read_wherever_it_is_cut(filler: str) -> None:
    """A character has up to four bytes."""
    text = json.dumps({**TOLD, "row": {"a": filler * 600_000}}, ensure_ascii=False)
    [whole] = cut(*pieces_of(text.encode() + b"\n"))
    is_whole = whole == text  # pytest would print both
    assert is_whole
