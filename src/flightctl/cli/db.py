"""``flightctl db``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flightctl.cli.commands import Command, Group, new_app
from flightctl.cli.context import ask_before, runtime_of
from flightctl.render.plain import FactsView

db_app = new_app(cls=Group, help="Look after the local database file and the remote.")
ADMIN_URL = Annotated[
    str,
    typer.Option(
        "--url", help="The remote with an admin's login; its password is better kept in ~/.pgpass.", show_default=False
    ),
]


@db_app.command("status", cls=Command)
def status(ctx: typer.Context) -> None:
    """Show the file, its version, and how many rows it holds; the same of the remote, and what is not handed over."""
    runtime = runtime_of(ctx)
    facts = runtime.database_facts()
    runtime.output.show(FactsView("flightctl.db/1", facts))


@db_app.command("upgrade", cls=Command)
def upgrade(ctx: typer.Context, url: ADMIN_URL = "") -> None:
    """Bring the file to this program's version, which every command does by itself; with --url, the remote."""
    runtime = runtime_of(ctx)
    if url:
        from flightctl.services import remote_admin

        runtime.output.show(FactsView("flightctl.db/1", remote_admin.upgraded(url, runtime.settings)))
        return
    from flightctl.services.local_file import upgraded

    runtime.output.show(FactsView("flightctl.db/1", upgraded(runtime.stores.path)))


@db_app.command("downgrade", cls=Command)
def downgrade(
    ctx: typer.Context,
    revision: Annotated[
        str, typer.Argument(help="A revision such as 0001, or base for no tables.", show_default=False)
    ],
    url: ADMIN_URL = "",
) -> None:
    """Take the file, or with --url the remote, back to an earlier revision; what later ones added is lost."""
    runtime = runtime_of(ctx)
    if url:
        from flightctl.services import remote_admin

        ask_before(ctx, f"Take the remote back to {revision}? What later versions added is lost, for everybody.")
        runtime.output.show(FactsView("flightctl.db/1", remote_admin.downgraded(url, revision)))
        return
    from flightctl.services.local_file import downgraded

    ask_before(ctx, f"Take {runtime.stores.path} back to {revision}? What later versions added is lost.")
    runtime.output.show(FactsView("flightctl.db/1", downgraded(runtime.stores.path, revision)))


@db_app.command("backup", cls=Command)
def backup(
    ctx: typer.Context, to: Annotated[Path, typer.Argument(help="The copy to make.", show_default=False)]
) -> None:
    """Copy the file while others use it."""
    from flightctl.services.local_file import backed_up

    runtime = runtime_of(ctx)
    if to.exists():
        ask_before(ctx, f"Overwrite {to}?")
    runtime.output.show(FactsView("flightctl.db/1", backed_up(runtime.stores.path, to)))


@db_app.command("restore", cls=Command)
def restore(
    ctx: typer.Context, copy: Annotated[Path, typer.Argument(help="A copy from 'db backup'.", show_default=False)]
) -> None:
    """Put a copy in the file's place; what was cached since is lost."""
    from flightctl.services.local_file import restored

    runtime = runtime_of(ctx)
    ask_before(ctx, f"Replace {runtime.stores.path} by {copy}? What was cached since is lost.")
    runtime.output.show(FactsView("flightctl.db/1", restored(runtime.stores.path, copy)))
