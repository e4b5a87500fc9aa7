"""What the reference model found wrong, each by hand: ended loans in changed histories, credit on
the day something falls due, rows without a balance, stubs of weeks, two maturities, numbers."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal

import pytest

from domain.rules.lending.day_count import DayCount
from domain.rules.lending.overdue import CompoundBasis
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing.account import BookStatus, LoanAccount
from domain.rules.lending.servicing.apply import apply
from domain.rules.lending.servicing.days import advance
from domain.rules.lending.servicing.refusals import problems_with
from domain.rules.lending.servicing.replay import replay
from domain.rules.lending.states import LoanState
from tests.domain.rules.lending.servicing.loans import START, check, disbursed, terms

RATES = {"annual_rate": Decimal("0.06"), "penalty_rate": Decimal("0.09")}
EQUAL_PRINCIPAL = RepaymentMethod.EQUAL_PRINCIPAL


def day(count: int) -> dt.date:
    return START + dt.timedelta(days=count)


def paid_off_on_day_ten(*events: e.Event, today: int) -> LoanAccount:
    """A loan of two months that was paid off on its tenth day, in a history with more events."""
    closing = e.Payoff(sequence=9, on=day(10), amount=1_300_000_00)
    fresh = disbursed(terms(installments=2))
    account = replay(fresh, [closing, *events], today=day(today))
    check(account)
    return account


def test_a_charge_after_the_loan_was_paid_off_is_owed_and_its_credit_pays_it() -> None:
    levy = e.Levy(sequence=1, on=day(12), code="NOTARY", amount=80_00, due_date=day(15))
    account = paid_off_on_day_ten(levy, today=14)
    assert (account.state, account.closed_on, account.fee_receivable) == (
        LoanState.ACTIVE,
        None,
        80_00,
    )
    credit = account.credit_balance
    advance(account, day(15))
    assert (account.state, account.closed_on) == (LoanState.PAID_OFF, day(15))
    assert (account.credit_balance, account.fee_receivable) == (credit - 80_00, 0)


def test_a_loan_paid_off_before_it_was_written_off_was_never_written_off() -> None:
    account = paid_off_on_day_ten(e.WriteOff(sequence=1, on=day(12)), today=20)
    assert (account.state, account.closed_on) == (LoanState.PAID_OFF, day(10))
    assert (account.book_status, account.written_off) == (BookStatus.ACCRUING, 0)


def test_a_loan_paid_off_before_it_was_restructured_has_no_new_rows() -> None:
    restructuring = e.Restructuring(
        sequence=1, on=day(12), method=EQUAL_PRINCIPAL, periods=3, **RATES
    )
    account = paid_off_on_day_ten(restructuring, today=20)
    assert len(account.installments) == 2
    assert not account.open_installments()


def test_a_loan_that_ended_in_non_accrual_stays_there() -> None:
    """Days of cure are counted while a loan lives, not up to a refund after its end."""
    fresh = disbursed(terms(installments=1, rate="0.06", beyond=30, cure=20))
    end = fresh.maturity_date + dt.timedelta(days=40)
    closing = e.Payment(sequence=1, on=end, amount=1_300_000_00)
    refund = e.Refund(sequence=2, on=end + dt.timedelta(days=30), amount=1)
    account = replay(fresh, [closing, refund], today=refund.on)
    assert (account.state, account.book_status) == (LoanState.PAID_OFF, BookStatus.NON_ACCRUAL)


def test_a_loan_without_principal_is_not_restructured() -> None:
    account = disbursed(terms(installments=1, rate="0.06"))
    advance(account, account.maturity_date + dt.timedelta(days=1))
    owed = account.principal_outstanding + account.interest_receivable
    levy = e.Levy(sequence=1, on=account.accrued_through, code="X", amount=5, due_date=day(300))
    apply(account, levy)
    late = account.penalty_receivable + account.compound_receivable
    apply(account, e.Payment(sequence=2, on=account.accrued_through, amount=owed + late))
    assert (account.state, account.principal_outstanding) == (LoanState.ACTIVE, 0)
    restructuring = e.Restructuring(
        sequence=3, on=account.accrued_through, method=EQUAL_PRINCIPAL, periods=3, **RATES
    )
    assert len(problems_with(account, restructuring, currency="CNY")) == 1


def test_credit_pays_what_falls_due_by_an_acceleration_the_same_day() -> None:
    account = disbursed(terms(principal=10_000_00, rate="0.36", installments=1))
    apply(account, e.Payment(sequence=1, on=START, amount=4_000_00))
    advance(account, day(10))
    apply(account, e.Acceleration(sequence=2, on=day(10)))
    # 10 days at 36 % are 100.00; the credit pays them and 3,900.00 of principal.
    assert (account.credit_balance, account.interest_paid) == (0, 100_00)
    assert account.principal_outstanding == 6_100_00
    advance(account, day(11))
    assert account.penalty_receivable == 9_15  # 6,100.00 at 54 % for a day


def test_credit_is_used_on_the_same_day_whether_days_pass_singly_or_at_once() -> None:
    fresh = disbursed(terms(installments=3))
    history = [
        e.Payment(sequence=1, on=START, amount=100_00),
        e.Levy(sequence=2, on=day(3), code="NOTARY", amount=80_00, due_date=day(3)),
    ]
    account = replay(copy.deepcopy(fresh), history, today=day(20))
    assert account.charges[0].settled_on == day(3)


@pytest.mark.parametrize("change", ["prepayment", "due day"])
def test_rows_that_rounding_leaves_without_a_balance_stay(change: str) -> None:
    """8 cents in equal principal over 5 rows: 1.6 is 2 a row, and nothing is left for the fifth."""
    account = disbursed(terms(principal=11, rate="0", method=EQUAL_PRINCIPAL, installments=5))
    maturity = account.maturity_date
    if change == "prepayment":
        apply(account, e.Prepayment(sequence=1, on=START, amount=3, keep=e.Keep.TERM))
    else:
        apply(account, e.Prepayment(sequence=1, on=START, amount=3, keep=e.Keep.TERM))
        apply(account, e.DueDayChange(sequence=2, on=START, next_due_date=day(31)))
    assert [row.principal for row in account.installments] == [5, 2, 2, 2, 0]
    assert account.maturity_date == maturity
    check(account)


def test_a_prepayment_that_reaches_no_principal_is_credit_and_lays_nothing_out() -> None:
    fresh = disbursed(terms(fee="0.01"))
    before = copy.deepcopy(fresh.installments)
    prepayment = e.Prepayment(sequence=1, on=START, amount=1, keep=e.Keep.INSTALLMENT)
    account = replay(fresh, [prepayment], today=START)
    assert (account.credit_balance, account.installments) == (1, before)


def test_a_stub_of_weeks_counts_its_actual_days_under_thirty_day_months() -> None:
    start = dt.date(2027, 2, 22)
    account = disbursed(
        terms(
            principal=360_000_00,
            rate="0.0360",
            day_count=DayCount.THIRTY_360,
            unit=PeriodUnit.WEEK,
            installments=1,
            method=RepaymentMethod.INTEREST_ONLY,
            start=start,
        )
    )
    assert account.installments[0].interest == 7 * 36_00
    apply(account, e.DueDayChange(sequence=1, on=start, next_due_date=dt.date(2027, 3, 8)))
    assert account.installments[0].interest == 14 * 36_00  # 30E would count 16
    advance(account, dt.date(2027, 3, 8))
    assert account.interest_receivable == 14 * 36_00


def test_a_maturity_that_passed_counts_for_what_fell_due_before_it_alone() -> None:
    """Compound interest at the contract rate until maturity: a new schedule has its own."""
    account = disbursed(
        terms(
            principal=36_000_00,
            rate="0.36",
            installments=1,
            method=RepaymentMethod.INTEREST_ONLY,
            basis=CompoundBasis.CONTRACT_UNTIL_MATURITY,
        )
    )
    matured = account.maturity_date
    advance(account, matured)
    restructuring = e.Restructuring(
        sequence=1,
        on=matured,
        method=RepaymentMethod.INTEREST_ONLY,
        periods=2,
        annual_rate=Decimal("0.36"),
        penalty_rate=Decimal("0.54"),
    )
    apply(account, restructuring)
    old, new = account.installments[0], account.installments[1]
    assert (old.interest, new.due_date) == (31 * 36_00, dt.date(2026, 3, 15))
    advance(account, new.due_date + dt.timedelta(days=10))
    # The old row's interest earns at 54 % for 38 days, the new row's at 36 % for 10.
    assert old.compound_accrued == 63_61  # 1,116.00 × 0.54 × 38 ÷ 360 = 63.612
    assert new.interest == 28 * 36_00
    assert new.compound_accrued == 10_08  # 1,008.00 × 0.36 × 10 ÷ 360


def test_a_new_schedule_is_numbered_after_settled_rows_that_are_not_loaded() -> None:
    account = disbursed(terms(principal=3, rate="0", installments=6))
    # 1 cent a month for three months, then nothing: the last rows are settled as they fall due.
    advance(account, account.maturity_date)
    settled = [row.number for row in account.installments if row.settled_on is not None]
    account.installments = account.open_installments()
    account.settled_to = max(settled)
    restructuring = e.Restructuring(
        sequence=1, on=account.accrued_through, method=EQUAL_PRINCIPAL, periods=2, **RATES
    )
    apply(account, restructuring)
    assert [row.number for row in account.installments] == [1, 2, 3, 7, 8]


def test_a_first_row_without_a_claim_is_not_the_next_due() -> None:
    account = disbursed(terms(rate="0", method=RepaymentMethod.INTEREST_ONLY, installments=3))
    assert account.next_due_date == account.maturity_date
    assert account.days_past_due() == 0


def test_a_loan_is_written_off_once_whatever_became_of_the_past() -> None:
    """A payoff dated back undid the first write-off, a charge opened the loan again, it was written
    off for that, and then the payoff was reversed: of the second write-off nothing is left to do,
    and what was recovered between them stays recovered."""
    history = [
        e.WriteOff(sequence=1, on=day(100)),
        e.Payment(sequence=2, on=day(110), amount=200_000_00),
        e.WriteOff(sequence=3, on=day(130)),
    ]
    account = replay(disbursed(terms()), history, today=day(130))
    assert account.written_off == 1_200_000_00
    assert account.principal_outstanding < 1_200_000_00
    check(account)
