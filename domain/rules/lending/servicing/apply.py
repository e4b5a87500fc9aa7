"""Doing an event to a loan's account, on the day to which the account was advanced.

Live, :mod:`refusals` is asked first. In a replay of a changed history an event does what it still
can: a payoff that no longer covers everything prepays, a waiver gives up what there is.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from domain.rules.lending.allocation import AllocatedItem, Bucket
from domain.rules.lending.overdue import InstallmentPayment
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing import replan
from domain.rules.lending.servicing.account import (
    BookStatus,
    Charge,
    Installment,
    LoanAccount,
    Taken,
)
from domain.rules.lending.servicing.days import change_book_status, use_credit
from domain.rules.lending.servicing.misused import charge_misuse
from domain.rules.lending.servicing.reschedule import (
    accelerate,
    change_due_day,
    extend,
    restructure,
)
from domain.rules.lending.servicing.settle import (
    accrued_ahead,
    close_settled,
    owed_now,
    owed_to_close,
    take,
    take_items,
)
from domain.rules.lending.servicing.tax import tax
from domain.rules.lending.servicing.waive import waive
from domain.rules.lending.states import LoanState
from domain.rules.money import round_half

PREPAYMENT_FEE = "PREPAYMENT_FEE"


def apply(account: LoanAccount, event: e.Event) -> None:
    """Do `event`, which happens on `account.accrued_through`.

    Where a replay finds the loan paid off by then, there are no terms to change; a charge is owed
    all the same, and opens it again.
    """
    ended = account.state is LoanState.PAID_OFF
    match event:
        case e.Payment():
            left = take(
                account,
                event.amount,
                owed_now(account, event.on),
                on=event.on,
                sequence=event.sequence,
            )
            account.credit_balance += left
        case e.Prepayment():
            _prepay(account, event, event.amount, keep=event.keep, free=False)
        case e.Payoff():
            _pay_off(account, event)
        case e.Refund():
            account.credit_balance -= event.amount
        case e.Levy():
            _levy(account, event.sequence, event.code, event.amount, event.due_date)
            if ended:
                _open_again(account)
        case e.Waiver():
            waive(account, event)
        case _ if not ended:
            _change_terms(account, event)
    settle_day(account)


def _open_again(account: LoanAccount) -> None:
    gone = account.book_status is BookStatus.WRITTEN_OFF
    account.state = LoanState.WRITTEN_OFF if gone else LoanState.ACTIVE
    account.closed_on = None


def settle_day(account: LoanAccount) -> None:
    """What follows from a change: items and loan close, book status and tax come right."""
    if account.state not in (LoanState.ACTIVE, LoanState.WRITTEN_OFF):
        return
    close_settled(account, account.accrued_through)
    if account.credit_balance:  # it pays what has fallen due by this very change
        use_credit(account)
        close_settled(account, account.accrued_through)
    change_book_status(account)
    tax(account, account.accrued_through)


def prepayment_parts(account: LoanAccount, money: int, on: dt.date) -> tuple[int, int, int]:
    """What `money` prepays on `on`: what it settles first, the fee, and the principal.

    The principal is the most that leaves room for its fee. Principal is 0 where the money does not
    reach beyond what is due and accrued.
    """
    first = sum(item.amount for item in owed_now(account, on)) + sum(
        item.amount for item in accrued_ahead(account, on)
    )
    left = money - first
    if left <= 0:
        return min(first, money), 0, 0
    principal = _net_of_fee(left, account.terms.prepayment_fee_rate)
    return first, prepayment_fee(account, principal), principal


def prepayment_fee(account: LoanAccount, principal: int) -> int:
    """The fee on prepaid principal, by the schedule's rounding."""
    rate = Fraction(account.terms.prepayment_fee_rate)
    return round_half(principal * rate, account.terms.schedule.rounding)


def _net_of_fee(money: int, rate: Decimal) -> int:
    """The principal that with its fee makes up `money`, rounded down."""
    above, below = rate.as_integer_ratio()
    return money * below // (below + above)


def _prepay(account: LoanAccount, event: e.Event, money: int, *, keep: e.Keep, free: bool) -> None:
    on, sequence = event.on, event.sequence
    money = take(account, money, owed_now(account, on), on=on, sequence=sequence)
    money = take(account, money, accrued_ahead(account, on), on=on, sequence=sequence)
    rows = replan.future_rows(account, on)
    undue = replan.bearing(rows[0]) if rows else 0
    principal = min(money if free else _net_of_fee(money, account.terms.prepayment_fee_rate), undue)
    if not principal:  # too little to repay any of it ahead
        account.credit_balance += money
        return
    fee = 0 if free else min(prepayment_fee(account, principal), money - principal)
    if fee:
        charge = _levy(account, sequence, PREPAYMENT_FEE, fee, on)
        _take_charge(account, charge, fee, on)
    running = rows[0]
    was, part = replan.installment_of(running), running.principal - replan.prepaid(running)
    replan.prepay(account, rows, principal, on)
    account.taken.append(Taken(sequence, running.number, Bucket.PRINCIPAL, principal, on))
    running.payments.append(InstallmentPayment(on, principal, 0))
    if principal == undue:
        _cut_interest(rows)
    elif keep is e.Keep.INSTALLMENT:
        replan.lay_out(account, rows, installment=was, principal_part=part)
    else:
        replan.lay_out(account, rows)
    account.credit_balance += money - principal - fee


def _pay_off(account: LoanAccount, event: e.Payoff) -> None:
    owed = owed_to_close(account, event.on)
    money = event.amount + account.credit_balance
    account.credit_balance = 0
    if sum(item.amount for item in owed) > money:
        _prepay(account, event, money, keep=e.Keep.TERM, free=True)
        return
    account.credit_balance = take(account, money, owed, on=event.on, sequence=event.sequence)
    _cut_interest(replan.future_rows(account, event.on))


def _cut_interest(rows: list[Installment]) -> None:
    """Of rows whose principal was all paid before their end: no interest beyond today's."""
    for row in rows:
        row.interest = row.interest_accrued
        row.principal = row.principal_paid


def _levy(account: LoanAccount, sequence: int, code: str, amount: int, due_date: dt.date) -> Charge:
    charge = Charge(number=sequence, code=code, due_date=due_date, amount=amount)
    account.charges.append(charge)
    account.fee_receivable += amount
    return charge


def _take_charge(account: LoanAccount, charge: Charge, amount: int, on: dt.date) -> None:
    item = AllocatedItem(charge.number, Bucket.COSTS, amount)
    take_items(account, [item], on=on, sequence=charge.number)


def _change_terms(account: LoanAccount, event: e.Event) -> None:
    rows = replan.future_rows(account, event.on)
    match event:
        case e.RateChange():
            replan.set_rate(account, event.on, event.annual_rate, event.penalty_rate)
            if rows:
                replan.lay_out_at_new_rate(account, rows, event.on)
        case e.DueDayChange():
            change_due_day(account, event)
        case e.Extension():
            extend(account, event)
        case e.Restructuring():
            restructure(account, event)
        case e.Acceleration():
            accelerate(account, event.on)
        case e.Misuse():
            charge_misuse(account, event)
        case e.WriteOff() if account.state is LoanState.WRITTEN_OFF:
            pass  # only in a changed history; what was recovered since stays recovered
        case e.WriteOff():
            accelerate(account, event.on)
            account.written_off = account.principal_outstanding
            account.state = LoanState.WRITTEN_OFF
            account.book_status = BookStatus.WRITTEN_OFF
        case _:
            raise TypeError(f"not an event of a loan: {event!r}")
