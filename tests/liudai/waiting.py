"""Waiting for what other processes do."""

import time
from collections.abc import Callable

import psutil


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether the condition came true within the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def is_gone(pid: int) -> bool:
    """Whether the process has ended, if only as a zombie that nobody collected yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
