"""A quiet day is the day itself: whatever a loan went through, both say the same to the cent."""

from __future__ import annotations

import copy
import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.lending.fees import FeeKind
from domain.rules.lending.servicing.account import BookStatus, LoanAccount
from domain.rules.lending.servicing.apply import apply
from domain.rules.lending.servicing.days import accrue, advance, open_day
from domain.rules.lending.servicing.position import accrued, moved, position
from domain.rules.lending.servicing.quiet_day import QuietLoan, RunningRow, Terms, quiet_day
from domain.rules.lending.servicing.refusals import problems_with
from domain.rules.lending.states import LIVING_LOANS
from domain.rules.refusal import Refused
from tests.domain.rules.lending.servicing.loans import disbursed, terms
from tests.domain.rules.lending.servicing.test_history_replayed import happenings, loans, same

ONE_DAY = dt.timedelta(days=1)


def quiet_loan(account: LoanAccount, day: dt.date) -> QuietLoan:
    """What the day close reads of the account."""
    of = account.terms
    begun = [row for row in account.open_installments() if row.start_date < day]
    return QuietLoan(
        terms=Terms(
            of.schedule.annual_rate,
            of.schedule.rate_changes,
            of.schedule.day_count,
            of.schedule.unit,
            of.schedule.rounding,
            of.vat,
        ),
        overdue=of.overdue,
        book_status=account.book_status,
        next_due_date=account.next_due_date,
        arrears_cleared_on=account.arrears_cleared_on,
        non_accrual_beyond_days=of.non_accrual_beyond_days,
        cure_days=of.cure_days,
        taxed_income=account.taxed_income,
        paid=account.interest_paid + account.penalty_paid + account.compound_paid,
        bills_rows=any(fee.kind is FeeKind.PERIODIC for fee in of.fees),
        running=[
            RunningRow(
                row.number,
                row.start_date,
                row.end_date,
                row.days,
                row.opening,
                row.interest,
                row.balance_changes,
                row.interest_accrued,
            )
            for row in begun
            if row.due_date > day
        ],
        due=[copy.deepcopy(row) for row in begun if row.due_date <= day],
    )


def compare(account: LoanAccount) -> bool:
    """Open the next day both ways; return whether it was quiet."""
    day = account.accrued_through + ONE_DAY
    principal = account.terms.schedule.principal
    before = position(account, disbursed=principal)
    once = copy.deepcopy(account)
    accrue(once, day)
    after_accrual = position(once, disbursed=principal)
    open_day(once, day)
    after = position(once, disbursed=principal)
    if account.state not in LIVING_LOANS or account.credit_balance:
        return False
    odd = account.matured or account.terms.overdue.misuse
    if not account.principal_outstanding or odd:
        return False  # the day close does not ask
    found = quiet_day(quiet_loan(account, day), day)
    if found is None:
        return False
    by_number = {row.number: row for row in account.installments}
    for number, interest, penalty, compound in found.accruals:
        row = by_number[number]
        row.interest_accrued += interest
        row.penalty_accrued += penalty
        row.compound_accrued += compound
        account.interest_receivable += interest
        account.penalty_receivable += penalty
        account.compound_receivable += compound
    account.taxed_income += found.taxed
    account.vat += found.vat
    account.accrued_through = day
    same(account, once)
    sums = [sum(each[i] for each in found.accruals) for i in (1, 2, 3)]
    status = account.book_status
    entries = accrued(status, interest=sums[0], penalty=sums[1], compound=sums[2])
    assert entries == [(e.account, e.amount) for e in moved(before, after_accrual)]
    tax = [(e.account, e.amount) for e in moved(after_accrual, after)]
    assert (accrued(status, vat=found.vat) if found.vat else []) == tax
    return True


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_a_quiet_day_is_the_day_that_one_loan_alone_would_have(data: st.DataObject) -> None:
    account = disbursed(data.draw(loans()))
    for sequence in range(1, data.draw(st.integers(1, 5)) + 1):
        for _ in range(data.draw(st.sampled_from([1, 16, 31, 95]))):
            if not compare(account):
                advance(account, account.accrued_through + ONE_DAY)
        event = data.draw(happenings(account, sequence))
        try:
            if problems_with(account, event, currency="CNY"):
                continue
        except Refused:
            continue
        apply(account, event)


def test_most_days_of_a_loan_are_quiet_and_the_turning_points_are_not() -> None:
    account = disbursed(terms(vat="0.06"))
    loud = []
    for _ in range(180):
        if not compare(account):
            advance(account, account.accrued_through + ONE_DAY)
            loud.append(account.accrued_through)
    # Never paid: due on 15 February, in non-accrual on the 91st day after.
    assert loud == [dt.date(2026, 2, 15) + 91 * ONE_DAY]
    assert account.book_status is BookStatus.NON_ACCRUAL


def test_a_day_that_settles_an_instalment_is_not_quiet() -> None:
    account = disbursed(terms(rate="0", principal=3, installments=5))
    advance(account, dt.date(2026, 2, 14))
    assert account.installments[-1].principal == 0
    quiet = [compare(account)]
    for _ in range(200):
        if not compare(account):
            advance(account, account.accrued_through + ONE_DAY)
            quiet.append(False)
    assert not all(quiet)
