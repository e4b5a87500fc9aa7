"""Loan products and calendar years as changes, on both databases: versions and days that passed
stay."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.models.lending.product import LoanProduct
from domain.models.reference import CalendarDay
from domain.operations.changes.kind import Kind
from domain.operations.changes.kinds.calendar_year import (
    CALENDAR_YEAR,
    CalendarEntry,
    CalendarYear,
)
from domain.operations.changes.kinds.loan_product import LOAN_PRODUCT, ProductVersion
from domain.operations.install import install
from domain.queries.lending.products import is_on_offer
from domain.rules.lending.allocation import DEFAULT_RULE, AllocationRule, Bucket
from domain.rules.lending.borrower import Profile
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.fees import FeeKind
from domain.rules.lending.overdue import CompoundBasis
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.product import ProductFee
from domain.rules.lending.schedule import RepaymentMethod
from domain.rules.money import Rounding
from domain.rules.reference import DayKind
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.roles import Role
from tests.changes import approve, found, propose
from tests.conftest import FIRST_DAY
from tests.lender import Lender, hire

PRODUCT = ProductVersion(
    code="GEN-ONE",
    profile=Profile.GENERIC,
    name_zh="一号产品",
    name_en="Product one",
    currency="USD",
    method=RepaymentMethod.EQUAL_INSTALLMENT,
    day_count=DayCount.ACT_365,
    rounding=Rounding.HALF_UP,
    period_unit=PeriodUnit.MONTH,
    every=1,
    settlement_day=None,
    principal_min=Decimal("1000"),
    principal_max=Decimal("500000.00"),
    installments_max=36,
    rate_min=Decimal("0.02"),
    rate_max=Decimal("0.18"),
    penalty_markup=Decimal("0.5"),
    penalty_grace_days=3,
    compound_basis=CompoundBasis.PENALTY,
    allocation=DEFAULT_RULE,
    active=True,
)
YEAR = CalendarYear(
    calendar="CN",
    year=2026,
    days=(
        CalendarEntry(date=dt.date(2026, 10, 1), kind=DayKind.HOLIDAY, name="国庆节"),
        CalendarEntry(date=dt.date(2026, 1, 1), kind=DayKind.HOLIDAY, name="元旦"),
        CalendarEntry(date=dt.date(2026, 10, 10), kind=DayKind.WORKDAY, name="调休"),
    ),
)


PLANNED = {"method": RepaymentMethod.CUSTOM_PLAN}


async def test_a_product_gets_a_version_and_the_old_one_stays(lender: Lender) -> None:
    change = await propose(lender.risk_officer, LOAN_PRODUCT, PRODUCT)
    assert json.loads(change.payload)["principalMin"] == "1000.00"
    assert json.loads(change.payload)["version"] == 1
    await approve(lender.approver, change)
    first = await LoanProduct.get(code="GEN-ONE")
    assert (first.version, first.principal_min, first.principal_max) == (1, 1000_00, 500_000_00)
    assert await is_on_offer(first)
    kept = await LoanProduct.filter(id=first.id).values()
    vertical = AllocationRule(order=DEFAULT_RULE.order, principal_first_beyond_days=90)
    second = replace(PRODUCT, rate_max=Decimal("0.1500"), allocation=vertical)
    change = await propose(lender.risk_officer, LOAN_PRODUCT, second)
    assert (change.subject_noun, change.subject_id) == ("LoanProduct", first.id)
    await approve(lender.approver, change)
    latest = await LoanProduct.get(code="GEN-ONE", version=2)
    assert Decimal(latest.rate_max) == Decimal("0.15")
    assert latest.allocation["principal_first_beyond_days"] == 90
    assert await LoanProduct.filter(id=first.id).values() == kept
    assert (await is_on_offer(first), await is_on_offer(latest)) == (False, True)
    await install(today=FIRST_DAY)
    assert await LoanProduct.filter(code="GEN-ONE").count() == 2


async def test_a_product_repaid_by_custom_plans(lender: Lender) -> None:
    draft = replace(PRODUCT, code="GEN-PLAN", **PLANNED)
    await approve(lender.approver, await propose(lender.risk_officer, LOAN_PRODUCT, draft))
    assert (await LoanProduct.get(code="GEN-PLAN")).method == RepaymentMethod.CUSTOM_PLAN


async def test_of_two_next_versions_one_is_stale(lender: Lender) -> None:
    one = await propose(lender.risk_officer, LOAN_PRODUCT, replace(PRODUCT, code="GEN-TWO"))
    other = await propose(
        lender.risk_officer, LOAN_PRODUCT, replace(PRODUCT, code="GEN-TWO", every=2)
    )
    await approve(lender.approver, one)
    with pytest.raises(Refused) as refused:
        await approve(lender.approver2, other)
    assert found(refused) == {"id": ErrorCode.STALE_VERSION}
    assert [row.every for row in await LoanProduct.filter(code="GEN-TWO")] == [1]


async def test_a_product_whose_widest_loan_has_no_schedule(lender: Lender) -> None:
    before = await LoanProduct.all().count()
    for changes, mistakes in (
        ({"settlement_day": 40}, {"settlementDay": ErrorCode.OUT_OF_RANGE}),
        (
            {"settlement_day": 20, "period_unit": PeriodUnit.WEEK},
            {"periodUnit": ErrorCode.INVALID_VALUE},
        ),
        (
            {**PLANNED, "settlement_day": 20, "period_unit": PeriodUnit.WEEK},
            {
                "settlementDay": ErrorCode.INVALID_VALUE,
                "periodUnit": ErrorCode.INVALID_VALUE,
            },
        ),
        ({**PLANNED, "installments_max": 601}, {"installmentsMax": ErrorCode.OUT_OF_RANGE}),
        ({"installments_max": 0}, {"installmentsMax": ErrorCode.OUT_OF_RANGE}),
        ({"installments_max": 601}, {"installmentsMax": ErrorCode.OUT_OF_RANGE}),
        ({"principal_max": Decimal("0.01")}, {"principalMax": ErrorCode.OUT_OF_RANGE}),
        ({"principal_min": Decimal("1.001")}, {"principalMin": ErrorCode.WRONG_SCALE}),
        ({"rate_min": Decimal("0.2")}, {"rateMax": ErrorCode.OUT_OF_RANGE}),
        ({"rate_max": Decimal("NaN")}, {"rateMax": ErrorCode.OUT_OF_RANGE}),
        (
            {"allocation": AllocationRule(order=(Bucket.INTEREST,))},
            {"allocation.order": ErrorCode.INVALID_VALUE},
        ),
        (
            {
                "fees": (
                    ProductFee(kind=FeeKind.UPFRONT_DEDUCTED, rate=Decimal("0.01")),
                    ProductFee(kind=FeeKind.COMMITMENT, rate=Decimal("0.01")),
                    ProductFee(kind=FeeKind.PERIODIC),
                    ProductFee(kind=FeeKind.PERIODIC, rate=Decimal("1.01")),
                    ProductFee(kind=FeeKind.UPFRONT_DUE, rate=Decimal("NaN")),
                )
            },
            {
                "fees.0.kind": ErrorCode.INVALID_VALUE,
                "fees.1.kind": ErrorCode.INVALID_VALUE,
                "fees.2": ErrorCode.INVALID_VALUE,
                "fees.3.rate": ErrorCode.OUT_OF_RANGE,
                "fees.4.rate": ErrorCode.OUT_OF_RANGE,
            },
        ),
        (
            {
                "fees": (
                    ProductFee(kind=FeeKind.PERIODIC, amount=Decimal("0.001")),
                    ProductFee(kind=FeeKind.PERIODIC, amount=Decimal("500000.01")),
                    ProductFee(kind=FeeKind.COMMITMENT, rate=Decimal("0.01")),
                )
            },
            {
                "fees.0.amount": ErrorCode.WRONG_SCALE,
                "fees.1.amount": ErrorCode.OUT_OF_RANGE,
                "fees.2.kind": ErrorCode.INVALID_VALUE,
            },
        ),
        (
            {"fees": (ProductFee(kind=FeeKind.PERIODIC, amount=Decimal("1.00")),) * 6},
            {"fees": ErrorCode.OUT_OF_RANGE},
        ),
        (
            {"code": "gen", "currency": "XXX", "name_zh": " "},
            {
                "code": ErrorCode.INVALID_VALUE,
                "currency": ErrorCode.INVALID_VALUE,
                "nameZh": ErrorCode.REQUIRED,
            },
        ),
        ({"code": "USD-LEVEL", "currency": "EUR"}, {"currency": ErrorCode.CURRENCY_MISMATCH}),
    ):
        with pytest.raises(Refused) as refused:
            await propose(lender.risk_officer, LOAN_PRODUCT, replace(PRODUCT, **changes))
        wanted = {f"content.loanProduct.{path}": code for path, code in mistakes.items()}
        assert found(refused) == wanted
    assert await LoanProduct.all().count() == before


async def days_of(year: int) -> dict[dt.date, str]:
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    rows = await CalendarDay.filter(calendar="CN", date__range=(first, last))
    return {row.date: row.kind for row in rows}


async def test_a_calendar_year_is_loaded_at_once_and_later_days_replaced(lender: Lender) -> None:
    change = await propose(lender.operator, CALENDAR_YEAR, YEAR)
    assert "2 holidays and 1 worked days" in change.summary_en
    await approve(lender.accountant, change)
    assert await days_of(2026) == {day.date: day.kind for day in YEAR.days}
    # New Year's Day has passed; National Day moves, and the worked Saturday falls away.
    new_year = YEAR.days[1]
    moved = CalendarEntry(date=dt.date(2026, 10, 2), kind=DayKind.HOLIDAY, name="国庆节")
    first = await propose(lender.operator, CALENDAR_YEAR, replace(YEAR, days=(moved, new_year)))
    other = await propose(lender.operator, CALENDAR_YEAR, replace(YEAR, days=(new_year,)))
    await approve(lender.accountant, first)
    assert set(await days_of(2026)) == {new_year.date, moved.date}
    with pytest.raises(Refused) as refused:  # what it would replace is another year by now
        await approve(lender.accountant, other)
    assert found(refused) == {"id": ErrorCode.STALE_VERSION}
    with pytest.raises(Refused) as refused:
        await propose(lender.operator, CALENDAR_YEAR, replace(YEAR, days=(moved,)))
    assert found(refused) == {"content.calendarYear.days": ErrorCode.DATE_OUT_OF_RANGE}
    assert set(await days_of(2026)) == {new_year.date, moved.date}


async def test_of_two_years_at_once_that_share_no_day_one_is_written(lender: Lender) -> None:
    second = await hire("accountant-2", Role.ACCOUNTANT, branch_id=lender.cashier.branch_id or 0)
    for year in range(2030, 2036):
        years = [
            CalendarYear(
                calendar="CN",
                year=year,
                days=tuple(
                    CalendarEntry(date=dt.date(year, month, day), kind=DayKind.HOLIDAY, name="X")
                    for day in range(1, 8)
                ),
            )
            for month in (5, 10)
        ]
        changes = [await propose(lender.operator, CALENDAR_YEAR, each) for each in years]
        results = await asyncio.gather(
            *map(approve, (lender.accountant, second), changes), return_exceptions=True
        )
        refused = [result for result in results if isinstance(result, Refused)]
        assert [problem.code for each in refused for problem in each.problems] == [
            ErrorCode.STALE_VERSION
        ]
        assert len(await days_of(year)) == 7


async def test_days_of_another_year_and_days_twice(lender: Lender) -> None:
    day = replace(YEAR.days[0], date=dt.date(2027, 10, 1))
    wrong = replace(YEAR, year=2027, days=(day, day, YEAR.days[0], replace(day, name="")))
    with pytest.raises(Refused) as refused:
        await propose(lender.operator, CALENDAR_YEAR, wrong)
    assert found(refused) == {
        "content.calendarYear.days.1.date": ErrorCode.DUPLICATE,
        "content.calendarYear.days.2.date": ErrorCode.DATE_OUT_OF_RANGE,
        "content.calendarYear.days.3.date": ErrorCode.DUPLICATE,
        "content.calendarYear.days.3.name": ErrorCode.REQUIRED,
    }
    with pytest.raises(Refused) as refused:
        await propose(lender.operator, CALENDAR_YEAR, replace(YEAR, days=()))
    assert found(refused) == {"content.calendarYear.days": ErrorCode.REQUIRED}
    assert await days_of(2027) == {}


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (LOAN_PRODUCT, PRODUCT),
        (CALENDAR_YEAR, YEAR),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_a_payload_is_read_as_it_was_written(kind: Kind[Any], payload: Any) -> None:
    text = kind.write(payload)
    assert kind.read(text) == payload
    assert kind.write(kind.read(text)) == text
    with pytest.raises(ValueError, match="validation error"):
        kind.read('{"other":1}')
