"""A history replayed is the loan as the days made it, whatever happened and in whatever steps."""

from __future__ import annotations

import copy
import datetime as dt
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.lending.allocation import AllocationAxis, AllocationRule, Bucket
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.fees import Fee, FeeKind
from domain.rules.lending.overdue import CompoundBasis
from domain.rules.lending.schedule_terms import PlanRow, RepaymentMethod
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing.account import LoanAccount, ServicingTerms
from domain.rules.lending.servicing.apply import apply
from domain.rules.lending.servicing.days import advance
from domain.rules.lending.servicing.refusals import problems_with
from domain.rules.lending.servicing.replay import replay
from domain.rules.lending.states import LoanState
from domain.rules.refusal import Refused
from tests.domain.rules.lending.servicing.loans import START, check, disbursed, terms

ONE_DAY = dt.timedelta(days=1)


@st.composite
def plans(draw: st.DrawFn, start: dt.date, principal: int) -> tuple[PlanRow, ...]:
    """Rows some of which repay nothing; the last one repays what is left."""
    spans = draw(st.lists(st.integers(1, 100), min_size=1, max_size=8))
    days = [start + sum(spans[: place + 1]) * ONE_DAY for place in range(len(spans))]
    shares = [draw(st.integers(0, 1)) * (principal // (2 * len(days))) for _ in days[1:]]
    rows = [PlanRow(day, principal=share) for day, share in zip(days, shares, strict=False)]
    return (*rows, PlanRow(days[-1]))


FEES = (
    Fee(FeeKind.UPFRONT_DUE, rate=Decimal("0.005")),
    Fee(FeeKind.PERIODIC, amount=2_00),
    Fee(FeeKind.PERIODIC, rate=Decimal("0.0001")),
)


@st.composite
def loans(draw: st.DrawFn) -> ServicingTerms:
    every = draw(st.sampled_from([1, 3]))
    method = draw(st.sampled_from(RepaymentMethod))
    principal = draw(st.sampled_from([1, 99_99, 1_200_000_00, 10**15]))
    start = draw(st.sampled_from([START, dt.date(2027, 12, 31), dt.date(2028, 1, 31)]))
    planned = method is RepaymentMethod.CUSTOM_PLAN
    return terms(
        principal=principal,
        rate=draw(st.sampled_from(["0", "0.0360", "0.1199", "0.24"])),
        method=method,
        plan=draw(plans(start, principal)) if planned else (),
        day_count=draw(st.sampled_from(DayCount)),
        installments=draw(st.integers(1, 8)),
        every=every,
        settlement_day=None if planned else draw(st.sampled_from([None, None, 20, 31])),
        start=start,
        grace_days=draw(st.sampled_from([0, 0, 5])),
        rule=AllocationRule(
            axis=draw(st.sampled_from(AllocationAxis)),
            principal_first_beyond_days=draw(st.sampled_from([None, 90])),
        ),
        basis=draw(st.sampled_from(CompoundBasis)),
        fee=draw(st.sampled_from(["0", "0.01"])),
        vat=draw(st.sampled_from(["", "0.06"])),
        beyond=draw(st.sampled_from([30, 90])),
        cure=draw(st.sampled_from([0, 60])),
        fees=draw(st.sampled_from([(), (), FEES])),
    )


@st.composite
def happenings(draw: st.DrawFn, account: LoanAccount, sequence: int) -> e.Event:
    """Something to try on the account today; amounts are about what is owed."""
    on = account.accrued_through
    owed = account.principal_outstanding + account.interest_receivable + 1
    share = draw(st.sampled_from([1, 3, 10, 50, 100, 101]))
    amount = max(owed * share // 100, 1)
    rate = Decimal(draw(st.sampled_from(["0.03", "0.0450", "0.2"])))
    rates = {"annual_rate": rate, "penalty_rate": rate * Decimal("1.5")}
    common = {"sequence": sequence, "on": on}
    return draw(
        st.sampled_from(
            [
                e.Payment(amount=amount, **common),
                e.Payment(amount=amount, **common),
                e.Prepayment(amount=amount, keep=e.Keep.TERM, **common),
                e.Prepayment(amount=amount, keep=e.Keep.INSTALLMENT, **common),
                e.Payoff(amount=owed * 2, **common),
                e.Refund(amount=amount, **common),
                e.Levy(code="NOTICE", amount=amount, due_date=on + 9 * ONE_DAY, **common),
                e.Waiver(bucket=Bucket.PENALTY, amount=amount, **common),
                e.Waiver(bucket=Bucket.INTEREST, amount=amount, **common),
                e.RateChange(**rates, **common),
                e.DueDayChange(next_due_date=on + 12 * ONE_DAY, **common),
                e.Extension(periods=2, **rates, **common),
                e.Restructuring(
                    method=RepaymentMethod.EQUAL_INSTALLMENT, periods=3, **rates, **common
                ),
                e.Acceleration(**common),
                e.Misuse(amount=amount, markup=Decimal("0.5"), since=on, **common),
                e.Misuse(
                    amount=amount,
                    markup=Decimal(1),
                    since=max(on - 40 * ONE_DAY, START),
                    **common,
                ),
                e.WriteOff(**common),
            ]
        )
    )


def same(one: LoanAccount, other: LoanAccount) -> None:
    for field in fields(LoanAccount):
        if field.name not in ("taken", "limit_used"):
            assert getattr(one, field.name) == getattr(other, field.name), field.name


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_loan_lived_day_by_day_is_its_history_replayed(data: st.DataObject) -> None:
    of = data.draw(loans())
    fresh = disbursed(of)
    account, history = copy.deepcopy(fresh), []
    for sequence in range(1, data.draw(st.integers(1, 7)) + 1):
        for _ in range(data.draw(st.sampled_from([0, 1, 16, 31, 95, 200]))):
            advance(account, account.accrued_through + ONE_DAY)
        check(account)
        event = data.draw(happenings(account, sequence))
        try:
            if problems_with(account, event, currency="CNY"):
                continue
        except Refused:
            continue
        apply(account, event)
        check(account)
        history.append(event)
    again = replay(copy.deepcopy(fresh), history, today=account.accrued_through)
    same(account, again)
    assert again.taken == account.taken


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_payment_taken_out_of_the_history_leaves_what_would_have_been(
    data: st.DataObject,
) -> None:
    fresh = disbursed(data.draw(loans()))
    days = data.draw(st.lists(st.integers(0, 300), min_size=2, max_size=5))
    amounts = [data.draw(st.integers(1, fresh.principal_outstanding)) for _ in days]
    payments = [
        e.Payment(sequence=n, on=fresh.accrued_through + dt.timedelta(days=day), amount=amount)
        for n, (day, amount) in enumerate(zip(days, amounts, strict=True), start=1)
    ]
    gone = data.draw(st.sampled_from(payments))
    today = fresh.accrued_through + dt.timedelta(days=320)
    left = [payment for payment in payments if payment is not gone]
    without = replay(copy.deepcopy(fresh), left, today=today)
    check(without)
    came_in = sum(payment.amount for payment in left)
    settled = sum(taken.amount for taken in without.taken if taken.sequence is not None)
    credit = sum(taken.amount for taken in without.taken if taken.sequence is None)
    assert came_in == settled + credit + without.credit_balance
    # The order in which the lender heard of the payments makes no difference.
    shuffled = data.draw(st.permutations(left))
    same(without, replay(copy.deepcopy(fresh), shuffled, today=today))


def test_a_refund_of_money_that_never_came_is_named() -> None:
    fresh = disbursed(terms())
    day = START + 3 * ONE_DAY
    history = [e.Refund(sequence=2, on=day, amount=5_00)]
    with pytest.raises(Refused, match="refunded"):
        replay(fresh, history, today=day)


def test_a_closed_loan_opens_again_without_its_closing_payment() -> None:
    fresh = disbursed(terms(installments=2))
    day = START + 20 * ONE_DAY
    closing = e.Payoff(sequence=1, on=day, amount=1_300_000_00)
    closed = replay(copy.deepcopy(fresh), [closing], today=day + 90 * ONE_DAY)
    assert (closed.state, closed.closed_on) == (LoanState.PAID_OFF, day)
    reopened = replay(copy.deepcopy(fresh), [], today=day + 90 * ONE_DAY)
    assert reopened.state is LoanState.ACTIVE
    assert reopened.days_past_due() > 0
    assert replace(reopened, taken=[]).penalty_receivable > 0
