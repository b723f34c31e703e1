"""Everything that can go wrong, once: each class has its exit code, its machine-readable code and its hint.

FlightctlError
├── UsageError (2)          BadDesignator, BadAirport, BadDate, BadFlightId, SeveralFlights,
│                           MalformedRow, ConfirmationNeeded
├── NotFound (3)            OfflineAbsent
├── NotAllowed (4)          LoginRefused, MirrorRefused
├── UpstreamError (5)       Unreachable, TimedOut, Redirected, TooLarge, Unreadable, ServerError, BreakerOpen,
│   │                       KeyRefused, PlanRefused, RequestRefused, IncompleteAnswer
│   └── ToldToWait (5)      Unavailable, RateLimited
├── BudgetReached (6)       Frozen, QuotaUsedUp
├── StateRefused (7)        AlreadyConfirmed, SeveralProposals, TokenRefused, ShareOver
├── StoreError (5)
│   ├── LocalFileError (8)  Locked, Full, ReadOnly, Corrupt, Newer, OutputLost
│   └── RemoteError (5)     RemoteUnreachable, RemoteTimedOut, RemoteOutdated
├── MirrorError (5)         MirrorUnreachable, MirrorTimedOut, BucketMissing
└── ConfigurationError (10) NoKey, MissingPart, BadUser
"""

from __future__ import annotations

from typing import ClassVar


