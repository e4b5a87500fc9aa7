"""Portfolio and delinquency: every number is the sum of the loans behind it, today and as of any
day before, on SQLite and MariaDB."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from api.errors import present
from api.graphql.context import Context
from api.graphql.schema import get_schema
from domain.actor import Actor
from domain.models.lending.borrower import Borrower
from domain.models.lending.facility import CreditFacility
from domain.models.lending.ledger import LedgerEntry
from domain.models.lending.loan import Installment, Loan, RepaymentAllocation
from domain.models.lending.loan_terms import stored_allocation_rule
from domain.models.staff import Branch
from domain.operations.lending.activate_facility import freeze_facility
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.change_terms import TermsChange, change_loan_rate
from domain.operations.lending.repay_loan import Payment, pay_off_loan, repay_loan
from domain.queries.analytics.delinquency_buckets import Delinquency, delinquency_buckets
from domain.queries.analytics.portfolio_summary import (
    CurrencyPortfolio,
    FacilityTotals,
    PortfolioSummary,
    portfolio_summary,
)
from domain.queries.business_date import business_date
from domain.queries.lending.payoff import payoff_quote
from domain.rules.analytics.delinquency import DelinquencyBucket
from domain.rules.analytics.ratios import rounded
from domain.rules.lending.allocation import AllocationAxis, AllocationRule, Bucket
from domain.rules.lending.states import LoanState
from domain.rules.money import format_minor, scale
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.roles import Role
from tests.lender import Lender, hire, key

STEP_DAYS = (17, 14, 1, 30, 31, 9, 20, 61, 33)
"""Between two reports; the last day lies far enough on for every bucket."""
REPRICED = {30: Decimal("0.0815"), 61: Decimal("0.0425")}
"""The rate agreed anew, after a step of so many days, with two borrowers who never pay."""
PRODUCTS = {"USD": ("USD-LEVEL",), "EUR": ("EUR-LEVEL",), "CNY": ("CN-BULLET", "CN-EQUAL")}
LOANS = (
    ("USD", "no penalty"),
    ("CNY", "never"),
    ("EUR", "never"),
    ("USD", "never"),
    ("EUR", "on time"),
    ("USD", "late"),
    ("CNY", "pays off"),
    ("EUR", "in part"),
    ("CNY", "late"),
    ("USD", "too much"),
    ("EUR", "pays off"),
    ("CNY", "in part"),
)
"""The currency of each loan, and how its borrower pays."""

DUE_FIRST = AllocationRule(
    order=(Bucket.COSTS, Bucket.PRINCIPAL, Bucket.INTEREST, Bucket.PENALTY, Bucket.COMPOUND),
    axis=AllocationAxis.VERTICAL,
)
"""Under it an instalment may be paid and yet not settled: its penalty interest stays open."""


@dataclass(frozen=True)
class Reported:
    """What a day's reports said on that day."""

    portfolio: PortfolioSummary
    delinquency: Delinquency


@dataclass(frozen=True)
class Story:
    """A lender with a portfolio that has lived for some months."""

    lender: Lender
    reported: dict[dt.date, Reported]
    local: Actor


async def owed_today(
    loan: Loan,
    today: dt.date,
    parts: tuple[str, ...] = ("principal", "interest", "penalty_accrued", "compound_accrued"),
) -> int:
    return sum(
        getattr(row, part) - getattr(row, f"{part.removesuffix('_accrued')}_paid")
        for row in await Installment.filter(loan_id=loan.id, due_date__lte=today)
        for part in parts
    )


async def pay(lender: Lender, loan: Loan, minor: int, *, off: bool = False) -> None:
    payment = Payment(loan_id=loan.id, amount=Decimal(format_minor(minor, loan.currency)))
    operation = pay_off_loan if off else repay_loan
    await operation(actor=lender.cashier, key=key(), payment=payment)


