"""What httpx and the operating system raise, put into our errors: their texts may hold URL and key."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from typing import Final

import httpx

from flightctl.domain.text import cleaned
from flightctl.errors import ConfigurationError, FlightctlError, TimedOut, Unreachable, Unreadable
from flightctl.providers.redaction import redacted

FAILURES: Final = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, UnicodeError)
"""Everything a request can raise that is not a bug of ours."""

_CANNOT_BE_SENT = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError)
_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_SAYS_WHY = (httpx.NetworkError, httpx.ProxyError, OSError)
_CAUSE_LENGTH = 200


def explained(failure: Exception, provider: str, secrets: Sequence[str], url_setting: str) -> FlightctlError:
    """The error for ``failure``, one of FAILURES; ``cause`` is its type and, where safe, redacted text."""
    hint = f"check the network, the proxy and {url_setting}; cached flights still answer"
    cause = _cause(failure, secrets)
    tls = next((link for link in _chain(failure) if isinstance(link, ssl.SSLError)), None)
    was_sent = not isinstance(failure, _BEFORE_SENDING)
    if tls is not None:
        return _no_tls(tls, provider, hint, cause, was_sent=was_sent)
    if isinstance(failure, httpx.TimeoutException):
        return TimedOut(f"{provider} did not answer in time", cause=cause, was_sent=was_sent)
    if isinstance(failure, httpx.ProxyError):
        return Unreachable(f"the proxy gave no way to {provider}", hint=hint, cause=cause, was_sent=was_sent)
    if isinstance(failure, _CANNOT_BE_SENT):
        return ConfigurationError(f"the URL or key for {provider} cannot be sent as it stands", cause=cause)
    if isinstance(failure, httpx.NetworkError | OSError) or _hung_up(failure):
        return Unreachable(f"{provider} cannot be reached", hint=hint, cause=cause, was_sent=was_sent)
    return Unreadable(f"{provider} sent no complete HTTP answer", cause=cause)


def unusable_environment(failure: Exception) -> ConfigurationError:
    """The error for a client that could not be made; no text is passed on, as proxy URLs hold passwords."""
    if isinstance(failure, OSError):
        message = "TLS: no certificates can be read from SSL_CERT_FILE or SSL_CERT_DIR"
    else:
        message = "a proxy named in the environment (HTTPS_PROXY, ALL_PROXY, NO_PROXY) cannot be used"
    return ConfigurationError(message, cause=type(failure).__name__)


def _no_tls(tls: ssl.SSLError, provider: str, hint: str, cause: str, *, was_sent: bool) -> Unreachable:
    if isinstance(tls, ssl.SSLCertVerificationError):
        message = f"TLS: the certificate shown for {provider} is not trusted"
        trust = "behind a company's proxy, set SSL_CERT_FILE to its certificate authority"
        return Unreachable(message, hint=trust, cause=cause, was_sent=was_sent)
    return Unreachable(f"TLS: no secure connection to {provider}", hint=hint, cause=cause, was_sent=was_sent)


def _hung_up(failure: Exception) -> bool:
    """Whether the connection ended before any answer, which httpcore counts as a breach of protocol."""
    return isinstance(failure, httpx.RemoteProtocolError) and str(failure).startswith("Server disconnected")


def _cause(failure: Exception, secrets: Sequence[str]) -> str:
    name = type(failure).__name__
    if isinstance(failure, _SAYS_WHY):
        text = str(failure)
    elif isinstance(failure, httpx.RemoteProtocolError):
        text = str(failure).partition(":")[0]  # h11 quotes the bytes it received after the colon
    else:
        text = ""
    return cleaned(redacted(f"{name}: {text}" if text else name, secrets))[:_CAUSE_LENGTH]


def _chain(failure: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = failure
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__
