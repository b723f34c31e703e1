"""One action on several flights: each is tried, and the exit code says how they fared together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import typer

from flightctl.domain.designator import Designator
from flightctl.domain.flight import Flight
from flightctl.domain.proposal import ReviewItem
from flightctl.errors import FlightctlError, NotAllowed
from flightctl.render.entries import EntriesView
from flightctl.render.flight_list import FlightsView
from flightctl.runtime import Runtime


def each(runtime: Runtime, flights: Sequence[str], act: Callable[[str], ReviewItem | Designator | Flight]) -> None:
    """Act on each flight, show what stands now, and say what failed. A role that is too low ends it at once."""
    done: list[ReviewItem] = []
    dated: list[Flight] = []
    failures: list[FlightctlError] = []
    for flight in flights:
        try:
            result = act(flight)
            if isinstance(result, Flight):
                dated.append(result)
            else:
                done.append(result if isinstance(result, ReviewItem) else ReviewItem(str(result), None, ()))
        except NotAllowed:
            raise
        except FlightctlError as error:
            failures.append(error)
    if len(flights) == 1 and failures:
        raise failures[0]
    runtime.output.show(FlightsView(dated) if dated and not done else EntriesView(done, runtime.ttl, flights=dated))
    for failure in failures:
        runtime.output.fail(failure, with_object=False)
    codes = {0} if done or dated else set()
    codes |= {failure.exit_code for failure in failures}
    raise typer.Exit(codes.pop() if len(codes) == 1 else 9)
