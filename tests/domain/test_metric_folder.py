"""The files that processes count in: their room on the disk, and what happens without any."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from domain.metric_folder import environment, prepare

COUNT = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
from api.metrics import observe_field
from domain.metrics import exposition
observe_field("Query.loan", "ok", 0.25)
print(exposition("api").decode())
"""
NO_LIMIT = -1


def count(folder: Path, process: str, *, limit: int = NO_LIMIT) -> str:
    """Count one field in a process of its own; what it then tells."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT.format(limit=limit)],
        env=os.environ | environment(folder, process),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def counted(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("liudai_field_seconds_count")]


def test_the_room_is_taken_before_anything_is_counted(tmp_path: Path) -> None:
    prepare(tmp_path)
    count(tmp_path, "api-1")
    files = sorted(tmp_path.glob("*.db"))
    assert [file.name for file in files] == [
        "counter_api-1.db",
        "gauge_livemax_api-1.db",
        "histogram_api-1.db",
    ]
    for file in files:
        assert file.stat().st_blocks * 512 >= file.stat().st_size > 0


def test_a_successor_goes_on_where_its_predecessor_ended(tmp_path: Path) -> None:
    prepare(tmp_path)
    labels = '{field="Query.loan",outcome="ok"}'
    assert counted(count(tmp_path, "api-1")) == [f"liudai_field_seconds_count{labels} 1.0"]
    assert counted(count(tmp_path, "api-1")) == [f"liudai_field_seconds_count{labels} 2.0"]
    assert counted(count(tmp_path, "api-2")) == [f"liudai_field_seconds_count{labels} 3.0"]


@pytest.mark.skipif(sys.platform == "win32", reason="no resource limits")
def test_without_room_a_process_counts_in_memory_and_lives(tmp_path: Path) -> None:
    prepare(tmp_path)
    told = count(tmp_path, "api-1", limit=0)  # as on a full disk
    assert counted(told) == ['liudai_field_seconds_count{field="Query.loan",outcome="ok"} 1.0']
    assert list(tmp_path.iterdir()) == []
