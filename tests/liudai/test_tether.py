"""Where the kernel kills no orphans, a process stays beside the command and does it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from liudai.tether import hold_lock, tethered

BESIDE = """
import sys
from liudai.tether import stay_beside
parent = int(sys.argv[1])
sys.exit(stay_beside([sys.executable, "-c", sys.argv[2]], parent))
"""
SLEEPER = "import os, sys, time; print(os.getpid(), flush=True); time.sleep(60)"


def beside(parent: int, code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BESIDE, str(parent), code], stdout=subprocess.PIPE, text=True
    )


def test_it_answers_with_the_commands_exit_code():
    with beside(os.getpid(), "raise SystemExit(7)") as process:
        assert process.wait(timeout=10) == 7


def test_it_passes_sigterm_on():
    with beside(os.getpid(), SLEEPER) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 256 - signal.SIGTERM


def test_it_kills_the_command_when_the_parent_is_another():
    with beside(os.getpid() + 1, SLEEPER) as process:
        assert process.wait(timeout=10) == 256 - signal.SIGKILL


def test_a_held_lock_keeps_the_command_from_starting(tmp_path: Path):
    lock = tmp_path / "lock"
    held = hold_lock(str(lock), wait_seconds=0)
    assert held is not None
    assert hold_lock(str(lock), wait_seconds=0) is None
    command = tethered([sys.executable, "-c", "print('ran')"], lock=str(lock))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(0.3)
        assert process.poll() is None  # it waits for the one before it to end
        os.close(held)
        out, _ = process.communicate(timeout=10)
    assert (process.returncode, out) == (0, b"ran\n")
