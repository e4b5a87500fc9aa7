"""Starts one command that cannot outlive the process that wanted it.

Run as a script by :mod:`liudai.supervisor`, with the standard library alone so that it starts in a
few milliseconds: `python -I -S tether.py PARENT_PID LOCK_FILE COMMAND…` (LOCK_FILE may be `-`).

On Linux the kernel is asked to kill the process when its parent dies, and the command then takes
the process over (`exec`), so the command is a direct child of the supervisor. Elsewhere the process
stays, passes signals on, and kills the command when the parent has gone.

The lock file, where given, is held for as long as the command lives: a data folder never has two
servers, even when the old one is still ending.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys
import time
from types import FrameType
from typing import NoReturn

EXIT_LOCKED = 75  # EX_TEMPFAIL of sysexits.h: another process holds the lock
EXIT_ORPHANED = 76
EXIT_NOT_STARTED = 127  # what a shell answers for a command it cannot start

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LOCK_WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.1


def tethered(command: list[str], *, lock: str = "-") -> list[str]:
    """Return `command` as a child of the calling process that dies with it.

    Start it from a thread that lives as long as the child should: Linux counts the end of the
    starting thread as the parent's death.
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), lock, *command]


def hold_lock(path: str, *, wait_seconds: float) -> int | None:
    """Take the lock file at `path` for as long as its descriptor is open; None when it is held."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
            time.sleep(0.02)
        else:
            return descriptor


def die_with_parent(parent: int) -> None:
    """Ask Linux to kill this process when its parent does, and end now if that has happened."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
    if os.getppid() != parent:
        raise SystemExit(EXIT_ORPHANED)


def stay_beside(command: list[str], parent: int) -> int:
    """Run `command`, pass SIGTERM and SIGINT on, kill it when `parent` has gone; its exit code."""
    child = os.posix_spawnp(command[0], command, os.environ)

    def pass_on(signum: int, _frame: FrameType | None) -> None:
        os.kill(child, signum)

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, pass_on)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if os.getppid() != parent:
            os.kill(child, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)


def _main(arguments: list[str]) -> NoReturn:
    parent, lock, command = int(arguments[0]), arguments[1], arguments[2:]
    on_linux = sys.platform == "linux"
    if on_linux:
        die_with_parent(parent)
    if lock != "-":
        held = hold_lock(lock, wait_seconds=_LOCK_WAIT_SECONDS)
        if held is None:
            print(f"{lock} is held by another process", file=sys.stderr)
            raise SystemExit(EXIT_LOCKED)
        os.set_inheritable(held, True)
    try:
        if on_linux:
            os.execvp(command[0], command)  # noqa: S606  # no shell is meant
        code = stay_beside(command, parent)
    except OSError as error:
        print(f"{command[0]} could not be started: {error.strerror}", file=sys.stderr)
        raise SystemExit(EXIT_NOT_STARTED) from None
    raise SystemExit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    _main(sys.argv[1:])
