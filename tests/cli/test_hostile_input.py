"""Random bytes as lines, arguments and settings: only documented exit codes, no traceback, no call for nonsense."""

from __future__ import annotations

import os
import random
import unicodedata
from pathlib import Path

import pytest

from flightctl.domain.designator import Designator, parse_query
from flightctl.errors import BadDesignator
from running import Flightctl, Result
from upstream import Upstream

pytestmark = pytest.mark.usefixtures("database")

DOCUMENTED = {0, 2, 3, 4, 5, 6, 7, 8, 9, 10}
"""Exit codes that a hostile input may end with; 1 is a bug."""
_NEAR = b"NZnzAD0579 -*%_.'\"\\=\t\r\x00\x1b\x7f\xc2\xa0\xef\xbc\x91\xe2\x80\xae"
"""Bytes of which designators, and what looks like them, are made."""


def _bytes(seed: int, count: int, without: bytes) -> list[bytes]:
    """``count`` byte strings of 1 to 24 bytes, half of them of any bytes and half of bytes that come near."""
    chance = random.Random(seed)
    alphabets = [bytes(set(alphabet) - set(without)) for alphabet in (bytes(range(256)), _NEAR)]
    return [bytes(chance.choices(alphabets[n % 2], k=chance.randint(1, 24))) for n in range(count)]


def _is_a_query(text: str) -> bool:
    try:
        parse_query(text)
    except BadDesignator:
        return False
    return True


def _has_a_row(text: str) -> bool:
    """An airline or prefix of which nothing is known has none."""
    return not _is_a_query(text) or isinstance(parse_query(text), Designator)


def _steers(text: str) -> set[str]:
    """Characters that steer a terminal or hide, but for the end of a line."""
    return {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")} - {"\n"}


def _check(done: Result) -> None:
    assert done.code in DOCUMENTED
    assert "Traceback" not in done.out + done.err
    assert "bug" not in done.err
    assert not _steers(done.err)


def test_a_thousand_random_lines_are_answered_one_by_one(process: Flightctl, upstream: Upstream) -> None:
    lines = _bytes(1, 1000, without=b"\n")
    texts = [line.decode("utf-8", "replace").rstrip("\r\n") for line in lines]
    asked = [text for text in texts if text.strip()]
    done = process("lookup", "-", "--json", stdin=b"\n".join(lines))
    _check(done)
    assert [answer["query"] for answer in done.answers] == [text for text in asked if _has_a_row(text)]
    bad = {answer["query"]: answer["outcome"] for answer in done.answers if not _is_a_query(answer["query"])}
    assert set(bad.values()) == {"error"}
    assert len(upstream.asked) == done.json["metrics"]["upstream_calls"] <= sum(map(_is_a_query, texts))


@pytest.mark.parametrize("format", ["table", "csv", "ndjson"])
def test_random_lines_in_every_other_format(process: Flightctl, upstream: Upstream, format: str) -> None:
    done = process("lookup", "-", "--format", format, stdin=b"\n".join(_bytes(2, 200, without=b"\n")))
    _check(done)
    if format == "table":
        assert not _steers(done.out)


def test_two_hundred_random_arguments_end_with_a_documented_code_and_make_no_call(
    flightctl: Flightctl, upstream: Upstream
) -> None:
    for argument in _bytes(3, 200, without=b""):
        text = os.fsdecode(argument)
        done = flightctl("lookup", text)
        _check(done)
        if not _is_a_query(text):
            assert done.code in (0, 2), "help, an empty stdin, or a usage error"
            assert upstream.asked == []
        upstream.asked.clear()


@pytest.mark.parametrize("argument", _bytes(4, 10, without=b"\x00"), ids=range(10))
def test_random_arguments_of_real_processes(process: Flightctl, upstream: Upstream, argument: bytes) -> None:
    done = process("lookup", "--", argument, "--json")
    _check(done)
    if not _is_a_query(os.fsdecode(argument)):
        assert upstream.asked == []


COMMANDS = [
    ("{}",),
    ("--format", "{}", "lookup", "NZ527"),
    ("add-manual", "{}", "--from", "AKL", "--to", "CHC"),
    ("add-manual", "NZ527", "--from", "{}", "--to", "CHC"),
    ("add-manual", "NZ527", "--from", "AKL", "--to", "CHC", "--airline", "{}"),
    ("add-manual", "NZ527", "--from", "AKL", "--to", "CHC", "--note", "{}"),
    ("confirm", "{}"),
    ("confirm", "NZ527", "--proposal", "{}"),
    ("reject", "{}"),
    ("forget", "--yes", "{}"),
    ("refresh-stale", "--ahead", "{}"),
    ("refresh-stale", "--limit", "{}"),
    ("stats", "--since", "{}"),
    ("config", "get", "{}"),
    ("config", "set", "{}", "1"),
    ("config", "set", "cache.path", "{}"),
    ("db", "downgrade", "--yes", "{}"),
    ("help", "{}"),
]


@pytest.mark.parametrize("count", [10, pytest.param(30, marks=pytest.mark.slow)])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_random_arguments_of_every_other_command(
    flightctl: Flightctl,
    upstream: Upstream,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    count: int,
) -> None:
    monkeypatch.setenv("FLIGHTCTL_CONFIG", str(home / "config.toml"))
    for argument in _bytes(5, count, without=b""):
        _check(flightctl(*(word.replace("{}", os.fsdecode(argument)) for word in command)))


VARIABLES = ["CACHE_TTL_DAYS", "DB", "CONFIG", "USER", "ROLE", "AVIATIONSTACK_URL", "AVIATIONSTACK_KEY", "OUTPUT_COLOR"]


@pytest.mark.parametrize("count", [8, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.parametrize("variable", VARIABLES)
def test_random_values_of_settings(
    flightctl: Flightctl, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, count: int
) -> None:
    monkeypatch.chdir(tmp_path)
    # Each new database takes half a second.
    for value in _bytes(6, count // 4 if variable == "DB" else count, without=b"\x00/"):
        monkeypatch.setenv(f"FLIGHTCTL_{variable}", os.fsdecode(value))
        _check(flightctl("lookup", "NZ527", "--json"))
        _check(flightctl("whoami"))
