"""``flightctl ingest``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from select import select
from typing import Annotated, cast

import typer

from flightctl.cli.commands import Command, new_app
from flightctl.cli.context import runtime_of
from flightctl.domain.ingestion import Lines
from flightctl.errors import UsageError
from flightctl.render.ingest import IngestView

ingest_app = new_app()

_PIECE_BYTES = 1 << 18
_PAUSE_S = 0.1
_MIXED, _NONE = 9, UsageError.exit_code


@ingest_app.command("ingest", cls=Command)
def ingest(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="Updates as NDJSON, or - for stdin.", show_default=False)
    ],
) -> None:
    """Service: apply flight updates, one JSON object a line, to the flights that every list shows.

    A line is {"provider": "aviationstack", "aeroapi" or "flightctl", "observed_at": "...Z", "row": {...}}. A line that
    cannot be read is told of and does not stop the rest; a repeated or older update changes nothing, so an interrupted
    run can be repeated.
    """
    runtime = runtime_of(ctx)
    ingesting = runtime.ingesting()
    for _ in ingesting.ingest(_batches(file)):
        pass
    told = ingesting.ingested
    runtime.output.show(IngestView(told))
    if told.malformed:
        first = told.malformed[0]
        runtime.output.say(f"{len(told.malformed)} of {told.lines} lines malformed; line {first.line}: {first.message}")
        raise typer.Exit(_NONE if len(told.malformed) == told.lines else _MIXED)


def _batches(file: str) -> Iterator[list[str]]:
    """Lines as they come: of a pipe, what is there, so that no update waits for the next one; none for a pause."""
    lines = Lines()
    try:
        with _opened(file) as stream:
            while piece := stream.read1(_PIECE_BYTES):
                yield lines.cut(piece)
                if not (stream.seekable() or select([stream], [], [], _PAUSE_S)[0]):
                    yield []
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", hint="name a file of NDJSON, or - for stdin") from None
    yield lines.rest()


@contextmanager
def _opened(file: str) -> Iterator[BufferedReader]:
    if file == "-":
        yield cast(BufferedReader, sys.stdin.buffer)
        return
    with open(file, "rb") as stream:  # noqa: PTH123 - a name, "" too, and not a path that may be changed on the way
        yield stream
