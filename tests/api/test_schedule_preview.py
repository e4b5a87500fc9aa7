"""`previewSchedule` over HTTP, on docs/domain.md's vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from served import Served
from toy_schema import PEOPLE, load_person

from api.app import create_app
from api.graphql.schema import build_schema

QUERY = """query($input: SchedulePreviewInput!) { previewSchedule(input: $input) {
  installments { number startDate endDate dueDate days principal interest due balance }
  totalPrincipal totalInterest totalDue effectiveAnnualRate errors { code path message }
} }"""
YEAR = {
    "principal": "1200000",
    "annualRate": "0.036",
    "method": "EQUAL_INSTALLMENT",
    "dayCount": "THIRTY_360",
    "startDate": "2026-01-15",
    "installments": 12,
    "unit": "MONTH",
}


@pytest.fixture(scope="module")
def lender(serve: Callable[..., Served], toys: Served) -> Served:
    app = create_app(
        settings=toys.settings, schema=build_schema(), load_actor=load_person, resources=()
    )
    return serve(app)


def preview(lender: Served, form: dict[str, Any], **options: str) -> dict[str, Any]:
    return lender.data(QUERY, {"input": form}, **options)["previewSchedule"]


@pytest.mark.parametrize("subject", PEOPLE)
def test_every_role_may_calculate(lender: Served, subject: str) -> None:
    assert preview(lender, YEAR, subject=subject)["errors"] == []


def test_equal_instalments(lender: Served) -> None:
    shown = preview(lender, YEAR)
    rows = shown["installments"]
    assert rows[0] == {
        "number": 1,
        "startDate": "2026-01-15",
        "endDate": "2026-02-15",
        "dueDate": "2026-02-15",
        "days": 30,
        "principal": "98360.71",
        "interest": "3600.00",
        "due": "101960.71",
        "balance": "1101639.29",
    }
    assert rows[1]["interest"] == "3304.92"
    assert rows[11]["interest"] == "304.97"
    assert rows[11]["balance"] == "0.00"
    assert shown["totalPrincipal"] == "1200000.00"
    assert shown["totalInterest"] == "23528.52"
    assert shown["totalDue"] == "1223528.52"
    assert shown["effectiveAnnualRate"] == "0.036751"


def test_settlement_days(lender: Served) -> None:
    form = {
        **YEAR,
        "principal": "1000000.00",
        "method": "INTEREST_ONLY",
        "dayCount": "ACT_360",
        "installments": 4,
        "every": 3,
        "settlementDay": 20,
    }
    rows = preview(lender, form)["installments"]
    assert [row["days"] for row in rows] == [65, 92, 92, 91, 25]
    assert [row["interest"] for row in rows] == [
        "6500.00",
        "9200.00",
        "9200.00",
        "9100.00",
        "2500.00",
    ]
    assert rows[-1]["dueDate"] == "2027-01-15"


def test_currencies_have_their_own_scale(lender: Served) -> None:
    shown = preview(lender, {**YEAR, "currency": "JPY"})
    assert shown["totalPrincipal"] == "1200000"
    form = {**YEAR, "principal": "1.5", "currency": "JPY"}
    assert preview(lender, form)["errors"][0]["code"] == "WRONG_SCALE"


def test_all_the_mistakes_at_once_and_in_both_languages(lender: Served) -> None:
    form = {
        **YEAR,
        "principal": "-1.005",
        "annualRate": "11",
        "installments": 0,
        "every": 0,
        "principalGrace": -1,
        "installmentMultiple": "0",
        "settlementDay": 40,
    }
    english = preview(lender, form)
    paths = {tuple(error["path"]) for error in english["errors"]}
    assert paths == {
        ("principal",),
        ("annualRate",),
        ("installments",),
        ("every",),
        ("principalGrace",),
        ("installmentMultiple",),
        ("settlementDay",),
    }
    assert english["installments"] == []
    assert english["totalDue"] is None
    chinese = preview(lender, form, accept_language="zh-CN")
    assert all(any("一" <= char <= "鿿" for char in e["message"]) for e in chinese["errors"])


@pytest.mark.parametrize("currency", ["", "cny", "XXX", "人民币"])
def test_an_unknown_currency(lender: Served, currency: str) -> None:
    errors = preview(lender, {**YEAR, "currency": currency})["errors"]
    assert [(error["code"], error["path"]) for error in errors] == [("INVALID_VALUE", ["currency"])]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("principal", 1200000),
        ("principal", "1e6"),
        ("annualRate", 0.036),
        ("annualRate", "3.6%"),
        ("startDate", "2026-02-30"),
        ("startDate", "15/01/2026"),
        ("startDate", "2026-1-5"),
        ("method", "BALLOON"),
        ("installments", "12"),
        ("unknown", 1),
    ],
)
def test_what_is_no_value_at_all(lender: Served, field: str, value: object) -> None:
    answered = lender.post(QUERY, {"input": {**YEAR, field: value}}).json()
    assert answered["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "data" not in answered


def test_the_input_is_the_one_of_the_contract() -> None:
    fields = build_schema()._schema.type_map["SchedulePreviewInput"].fields  # type: ignore[union-attr]
    assert {name: str(field.type) for name, field in fields.items()} == {
        "principal": "Money!",
        "currency": "String!",
        "annualRate": "Rate",
        "method": "RepaymentMethod!",
        "dayCount": "DayCount!",
        "startDate": "Date!",
        "installments": "Int!",
        "every": "Int!",
        "unit": "PeriodUnit!",
        "principalGrace": "Int!",
        "rounding": "RoundingMode!",
        "installmentMultiple": "Money",
        "settlementDay": "Int",
        "minFirstPeriodDays": "Int!",
        "firstDueDate": "Date",
        "rateChanges": "[PreviewRateChangeInput!]!",
        "benchmark": "PreviewBenchmarkInput",
        "roll": "RollConvention!",
        "holidays": "[Date!]!",
        "workingDays": "[Date!]!",
        "plan": "[PreviewPlanRowInput!]!",
        "fees": "[PreviewFeeInput!]!",
    }
    sdl = str(build_schema())
    for line in (
        'currency: String! = "CNY"',
        "every: Int! = 1",
        "principalGrace: Int! = 0",
        "rounding: RoundingMode! = HALF_UP",
        "installmentMultiple: Money\n",
        "settlementDay: Int\n",
    ):
        assert line in sdl
