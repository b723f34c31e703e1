"""Processes of a test that begin where the imports end.

Starting an interpreter and importing the program takes ten times what most command lines do. So every test run
has one process that has imported it and has run a command or two, and each process that a test asks for is forked
from that one: with its own arguments, environment, folder and streams, to be signalled, killed and waited for as any
other. What depends on the start itself (signals during imports, start-up time, the console script, Python's own
options) is tested with ``python -m flightctl``.
"""

from __future__ import annotations

import gc
import io
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import IO, Any, NoReturn

_NUMBER = struct.Struct("i")
_STREAMS = 3
_DESCRIPTORS = _STREAMS + 2
"""The streams, where the order is read from, and where process and exit code are told."""
_IMPORTED = (
    "alembic.command",
    "claiming",
    "encodings.utf_8_sig",
    "httpx",
    "importlib_metadata",
    "jaraco.classes.properties",
    "jaraco.context",
    "jaraco.functools",
    "platformdirs",
)
"""Beside the program. What keyring needs is here, but it reads the environment when it is imported itself."""
_RUN_ONLY = ("flightctl.__main__", "flightctl.store.migrations.")
"""Modules that do their work when they are imported."""
_RUN_BEFORE = (("--sandbox", "lookup", "NZ527"), ("--sandbox", "stats"))
"""What they compile, read and look up is at hand for those that are forked."""


_KEYS = ("FLIGHTCTL_AVIATIONSTACK_KEY", "FLIGHTCTL_AEROAPI_KEY")


class Child:
    """A process; what is used of ``subprocess.Popen`` is named as there.

    ``job`` is ``module:function``, called with ``order``; ``options`` are the interpreter's.
    """

    def __init__(
        self,
        job: str,
        order: Any,
        stdin: bytes = b"",
        environ: Mapping[str, str] | None = None,
        options: tuple[str, ...] = (),
    ) -> None:
        told, ours = os.pipe()
        out, err = os.pipe(), os.pipe()
        what = {"job": job, "order": order, "environ": dict(environ or os.environ), "folder": str(Path.cwd())}
        given = [_file(stdin), out[1], err[1], _file(json.dumps(what).encode()), ours]
        socket.send_fds(_nursery(options), [b"."], given)
        for descriptor in given:
            os.close(descriptor)
        self.stdout: IO[bytes] = os.fdopen(out[0], "rb", buffering=0)
        self.stderr: IO[bytes] = os.fdopen(err[0], "rb", buffering=0)
        self._told = os.fdopen(told, "rb", buffering=0)
        self.pid: int = _NUMBER.unpack(self._told.read(_NUMBER.size))[0]
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, the negative signal, or nothing while it runs."""
        return self._ended(0)

    def wait(self, timeout: float) -> int:
        """The exit code, or the negative signal; raises subprocess.TimeoutExpired."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("a forked process", timeout)
        return code

    def communicate(self, timeout: float) -> tuple[bytes, bytes]:
        """All that it writes, and its end; raises subprocess.TimeoutExpired."""
        deadline, read = time.monotonic() + timeout, {self.stdout: bytearray(), self.stderr: bytearray()}
        with selectors.DefaultSelector() as ready:
            for stream in read:
                ready.register(stream, selectors.EVENT_READ)
            while ready.get_map():
                if time.monotonic() > deadline:
                    raise subprocess.TimeoutExpired("a forked process", timeout)
                for key, _ in ready.select(timeout=1):
                    _take(key.fileobj, read, ready.unregister)
        self.wait(max(1.0, deadline - time.monotonic()))
        return bytes(read[self.stdout]), bytes(read[self.stderr])

    def send_signal(self, number: int) -> None:
        """To a process that has ended there is nothing to send."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self.wait(60)
        for stream in (self.stdout, self.stderr, self._told):
            stream.close()

    def _ended(self, within_s: float) -> int | None:
        if self.returncode is None:
            with selectors.DefaultSelector() as ready:
                ready.register(self._told, selectors.EVENT_READ)
                if ready.select(timeout=within_s):
                    self.returncode = _NUMBER.unpack(self._told.read(_NUMBER.size))[0]
        return self.returncode


def flightctl(*arguments: str, **more: Any) -> Child:
    """Start this command line; ``more`` as of ``Child``."""
    return Child("nursery:become", list(arguments), **more)


def stand_in() -> tuple[list[str], dict[str, str]]:
    """What a terminal or a shell starts for a ``flightctl`` that is forked, and what has to be in its environment."""
    _nursery(())
    return [sys.executable, "-IS", str(Path(__file__).with_name("forked.py"))], {"NURSERY": _name(())}


@contextmanager
def on_path() -> Iterator[dict[str, str]]:
    """An environment in which shells find the stand-in as ``flightctl``."""
    words, more = stand_in()
    with TemporaryDirectory() as folder:
        command = Path(folder) / "flightctl"
        command.write_text(f'#!/bin/sh\nexec {" ".join(words)} "$@"\n')
        command.chmod(0o700)
        yield {**os.environ, **more, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def call(job: str, order: Any, timeout: float = 300) -> Any:
    """What a function returns in a process of its own, by way of JSON."""
    with Child("nursery:answer", [job, order]) as child:
        out, err = child.communicate(timeout)
    assert child.returncode == 0, err.decode()
    return json.loads(out)


def become(arguments: Sequence[str]) -> None:
    """Go on as ``python -m flightctl`` with these arguments."""
    sys.argv = ["flightctl", *arguments]
    runpy.run_module("flightctl", run_name="__main__")


def answer(what: tuple[str, Any]) -> None:
    """Print what the function returns."""
    job, order = what
    json.dump(_function(job)(order), sys.stdout)


def leave(work: Callable[[], object]) -> NoReturn:
    """Do this last thing and end as the interpreter would."""
    code = 1
    try:
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException as error:  # noqa: BLE001 - as the interpreter would
        sys.excepthook(type(error), error, error.__traceback__)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def close() -> None:
    """End those that fork; the session does it when it is over."""
    for process, way in _NURSERIES.values():
        way.close()
        process.wait()
    _NURSERIES.clear()


_NURSERIES: dict[tuple[str, ...], tuple[subprocess.Popen[bytes], socket.socket]] = {}
"""Who forks, and the way there, by the interpreter's options."""


