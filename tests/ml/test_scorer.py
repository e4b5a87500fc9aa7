import dataclasses
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.catalogue import CATALOGUE
from ml.explain import LEAST_CONTRIBUTION, MOST_REASONS, contributions, explain
from ml.line import finish
from ml.reasons import sentence
from ml.scorer import Scorer
from ml.spec import ModelKind, TrainingSpec
from ml.train import train
from tests.ml.conftest import Made

GOOD = {
    "debt_ratio": 0.3,
    "profit_margin": 0.2,
    "prior_overdue_count": 0.0,
    "years_in_business": 20.0,
    "receivable_days": 30.0,
    "industry_code": "I",
    "guarantor_present": "YES",
}
BAD = GOOD | {
    "debt_ratio": 1.1,
    "profit_margin": -0.2,
    "prior_overdue_count": 6.0,
    "receivable_days": 200.0,
    "industry_code": "H",
}


def test_a_worse_company_scores_worse(made: Made) -> None:
    assert made.scorer.score(GOOD).pd < 0.1
    assert made.scorer.score(BAD).pd > 0.3


def test_nothing_given_is_scored_as_missing(made: Made) -> None:
    score = made.scorer.score({})
    assert 0 < score.pd < 1
    assert score.missing_share == 1.0
    assert score.missing == made.scorer.features
    assert score.values == {}


def test_a_score_says_what_it_rests_on(made: Made) -> None:
    given_ = {"debt_ratio": 0.5, "region": "31", "profit_margin": 0.1}
    score = made.scorer.score(given_)
    used = {name: value for name, value in given_.items() if name in made.scorer.features}
    assert score.values == used
    assert score.missing_share == pytest.approx(1 - len(used) / len(made.scorer.features))


def test_an_unknown_category_is_named_and_scored(made: Made) -> None:
    known = made.scorer.score(GOOD)
    score = made.scorer.score(GOOD | {"industry_code": "ZZ", "guarantor_present": "YES"})
    assert known.unknown_categories == {}
    if "industry_code" in made.scorer.features:
        assert score.unknown_categories == {"industry_code": "ZZ"}
    assert 0 < score.pd < 1


def test_many_rows_score_as_one_by_one(made: Made) -> None:
    rows = [GOOD, {}, BAD, {"debt_ratio": 0.7}]
    together = made.scorer.score_many(rows)
    alone = [made.scorer.score(row).pd for row in rows]
    assert [s.pd for s in together] == pytest.approx(alone, abs=1e-6)
    assert made.scorer.score_many([]) == []


def test_threads_share_a_scorer(made: Made) -> None:
    expected = made.scorer.score(BAD).pd
    wrong: list[float] = []

    def ask() -> None:
        for _ in range(200):
            found = made.scorer.score(BAD).pd
            if found != expected:
                wrong.append(found)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


NUMBERS = st.dictionaries(
    st.sampled_from([n for n, f in CATALOGUE.items() if f.numeric]),
    st.floats(-1e13, 1e13, allow_subnormal=True),
)


@settings(max_examples=60, deadline=None)
@given(NUMBERS)
def test_any_numbers_give_a_pd(forest_and_regression, values) -> None:
    for scorer in forest_and_regression:
        assert 0 <= scorer.score(values).pd <= 1


@pytest.fixture(scope="module")
def forest_and_regression(regression: Made, forest: Made) -> list[Scorer]:
    return [regression.scorer, forest.scorer]


def test_contributions_add_up(made: Made) -> None:
    scorer = made.scorer
    found = contributions(scorer, BAD)
    own = scorer.log_odds(*scorer.card.layout.raw((BAD,)))[0]
    base = scorer.log_odds(*scorer.card.layout.raw(scorer.card.background)).mean()
    assert sum(found.values()) == pytest.approx(own - base, abs=1e-4)
    assert set(found) == set(scorer.features)


def test_contributions_of_a_regression_are_exact(regression: Made) -> None:
    """For a linear model a feature's share is its own term less the background's mean term."""
    scorer = regression.scorer
    found = contributions(scorer, BAD)
    for name in scorer.features:
        changed = [
            {**row, name: BAD[name]} if name in BAD else _without(row, name)
            for row in scorer.card.background
        ]
        alone = (
            scorer.log_odds(*scorer.card.layout.raw(changed)).mean()
            - scorer.log_odds(*scorer.card.layout.raw(scorer.card.background)).mean()
        )
        assert found[name] == pytest.approx(alone, abs=1e-3)


