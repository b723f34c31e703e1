"""``flightctl`` for shells and terminals, as a process that is forked; see ``nursery``.

This is who a shell starts and signals: it hands its streams to the nursery, passes on what signals it gets, and ends
as the process did. It imports next to nothing, as it stands for a process that should cost next to nothing.
"""

import json
import os
import signal
import socket
import sys

PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGWINCH)
_NUMBER = 4


def main(nursery: str, arguments: list[str]) -> None:
    """Run this command line there and end as it does."""
    # Before there is somebody to pass them on to, they wait.
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    with socket.socket(socket.AF_UNIX) as way:
        way.connect("\0" + nursery)
        told, ours = os.pipe()
        socket.send_fds(way, [b"."], [0, 1, 2, _order(arguments), ours])
    os.close(ours)
    process = _number(told)
    for number in PASSED_ON:
        signal.signal(number, lambda sent, _: _pass_on(process, sent))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    _end(_number(told))


def _order(arguments: list[str]) -> int:
    environ = {name: value for name, value in os.environ.items() if name != "NURSERY"}
    what = {"job": "nursery:become", "order": arguments, "environ": environ, "folder": os.getcwd()}  # noqa: PTH109
    descriptor = os.memfd_create("order")
    os.write(descriptor, json.dumps(what).encode())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _number(told: int) -> int:
    number = os.read(told, _NUMBER)
    if not number:
        sys.exit("the nursery is gone")
    return int.from_bytes(number, sys.byteorder, signed=True)


def _pass_on(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        """It has ended, which it will tell."""


def _end(code: int) -> None:
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(os.environ["NURSERY"], sys.argv[1:])