class FlightctlError(Exception):
    """Base of every failure that is explained to a user.

    ``message`` is one sentence for a person, ``hint`` says what to do next (may be empty), ``cause`` is
    the redacted technical reason that ``--verbose`` shows (may be empty).
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "bug"
    default_hint: ClassVar[str] = ""
    serves_stale: ClassVar[bool] = False
    """Whether ``--stale-if-error`` may answer from a stale entry instead (RFC 5861)."""
    stops_a_run: ClassVar[bool] = False
    """Whether every further call of a run would end just the same."""

    def __init__(self, message: str, *, hint: str = "", cause: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint
        self.cause = cause


class UsageError(FlightctlError):
    """The command line asks for something that cannot be."""

    exit_code = 2
    code = "usage"


class BadDesignator(UsageError):
    """Text that is no flight designator and no prefix of one."""

    code = "bad_designator"
    default_hint = "write airline and number, such as NZ527, 'nz 527' or ANZ527"


class BadAirport(UsageError):
    """No airport has this code."""

    code = "bad_airport"


class BadDate(UsageError):
    """Text that is no date, or a date that no provider speaks of."""

    code = "bad_date"
    default_hint = "write 2026-12-03, today, tomorrow, or +3 for three days from now"


class BadFlightId(UsageError):
    """Text that is no permanent id of a flight."""

    code = "bad_flight_id"
    default_hint = "an id looks like ANZ5272.2025-09-11.0830.NZAA.NZCH; 'flightctl lookup NZ5272 --date D' shows them"


class SeveralFlights(UsageError):
    """A number has several flights on a day, and nobody can be asked which one is meant."""

    code = "several_flights"
    default_hint = "give the id of one of them"


class MalformedRow(UsageError):
    """A row of updates that cannot be read."""

    code = "malformed_row"


class ConfirmationNeeded(UsageError):
    """A destructive command without ``--yes`` where nobody can be asked."""

    code = "confirmation_needed"


class NotFound(FlightctlError):
    """Nobody knows it, or there is nothing to act on."""

    exit_code = 3
    code = "not_found"


class OfflineAbsent(NotFound):
    """``--offline`` and the local tier has no fresh entry."""

    code = "offline"
    default_hint = "leave out --offline to ask the provider"


class NotAllowed(FlightctlError):
    """Tier, role or database login forbid it."""

    exit_code = 4
    code = "denied"


class LoginRefused(NotAllowed):
    """The remote does not let this login in."""

    code = "login_refused"
    default_hint = "check the user and the password in FLIGHTCTL_REMOTE_URL or ~/.pgpass; an admin can make a login"


class MirrorRefused(NotAllowed):
    """NATS does not let this user in, or not do this."""

    code = "mirror_refused"
    default_hint = (
        "check the user, the password and the permissions; 'flightctl mirror permissions USER' prints a reader's"
    )


class UpstreamError(FlightctlError):
    """The provider did not give a usable answer; ``kind`` is what statistics count.

    ``was_sent`` is false only where it is certain that no request left this machine, so that none is billed.
    """

    exit_code = 5
    code = "upstream_error"
    kind: ClassVar[str] = "other"
    trips_breaker: ClassVar[bool] = False
    """Whether the provider itself is failing, so that further calls would be paid for nothing."""

    def __init__(self, message: str, *, hint: str = "", cause: str = "", was_sent: bool = True) -> None:
        super().__init__(message, hint=hint, cause=cause)
        self.was_sent = was_sent


class Unreachable(UpstreamError):
    """No connection: name resolution, refused, reset, TLS."""

    code = kind = "upstream_unreachable"
    serves_stale = True
    trips_breaker = True
    default_hint = "check the network, the proxy and aviationstack.url; cached flights still answer"


class TimedOut(UpstreamError):
    """No complete answer within the deadline."""

    code = kind = "upstream_timeout"
    serves_stale = True
    trips_breaker = True
    default_hint = "try again later; --stale-if-error shows an expired entry meanwhile"


class Redirected(UpstreamError):
    """A redirect, which is never followed: the key would go to another address."""

    code = kind = "upstream_redirect"
    serves_stale = True
    trips_breaker = True
    default_hint = "check aviationstack.url; redirects are not followed, because the key goes to no other host"


class TooLarge(UpstreamError):
    """More than 8 MiB, on the wire or unpacked."""

    code = kind = "upstream_too_large"
    serves_stale = True
    trips_breaker = True


class Unreadable(UpstreamError):
    """HTML, truncated JSON, a wrong type: not an answer of this provider."""

    code = kind = "upstream_unreadable"
    serves_stale = True
    trips_breaker = True
    default_hint = "something between here and the provider may have answered instead (captive portal, proxy)"


class ServerError(UpstreamError):
    """The provider failed by its own account (5xx, internal_error)."""

    code = kind = "upstream_server_error"
    serves_stale = True
    trips_breaker = True
    default_hint = "try again later; --stale-if-error shows an expired entry meanwhile"


class ToldToWait(UpstreamError):
    """The provider wants to be left alone; ``retry_after_seconds`` as told, else 60."""

    serves_stale = True
    stops_a_run = True

    def __init__(self, message: str, *, retry_after_seconds: float = 60.0, hint: str = "", cause: str = "") -> None:
        super().__init__(message, hint=hint, cause=cause)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(ToldToWait):
    """503."""

    code = kind = ServerError.code
    trips_breaker = True
    default_hint = ServerError.default_hint


class RateLimited(ToldToWait):
    """Too many requests a minute."""

    code = kind = "upstream_rate_limited"
    default_hint = "cached flights still answer; --stale-if-error shows an expired entry meanwhile"


class BreakerOpen(UpstreamError):
    """The provider has failed so often that nobody asks it for now, but for one try every half minute."""

    code = kind = "upstream_breaker_open"
    serves_stale = True
    stops_a_run = True
    default_hint = "cached flights still answer; --stale-if-error shows an expired entry meanwhile"


class KeyRefused(UpstreamError):
    """401: the key is missing, wrong or inactive."""

    code = kind = "key_refused"
    stops_a_run = True
    default_hint = "check the key: 'flightctl config show' says where it comes from"


class PlanRefused(UpstreamError):
    """403: the subscription does not include what was asked."""

    code = kind = "plan_refused"
    stops_a_run = True
    default_hint = "the provider's plan does not include this; see aviationstack.plan in 'flightctl config show'"


class RequestRefused(UpstreamError):
    """The provider calls the request itself wrong (validation, unknown function, other 4xx)."""

    code = kind = "request_refused"
    default_hint = "check aviationstack.url in 'flightctl config show'"


class IncompleteAnswer(UpstreamError):
    """An answer whose airline or airports have no IATA code, even in the reference tables."""

    code = kind = "incomplete_answer"
    default_hint = "nothing was stored; 'flightctl add-manual' can propose the route"


class BudgetReached(FlightctlError):
    """The cap on paid calls is reached, or calls are frozen."""

    exit_code = 6
    code = "budget"
    serves_stale = True
    stops_a_run = True


class Frozen(BudgetReached):
    """Somebody has stopped all paid calls."""

    code = "budget_frozen"
    default_hint = "cached flights still answer; 'flightctl budget thaw' allows paid calls again"


class QuotaUsedUp(BudgetReached):
    """The provider's own quota is used up until its billing cycle turns (``usage_limit_reached``)."""

    code = kind = "usage_limit_reached"
    default_hint = "cached flights still answer; the quota comes back when the provider's billing cycle turns"


class StateRefused(FlightctlError):
    """What is there now forbids it."""

    exit_code = 7
    code = "refused"


