"""How a look-up ends: what is said on stderr, and with which code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from flightctl.domain.answer import Answer, exit_code
from flightctl.errors import NotFound
from flightctl.render.output import Output

if TYPE_CHECKING:
    from flightctl.services.dated_lookup import DatedLookups
    from flightctl.services.lookup import Lookups


def finish_lookup(
    output: Output, answers: Sequence[Answer], lookups: Lookups | DatedLookups, what: str = "route"
) -> None:
    """Warn about the local file, say in one line what failed, and leave with the code that all answers share."""
    if lookups.local.unreadable is not None:
        output.warn(f"{lookups.local.unreadable.message}; the cache was not used ({lookups.local.unreadable.hint})")
    elif lookups.local.unwritable is not None:
        output.warn(f"{lookups.local.unwritable.message}; this was not counted ({lookups.local.unwritable.hint})")
    failed = [answer.error for answer in answers if answer.error is not None]
    empty = [NotFound(f"{prefix.query}: nothing starts like this") for prefix in lookups.prefixes if _empty(prefix)]
    failed += empty
    if len(failed) == 1:
        output.fail(failed[0], with_object=False)
    elif failed:
        output.say(
            f"{len(failed)} of {len(answers) + len(empty)} look-ups have no {what}; the first: {failed[0].message}"
        )
    raise typer.Exit(exit_code(answers, lookups.prefixes))


def _empty(prefix: object) -> bool:
    return not getattr(prefix, "matched", 1) and not getattr(prefix, "failed", True)
