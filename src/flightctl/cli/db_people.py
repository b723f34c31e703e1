"""``flightctl db grant``, ``revoke`` and ``users``: who is let into the remote."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from flightctl.cli.commands import Command
from flightctl.cli.context import ask_before, runtime_of
from flightctl.cli.db import ADMIN_URL, db_app
from flightctl.domain.caller import Role, Tier
from flightctl.render.people import people_view


class RoleName(Enum):
    """A role as it is typed."""

    USER = "user"
    STAFF = "staff"
    SERVICE = "service"


_User = Annotated[str, typer.Argument(help="The database login.", show_default=False)]


@db_app.command("grant", cls=Command)
def grant(
    ctx: typer.Context,
    user: _User,
    tier: Annotated[Tier, typer.Option(help="Whether they may spend what is for subscribers.")] = Tier.BASIC,
    role: Annotated[RoleName, typer.Option(help="What they may see and write.")] = RoleName.USER,
    url: ADMIN_URL = "",
) -> None:
    """Let a login into the remote with a tier and a role; it is made where there is none."""
    from flightctl.services.remote_admin import admin_url, granted

    runtime = runtime_of(ctx)
    person = granted(admin_url(url, runtime.settings), user, tier, Role[role.name])
    runtime.output.show(people_view([person]))


@db_app.command("revoke", cls=Command)
def revoke(ctx: typer.Context, user: _User, url: ADMIN_URL = "") -> None:
    """Let a login into the remote no more; its list and shares stay."""
    from flightctl.services.remote_admin import admin_url, revoked

    runtime = runtime_of(ctx)
    address = admin_url(url, runtime.settings)
    ask_before(ctx, f"Let {user} in no more?")
    runtime.output.show(people_view(revoked(address, user)))


@db_app.command("users", cls=Command)
def users(ctx: typer.Context, url: ADMIN_URL = "") -> None:
    """List who is let into the remote."""
    from flightctl.services.remote_admin import admin_url, users

    runtime = runtime_of(ctx)
    runtime.output.show(people_view(users(admin_url(url, runtime.settings))))
