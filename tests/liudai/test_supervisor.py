"""The supervisor with small real processes of its own."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from waiting import eventually, is_gone

from liudai.errors import LiudaiError
from liudai.supervisor import ChildSpec, Patience, Supervisor

# Writes "<name> started" and, after SIGTERM and a moment of work, "<name> finished".
POLITE = """
import os, signal, sys, time
name, journal = sys.argv[1:]
def note(what):
    with open(journal, "a") as file:
        file.write(f"{name} {what}\\n")
def finish(*_):
    time.sleep(0.2)
    note("finished")
    sys.exit(0)
signal.signal(signal.SIGTERM, finish)
note("started")
while True:
    time.sleep(0.05)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
WITH_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(60)
"""
OWNER = """
import sys
from liudai.supervisor import ChildSpec, Supervisor
code, journal, pids = sys.argv[1:]
specs = [
    ChildSpec(name=name, command=(sys.executable, "-c", code, name, journal), stage=stage)
    for stage, name in enumerate(("first", "second"))
]
supervisor = Supervisor(specs)
import threading
def report():
    while len(supervisor.pids()) < 2:
        pass
    open(pids, "w").write(" ".join(map(str, supervisor.pids().values())))
threading.Thread(target=report, daemon=True).start()
sys.exit(supervisor.run())
"""


def polite(name: str, journal: Path, *, stage: int = 1) -> ChildSpec:
    return ChildSpec(
        name=name,
        command=(sys.executable, "-c", POLITE, name, str(journal)),
        stage=stage,
        ready=lambda: f"{name} started" in lines(journal),
    )


def lines(journal: Path) -> list[str]:
    return journal.read_text().splitlines() if journal.exists() else []


def test_a_killed_child_is_started_again(tmp_path: Path):
    journal, said = tmp_path / "journal", []
    with Supervisor([polite("worker", journal)], say=said.append) as supervisor:
        first = supervisor.pids()["worker"]
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: supervisor.pids().get("worker", first) != first)
        assert eventually(lambda: lines(journal).count("worker started") == 2)
    assert said == ["worker was killed by signal 9; it starts again in 0.1 s"]
    assert lines(journal)[-1] == "worker finished"
    assert supervisor.pids() == {}


def test_the_end_of_a_child_is_told_before_it_starts_again(tmp_path: Path):
    journal = tmp_path / "journal"

    def ended() -> None:
        with journal.open("a") as file:
            file.write("worker is told to have ended\n")

    spec = replace(polite("worker", journal), ended=ended)
    with Supervisor([spec], say=lambda _: None) as supervisor:
        os.kill(supervisor.pids()["worker"], signal.SIGKILL)
        assert eventually(lambda: lines(journal).count("worker started") == 2)
    assert lines(journal)[:3] == [
        "worker started",
        "worker is told to have ended",
        "worker started",
    ]


def test_stages_start_upwards_and_stop_downwards(tmp_path: Path):
    journal = tmp_path / "journal"
    specs = [polite("api", journal, stage=1), polite("redis", journal, stage=0)]
    supervisor = Supervisor(specs)
    supervisor.start()
    assert supervisor.stop() == 0
    assert lines(journal) == ["redis started", "api started", "api finished", "redis finished"]


@pytest.fixture
def owner(tmp_path: Path):
    """A process that runs a supervisor with two children, and the ids of those."""
    journal, pids = tmp_path / "journal", tmp_path / "pids"
    process = subprocess.Popen([sys.executable, "-c", OWNER, POLITE, str(journal), str(pids)])
    with process:
        assert eventually(lambda: len(lines(journal)) == 2)
        assert eventually(lambda: pids.exists() and len(pids.read_text().split()) == 2)
        yield process, [int(pid) for pid in pids.read_text().split()], journal
        process.kill()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_after_they_finished(owner, signum: int):
    process, pids, journal = owner
    process.send_signal(signum)
    assert process.wait(timeout=10) == 0
    assert all(is_gone(pid) for pid in pids)
    assert lines(journal)[2:] == ["second finished", "first finished"]


def test_kill_9_of_the_supervisor_leaves_no_child(owner):
    process, pids, _ = owner
    process.kill()
    process.wait()
    assert eventually(lambda: all(is_gone(pid) for pid in pids), seconds=3)


def test_a_child_that_does_not_end_is_killed_in_the_end(tmp_path: Path):
    said: list[str] = []
    supervisor = Supervisor(
        [ChildSpec(name="stubborn", command=(sys.executable, "-c", STUBBORN))],
        patience=Patience(stop_seconds=0.5),
        say=said.append,
    )
    supervisor.start()
    (pid,) = supervisor.pids().values()
    time.sleep(0.3)  # it must have set its signal handler
    assert supervisor.stop() == 1
    assert is_gone(pid)
    assert said == ["stubborn did not end in time and was killed"]


def test_what_a_killed_child_had_started_goes_with_it(tmp_path: Path):
    started = tmp_path / "grandchild"
    spec = ChildSpec(name="worker", command=(sys.executable, "-c", WITH_CHILD, str(started)))
    with Supervisor([spec], say=lambda _: None) as supervisor:
        assert eventually(lambda: started.exists() and bool(started.read_text()))
        grandchild = int(started.read_text())
        os.kill(supervisor.pids()["worker"], signal.SIGKILL)
        assert eventually(lambda: is_gone(grandchild))


def test_a_child_that_ends_at_every_start_is_given_up_and_named(tmp_path: Path):
    spec = ChildSpec(name="api", command=(sys.executable, "-c", "import sys; sys.exit(3)"))
    supervisor = Supervisor(
        [spec],
        log_dir=tmp_path / "logs",
        patience=Patience(quick_ends_max=3, backoff_first_seconds=0.01),
        say=lambda _: None,
    )
    supervisor.start()
    with pytest.raises(LiudaiError, match=r"api ended with exit code 3 at every start; .*api\.log"):
        supervisor.wait()
    assert supervisor.stop() == 1


def test_a_child_that_is_never_ready_is_named_and_ended():
    spec = ChildSpec(
        name="api",
        command=(sys.executable, "-c", "import time; time.sleep(60)"),
        ready=lambda: False,
    )
    supervisor = Supervisor([spec], patience=Patience(ready_seconds=0.3))
    with pytest.raises(LiudaiError, match=r"api was not ready within 0\.3 s"):
        supervisor.start()
    assert supervisor.pids() == {}


def test_a_command_that_does_not_exist_is_said_in_one_line(tmp_path: Path):
    spec = ChildSpec(name="redis", command=("/nowhere/redis-server",))
    supervisor = Supervisor(
        [spec],
        log_dir=tmp_path,
        patience=Patience(quick_ends_max=1),
        say=lambda _: None,
    )
    supervisor.start()
    with pytest.raises(LiudaiError):
        supervisor.wait()
    log = (tmp_path / "redis.log").read_text()
    assert log == "/nowhere/redis-server could not be started: No such file or directory\n"
