"""A real worker process, as the supervisor would start it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil


class WorkerProcess:
    """One `liudai worker` as the supervisor would start it."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "workers.main"], stderr=output, stdout=output
            )
        self.pid = self._process.pid

    def trainings(self) -> list[psutil.Process]:
        """The training processes it has started."""
        try:
            return [
                child
                for child in psutil.Process(self.pid).children()
                if "ml.training_process" in child.cmdline()
            ]
        except psutil.Error:
            return []

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait()

    def stop(self, seconds: float = 60) -> int:
        """SIGTERM, and the exit code."""
        self._process.terminate()
        return self._process.wait(timeout=seconds)
