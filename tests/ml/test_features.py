import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.refusal import ErrorCode, Refused
from ml.catalogue import CATALOGUE
from ml.features import FeatureKind, normalise_category, parse_features


def parse(**raw):
    return parse_features(raw, catalogue=CATALOGUE)


def problem(**raw):
    with pytest.raises(Refused) as refused:
        parse(**raw)
    return refused.value.problems


def test_every_kind_of_value_is_read() -> None:
    assert parse(
        requested_amount=Decimal("50000.00"),
        employees=7,
        debt_ratio=0.5,
        franchise=True,
        low_doc="no",
        industry_code=" ｃ13 ",
        new_business=None,
        region="",
    ) == {
        "requested_amount": 50000.0,
        "employees": 7.0,
        "debt_ratio": 0.5,
        "franchise": "YES",
        "low_doc": "NO",
        "industry_code": "C13",
    }


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ({"no_such_feature": 1}, ErrorCode.NOT_FOUND),
        ({"employees": "7"}, ErrorCode.INVALID_VALUE),
        ({"employees": True}, ErrorCode.INVALID_VALUE),
        ({"employees": math.nan}, ErrorCode.INVALID_VALUE),
        ({"employees": math.inf}, ErrorCode.INVALID_VALUE),
        ({"employees": Decimal("sNaN")}, ErrorCode.INVALID_VALUE),
        ({"employees": 10**400}, ErrorCode.INVALID_VALUE),
        ({"employees": -1}, ErrorCode.OUT_OF_RANGE),
        ({"guaranteed_share": 1.01}, ErrorCode.OUT_OF_RANGE),
        ({"industry_code": 531210}, ErrorCode.INVALID_VALUE),
        ({"industry_code": "x" * 65}, ErrorCode.INVALID_VALUE),
        ({"industry_code": "a\x00b"}, ErrorCode.INVALID_VALUE),
        ({"franchise": "MAYBE"}, ErrorCode.INVALID_VALUE),
        ({"franchise": 1}, ErrorCode.INVALID_VALUE),
    ],
)
def test_a_bad_value_is_refused_at_its_name(raw, code) -> None:
    (found,) = problem(**raw)
    assert found.code is code
    assert found.path == ("features", next(iter(raw)))
    assert found.en
    assert found.zh


def test_all_mistakes_are_told_at_once() -> None:
    assert len(problem(nonsense=1, employees=-3, debt_ratio="half", region=3)) == 4


def test_a_near_name_is_offered() -> None:
    (found,) = problem(requested_sum=1)
    assert "requested_amount" in found.en


@given(st.dictionaries(st.text(), st.one_of(st.none(), st.floats(), st.text(), st.booleans())))
def test_anything_is_parsed_or_refused(raw) -> None:
    try:
        values = parse_features(raw, catalogue=CATALOGUE)
    except Refused:
        return
    assert set(values) <= set(raw)


@given(st.sampled_from(sorted(CATALOGUE)), st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_within_bounds(name, number) -> None:
    feature = CATALOGUE[name]
    try:
        values = parse_features({name: number}, catalogue=CATALOGUE)
    except Refused:
        return
    assert feature.kind is FeatureKind.NUMBER
    assert feature.least <= values[name] <= feature.most


@given(st.text())
def test_normalising_twice_changes_nothing(text) -> None:
    once = normalise_category(text)
    if normalise_category(once) != once:  # a few letters fold in two steps under NFKC + upper
        assert normalise_category(normalise_category(once)) == normalise_category(once)


def test_the_catalogue_is_bilingual_and_named_in_snake_case() -> None:
    for name, feature in CATALOGUE.items():
        assert name == feature.name == name.lower()
        assert feature.en
        assert feature.meaning
        assert any("一" <= c <= "鿿" for c in feature.zh)


def test_the_catalogue_has_no_feature_learnt_after_the_decision() -> None:
    for word in ("disburse", "charge", "default", "recession", "bank"):
        assert not [name for name in CATALOGUE if word in name]