def _without(row, name):
    return {key: value for key, value in row.items() if key != name}


@pytest.mark.parametrize("numeric", [True, False])
def test_a_model_of_one_kind_of_feature_is_explained(synthetic, tmp_path, numeric) -> None:
    kept = (0, len(synthetic.numbers)) if numeric else (0, 0)
    data = dataclasses.replace(
        synthetic,
        numbers=synthetic.numbers[slice(*kept)],
        x_numbers=synthetic.x_numbers[:, slice(*kept)],
        categories=() if numeric else synthetic.categories,
        x_categories=synthetic.x_categories[:, :0] if numeric else synthetic.x_categories,
    )
    spec = TrainingSpec(kind=ModelKind.LOGISTIC_REGRESSION)
    saved = finish(train(data, spec), url=tmp_path.as_uri())
    scorer = Scorer.load(saved.url, saved.sha256)
    found = contributions(scorer, BAD)
    own, base = (
        scorer.log_odds(*scorer.card.layout.raw(rows)).mean()
        for rows in ((BAD,), scorer.card.background)
    )
    assert sum(found.values()) == pytest.approx(own - base, abs=1e-4)
    assert {CATALOGUE[name].numeric for name in found} == {numeric}


def test_the_background_stands_for_the_portfolio(made: Made) -> None:
    mean = made.scorer.pds(made.scorer.card.background).mean()
    assert mean == pytest.approx(made.model.train_pd.mean(), abs=0.04)
    assert len(made.scorer.card.background) == 16


def test_reasons_are_few_ranked_and_the_same_each_time(made: Made) -> None:
    reasons = explain(made.scorer, BAD)
    assert 1 <= len(reasons) <= MOST_REASONS
    assert reasons == explain(made.scorer, dict(reversed(BAD.items())))
    weights = [reason.contribution for reason in reasons]
    assert weights == sorted(weights, reverse=True)
    assert min(weights) >= LEAST_CONTRIBUTION
    assert {"prior_overdue_count", "debt_ratio", "profit_margin"} & {r.feature for r in reasons}
    assert len(explain(made.scorer, BAD, most=1)) == 1


def test_a_reason_speaks_both_languages(made: Made) -> None:
    by_feature = {reason.feature: reason for reason in explain(made.scorer, BAD)}
    debt = by_feature.get("debt_ratio") or by_feature["profit_margin"]
    assert debt.code in {"DEBT_RATIO_HIGH", "PROFIT_MARGIN_LOW"}
    assert "typical" in debt.en
    assert "一般水平" in debt.zh


def test_sentences_worked_by_hand() -> None:
    high = sentence("debt_ratio", 0.82, typical=0.55)
    assert high.code == "DEBT_RATIO_HIGH"
    assert high.en == ("Debt ratio of 82% is above the typical 55% and raises the estimated risk.")
    assert high.zh == "资产负债率为82%，高于一般水平55%，推高风险估计。"
    assert sentence("current_ratio", 0.8, typical=1.5).code == "CURRENT_RATIO_LOW"
    assert sentence("current_ratio", 0.8, typical=0.8).code == "CURRENT_RATIO_VALUE"
    assert sentence("debt_ratio", None, typical=0.5).code == "DEBT_RATIO_MISSING"
    assert sentence("industry_code", "H", typical="C").code == "INDUSTRY_CODE_VALUE"
    unknown = sentence("industry_code", "Q", typical="C", known=False)
    assert unknown.code == "INDUSTRY_CODE_UNKNOWN"
    assert "否" in sentence("guarantor_present", "NO", typical="YES").zh
    assert "1,200,000" in sentence("requested_amount", 1.2e6, typical=5e5).en
    assert "2006 " in sentence("application_year", 2006.5, typical=2004.2).en
    assert "60天" in sentence("receivable_days", 60.0, typical=45.0).zh


@given(st.sampled_from(sorted(CATALOGUE)), st.floats(-1e13, 1e13), st.floats(-1e13, 1e13))
def test_every_feature_has_its_sentences(name, value, typical) -> None:
    said = sentence(
        name,
        value if CATALOGUE[name].numeric else "X",
        typical=typical if CATALOGUE[name].numeric else "Y",
    )
    assert said.en.endswith("raises the estimated risk.")
    assert said.zh.endswith("推高风险估计。")


def test_float32_is_what_counts(made: Made) -> None:
    exact = made.scorer.score({"debt_ratio": float(np.float32(0.3))}).pd
    assert made.scorer.score({"debt_ratio": 0.3}).pd == exact
