"""Tables for people: plain where nobody looks, coloured on request, and deaf to what upstream puts into names."""

from __future__ import annotations

import pytest

from running import Cached, Flightctl
from upstream import Upstream, row

pytestmark = pytest.mark.usefixtures("database")

ESC = "\x1b"


def test_a_piped_table_has_no_escape_sequence_and_no_trailing_blank(flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ527")
    done = flightctl("lookup", "NZ527", "NZ0")
    assert ESC not in done.out
    assert [line for line in done.out.splitlines() if line != line.rstrip()] == []


def test_the_last_line_of_a_table_is_the_metrics(flightctl: Flightctl, cached: Cached) -> None:
    cached("NZ527")
    lines = flightctl("lookup", "NZ527").out.splitlines()
    assert lines[-1] == "1 hit · 0 misses · 0 upstream calls"
    assert lines[0].split()[:1] == ["FLIGHT"]


def test_quiet_leaves_the_metrics_and_warnings_out_but_no_data_and_no_error(
    flightctl: Flightctl, cached: Cached
) -> None:
    cached("NZ527")
    loud, quiet = flightctl("lookup", "NZ527", "NZ0"), flightctl("lookup", "NZ527", "NZ0", "--quiet")
    assert loud.out.splitlines()[:-1] == quiet.out.splitlines()
    assert "NZ0" in quiet.err


def test_quiet_leaves_out_what_was_done(flightctl: Flightctl) -> None:
    assert flightctl("add-manual", "NZ527", "--from", "AKL", "--to", "CHC", "-q").err == ""
    assert "waits for staff" in flightctl("add-manual", "NZ528", "--from", "CHC", "--to", "AKL").err


@pytest.mark.parametrize(
    ("arguments", "environ", "coloured"),
    [
        ((), {}, False),
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": "1", "TERM": "dumb"}, False),
        ((), {"FLIGHTCTL_OUTPUT_COLOR": "always"}, True),
        (("--color", "never"), {"FLIGHTCTL_OUTPUT_COLOR": "always"}, False),
    ],
)
def test_who_gets_colour_when_stdout_is_no_terminal(
    flightctl: Flightctl,
    cached: Cached,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    environ: dict[str, str],
    coloured: bool,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    cached("NZ527")
    assert (ESC in flightctl("lookup", "NZ527", *arguments).out) is coloured


HOSTILE = {
    "an escape sequence": "Air\x1b[2J\x1b]0;owned\x07",
    "a C1 control": "Air\x9b31m",
    "bidi overrides": "Air \u202egnip\u202c \u2066x\u2069",
    "line breaks": "Air\nNZ1 AKL\rCHC\u2028x",
    "zero width": "A\u200bi\u00adr\ufeff",
    "a surrogate": "Air \ud800",
}
MARKUP = ["[bold]Air[/bold]", "[/]", "[link=https://example.org]Air[/link]", ":smiley: [red", "\\[bold]"]


@pytest.mark.parametrize("name", list(HOSTILE.values()), ids=list(HOSTILE))
def test_hostile_names_are_cleaned_in_a_table_and_escaped_in_json(
    flightctl: Flightctl, upstream: Upstream, name: str
) -> None:
    upstream.rows = [row("X012", "QQQ", "XQZ", airline=(name, "X0", "QQZ"))]
    upstream.rows[0]["departure"]["airport"] = upstream.rows[0]["arrival"]["airport"] = name
    for _ in ("asked for", "cached"):
        table, document = flightctl("lookup", "X012"), flightctl("lookup", "X012", "--json")
        assert all(line.isprintable() for line in table.out.split("\n"))
        assert "\N{REPLACEMENT CHARACTER}" in table.out
        assert document.out.isascii()
        assert document.answers[0]["airline_name"].startswith("A")
    csv = flightctl("lookup", "X012", "--format", "csv")
    assert csv.out.count("\n") == 2


@pytest.mark.parametrize("name", MARKUP)
def test_markup_in_names_is_text(flightctl: Flightctl, upstream: Upstream, name: str) -> None:
    upstream.rows = [row("X012", "QQQ", "XQZ", airline=(name, "X0", "QQZ"))]
    upstream.rows[0]["departure"]["airport"] = name
    done = flightctl("lookup", "X012", "--color", "always")
    assert done.code == 0
    assert done.out.count(name) == 2
    assert ESC + "]8" not in done.out


@pytest.mark.parametrize("query", [*HOSTILE.values(), *MARKUP])
def test_a_hostile_query_is_shown_safely(flightctl: Flightctl, query: str) -> None:
    done = flightctl("lookup", "NZ0", "--", query)
    assert done.code == 2
    for text in (done.out, done.err):
        assert all(line.isprintable() for line in text.split("\n"))


def test_a_hostile_error_message_is_cleaned(flightctl: Flightctl, upstream: Upstream) -> None:
    upstream.reply = 500, '{"error": {"code": "internal_error", "message": "no\\u001b[2J\\nNZ1 \\u202egood"}}'
    done = flightctl("lookup", "NZ527")
    assert done.err.endswith("\n")
    assert done.err[:-1].isprintable()
    assert "no\N{REPLACEMENT CHARACTER}[2J" in done.err


def test_a_note_is_shown_as_text(flightctl: Flightctl) -> None:
    done = flightctl("add-manual", "NZ527", "--from", "AKL", "--to", "CHC", "--note", "[/]\x1b[31mred\u202e")
    assert done.code == 0
    assert "[/]\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}" in done.out
