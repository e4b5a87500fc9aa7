"""Keeps the processes of one Liudai alive: the embedded Redis, the workers, the API.

`Supervisor` knows nothing of lending: it starts `ChildSpec`s stage by stage, starts one again that
ended, and stops them in the opposite order. `liudai.processes` says which children there are.

A child that was killed is started again after a pause that doubles; one that keeps ending right
after its start gives up the whole run, because something is set wrongly and a person must look.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

from liudai.errors import EXIT_FAILED, LiudaiError
from liudai.tether import tethered

_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """One process to keep alive.

    Stages start in ascending and stop in descending order; the next stage starts when `ready` of
    every child in this one says so. `descriptors` are open files the child inherits. `lock` is a
    file held while the child lives, so that its predecessor is never beside it. `ended` is called
    when it has ended by itself, before it starts again.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    ended: Callable[[], None] | None = None
    descriptors: tuple[int, ...] = ()
    lock: Path | None = None
    stage: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the supervisor waits, in seconds, before it does the next harsher thing."""

    ready_seconds: float = 30.0
    stop_seconds: float = 25.0
    backoff_first_seconds: float = 0.1
    backoff_max_seconds: float = 5.0
    quick_seconds: float = 5.0
    quick_ends_max: int = 6


@dataclass(slots=True)
class _Child:
    spec: ChildSpec
    process: subprocess.Popen[bytes] | None = None
    log: IO[bytes] | None = None
    started_at: float = 0.0
    next_start_at: float = 0.0
    quick_ends: int = 0

    def start(self, log_dir: Path | None) -> None:
        output: IO[bytes] | int = 2  # our own stderr, for stdout as well
        if log_dir is not None:
            if self.log is None:
                self.log = (log_dir / f"{self.spec.name}.log").open("ab", buffering=0)
            output = self.log
        self.process = subprocess.Popen(  # noqa: S603  # command lines of our own
            tethered(list(self.spec.command), lock=str(self.spec.lock or "-")),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **self.spec.environment},
            pass_fds=self.spec.descriptors,
            process_group=0,  # Ctrl-C reaches the supervisor alone, which then stops in order
        )
        self.started_at = time.monotonic()

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, signum: int) -> None:
        """Signal the child, and with SIGKILL also the processes it started."""
        if self.process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            if signum == signal.SIGKILL:
                os.killpg(self.process.pid, signum)
            elif self.running:
                self.process.send_signal(signum)


class Supervisor:
    """Runs `children` between `with` and its end, or until a signal with :meth:`run`.

    `log_dir` gets one file a child (`<name>.log`); None lets them write to this process' own
    output. `say` receives one line for each thing an operator should know; `on_stop` is called
    once, before the children are asked to end.
    """

    def __init__(
        self,
        children: Sequence[ChildSpec],
        *,
        log_dir: Path | None = None,
        patience: Patience | None = None,
        say: Callable[[str], None] | None = None,
        on_stop: Callable[[], None] | None = None,
    ) -> None:
        self._on_stop = on_stop
        self._children = [_Child(spec) for spec in children]
        self._log_dir = log_dir
        self._patience = patience or Patience()
        self._say = say or _to_stderr
        self._stopping = threading.Event()
        self._hurry = threading.Event()
        self._up = threading.Event()
        self._ended = threading.Event()
        self._failure: str | None = None
        self._killed: list[str] = []
        # Linux kills a tethered child when the thread that started it ends: this one starts them
        # all and outlives them.
        self._thread = threading.Thread(target=self._live, name="supervisor", daemon=True)

    @property
    def failure(self) -> str | None:
        """What made the supervisor give up, as one line; None while all is well."""
        return self._failure

    def pids(self) -> dict[str, int]:
        """Return the process id of every child that runs, by name."""
        return {
            child.spec.name: child.process.pid
            for child in self._children
            if child.process is not None and child.running
        }

    def start(self) -> None:
        """Start every child and return when all are ready; raises LiudaiError when one is not."""
        if self._log_dir is not None:
            self._log_dir.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        try:
            while not (self._up.wait(_POLL_SECONDS) or self._ended.is_set()):
                pass
        except BaseException:  # a signal during the start: leave no child behind
            self.stop()
            raise
        if self._failure is not None:
            self.stop()
            raise LiudaiError(self._failure)

    def stop(self) -> int:
        """Ask every child to finish, kill what does not; 0 when all ended by themselves."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        return EXIT_FAILED if self._failure or self._killed else 0

    def wait(self) -> None:
        """Wait for a signal; raises LiudaiError when the supervisor had to give up."""
        while not self._ended.wait(0.5):
            pass
        if self._failure is not None:
            raise LiudaiError(self._failure)

    def run(self, *, ready: str = "ready") -> int:
        """Start, say `ready`, stay until SIGTERM or SIGINT, stop in order; the exit code.

        A second signal hurries. Call it from the main thread.
        """

        def on_signal(_signum: int, _frame: FrameType | None) -> None:
            (self._hurry if self._stopping.is_set() else self._stopping).set()

        before = {
            signum: signal.signal(signum, on_signal) for signum in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            self.start()
            if not self._stopping.is_set():
                self._say(ready)
            self.wait()
            return self.stop()
        finally:
            self.stop()
            for signum, handler in before.items():
                signal.signal(signum, handler)

    def __enter__(self) -> Self:
        """Start; from here SIGTERM unwinds the block as `SystemExit` would."""
        self._before = signal.signal(signal.SIGTERM, _exit_on_signal)
        try:
            self.start()
        except BaseException:
            signal.signal(signal.SIGTERM, self._before)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop every child in order, whatever ended the block."""
        try:
            self.stop()
        except BaseException:  # a second signal: no more patience
            self._hurry.set()
            self.stop()
            raise
        finally:
            signal.signal(signal.SIGTERM, self._before)

    # The supervisor's thread.

    def _live(self) -> None:
        try:
            self._start_stages()
            self._up.set()
            while self._failure is None and not self._stopping.wait(_POLL_SECONDS):
                self._revive()
        except OSError as error:
            self._failure = f"a process could not be started: {error}"
        finally:
            if self._on_stop is not None:
                self._on_stop()
            self._stop_stages()
            for child in self._children:
                if child.log is not None:
                    child.log.close()
            self._ended.set()

    def _start_stages(self) -> None:
        for stage in sorted({child.spec.stage for child in self._children}):
            members = [child for child in self._children if child.spec.stage == stage]
            for child in members:
                child.start(self._log_dir)
            waiting = [child for child in members if child.spec.ready is not None]
            deadline = time.monotonic() + self._patience.ready_seconds
            while waiting and self._failure is None and not self._stopping.is_set():
                waiting = [c for c in waiting if c.spec.ready is not None and not c.spec.ready()]
                if waiting and time.monotonic() > deadline:
                    self._failure = (
                        f"{waiting[0].spec.name} was not ready within "
                        f"{self._patience.ready_seconds:g} s{self._see_log(waiting[0])}"
                    )
                self._revive()
                self._stopping.wait(0.01)
            if self._failure is not None or self._stopping.is_set():
                return

    def _revive(self) -> None:
        """Start again what ended; give up on what ends as soon as it starts."""
        now = time.monotonic()
        for child in self._children:
            if child.process is None or child.running or self._failure is not None:
                continue
            if not child.next_start_at:
                self._note_end(child, now)
            elif now >= child.next_start_at:
                child.next_start_at = 0.0
                child.start(self._log_dir)

    def _note_end(self, child: _Child, now: float) -> None:
        assert child.process is not None  # noqa: S101  # _revive looked
        patience, code = self._patience, child.process.returncode
        child.signal(signal.SIGKILL)  # what a killed child had started goes with it
        if child.spec.ended is not None:
            child.spec.ended()
        quick = now - child.started_at < patience.quick_seconds
        child.quick_ends = child.quick_ends + 1 if quick else 0
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        if child.quick_ends >= patience.quick_ends_max:
            self._failure = f"{child.spec.name} {how} at every start{self._see_log(child)}"
            return
        pause = min(
            patience.backoff_first_seconds * 2.0 ** max(child.quick_ends - 1, 0),
            patience.backoff_max_seconds,
        )
        child.next_start_at = now + pause
        self._say(f"{child.spec.name} {how}; it starts again in {pause:g} s")

    def _stop_stages(self) -> None:
        for stage in sorted({child.spec.stage for child in self._children}, reverse=True):
            members = [child for child in self._children if child.spec.stage == stage]
            for child in members:
                child.signal(signal.SIGTERM)
            deadline = time.monotonic() + self._patience.stop_seconds
            while any(child.running for child in members):
                if time.monotonic() > deadline or self._hurry.is_set():
                    break
                time.sleep(0.01)
            for child in members:
                if child.running:
                    self._killed.append(child.spec.name)
                    self._say(f"{child.spec.name} did not end in time and was killed")
                child.signal(signal.SIGKILL)
                if child.process is not None:
                    child.process.wait()

    def _see_log(self, child: _Child) -> str:
        if self._log_dir is None:
            return ""
        return f"; {self._log_dir / (child.spec.name + '.log')} says why"


def _exit_on_signal(signum: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)


def _to_stderr(line: str) -> None:
    print(f"liudai: {line}", file=sys.stderr, flush=True)
