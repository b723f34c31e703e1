"""Where NATS may be, and that an address tells no secret."""

from __future__ import annotations

import pytest

from flightctl.errors import ConfigurationError
from flightctl.mirror.terms import Address, addresses, title


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("tls://nats.example", [Address("tls", "nats.example", 4222)]),
        ("tls://mirror:p%40ss@nats.example:5222/", [Address("tls", "nats.example", 5222, "mirror", "p@ss")]),
        ("tls://t0ken@nats.example", [Address("tls", "nats.example", 4222, token="t0ken")]),
        ("nats://127.0.0.1:4222", [Address("nats", "127.0.0.1", 4222)]),
        ("nats://[::1]:4222, tls://b", [Address("nats", "::1", 4222), Address("tls", "b", 4222)]),
        ("nats://localhost,", [Address("nats", "localhost", 4222)]),
    ],
)
def test_an_address_is_read(url: str, expected: list[Address]) -> None:
    assert addresses(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        " , ",
        "nats.example:4222",
        "nats://nats.example",
        "nats://10.0.0.1",
        "nats://u:hunter2@127.0.0.1.evil.example",
        "nats://localhost@nats.example",
        "tls://u:hunter2@127.0.0.1\\@nats.example",
        "http://127.0.0.1",
        "ws://127.0.0.1",
        "tls://",
        "tls://u:hunter2@nats.example:99999",
        "tls://u:hunter2@nats.example/path",
        "tls://u:hunter2@nats.example?x=1",
        "tls://u:hunter2@nats .example",
        "tls://[::1",
        "nats://127.0.0.1,nats://nats.example",
    ],
)
def test_what_may_not_be_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"nats\.url") as refused:
        addresses(url)
    assert refused.value.exit_code == 10
    assert "hunter2" not in refused.value.message + refused.value.hint + refused.value.cause


def test_for_people_servers_are_named_without_what_they_are_entered_with() -> None:
    assert title("tls://u:hunter2@a:1,nats://t0ken@[::1]:2") == "a:1, [::1]:2"
