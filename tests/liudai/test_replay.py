"""`liudai replay` on fewer rows of the real file, and what its figures are made of."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.settings import get_settings
from liudai.errors import EXIT_USAGE, LiudaiError
from liudai.replay import parse_seeds, run
from liudai.replay_figures import Outcome, measure, percentile
from tests import servers

ROOT = Path(__file__).parents[2]
SBA_CSV = Path(
    os.environ.get("LIUDAI_TEST_SBA_CSV", ROOT.parent / "shared" / "data" / "sba_case.csv")
)
needs_file = pytest.mark.skipif(
    not SBA_CSV.is_file(), reason="the SBA file is absent: name it with LIUDAI_TEST_SBA_CSV"
)

Replay = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def fewer_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every fourth loan, so that the training is short."""
    header, *rows = SBA_CSV.read_text("utf-8-sig").splitlines()
    path = tmp_path_factory.mktemp("data") / "fewer loans.csv"
    path.write_text("\n".join([header, *rows[::4]]) + "\n", "utf-8")
    return path


@pytest.fixture
def replay(fewer_rows: Path, tmp_path: Path) -> Replay:
    """Run the command in a home of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LIUDAI_")}
    home = {**clean, "LIUDAI_HOME": str(tmp_path / "home"), "COLUMNS": "60"}

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "liudai", "replay", "--csv", str(fewer_rows), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=200, env={**home, **settings}
        )

    return run


def check(answer: subprocess.CompletedProcess[str]) -> None:
    """The run was whole, and says all it must, plainly."""
    assert answer.returncode == 0, answer.stdout + answer.stderr
    said = answer.stdout
    assert "\x1b" not in said  # it is no terminal
    assert "decisions made 60 of 60 (" in said
    assert "\nerrors 0\n" in said
    assert float(re.search(r"^served AUC ([0-9.]+)$", said, re.M)[1]) > 0.65
    assert float(re.search(r"^served KS ([0-9.]+)$", said, re.M)[1]) > 0.3
    assert re.search(r"scikit-learn \d\.\de-\d\d \(bar 1e-05: holds\)$", said, re.M)
    assert re.search(r"^applications per second [0-9.]+ \(8 clients\)$", said, re.M)
    assert re.search(r"^latency p50 \d+ ms, p95 \d+ ms", said, re.M)


@needs_file
def test_a_second_run_on_the_same_database_has_no_errors_either(replay: Replay):
    for seed in ("0", "1"):
        check(replay("--rows", "60", "--seed", seed))


@needs_file
@pytest.mark.skipif(
    not (servers.MYSQL and servers.REDIS),
    reason="no MariaDB/MySQL or no Redis server can be reached",
)
def test_a_run_on_real_servers(replay: Replay):
    with servers.mysql_database() as url, servers.redis_keys(servers.fresh_prefix()) as prefix:
        check(
            replay(
                *("--rows", "60"),
                LIUDAI_DATABASE_URL=url,
                LIUDAI_REDIS_URL=servers.REDIS_URL,
                LIUDAI_REDIS_PREFIX=prefix,
            )
        )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"csv": Path("/nowhere/x.csv")}, "/nowhere/x.csv: No such file"),
        ({"recipe": "nothing"}, "There is no recipe 'nothing'"),
        ({"recipe": "nothing.toml"}, "nothing.toml: No such file"),
        ({"recipe": "synthetic"}, "only GENERIC borrowers"),
        ({}, "column Default of the recipe is absent"),
        ({"seeds": "4-0"}, "--seeds: write a range such as 0-4"),
    ],
)
def test_a_wrong_call_is_refused_before_anything_starts(
    changes: dict[str, Any], said: str, environment: pytest.MonkeyPatch, tmp_path: Path
):
    strange = tmp_path / "strange.csv"
    strange.write_text("a,b\n1,2\n")
    given = {"recipe": "sba", "csv": strange, "seed": 0, "clients": 8, "rows": None, **changes}
    with pytest.raises(LiudaiError) as refusal:
        run(**given)
    assert said in str(refusal.value)
    assert refusal.value.exit_code == EXIT_USAGE
    assert {path.name for path in get_settings().home.iterdir()} <= {"keys"}


def outcome(served: float, *, bad: bool, reference: float | None = None, wait: float = 0.1):
    return Outcome(
        bad=bad,
        served_pd=served,
        reference_pd=served if reference is None else reference,
        recommendation="REFER",
        seconds=wait,
    )


def test_the_figures_of_four_rows_by_hand():
    # Of the four bad-good pairs three are in the right order: 0.9 and 0.4 above 0.2, 0.9 above 0.5.
    found = measure(
        [
            outcome(0.9, bad=True, wait=0.4),
            outcome(0.5, bad=False, wait=0.1, reference=0.500004),
            outcome(0.4, bad=True, wait=0.2),
            outcome(0.2, bad=False, wait=0.3),
        ],
        submitted=4,
        failures={},
        seconds=2.0,
        clients=8,
    )
    assert (found.auc, found.ks, found.per_second) == (0.75, 0.5, 2.0)
    assert (found.p50_ms, found.p95_ms) == (200.0, 400.0)
    assert found.difference == pytest.approx(4e-6)
    assert found.holds


@pytest.mark.parametrize(
    ("reference", "submitted", "failures"),
    [(0.5001, 1, {}), (0.5, 2, {}), (0.5, 2, {"a": "it was refused"})],
)
def test_a_far_pd_a_lost_row_or_an_error_fails_the_replay(reference, submitted, failures):
    found = measure(
        [outcome(0.5, bad=True, reference=reference)],
        submitted=submitted,
        failures=failures,
        seconds=1.0,
        clients=1,
    )
    assert found.auc is None  # there is no good row
    assert not found.holds


def test_nothing_decided_does_not_hold():
    assert not measure([], submitted=0, failures={}, seconds=0.0, clients=1).holds
    assert percentile([], 95) == 0


@pytest.mark.parametrize(("text", "seeds"), [("3", [3]), ("0-4", [0, 1, 2, 3, 4])])
def test_seeds_are_read(text: str, seeds: list[int]):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "4-0", "0-", "-1", "0-1000", "0-4-5", "0,1"])
def test_wrong_seeds_are_refused(text: str):
    with pytest.raises(LiudaiError):
        parse_seeds(text)
