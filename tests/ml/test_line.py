"""The whole line on synthetic data: train, export, save, load, score, compare with the truth."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from domain.rules.analytics.stability import read_reference
from domain.rules.refusal import Refused
from ml.artefact import load_holdout
from ml.dataset import Dataset, read_csv
from ml.evaluation import auc
from ml.export import Parity, ParityFailed, check_parity, export, hostile_rows
from ml.graph import open_graph, run_graph
from ml.line import run_line
from ml.pipeline import bad_probability, blocks, build, fit_layout, forests
from ml.recipe import load_recipe
from ml.spec import ModelKind, TrainingSpec, TrainingStep
from ml.split import folds
from ml.synthetic import csv_bytes, generate, write_csv
from ml.train import fit, train
from tests.ml.conftest import ROWS, Made


def test_served_pds_order_fresh_loans_nearly_as_the_truth_does(made: Made) -> None:
    fresh = generate(rows=3000, seed=77)
    data = read_csv(csv_bytes(fresh), load_recipe("synthetic"))
    served = made.scorer.pds([data.features_of(i) for i in range(len(data))])
    lost = auc(fresh.bad, fresh.true_pd) - auc(fresh.bad, served)
    assert -0.01 < lost < 0.06
    assert abs(float(served.mean()) - fresh.true_pd.mean()) < 0.03


def test_served_pds_are_scikit_learn_s(made: Made) -> None:
    data, held_out = made.model.data, made.model.split.test
    rows = load_holdout(made.saved.url, made.saved.sha256)
    assert [row.row_id for row in rows] == [data.row_ids[i] for i in held_out]
    for i, row in zip(held_out.tolist(), rows, strict=True):
        assert made.scorer.score(data.features_of(i)).pd == pytest.approx(row.pd, abs=1e-5)
        assert row.bad == bool(data.bad[i])


def test_neither_noise_nor_twins_are_in_the_model(made: Made) -> None:
    assert "region" not in made.scorer.features
    assert not {"employees", "annual_revenue"} <= set(made.scorer.features)
    assert {"debt_ratio", "profit_margin"} <= set(made.scorer.features)


def test_the_report_says_what_people_ask(made: Made) -> None:
    card = made.saved.card
    report = card.report
    assert report["rows"]["train"] + report["rows"]["test"] == len(made.model.data)
    assert report["parity"]["largest"] <= 1e-5
    assert report["parity"]["rows"] > report["rows"]["test"]
    assert 0.6 < report["crossValidated"]["auc"] < 0.85
    assert set(report["versions"]) >= {"scikit-learn", "onnxruntime", "skl2onnx"}
    assert card.recipe == "synthetic"
    assert card.currency == "CNY"
    assert len(card.data_sha256) == 64
    assert card.cutoff == 0.5


def test_the_report_keeps_what_later_scores_are_compared_with(made: Made) -> None:
    reference = read_reference(made.saved.card.report)
    assert reference is not None
    assert sum(reference.counts) == made.saved.card.report["rows"]["train"]
    assert max(reference.counts) < 2 * min(reference.counts)


def test_hostile_rows_are_hostile(made: Made) -> None:
    floats, strings = hostile_rows(made.model)
    assert np.isnan(floats).any()
    assert (strings == "").any()
    assert any("NO SUCH" in text for text in strings.ravel().tolist())
    if made.model.spec.kind is ModelKind.RANDOM_FOREST:
        assert len(floats) > len(made.model.split.test) + 700


def test_a_graph_of_another_model_fails_the_gate(made: Made, synthetic: Dataset) -> None:
    params = dict(made.model.params)
    other = build(made.model.layout, made.model.spec.kind, params, trees=30, seed=99)
    known = synthetic.take(made.model.split.train[:400])
    fit(other, *blocks(known, made.model.layout), known.bad)
    wrong = export(dataclasses.replace(made.model, pipeline=other))
    with pytest.raises(ParityFailed) as failed:
        check_parity(made.model, wrong)
    assert failed.value.parity.largest > 1e-5


def test_a_difference_is_put_in_words() -> None:
    assert "0.25" in str(ParityFailed(Parity(10, 0.25, 3)))


def test_thresholds_are_float32_and_answers_unchanged(forest: Made) -> None:
    trees = forests(forest.model.pipeline)
    assert len(trees) == 300
    for tree in trees:
        assert (tree.threshold == tree.threshold.astype(np.float32)).all()


def test_a_calibrated_forest_exports_exactly(forest: Made, synthetic: Dataset) -> None:
    model = forest.model
    known = synthetic.take(model.split.train)
    pipeline = build(
        model.layout,
        ModelKind.RANDOM_FOREST,
        model.params,
        trees=40,
        seed=0,
        calibration=folds(known, count=3, seed=0),
    )
    fit(pipeline, *blocks(known, model.layout), known.bad)
    calibrated = dataclasses.replace(model, pipeline=pipeline, calibrated=True)
    assert len(forests(pipeline)) == 40
    assert check_parity(calibrated, export(calibrated)).largest < 1e-5


@pytest.mark.parametrize("kept", [("profit_margin", "debt_ratio"), ("industry_code",)])
@pytest.mark.parametrize("kind", list(ModelKind))
def test_a_model_of_numbers_or_categories_alone(made, synthetic: Dataset, kept, kind) -> None:
    layout = fit_layout(synthetic, kept, kind)
    pipeline = build(layout, kind, {}, trees=20, seed=0)
    fit(pipeline, *blocks(synthetic, layout), synthetic.bad)
    model = dataclasses.replace(
        made.model,
        pipeline=pipeline,
        layout=layout,
        spec=dataclasses.replace(made.model.spec, kind=kind),
    )
    assert layout.features == kept
    assert check_parity(model, export(model)).largest < 1e-5


def test_amounts_of_any_size_stay_exact() -> None:
    rng = np.random.default_rng(8)
    source = read_csv(csv_bytes(generate(rows=600, seed=8)), load_recipe("synthetic"))
    numbers = source.x_numbers.copy()
    column = source.numbers.index("annual_revenue")
    numbers[:, column] = 10 ** rng.uniform(0, 13, 600)
    data = dataclasses.replace(source, x_numbers=numbers)
    for kind in ModelKind:
        layout = fit_layout(data, ("annual_revenue", "debt_ratio"), kind)
        pipeline = build(layout, kind, {}, trees=30, seed=0)
        fit(pipeline, *blocks(data, layout), data.bad)
        floats, strings = blocks(data, layout)
        spec = TrainingSpec(kind=kind)
        model = dataclasses.replace(
            train(data, TrainingSpec(kind=ModelKind.LOGISTIC_REGRESSION)),
            pipeline=pipeline,
            layout=layout,
            spec=spec,
        )
        served = run_graph(open_graph(export(model)), floats, strings)
        assert np.abs(served - bad_probability(pipeline, floats, strings)).max() < 1e-5


def test_the_same_spec_gives_the_same_model(regression: Made, synthetic: Dataset, tmp_path) -> None:
    path = tmp_path / "loans.csv"
    path.write_bytes(csv_bytes(generate(rows=ROWS, seed=3)))
    steps: list[tuple[TrainingStep, float]] = []
    again = run_line(
        csv_url=str(path),
        recipe=load_recipe("synthetic"),
        spec=regression.model.spec,
        url=(tmp_path / "model").as_uri(),
        on_step=lambda step, share: steps.append((step, share)),
    )
    assert again.sha256 == regression.saved.sha256
    assert steps[0][0] is TrainingStep.LOAD
    assert {step for step, _ in steps} == set(TrainingStep)
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_held_out_values_do_not_touch_the_model(synthetic: Dataset) -> None:
    spec = TrainingSpec(kind=ModelKind.LOGISTIC_REGRESSION)
    first = train(synthetic, spec)
    values = synthetic.x_numbers.copy()
    values[first.split.test] = np.nan
    second = train(dataclasses.replace(synthetic, x_numbers=values), spec)
    assert first.layout == second.layout
    assert first.params == second.params
    np.testing.assert_array_equal(
        first.pipeline.named_steps["model"].coef_, second.pipeline.named_steps["model"].coef_
    )
    np.testing.assert_array_equal(first.train_pd, second.train_pd)


def test_data_that_tell_nothing_are_refused(synthetic: Dataset) -> None:
    blank = dataclasses.replace(
        synthetic,
        x_numbers=np.full_like(synthetic.x_numbers, np.nan),
        x_categories=np.full_like(synthetic.x_categories, ""),
    )
    with pytest.raises(Refused):
        train(blank, TrainingSpec(kind=ModelKind.LOGISTIC_REGRESSION))


def test_a_cut_off_of_ones_own(synthetic: Dataset) -> None:
    model = train(synthetic, TrainingSpec(kind=ModelKind.LOGISTIC_REGRESSION, cutoff=0.1))
    assert model.cutoff == model.test.cutoff == 0.1
    assert model.test.true_positives > 0


def test_the_demo_s_file_trains(tmp_path) -> None:
    path = tmp_path / "demo.csv"
    write_csv(path, rows=4000, seed=0)
    result = run_line(
        csv_url=path.as_uri(),
        recipe=load_recipe("synthetic"),
        spec=TrainingSpec(kind=ModelKind.LOGISTIC_REGRESSION),
        url=(tmp_path / "demo").as_uri(),
    )
    assert result.card.report["crossValidated"]["auc"] > 0.74