def _nursery(options: tuple[str, ...]) -> socket.socket:
    if options not in _NURSERIES:
        ours, theirs = socket.socketpair()
        with theirs, socket.socket(socket.AF_UNIX) as door:
            door.bind("\0" + _name(options))
            door.listen()
            given = [theirs.fileno(), door.fileno()]
            command = [sys.executable, *options, __file__, *map(str, given)]
            _NURSERIES[options] = subprocess.Popen(command, pass_fds=given), ours
    return _NURSERIES[options][1]


def _name(options: tuple[str, ...]) -> str:
    """Where strangers to this process find the nursery."""
    return f"flightctl-nursery-{os.getpid()}{''.join(options)}"


def _file(content: bytes) -> int:
    descriptor = os.memfd_create("order")
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _take(stream: Any, read: Mapping[IO[bytes], bytearray], done: Callable[[Any], object]) -> None:
    some = stream.read(65536)
    read[stream].extend(some)
    if not some:
        done(stream)


def _function(job: str) -> Callable[[Any], Any]:
    module, name = job.split(":")
    found: Callable[[Any], Any] = getattr(import_module(module), name)
    return found


def _serve(way: socket.socket, door: socket.socket) -> None:
    with selectors.DefaultSelector() as ready:
        ready.register(way, selectors.EVENT_READ)
        ready.register(door, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj is way and not _start_one(way, (way, door)):
                    return
                if key.fileobj is door:
                    with door.accept()[0] as visitor:
                        _start_one(visitor, (visitor, way, door))
            _reap()


def _start_one(way: socket.socket, ours: Sequence[socket.socket]) -> bool:
    """As ordered this way; false if nothing more will be."""
    dot, descriptors, _, _ = socket.recv_fds(way, 1, _DESCRIPTORS)
    if not dot:
        return False
    if not os.fork():
        for one in ours:
            one.close()
        _keep(descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    return True


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _keep(descriptors: Sequence[int]) -> NoReturn:
    """Stay beside the process until it ends, to tell how."""
    *given, told = descriptors
    process = os.fork()
    if not process:
        os.close(told)
        _be(given)
    for descriptor in given:
        os.close(descriptor)
    # A Ctrl-C at the terminal is for the process; who waits for it has to hear how it ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.write(told, _NUMBER.pack(process))
    os.write(told, _NUMBER.pack(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])))
    os._exit(0)


def _be(given: Sequence[int]) -> NoReturn:
    *streams, ordered = given
    with os.fdopen(ordered, "rb") as file:
        what = json.load(file)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    _open_streams()
    os.environ.clear()
    os.environ.update(what["environ"])
    time.tzset()
    os.chdir(what["folder"])
    leave(lambda: _function(what["job"])(what["order"]))


def _open_streams() -> None:
    """Those at hand remember what kind of file theirs was."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        before = getattr(sys, name)
        by_line = 1 if name == "stderr" else -1
        now = open(number, mode, by_line, before.encoding, before.errors, closefd=False)  # noqa: SIM115 - for good
        setattr(sys, name, now)


def _prepare() -> None:
    _import_all()
    # Python's own options are there to be told of what comes up for the first time.
    if not (sys.flags.dev_mode or sys.warnoptions):
        _run_some()
    # What is there now, a process that looks through its garbage need not touch, which would copy it.
    gc.collect()
    gc.freeze()


def _import_all() -> None:
    import flightctl as program

    ours = [module.name for module in pkgutil.walk_packages(program.__path__, "flightctl.")]
    for name in (*_IMPORTED, *ours):
        if not name.startswith(_RUN_ONLY):
            import_module(name)


def _run_some() -> None:
    from flightctl.cli.main import run
    from statements import compile_once

    compile_once()
    # Each process gets an environment of its own; this one is nobody's.
    os.environ.clear()
    with TemporaryDirectory() as home, redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        # With keys at hand no keyring is asked for them, which would be chosen for good.
        os.environ.update(dict.fromkeys(_KEYS, "0"), HOME=home)
        for arguments in _RUN_BEFORE:
            run(list(arguments))


if __name__ == "__main__":
    sys.modules["nursery"] = sys.modules["__main__"]
    _prepare()
    _serve(*(socket.socket(fileno=int(number)) for number in sys.argv[1:]))
