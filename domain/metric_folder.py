"""The folder in which the processes of one Liudai keep their counts; the supervisor owns it.

A child writes into files named after it (`counter_api-1.db`), so one that starts again goes on
counting where its predecessor ended and no counter falls. What only a living process can say (its
gauges, its process id) is removed when it ends. Standard library alone: the supervisor imports it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"  # the name that prometheus_client looks for
_PROCESS: Final = "LIUDAI_PROCESS_NAME"
# By the names that prometheus_client gives its files; twice what all series of ours would take.
_ROOM_BYTES: Final = {"histogram": 1 << 22, "counter": 1 << 16, "gauge_livemax": 1 << 16}


def prepare(folder: Path) -> None:
    """Make the folder, empty of what earlier processes left. Call it before any child starts."""
    folder.mkdir(parents=True, exist_ok=True)
    for ending in ("db", "new", "pid"):
        for kept in folder.glob(f"*.{ending}"):
            kept.unlink()


def environment(folder: Path, process: str) -> Mapping[str, str]:
    """Return what tells a child where to count, and as whom."""
    return {_FOLDER: str(folder), _PROCESS: process}


def forget(folder: Path, process: str) -> None:
    """Remove what a child that has ended can no longer vouch for."""
    for kept in (*folder.glob(f"gauge_live*_{process}.db"), folder / f"{process}.pid"):
        kept.unlink(missing_ok=True)


def own_folder() -> Path | None:
    """Return this process's folder; None for one that no supervisor started."""
    return Path(os.environ[_FOLDER]) if os.environ.get(_PROCESS) else None


def reserve() -> Path | None:
    """Return this process's folder once its files have their room on the disk; else None.

    They are written through memory: on a full disk a write into room that was never taken would
    kill the process. One that finds no room counts in memory, and lending goes on.
    """
    if (folder := own_folder()) is None:
        return None
    for kind, size in _ROOM_BYTES.items():
        file = folder / f"{kind}_{own_name('')}.db"
        if file.exists():  # a predecessor's, which holds its counts
            continue
        fresh = file.with_suffix(".new")  # nobody reads one that is not whole
        try:
            fresh.write_bytes(bytes(size))
        except OSError:
            fresh.unlink(missing_ok=True)
            return None
        fresh.replace(file)
    return folder


def own_name(kind: str) -> str:
    """Return this process's name: what the supervisor calls it, else its `kind` (api, worker)."""
    return os.environ.get(_PROCESS) or kind


def show_pid(folder: Path, process: str) -> None:
    """Let the others find this process's CPU and memory."""
    (folder / f"{process}.pid").write_text(str(os.getpid()))


def pids(folder: Path) -> dict[str, str]:
    """Return the process id of each living process, by its name."""
    found = {}
    for kept in sorted(folder.glob("*.pid")):
        try:
            found[kept.stem] = kept.read_text()
        except FileNotFoundError:  # it ended just now
            continue
    return found
