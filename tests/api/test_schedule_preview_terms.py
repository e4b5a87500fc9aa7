"""`previewSchedule` over HTTP: changing rates, business days, custom plans and fees."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from served import Served
from toy_schema import load_person

from api.app import create_app
from api.graphql.lending.schedule_input import MAX_CALENDAR_DAYS, MAX_REPRICED_ROWS
from api.graphql.schema import build_schema

QUERY = """query($input: SchedulePreviewInput!) { previewSchedule(input: $input) {
  installments { dueDate days principal interest due balance fees dueWithFees }
  rates { effectiveFrom annualRate }
  totalPrincipal totalInterest totalDue upfrontFees totalFees paidOut effectiveAnnualRate
  errors { code path message }
} }"""
LOAN = {
    "principal": "1000000",
    "annualRate": "0.036",
    "method": "INTEREST_ONLY",
    "dayCount": "ACT_360",
    "startDate": "2026-01-15",
    "installments": 3,
    "unit": "MONTH",
}
LPR = [
    {"publishedOn": "2026-12-21", "rate": "0.0280"},
    {"publishedOn": "2026-11-20", "rate": "0.0300"},
]
OVER_NEW_YEAR = {**LOAN, "startDate": "2026-12-21", "installments": 1, "every": 3}


@pytest.fixture(scope="module")
def lender(serve: Callable[..., Served], toys: Served) -> Served:
    app = create_app(
        settings=toys.settings, schema=build_schema(), load_actor=load_person, resources=()
    )
    return serve(app)


def ask(lender: Served, form: dict[str, Any], **options: str) -> dict[str, Any]:
    shown: dict[str, Any] = lender.data(QUERY, {"input": form}, **options)["previewSchedule"]
    return shown


def preview(lender: Served, form: dict[str, Any]) -> dict[str, Any]:
    shown = ask(lender, form)
    assert shown["errors"] == []
    return shown


def refused(lender: Served, form: dict[str, Any]) -> set[str]:
    """The paths refused, once it is sure that nothing else came and that both languages speak."""
    english, chinese = ask(lender, form), ask(lender, form, accept_language="zh-CN")
    assert english["installments"] == english["rates"] == []
    assert english["totalDue"] is english["totalFees"] is english["effectiveAnnualRate"] is None
    assert [error["path"] for error in english["errors"]] == [
        error["path"] for error in chinese["errors"]
    ]
    assert all(any("一" <= char <= "鿿" for char in e["message"]) for e in chinese["errors"])
    assert all(error["message"].isascii() for error in english["errors"])
    return {".".join(error["path"]) for error in english["errors"]}


def column(shown: dict[str, Any], name: str) -> list[Any]:
    return [row[name] for row in shown["installments"]]


def without_rate(form: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in form.items() if name != "annualRate"}


def test_a_rate_change_inside_a_row(lender: Served) -> None:
    change = {"effectiveFrom": "2027-01-01", "annualRate": "0.0340"}
    shown = preview(lender, {**OVER_NEW_YEAR, "rateChanges": [change]})
    assert column(shown, "interest") == ["8561.11"]
    assert shown["rates"] == [{"effectiveFrom": "2026-12-21", "annualRate": "0.036"}, change]


def test_a_repriced_instalment_changes_from_the_next_row(lender: Served) -> None:
    form = {
        **LOAN,
        "principal": "1200000",
        "method": "EQUAL_INSTALLMENT",
        "dayCount": "THIRTY_360",
        "installments": 12,
    }
    before = column(preview(lender, form), "due")
    changes = [{"effectiveFrom": "2026-05-01", "annualRate": "0.03"}]
    after = column(preview(lender, {**form, "rateChanges": changes}), "due")
    assert after[:4] == before[:4] == ["101960.71"] * 4
    assert len(set(after[4:11])) == 1
    assert Decimal(after[4]) < Decimal(before[4])


def test_a_benchmark_that_resets_on_the_first_of_january(lender: Served) -> None:
    benchmark = {"spreadBasisPoints": 60, "repricing": "JANUARY_FIRST", "fixings": LPR}
    shown = preview(lender, {**without_rate(OVER_NEW_YEAR), "benchmark": benchmark})
    # The fixing of 21 December is out on the first day already: 2.80 % + 0.60 % throughout.
    assert shown["rates"] == [{"effectiveFrom": "2026-12-21", "annualRate": "0.0340"}]
    assert column(shown, "interest") == ["8500.00"]
    earlier = {**OVER_NEW_YEAR, "startDate": "2026-12-20"}
    shown = preview(lender, {**without_rate(earlier), "benchmark": benchmark})
    # 12 days at 3.60 %, 78 at 3.40 %
    assert shown["rates"] == [
        {"effectiveFrom": "2026-12-20", "annualRate": "0.0360"},
        {"effectiveFrom": "2027-01-01", "annualRate": "0.0340"},
    ]
    assert column(shown, "interest") == ["8566.67"]
    fixed = {**benchmark, "repricing": "FIXED"}
    shown = preview(lender, {**without_rate(earlier), "benchmark": fixed})
    assert column(shown, "interest") == ["9000.00"]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"fixings": []}, {"benchmark.fixings"}),
        ({"fixings": LPR[:1]}, {"benchmark.fixings"}),
        ({"fixings": [LPR[1], LPR[1]]}, {"benchmark.fixings.1.publishedOn"}),
        ({"spreadBasisPoints": -301}, {"benchmark.spreadBasisPoints"}),
        ({"spreadBasisPoints": 100_000}, {"benchmark.spreadBasisPoints"}),
        (
            {"fixings": [{"publishedOn": "9999-12-31", "rate": "-1"}]},
            {"benchmark.fixings.0.publishedOn", "benchmark.fixings.0.rate"},
        ),
    ],
)
def test_a_benchmark_that_gives_no_rate(
    lender: Served, changes: dict[str, Any], wrong: set[str]
) -> None:
    benchmark = {"spreadBasisPoints": 60, "repricing": "FIXED", "fixings": LPR, **changes}
    form = {**without_rate(OVER_NEW_YEAR), "startDate": "2026-12-20", "benchmark": benchmark}
    assert refused(lender, form) == wrong
    # and the other mistakes of the form beside it
    assert refused(lender, {**form, "installments": 0}) == {*wrong, "installments"}


def test_a_rate_or_a_benchmark(lender: Served) -> None:
    benchmark = {"repricing": "FIXED", "fixings": LPR}
    changes = [{"effectiveFrom": "2027-01-01", "annualRate": "0.034"}]
    assert refused(lender, without_rate(LOAN)) == {"annualRate"}
    assert refused(lender, {**OVER_NEW_YEAR, "benchmark": benchmark}) == {"annualRate"}
    form = {**without_rate(OVER_NEW_YEAR), "benchmark": benchmark, "rateChanges": changes}
    assert refused(lender, form) == {"rateChanges"}


def test_due_dates_on_business_days(lender: Served) -> None:
    # 15 February and 15 March 2026 are Sundays; the Monday after the first is a holiday here.
    form = {**LOAN, "roll": "FOLLOWING", "holidays": ["2026-02-16"]}
    shown = preview(lender, form)
    assert column(shown, "dueDate") == ["2026-02-17", "2026-03-16", "2026-04-15"]
    assert column(shown, "days") == [33, 27, 30]
    assert column(shown, "interest") == ["3300.00", "2700.00", "3000.00"]
    worked = preview(lender, {**form, "workingDays": ["2026-02-15"]})
    assert column(worked, "dueDate")[0] == "2026-02-15"
    ends = {**LOAN, "startDate": "2026-01-31", "roll": "MODIFIED_FOLLOWING"}
    assert column(preview(lender, ends), "dueDate") == ["2026-02-27", "2026-03-31", "2026-04-30"]


def test_a_calendar_that_cannot_be(lender: Served) -> None:
    both = {"holidays": ["2026-02-16"], "workingDays": ["2026-02-16"]}
    assert refused(lender, {**LOAN, "roll": "FOLLOWING", **both}) == {"workingDays"}
    days = [f"2026-02-{day:02}" for day in range(15, 29)] + ["2026-03-02", "2026-03-03"]
    assert refused(lender, {**LOAN, "roll": "FOLLOWING", "holidays": days}) == {"holidays"}


def test_a_custom_plan(lender: Served) -> None:
    plan = [
        {"dueDate": "2026-03-16", "principal": "700000"},
        {"dueDate": "2026-06-14", "total": "202700.00"},
        {"dueDate": "2026-07-14"},
    ]
    form = {**LOAN, "method": "CUSTOM_PLAN", "plan": plan}
    shown = preview(lender, form)
    # 60 days on 1,000,000, 90 on 300,000, 30 on 100,000
    assert column(shown, "interest") == ["6000.00", "2700.00", "300.00"]
    assert column(shown, "principal") == ["700000.00", "200000.00", "100000.00"]
    wrong = [
        {"dueDate": "2026-01-01", "principal": "1.005"},
        {"dueDate": "2026-06-14"},
        {"dueDate": "2026-07-14", "principal": "1", "total": "1"},
    ]
    # The amounts are judged once all of them can be read; the other fields at once.
    assert refused(lender, {**form, "plan": wrong, "settlementDay": 20}) == {
        "plan.0.principal",
        "settlementDay",
    }
    wrong[0]["principal"] = "1"
    assert refused(lender, {**form, "plan": wrong, "settlementDay": 20}) == {
        "plan.0.dueDate",
        "plan.1",
        "plan.2",
        "settlementDay",
    }
    assert refused(lender, {**LOAN, "plan": plan}) == {"plan"}
    short = [{"dueDate": "2026-03-16", "total": "5999.99"}, {"dueDate": "2026-04-16"}]
    assert refused(lender, {**form, "installments": 2, "plan": short}) == {"plan.0.total"}


def test_a_first_due_date_and_a_short_first_period(lender: Served) -> None:
    shown = preview(lender, {**LOAN, "firstDueDate": "2026-03-01"})
    assert column(shown, "dueDate") == ["2026-03-01", "2026-04-01", "2026-05-01"]
    assert column(shown, "days") == [45, 31, 30]
    assert refused(lender, {**LOAN, "firstDueDate": "2026-01-15"}) == {"firstDueDate"}
    settled = {**LOAN, "settlementDay": 20}
    assert column(preview(lender, settled), "days") == [6, 31, 28, 25]
    joined = preview(lender, {**settled, "minFirstPeriodDays": 7})
    assert column(joined, "days") == [37, 28, 25]
    wrong = {**settled, "minFirstPeriodDays": 0, "firstDueDate": "2026-03-01"}
    assert refused(lender, wrong) == {"minFirstPeriodDays", "firstDueDate"}


def test_fees_and_the_effective_rate(lender: Served) -> None:
    loan = {
        **LOAN,
        "method": "BULLET",
        "dayCount": "ACT_365",
        "annualRate": "0.0365",
        "installments": 12,
    }
    plain = preview(lender, loan)
    assert plain["effectiveAnnualRate"] == "0.036500"
    assert plain["paidOut"] == "1000000.00"
    assert plain["totalFees"] == plain["upfrontFees"] == "0.00"
    fees = [
        {"kind": "UPFRONT_DEDUCTED", "rate": "0.01"},
        {"kind": "UPFRONT_DUE", "amount": "0.00"},
        {"kind": "PERIODIC", "amount": "1000"},
        {"kind": "COMMITMENT", "rate": "0.005", "undrawn": "200000"},
    ]
    shown = preview(lender, {**loan, "fees": fees})
    assert shown["paidOut"] == "990000.00"
    assert shown["upfrontFees"] == "10000.00"
    assert shown["totalFees"] == "12000.00"
    # 1,000.00, and 200,000 × 0.5 % for 365 days of 365
    assert column(shown, "fees") == ["2000.00"]
    assert column(shown, "due") == ["1036500.00"]
    assert column(shown, "dueWithFees") == ["1038500.00"]
    assert shown["totalDue"] == "1036500.00"
    # 1,038,500 for 990,000 after a year
    assert shown["effectiveAnnualRate"] == "0.048990"


def test_fees_that_make_no_sense(lender: Served) -> None:
    fees: list[dict[str, Any]] = [
        {"kind": "PERIODIC"},
        {"kind": "UPFRONT_DUE", "amount": "-1"},
        {"kind": "COMMITMENT", "rate": "11", "undrawn": "1"},
    ]
    assert refused(lender, {**LOAN, "fees": fees, "installments": 0}) == {
        "fees.0",
        "fees.1.amount",
        "fees.2.rate",
        "installments",
    }
    fees = [{"kind": "PERIODIC", "amount": "0.001"}]
    assert refused(lender, {**LOAN, "fees": fees}) == {"fees.0.amount"}
    fees = [{"kind": "UPFRONT_DEDUCTED", "amount": "1000000"}]
    assert refused(lender, {**LOAN, "fees": fees}) == {"fees"}


def changing(count: int, step: int) -> list[dict[str, str]]:
    first = dt.date(2026, 2, 1)
    return [
        {
            "effectiveFrom": str(first + dt.timedelta(days=place * step)),
            "annualRate": f"0.1{place:017d}",
        }
        for place in range(count)
    ]


def test_more_work_than_a_request_may_take_is_refused(lender: Served) -> None:
    many = {**LOAN, "installments": 600, "rateChanges": changing(MAX_REPRICED_ROWS // 600 + 1, 30)}
    assert refused(lender, many) == {"installments"}
    first = dt.date(2026, 1, 1)
    days = [str(first + dt.timedelta(days=3 * n)) for n in range(MAX_CALENDAR_DAYS + 1)]
    assert refused(lender, {**LOAN, "holidays": days}) == {"holidays"}


def test_the_heaviest_calculation_stays_short(lender: Served) -> None:
    # All at once: 600 rows, as many rate changes of 18 decimals as may be, a calendar and fees.
    heavy = {
        **LOAN,
        "principal": "10000000000000",
        "annualRate": "0.123456789012345678",
        "method": "EQUAL_INSTALLMENT",
        "dayCount": "ACT_ACT",
        "installments": 600,
        "rateChanges": changing(MAX_REPRICED_ROWS // 600, 31),
        "roll": "FOLLOWING",
        "holidays": [str(dt.date(2026, 1, 1) + dt.timedelta(days=7 * n)) for n in range(999)],
        "fees": [{"kind": "COMMITMENT", "rate": "0.123456789012345678", "undrawn": "1000000"}] * 5,
    }
    spent = []
    for _ in range(5):
        before = time.process_time()
        assert len(preview(lender, heavy)["installments"]) > 500
        spent.append(time.process_time() - before)
    # Server and client share this process and its CPU time, and other work the machine: this
    # catches work that grows, not milliseconds.
    assert min(spent) < 0.25