async def live_a_day(lender: Lender, chance: random.Random, habits: dict[int, str]) -> None:
    """Let each borrower pay as its habit is."""
    today = await business_date()
    for loan in await Loan.filter(state=LoanState.ACTIVE).order_by("id"):
        habit, owed = habits[loan.id], await owed_today(loan, today)
        if habit == "pays off" and chance.random() < 0.3:
            quote = await payoff_quote(lender.cashier, loan.id)
            assert quote is not None
            await pay(lender, loan, max(quote.total, 1), off=True)
        elif habit == "never" or not owed or (habit == "no penalty" and chance.random() < 0.5):
            continue
        elif habit == "no penalty":
            due = await owed_today(loan, today, ("principal", "interest"))
            await pay(lender, loan, max(due, 1))
        elif habit == "too much":
            await pay(lender, loan, owed + 12_345)
        elif habit in ("on time", "pays off") or (habit == "late" and chance.random() < 0.4):
            await pay(lender, loan, owed)
        elif habit == "in part":
            await pay(lender, loan, max(owed * chance.randrange(20, 90) // 100, 1))


async def reprice(lender: Lender, rate: Decimal) -> None:
    """Agree another rate with the first two borrowers who never pay."""
    for loan in await Loan.filter(id__in=[2, 3]):
        change = TermsChange(loan_id=loan.id, reason="agreed", annual_rate=rate)
        await change_loan_rate(actor=lender.approver, key=key(), change=change)


def rate_on(loan: Loan, day: dt.date) -> Fraction:
    """The contract rate by which the loan earned on `day`."""
    changes = [each for each in loan.rate_changes or [] if each[0] <= day.isoformat()]
    return Fraction(changes[-1][1] if changes else loan.annual_rate)


@pytest.fixture(scope="module")
async def story(lender: Lender) -> Story:
    """Loans in three currencies, paid in every way there is; reports kept on the way."""
    chance = random.Random(20260115)
    habits: dict[int, str] = {}
    waiting = list(LOANS)
    branch = await Branch.create(code="B1", name="Branch", parent_id=1, path="/1/2/")
    local = await hire("local", Role.RISK_OFFICER, branch_id=branch.id)
    reported: dict[dt.date, Reported] = {}

    async def lend(count: int) -> None:
        for currency, habit in waiting[:count]:
            facility = await lender.facility(
                currency=currency, revolving=chance.random() < 0.5, limit="200000.00"
            )
            loan = await lender.loan(
                facility,
                product=chance.choice(PRODUCTS[currency]),
                amount=chance.randrange(1_000_00, 200_000_00),
                rate=str(Decimal(chance.randrange(200, 1200)) / 10_000),
                installments=chance.choice([2, 6, 12]),
            )
            habits[loan.id] = habit
            if habit == "no penalty":
                await Loan.filter(id=loan.id).update(allocation=stored_allocation_rule(DUE_FIRST))
        del waiting[:count]

    await lend(8)
    for days in STEP_DAYS:
        to = await business_date() + dt.timedelta(days=days)
        await advance_business_date(actor=lender.operator, key=key(), to=to)
        await live_a_day(lender, chance, habits)
        if days in REPRICED:
            await reprice(lender, REPRICED[days])
        await lend(1)
        reported[to] = Reported(
            await portfolio_summary(lender.analyst), await delinquency_buckets(lender.auditor)
        )
    ids = list(habits)
    await Loan.filter(id__in=ids[::3]).update(officer_id=lender.manager2.id)
    await Loan.filter(id__in=ids[1::3]).update(branch_id=branch.id)
    customers = await Loan.filter(officer_id=lender.manager2.id).values_list(
        "borrower_id", flat=True
    )
    await Borrower.filter(id__in=customers).update(officer_id=lender.manager2.id)
    facilities = await Loan.filter(branch_id=branch.id).values_list("facility_id", flat=True)
    await CreditFacility.filter(id__in=facilities).update(branch_id=branch.id)
    frozen = await CreditFacility.filter(state="ACTIVE").order_by("id").first()
    assert frozen is not None
    await freeze_facility(actor=lender.risk_officer, key=key(), facility_id=frozen.id)
    return Story(lender, reported, local)


@dataclass(frozen=True)
class Standing:
    """One loan at the end of a day, worked out from its own rows."""

    loan: Loan
    accounts: dict[str, int]
    active: bool
    days_past_due: int


async def standings(day: dt.date, only: Collection[int] | None = None) -> list[Standing]:
    found = []
    for loan in await Loan.filter(start_date__lte=day):
        if only is not None and loan.id not in only:
            continue
        accounts: dict[str, int] = defaultdict(int)
        for entry in await LedgerEntry.filter(loan_id=loan.id, posting_date__lte=day):
            assert entry.currency == loan.currency
            accounts[entry.account_code] += entry.amount
        paid: dict[tuple[int, str], int] = defaultdict(int)
        for part in await RepaymentAllocation.filter(loan_id=loan.id, value_date__lte=day):
            paid[part.installment_number, part.bucket] += part.amount
        active = loan.closed_on is None or loan.closed_on > day
        unpaid = [
            row.due_date
            for row in await Installment.filter(loan_id=loan.id, due_date__lte=day)
            if row.principal > paid[row.number, "PRINCIPAL"]
            or row.interest > paid[row.number, "INTEREST"]
        ]
        late = (day - min(unpaid)).days if active and unpaid else 0
        found.append(Standing(loan, accounts, active, late))
    return found


def naive_portfolio(
    day: dt.date, currency: str, loans: list[Standing], facilities: FacilityTotals | None
) -> CurrencyPortfolio:
    def total(code: str, chosen: list[Standing] = loans) -> int:
        return sum(each.accounts.get(code, 0) for each in chosen)

    weights = sum((each.accounts["1303"] * rate_on(each.loan, day) for each in loans), Fraction(0))
    principal = total("1303")
    return CurrencyPortfolio(
        currency=currency,
        active_loans=sum(each.active for each in loans),
        borrowers=len({each.loan.borrower_id for each in loans if each.active}),
        principal_outstanding=principal,
        interest_receivable=total("1132"),
        penalty_receivable=total("1133"),
        compound_receivable=total("1134"),
        interest_income=-total("6011"),
        penalty_income=-total("6012"),
        compound_income=-total("6013"),
        weighted_average_rate=rounded(weights / principal) if principal else None,
        overdue_principal=total("1303", [each for each in loans if each.days_past_due > 0]),
        past_due_90_principal=total("1303", [each for each in loans if each.days_past_due > 90]),
        facilities=facilities,
    )


async def check_portfolio(
    found: PortfolioSummary, loans: list[Standing], *, currencies: Collection[str] = PRODUCTS
) -> None:
    for row in found.currencies:
        chosen = [each for each in loans if each.loan.currency == row.currency]
        assert row == naive_portfolio(found.as_of, row.currency, chosen, row.facilities)
    assert [row.currency for row in found.currencies] == sorted(currencies)


def naive_bucket(days: int) -> str:
    for name, most in (
        ("CURRENT", 0),
        ("DAYS_1_30", 30),
        ("DAYS_31_60", 60),
        ("DAYS_61_90", 90),
        ("DAYS_91_180", 180),
    ):
        if days <= most:
            return name
    return "OVER_180"


def check_buckets(found: Delinquency, loans: list[Standing]) -> None:
    expected: dict[tuple[str, str], tuple[int, int]] = {
        (row.currency, bucket): (0, 0) for row in found.currencies for bucket in DelinquencyBucket
    }
    for each in loans:
        if each.active:
            place = each.loan.currency, naive_bucket(each.days_past_due)
            count, principal = expected[place]
            expected[place] = count + 1, principal + each.accounts["1303"]
    assert {
        (row.currency, total.bucket): (total.loans, total.principal)
        for row in found.currencies
        for total in row.buckets
    } == expected
    assert all(
        [t.bucket for t in row.buckets] == list(DelinquencyBucket) for row in found.currencies
    )


async def test_every_number_is_the_sum_of_the_loans_behind_it(story: Story) -> None:
    today = await business_date()
    loans = await standings(today)
    portfolio = await portfolio_summary(story.lender.accountant)
    await check_portfolio(portfolio, loans)
    buckets = await delinquency_buckets(story.lender.accountant)
    check_buckets(buckets, loans)
    # The portfolio is one that shows something: every state, every bucket, all kinds of income.
    assert {loan.loan.state for loan in loans} == {LoanState.ACTIVE, LoanState.PAID_OFF}
    shown = {t.bucket for row in buckets.currencies for t in row.buckets if t.loans}
    assert {DelinquencyBucket.CURRENT, DelinquencyBucket.OVER_180} < shown
    assert all(row.penalty_income > 0 for row in portfolio.currencies)
    assert any(0 < (row.past_due_90_share or 0) < 1 for row in portfolio.currencies)
    for row, by_bucket in zip(portfolio.currencies, buckets.currencies, strict=True):
        assert sum(t.loans for t in by_bucket.buckets) == row.active_loans
        assert sum(t.principal for t in by_bucket.buckets) == row.principal_outstanding
        assert sum(t.principal for t in by_bucket.buckets[1:]) == row.overdue_principal
        assert sum(t.principal for t in by_bucket.buckets[4:]) == row.past_due_90_principal


async def test_balances_and_days_past_due_are_those_of_the_loans_own_rows(story: Story) -> None:
    for each in await standings(await business_date()):
        loan = each.loan
        assert each.accounts["1303"] == loan.principal_outstanding
        if loan.state == LoanState.ACTIVE and loan.next_due_date:
            assert each.days_past_due == max((loan.accrued_through - loan.next_due_date).days, 0)


async def test_a_past_day_says_what_was_reported_on_it(story: Story) -> None:
    today = await business_date()
    assert len(story.reported) == len(STEP_DAYS)
    for day, then in story.reported.items():
        now = await portfolio_summary(story.lender.analyst, as_of=day)
        if day < today:
            assert all(row.facilities is None for row in now.currencies)
            # A past day is shown at its end, with its own interest; it was reported before that.
            for row, reported in zip(now.currencies, then.portfolio.currencies, strict=True):
                assert row.interest_income >= reported.interest_income
                assert replace(row, **_without_interest(reported)) == replace(
                    reported, facilities=None
                )
        assert await delinquency_buckets(story.lender.analyst, as_of=day) == then.delinquency


def _without_interest(row: CurrencyPortfolio) -> dict[str, int]:
    """What a day's accrual moves."""
    return {
        f"{bucket}_{what}": getattr(row, f"{bucket}_{what}")
        for bucket in ("interest", "penalty", "compound")
        for what in ("receivable", "income")
    }


async def test_any_day_is_the_sum_of_the_loans_as_they_stood(story: Story) -> None:
    today = await business_date()
    due = min(row.due_date for row in await Installment.filter(settled_on=None))
    edges = {due + dt.timedelta(days=days) for days in (0, 1, 30, 31, 60, 61, 90, 91, 180, 181)}
    closed = await Loan.filter(state=LoanState.PAID_OFF).values_list("closed_on", flat=True)
    for day in sorted({*edges, *story.reported, *closed}):
        if day >= today:
            continue
        loans = await standings(day)
        currencies = {each.loan.currency for each in loans}
        found = await portfolio_summary(story.lender.analyst, as_of=day)
        await check_portfolio(found, loans, currencies=currencies)
        check_buckets(await delinquency_buckets(story.lender.analyst, as_of=day), loans)


async def test_facilities_are_summed_as_they_are_now(story: Story) -> None:
    found = await portfolio_summary(story.lender.analyst)
    for row in found.currencies:
        held = await CreditFacility.filter(currency=row.currency, state__in=["ACTIVE", "FROZEN"])
        left = [f.limit_amount - f.reserved - f.used for f in held if f.state == "ACTIVE"]
        assert row.facilities == FacilityTotals(
            count=len(held),
            limit=sum(f.limit_amount for f in held),
            reserved=sum(f.reserved for f in held),
            used=sum(f.used for f in held),
            available=sum(left),
        )
    frozen = await CreditFacility.filter(state="FROZEN").count()
    assert frozen == 1


async def test_each_person_gets_the_part_in_sight(story: Story) -> None:
    today = await business_date()
    for actor, condition in (
        (story.lender.manager2, {"officer_id": story.lender.manager2.id}),
        (story.local, {"branch_id__in": list(story.local.branch_ids or ())}),
    ):
        ids = set(await Loan.filter(**condition).values_list("id", flat=True))
        assert 0 < len(ids) < await Loan.all().count()
        mine = await standings(today, only=ids)
        portfolio = await portfolio_summary(actor)
        for row in portfolio.currencies:
            chosen = [each for each in mine if each.loan.currency == row.currency]
            assert row == naive_portfolio(today, row.currency, chosen, row.facilities)
        check_buckets(await delinquency_buckets(actor), mine)
        held = await CreditFacility.filter(
            id__in={each.loan.facility_id for each in mine}, state__in=["ACTIVE", "FROZEN"]
        ).count()
        assert sum(row.facilities.count for row in portfolio.currencies if row.facilities) == held
    applicant = await portfolio_summary(story.lender.applicant)
    assert applicant.currencies == ()


async def test_tomorrow_is_refused_and_so_is_the_stone_age(story: Story) -> None:
    today = await business_date()
    for day in (today + dt.timedelta(days=1), dt.date(1, 1, 1)):
        for query in (portfolio_summary, delinquency_buckets):
            with pytest.raises(Refused) as refusal:
                await query(story.lender.analyst, as_of=day)
            (problem,) = refusal.value.problems
            assert (problem.code, problem.path) == (ErrorCode.DATE_OUT_OF_RANGE, ("asOf",))


async def test_before_the_first_loan_there_is_nothing(story: Story) -> None:
    first = min(loan.start_date for loan in await Loan.all())
    day = first - dt.timedelta(days=1)
    assert (await portfolio_summary(story.lender.analyst, as_of=day)).currencies == ()
    assert (await delinquency_buckets(story.lender.analyst, as_of=day)).currencies == ()


QUERY = """query($day: Date) {
  portfolioSummary(asOf: $day) { asOf currencies { currency activeLoans borrowers
    principalOutstanding interestReceivable penaltyReceivable compoundReceivable interestIncome
    penaltyIncome compoundIncome weightedAverageRate overduePrincipal pastDue90Principal
    pastDue90Share facilities { count limit reserved used available } } }
  delinquencyBuckets(asOf: $day) { asOf currencies { currency buckets {
    bucket loans principal } } }
}"""


async def ask(actor: Actor, query: str, **variables: Any) -> Any:
    return await get_schema().execute(
        query, variable_values=variables, context_value=Context(actor, "en")
    )


async def test_the_api_shows_amounts_in_the_scale_of_their_currency(story: Story) -> None:
    answered = await ask(story.lender.analyst, QUERY)
    assert answered.errors is None
    domain = await portfolio_summary(story.lender.analyst)
    for row, shown in zip(
        domain.currencies, answered.data["portfolioSummary"]["currencies"], strict=True
    ):
        digits = scale(row.currency)
        assert shown["principalOutstanding"] == format_minor(
            row.principal_outstanding, row.currency
        )
        assert len(shown["interestIncome"].partition(".")[2]) == digits
        assert shown["weightedAverageRate"] == f"{row.weighted_average_rate:f}"
        assert row.facilities is not None
        assert shown["facilities"]["available"] == format_minor(
            row.facilities.available, row.currency
        )
    buckets = answered.data["delinquencyBuckets"]["currencies"][0]["buckets"]
    assert [each["bucket"] for each in buckets] == list(DelinquencyBucket)


async def test_the_api_refuses_a_future_day_and_those_without_the_role(story: Story) -> None:
    tomorrow = await business_date() + dt.timedelta(days=1)
    answered = await ask(story.lender.analyst, QUERY, day=tomorrow.isoformat())
    assert {present(error, "en")["extensions"]["code"] for error in answered.errors} == {
        "BAD_USER_INPUT"
    }
    for actor in (story.lender.applicant, story.lender.cashier, story.lender.operator):
        answered = await ask(actor, QUERY)
        assert {present(error, "zh")["extensions"]["code"] for error in answered.errors} == {
            "FORBIDDEN"
        }
