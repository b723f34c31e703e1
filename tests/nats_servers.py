"""Real NATS servers with JetStream, on the loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

_COMMAND = Path(sys.executable).parent / "nats-server"
_STARTS_WITHIN_S = 20.0


def free_port() -> int:
    """A port of the loopback that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NatsServer:
    """One server; it keeps its port and, until it is wiped, its storage."""

    def __init__(
        self, folder: Path, config: str = "", environ: Mapping[str, str] | None = None, *, waits: bool = True
    ) -> None:
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._folder = folder
        self._environ = {**os.environ, **(environ or {})}
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "server.conf"
        self._file.write_text(
            f'listen: "127.0.0.1:{self.port}"\nserver_name: "n{self.port}"\n'
            f'jetstream {{ store_dir: "{folder}/storage", max_mem: 256M, max_file: 4G }}\n{config}\n'
        )
        self.start(waits=waits)

    def start(self, *, waits: bool = True) -> None:
        """Start it, also again."""
        command = [_COMMAND, "-c", self._file, "-l", self._folder / "log"]
        self._process = subprocess.Popen(list(map(str, command)), env=self._environ)
        if waits:
            self.wait()

    def wait(self) -> None:
        """Until it greets."""
        until = time.monotonic() + _STARTS_WITHIN_S
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self._process.kill()
        self._process.wait()

    def wipe(self) -> None:
        """Throw away what a killed server has stored."""
        shutil.rmtree(self._folder / "storage", ignore_errors=True)

    def freeze(self) -> None:
        """Let it do nothing, with all its connections open."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """What it has written down."""
        return (self._folder / "log").read_text()

    def close(self) -> None:
        """End it and throw away what it has stored."""
        self.kill()
        self.wipe()

    def _greets(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                return line.recv(4) == b"INFO"
        except OSError:
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class NatsCluster:
    """Three servers that keep their buckets together."""

    def __init__(self, folder: Path) -> None:
        ports = [free_port() for _ in range(3)]
        routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)
        self.servers = [
            NatsServer(
                folder / str(port),
                f'cluster {{ name: c, listen: "127.0.0.1:{port}", routes: [{routes}] }}',
                waits=False,
            )
            for port in ports
        ]
        for server in self.servers:
            server.wait()

    @property
    def url(self) -> str:
        """All of them."""
        return ",".join(server.url for server in self.servers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self.servers:
            server.close()
