"""What the environment may change about a request: proxies, certificates, a signal."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from certificates import Authority, make_authority
from wire import KEY, answering, everything_said, sending, serving, silent, without_key

from flightctl.errors import ConfigurationError, Unreachable
from flightctl.providers.transport import Gateway, Reply


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    for name in (*names, *map(str.lower, names), "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


def ask(url: str) -> Reply:
    gateway = Gateway(url, provider="AviationStack", secrets=[KEY])
    try:
        return gateway.get("/flights", {"access_key": KEY})
    finally:
        gateway.close()


def test_https_goes_through_the_proxy_which_sees_a_connect_without_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(sending(f"HTTP/1.1 407 {KEY}\r\n\r\n".encode())) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(Unreachable) as caught:
            ask("https://api.aviationstack.com/v1")
    assert proxy.asked[0].startswith("CONNECT api.aviationstack.com:443 ")
    assert without_key("".join(proxy.asked))
    assert "proxy" in caught.value.message
    assert without_key(everything_said(caught.value))


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_plain_http_on_the_loopback_never_meets_the_proxy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering({})) as proxy, serving(answering({})) as server:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        ask(server.url)
    assert (proxy.connections, server.connections) == (0, 1)


def test_no_proxy_keeps_https_away_from_it(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(answering({})) as proxy, serving(answering({}), authority.server) as server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        ask(server.url)
    assert (proxy.connections, server.connections) == (0, 1)


def test_a_private_authority_is_trusted_through_ssl_cert_file(
    monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with serving(answering({"a": 1}), authority.server) as server:
        assert ask(server.url).body == b'{"a": 1}'


def test_a_certificate_nobody_trusts_is_unreachable_by_tls_and_no_request_is_sent(
    authority: Authority,
) -> None:
    with serving(answering({}), authority.server) as server, pytest.raises(Unreachable) as caught:
        ask(server.url)
    assert "TLS" in caught.value.message
    assert "SSL_CERT_FILE" in caught.value.hint
    assert server.asked == []


def test_a_server_that_speaks_no_tls_is_unreachable_by_tls() -> None:
    with serving(answering({}), head_end=b"") as server, pytest.raises(Unreachable) as caught:
        ask(server.url.replace("http:", "https:"))
    assert "TLS" in caught.value.message
    assert without_key("".join(server.asked))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSL_CERT_FILE", "/nonexistent/ca.pem"),
        ("SSL_CERT_FILE", os.devnull),
        ("HTTPS_PROXY", "gopher://user:hunter22@proxy:70"),
        ("HTTPS_PROXY", "socks5://user:hunter22@proxy:1080"),
        ("HTTPS_PROXY", "http://user:hunter22@proxy:port"),
    ],
)
def test_an_environment_that_cannot_be_used_is_a_configuration_error(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        ask("https://127.0.0.1:9/v1")
    assert name in caught.value.message
    assert "hunter22" not in caught.value.message + caught.value.cause


def test_netrc_adds_no_header(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("netrc", ".netrc"):
        (tmp_path / name).write_text("machine 127.0.0.1 login me password hunter22\n")
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving(answering({})) as server:
        ask(server.url)
    assert "authorization" not in server.asked[0].lower()


def test_an_interrupt_reaches_the_waiting_caller_at_once() -> None:
    with serving(silent) as server:
        timer = threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT])
        started = time.monotonic()
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            ask(server.url)
    assert time.monotonic() - started < 0.6


_ASK = """
import sys
from flightctl.providers.transport import Gateway
Gateway(sys.argv[1], deadline_seconds=60).get("/flights", {})
"""


def test_an_interrupted_process_ends_without_waiting_for_its_request() -> None:
    with serving(silent) as server:
        process = subprocess.Popen([sys.executable, "-c", _ASK, server.url], stderr=subprocess.PIPE)
        while not server.asked:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=2)
    assert process.returncode == -signal.SIGINT
