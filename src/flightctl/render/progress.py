"""A progress bar: only on a terminal, only on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flightctl.render.output import Output


@contextmanager
def progress(output: Output, what: str, total: int) -> Iterator[Callable[[], None]]:
    """Yield what to call after each step; draws nothing where nobody would see it."""
    if output.quiet or not output.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(file=output.stderr, no_color=True if output.color == "never" else None)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