class AlreadyConfirmed(StateRefused):
    """A proposal against a confirmed entry."""

    code = "already_confirmed"


class SeveralProposals(StateRefused):
    """Different proposals wait for one flight; a person has to choose."""

    code = "several_proposals"


class TokenRefused(StateRefused):
    """A token that is unknown, malformed, used, expired, revoked or throttled: a stranger is told no more."""

    code = "token_refused"
    default_hint = "ask whoever sent it for a new one; after too many tries, wait an hour"


class ShareOver(StateRefused):
    """A share that was claimed, and cannot be taken back."""

    code = "share_over"


class StoreError(FlightctlError):
    """What keeps the data, here or remote, cannot be used."""

    exit_code = 5
    code = "store"
    stops_a_run = True


class RemoteError(StoreError):
    """The remote database did not do what it was asked."""

    code = "remote_failed"
    default_hint = "'flightctl doctor' looks for the reason"


class RemoteUnreachable(RemoteError):
    """No connection to the remote, or one that broke."""

    code = "remote_unreachable"
    serves_stale = True
    default_hint = "check the network and FLIGHTCTL_REMOTE_URL; cached flights still answer"


class RemoteTimedOut(RemoteError):
    """The remote did not answer in time."""

    code = "remote_timeout"
    serves_stale = True
    default_hint = "try again; cached flights still answer"


class RemoteOutdated(RemoteError):
    """The remote's tables are not those of this version."""

    code = "remote_schema"
    default_hint = "an admin runs 'flightctl db upgrade --url ADMIN_URL' with the newest flightctl"


class LocalFileError(StoreError):
    """The local SQLite file cannot be used."""

    exit_code = 8
    code = "local_file"
    default_hint = "check the file, its folder and its disk"


class Locked(LocalFileError):
    """Another process holds the file longer than we wait."""

    code = "local_locked"
    default_hint = "another program holds the file; close it, or try again"


class Full(LocalFileError):
    """No space, or a quota on the file's size."""

    code = "local_full"
    default_hint = "free some space, or point FLIGHTCTL_DB at another disk"


class ReadOnly(LocalFileError):
    """The file, its folder or its file system cannot be written."""

    code = "local_read_only"
    default_hint = "make the file and its folder writable, or point FLIGHTCTL_DB at another place"


class Corrupt(LocalFileError):
    """Not a database, or a damaged one."""

    code = "local_corrupt"
    default_hint = "'flightctl db restore BACKUP', or move the file away and let a new one be made"


class Newer(LocalFileError):
    """Written by a later version of this program."""

    code = "local_newer"
    default_hint = "upgrade flightctl, or point FLIGHTCTL_DB at another file"


class OutputLost(LocalFileError):
    """Where stdout goes has no room, or fails."""

    code = "output_lost"
    default_hint = "what was answered is kept in the cache; free some space and ask again"


class MirrorError(FlightctlError):
    """NATS did not do what it was asked. It holds a copy only: nothing is lost."""

    exit_code = 5
    code = "mirror_failed"
    default_hint = "'flightctl mirror status' shows how far behind it is"
    stops_a_run = True


class MirrorUnreachable(MirrorError):
    """No connection to NATS, or one that broke; or no JetStream there."""

    code = "mirror_unreachable"
    default_hint = "check the network and FLIGHTCTL_NATS_URL; what was not mirrored is mirrored later"


class MirrorTimedOut(MirrorError):
    """NATS did not answer in time."""

    code = "mirror_timeout"
    default_hint = "try again; what was not mirrored is mirrored later"


class BucketMissing(MirrorError):
    """NATS is there, and the bucket is not: never made, or wiped."""

    code = "bucket_missing"
    default_hint = "'flightctl mirror rebuild' makes it"


class ConfigurationError(FlightctlError):
    """A setting that is missing, malformed or unsafe."""

    exit_code = 10
    code = "configuration"
    stops_a_run = True


class NoKey(ConfigurationError):
    """A paid answer is needed and no key is configured."""

    code = "no_key"


BREAKING_KINDS = tuple(
    sorted(
        {
            kind.kind
            for kind in (Unreachable, TimedOut, Redirected, TooLarge, Unreadable, ServerError, Unavailable)
            if kind.trips_breaker
        }
    )
)
"""Under which names statistics count the failures that open a breaker."""


class MissingPart(ConfigurationError):
    """What is configured needs a part of the program that was not installed with it."""

    code = "missing_part"


class BadUser(ConfigurationError):
    """A name that cannot own a list."""

    code = "bad_user"
