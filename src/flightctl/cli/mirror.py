"""``flightctl mirror``."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from flightctl.cli.commands import Command, Group, new_app
from flightctl.cli.context import ask_before, runtime_of
from flightctl.errors import BadUser, FlightctlError, MirrorError, NotAllowed, StoreError, UsageError

if TYPE_CHECKING:
    from flightctl.services.mirror_check import Comparison
    from flightctl.services.mirror_run import MirrorRun

mirror_app = new_app(
    cls=Group, help="Keep the lists, shares and flights in a NATS key-value bucket that programs watch."
)

_ACCOUNT = r"[A-Za-z0-9_-]+"
_PAUSE_S = 0.02
_AGAIN_S, _LONGEST_S = 0.5, 5.0


@mirror_app.command("run", cls=Command)
def run(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Bring what is noted now, and end.")] = False,
) -> None:
    """Service: bring every change to the bucket as it is committed, until interrupted; a new bucket is filled first.

    Several may run at once. What could not be brought waits, and is brought when SQL and NATS are there again.
    """
    runtime = runtime_of(ctx)
    mirror = runtime.mirror.run()
    try:
        if once:
            done = mirror.drain()
            runtime.output.note(
                f"{done.rows} changes mirrored" + (f", {done.rebuilt} keys made" if done.rebuilt else "")
            )
        else:
            _run(ctx, mirror)
    finally:
        mirror.close()


@mirror_app.command("status", cls=Command)
def status(ctx: typer.Context) -> None:
    """Service: show how far the bucket is behind, in rows and seconds, and when a mirror was last alive."""
    from flightctl.render.mirror import status_view
    from flightctl.services.mirror_run import status as status_of

    runtime = runtime_of(ctx)
    bucket, database = runtime.mirror.bucket, runtime.database
    found = status_of(database, bucket)
    runtime.output.show(status_view(found, runtime.mirror.terms.name, runtime.mirror.servers, runtime.clock()))
    if found.trouble is not None:
        _leave(ctx, found.trouble)


@mirror_app.command("rebuild", cls=Command)
def rebuild(ctx: typer.Context) -> None:
    """Service: make the bucket if there is none, write every key from SQL, and remove what SQL does not know."""
    from flightctl.render.mirror import rebuilt_view

    runtime = runtime_of(ctx)
    check, name = runtime.mirror.check, runtime.mirror.terms.name
    ask_before(ctx, f"Write everything in the bucket {name} anew? Whoever watches it sees every key again.")
    keys = check.rebuild(lambda _: None)
    runtime.output.show(rebuilt_view(name, keys))


@mirror_app.command("verify", cls=Command)
def verify(
    ctx: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Write the keys that differ anew.")] = False,
) -> None:
    """Service: compare SQL and bucket key by key; exit 5 where they differ and are not repaired."""
    from flightctl.render.mirror import comparison_view

    runtime = runtime_of(ctx)
    check = runtime.mirror.check
    found = check.compare()
    if repair:
        check.mend(found.wrong)
    runtime.output.show(comparison_view(runtime.mirror.terms.name, found, len(found.wrong) if repair else 0))
    if found.wrong and not repair:
        _leave(ctx, _difference(found))


@mirror_app.command("permissions", cls=Command)
def permissions(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="Whose list may be read.", show_default=False)],
    owner: Annotated[str, typer.Option("--owner", help="The account of the server that has the bucket.")] = "FLIGHTS",
    single_account: Annotated[
        bool,
        typer.Option("--single-account", help="For a server without accounts; what it prints says what that costs."),
    ] = False,
    no_names: Annotated[
        bool, typer.Option("--no-names", help="Without what tells the names of other people's keys; see docs/nats.md.")
    ] = False,
) -> None:
    """Print what to put into a NATS server's configuration, so that USER reads and watches users.USER.> alone."""
    from flightctl.mirror.permissions import server_account, server_permissions

    runtime = runtime_of(ctx)
    bucket = runtime.settings["nats.bucket"]
    if not re.fullmatch(_ACCOUNT, owner):
        raise UsageError(f"--owner {ascii(owner)[:60]} is no account", hint="letters, digits, _ and - only")
    try:
        text = (
            server_permissions(user, bucket, names=not no_names)
            if single_account
            else server_account(user, bucket, owner=owner, names=not no_names)
        )
    except BadUser as error:
        raise UsageError(error.message) from None
    runtime.output.write(text.rstrip("\n"))


def _run(ctx: typer.Context, mirror: MirrorRun) -> None:
    """Round after round; what keeps it from working is told once, and tried again."""
    output = runtime_of(ctx).output
    trouble, pause_s = "", _AGAIN_S
    while True:
        try:
            done = mirror.step()
        except NotAllowed:
            raise
        except (StoreError, MirrorError) as error:
            trouble = _told(ctx, error, trouble)
            mirror.failed()
            time.sleep(pause_s)
            pause_s = min(_LONGEST_S, 2 * pause_s)
            continue
        if done.rebuilt:
            output.note(f"the bucket was new: {done.rebuilt} keys made")
        if trouble:
            output.note("mirroring again")
        trouble, pause_s = "", _AGAIN_S
        if not done.rows:
            time.sleep(_PAUSE_S)


def _told(ctx: typer.Context, error: FlightctlError, before: str) -> str:
    if error.message != before:
        runtime_of(ctx).output.warn(f"{error.message}; it is tried again")
    return error.message


def _leave(ctx: typer.Context, error: FlightctlError) -> NoReturn:
    """End with this failure; what was shown tells of it, too."""
    runtime_of(ctx).output.fail(error, with_object=False)
    raise typer.Exit(error.exit_code)


def _difference(found: Comparison) -> MirrorError:
    parts = [f"{len(keys)} {name}" for name, keys in found.by_kind() if keys]
    return MirrorError(
        f"bucket and SQL differ: {', '.join(parts)}", hint="'flightctl mirror verify --repair' writes these keys anew"
    )
