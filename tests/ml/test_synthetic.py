import numpy as np

from ml.dataset import read_csv
from ml.evaluation import auc
from ml.recipe import load_recipe
from ml.synthetic import COLUMNS, csv_bytes, generate, write_csv


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert csv_bytes(generate(rows=300, seed=5)) == csv_bytes(generate(rows=300, seed=5))
    assert csv_bytes(generate(rows=300, seed=5)) != csv_bytes(generate(rows=300, seed=6))


def test_outcomes_follow_the_true_pd() -> None:
    found = generate(rows=20_000, seed=1)
    assert 0.08 < found.bad.mean() < 0.16
    assert abs(found.bad.mean() - found.true_pd.mean()) < 0.01
    assert 0.75 < auc(found.bad, found.true_pd) < 0.85


def test_the_recipe_reads_every_column(tmp_path) -> None:
    path = tmp_path / "loans.csv"
    written = write_csv(path, rows=1000, seed=2)
    recipe = load_recipe("synthetic")
    assert recipe.columns() | set(recipe.dropped) == set(COLUMNS)
    data = read_csv(path.read_bytes(), recipe)
    assert data.bad.tolist() == written.bad.tolist()
    assert all(found.unreadable == found.out_of_range == 0 for found in data.cleaned)
    assert 0.03 < data.missing_share("debt_ratio") < 0.2
    assert data.missing_share("requested_amount") == 0
    assert data.groups is not None
    assert len(np.unique(data.groups)) < 1000  # some borrowers come more than once
