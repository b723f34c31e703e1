"""A check-up: settings, keys, the local file, the remote and NATS. Nothing is paid for, and nothing stays changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from flightctl.domain.checkup import Check, absent, failed, fine, unchecked
from flightctl.errors import ConfigurationError, Corrupt, FlightctlError, MirrorError, NoKey, NotFound, RemoteError
from flightctl.keys import provider_key
from flightctl.services.billed_accounts import AEROAPI, AVIATIONSTACK
from flightctl.settings import SETTINGS, Settings
from flightctl.store import files, lists
from flightctl.store.engine import Database
from flightctl.store.identity import Identity, identity
from flightctl.store.schema import HEAD

if TYPE_CHECKING:
    from flightctl.mirror.watch import MirrorWatch

_MOST_APART_S = 60
_HEARD_WITHIN_S = 6.0
_LOOK_EVERY_S = 0.1
NO_NATS = absent("nats", "no other program watches", "FLIGHTCTL_NATS_URL names a NATS server")
NO_REMOTE = absent("remote", "the local file is all there is", "FLIGHTCTL_REMOTE_URL names a shared database")


def settings_checks(settings: Settings) -> Iterator[Check]:
    """Every setting has a value that it can have."""
    wrong = []
    for setting in SETTINGS:
        try:
            settings.value(setting.name).parsed()
        except ConfigurationError as error:
            wrong.append(failed("settings", error))
    yield from wrong or [fine("settings", f"{len(SETTINGS)} settings can be read")]


def key_checks(settings: Settings) -> Iterator[Check]:
    """Each key is there and nobody else can read it; whether its provider takes it, only a paid call would tell."""
    for provider in (AVIATIONSTACK, AEROAPI):
        name = f"{provider} key"
        try:
            provider_key(settings, provider)
        except NoKey as error:
            yield absent(name, error.message, error.hint)
        except ConfigurationError as error:
            yield failed(name, error)
        else:
            yield fine(name, f"is set; whether {provider} takes it was not tried, since that would be a paid call")


def file_checks(path: Path) -> Iterator[Check]:
    """The local file is whole and of this version."""
    try:
        status = files.status(path)
    except NotFound:
        yield absent("local file", f"{path} is not there yet; the first look-up makes it")
        return
    except FlightctlError as error:
        yield failed("local file", error)
        return
    if not status.intact:
        yield failed("local file", Corrupt(f"{path} is damaged"))
    elif status.revision != HEAD:
        yield fine("local file", f"{path} is at revision {status.revision or 'none'}; the next command upgrades it")
    else:
        yield fine("local file", f"{path}, revision {HEAD}, SQLite {status.sqlite_version}")


def list_checks(open_file: Callable[[], Database]) -> Iterator[Check]:
    """Lists and reverse index of the local file say the same."""
    try:
        with open_file().reading() as session:
            apart = len(lists.differences(session)) + len(lists.miscounted(session))
    except FlightctlError as error:
        yield failed("lists", error)
        return
    if apart:
        yield failed("lists", Corrupt(f"lists and index differ in {apart} places"))
    else:
        yield fine("lists", "lists and index say the same")


def remote_checks(open_remote: Callable[[], Database]) -> Iterator[Check]:
    """The remote can be reached, lets this login in, is of this version, and keeps its rows from strangers."""
    try:
        remote = open_remote()
        with remote.reading() as session:
            known = identity(session)
    except FlightctlError as error:
        yield failed("remote", error)
        yield unchecked("remote access rules", "the remote could not be asked")
        return
    yield fine("remote", f"lets {known.user} in as {known.tier.value} {known.role.name.lower()}, revision {HEAD}")
    yield _clock(known)
    yield _rules(remote, known)


def _clock(known: Identity) -> Check:
    apart_s = abs((known.moment - datetime.now(UTC)).total_seconds())
    if apart_s > _MOST_APART_S:
        error = RemoteError(f"the clocks here and there are {apart_s:.0f} s apart", hint="set this machine's clock")
        return failed("clock", error)
    return fine("clock", "this machine and the remote agree")


def _rules(remote: Database, known: Identity) -> Check:
    from flightctl.store import trials

    name = "remote access rules"
    try:
        with remote.writing() as session:
            tried = dict(trials.tried(session, known.role))
            bare = trials.unforced(session)
            session.rollback()
    except FlightctlError as error:
        return failed(name, error)
    broken = [f"{known.user} can {what}" for what, is_refused in tried.items() if not is_refused]
    broken += [f"{table} is not protected" for table in bare]
    if broken:
        hint = "an admin runs 'flightctl db upgrade --url ADMIN_URL', and looks who has changed rights by hand"
        return failed(name, RemoteError("; ".join(broken), hint=hint))
    return fine(name, f"{len(tried)} things that {known.user} must not do were tried, and refused")


def nats_checks(watch: Callable[[], MirrorWatch], servers: Callable[[], str]) -> Iterator[Check]:
    """NATS can be reached, has the bucket, lets this user watch it, and a mirror is at work."""
    try:
        title, watching = servers(), watch()
    except FlightctlError as error:
        yield failed("nats", error)
        return
    try:
        until = monotonic() + _HEARD_WITHIN_S
        while not watching.is_sound and monotonic() < until:
            sleep(_LOOK_EVERY_S)
        why = watching.trouble or f"no mirror was heard of for {_HEARD_WITHIN_S:g} s"
        is_sound = watching.is_sound
    finally:
        watching.close()
    if is_sound:
        yield fine("nats", f"a mirror at {title} is at work")
    else:
        yield failed("nats", MirrorError(why, hint="'flightctl mirror run' has to be at work; see 'mirror status'"))
