"""The future of a loan made anew: what is due already stays, the running row and the later ones are
laid out again (docs/domain.md §5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise

from domain.rules.lending.accrual import row_factor, row_interest
from domain.rules.lending.day_count import DatedRate, actual_days, counted_days
from domain.rules.lending.interest import BalanceChange
from domain.rules.lending.periods import Period, PeriodUnit
from domain.rules.lending.schedule import equal_installment
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing.account import Installment, LoanAccount
from domain.rules.money import divide_rounded


def future_rows(account: LoanAccount, on: dt.date) -> list[Installment]:
    """The rows that fall due after `on`, in order; the first one is running."""
    return [row for row in account.installments if row.due_date > on and row.settled_on is None]


def bearing(row: Installment) -> int:
    """The balance on which a row earns now."""
    return row.balance_changes[-1].balance if row.balance_changes else row.opening


def prepaid(row: Installment) -> int:
    """Principal of a row that was paid ahead within it."""
    return row.opening - bearing(row)


def installment_of(row: Installment) -> int:
    """What a row asks for as planned: principal that was paid ahead is no part of it."""
    return row.principal - prepaid(row) + row.interest


def set_rate(account: LoanAccount, on: dt.date, rate: Decimal, penalty_rate: Decimal) -> None:
    """Let other rates hold from `on`, that day included; the rows are not touched."""
    terms = account.terms
    contract = (*_before(terms.schedule.rate_changes, on), DatedRate(on, rate))
    penalty = (*_before(terms.overdue.penalty_changes, on), DatedRate(on, penalty_rate))
    account.terms = replace(
        terms,
        schedule=replace(terms.schedule, rate_changes=contract),
        overdue=replace(terms.overdue, rate_changes=contract, penalty_changes=penalty),
    )


def set_maturity(account: LoanAccount, maturity: dt.date) -> None:
    """Let the loan mature on another day. A maturity that has passed goes on to count for what
    fell due by then."""
    passed = account.maturity_date
    if passed <= account.accrued_through and passed not in account.matured:
        account.matured += (passed,)
    account.maturity_date = maturity
    account.terms = replace(
        account.terms,
        overdue=replace(account.terms.overdue, maturity=maturity),
    )


def lay_out(
    account: LoanAccount,
    rows: Sequence[Installment],
    *,
    installment: int | None = None,
    principal_part: int | None = None,
) -> None:
    """Share the bearing balance of `rows[0]` among `rows` by the loan's method.

    A given `installment` (or `principal_part`, for equal principal) is kept, so that the balance
    may run out early: rows after that are dropped. Else it is worked out, so that the last row
    takes what rounding left. Of a custom plan each row keeps its principal; where none may be
    dropped, it keeps its share of what is left.
    """
    balance = bearing(rows[0])
    method = account.terms.schedule.method
    keep = installment is not None or principal_part is not None
    if method is RepaymentMethod.EQUAL_INSTALLMENT:
        if installment is None:
            _equal_installments(account, rows, balance)
            return
        _share(account, rows, balance, installment=installment)
    elif method is RepaymentMethod.EQUAL_PRINCIPAL:
        part = principal_part
        if part is None:
            part = divide_rounded(balance, len(rows), account.terms.schedule.rounding)
        _share(account, rows, balance, parts=[part] * len(rows))
    elif method is RepaymentMethod.CUSTOM_PLAN:
        planned = [row.principal - prepaid(row) for row in rows]
        _share(account, rows, balance, parts=planned if keep else _in_proportion(planned, balance))
    else:
        _share(account, rows, balance, parts=[0] * len(rows))
    if keep:
        _drop_empty(account, rows)


def lay_out_at_new_rate(account: LoanAccount, rows: Sequence[Installment], on: dt.date) -> None:
    """After a change of rate from `on`: the running row keeps its instalment, the equal instalment
    is worked out anew from the next one; a row that begins on that day is a next one."""
    running = rows[0]
    if running.start_date >= on or len(rows) == 1:
        lay_out(account, rows)
        return
    if account.terms.schedule.method is RepaymentMethod.EQUAL_INSTALLMENT:
        _share(account, rows, bearing(running), installment=installment_of(running))
        lay_out(account, rows[1:])
    else:
        lay_out(account, rows, principal_part=running.principal - prepaid(running))


def prepay(account: LoanAccount, rows: Sequence[Installment], amount: int, on: dt.date) -> None:
    """Take undue principal off the running row: it earns on less from `on`."""
    running = rows[0]
    less = bearing(running) - amount
    kept = tuple(change for change in running.balance_changes if change.on < on)
    running.balance_changes = (*kept, BalanceChange(on, less))
    running.principal += amount
    running.principal_paid += amount
    account.principal_outstanding -= amount


def postpone(row: Installment, later: Installment) -> None:
    """Let what `row` was still to repay be repaid by a `later` one."""
    later.principal, row.principal = row.principal - prepaid(row), prepaid(row)


def cut(account: LoanAccount, on: dt.date) -> tuple[Installment | None, int]:
    """End the running row on `on` with the interest it has accrued, and drop the later ones.

    Returns the row, which then asks for no undue principal, and the undue principal of all.
    """
    rows = future_rows(account, on)
    if not rows:
        return None, 0
    running = rows[0]
    undue = bearing(running)
    running.principal = prepaid(running)
    running.interest = running.interest_accrued
    running.days = min(running.days, period_days(account, running.start_date, on))
    running.end_date = running.due_date = on
    drop(account, rows[1:])
    return running, undue


def drop(account: LoanAccount, rows: Sequence[Installment]) -> None:
    """Take rows out of the schedule."""
    numbers = {row.number for row in rows}
    account.installments = [row for row in account.installments if row.number not in numbers]


def period_days(account: LoanAccount, start: dt.date, end: dt.date) -> int:
    """The days that earn from `start` to `end` under the loan's day count: 30E for a stub of 30-day
    months, actual days in periods of weeks and days."""
    terms = account.terms.schedule
    if terms.unit is not PeriodUnit.MONTH:
        return actual_days(start, end)
    return counted_days(terms.day_count, start=start, end=end)


def new_row(account: LoanAccount, number: int, period: Period, opening: int) -> Installment:
    """A row that has not begun."""
    return Installment(
        number=number,
        start_date=period.start,
        end_date=period.end,
        due_date=period.end,
        days=period.days(account.terms.schedule.day_count),
        opening=opening,
        principal=0,
        interest=0,
    )


def _equal_installments(account: LoanAccount, rows: Sequence[Installment], balance: int) -> None:
    if balance == 0:
        _share(account, rows, 0, installment=0)
        return
    terms = account.terms.schedule
    factors = [row_factor(row, terms) for row in rows]
    if rows[0].balance_changes:  # its interest so far was earned on more
        factors[0] = Fraction(row_interest(rows[0], terms), balance)
    installment = equal_installment(principal=balance, factors=factors, rounding=terms.rounding)
    _share(account, rows, balance, installment=installment)
    difference = installment_of(rows[-1]) - installment
    if abs(difference) <= len(rows) // 2:
        return
    # Once spread over the rows, and kept only where it helped, as in the schedule's own rule.
    spread = installment + divide_rounded(difference, len(rows), terms.rounding)
    _share(account, rows, balance, installment=spread)
    if abs(installment_of(rows[-1]) - spread) >= abs(difference):
        _share(account, rows, balance, installment=installment)


def _share(
    account: LoanAccount,
    rows: Sequence[Installment],
    balance: int,
    *,
    installment: int | None = None,
    parts: Sequence[int] = (),
) -> None:
    """Run the balance down over `rows`, by an instalment or by a part of principal for each; the
    last one takes what is left."""
    last = len(rows) - 1
    for place, row in enumerate(rows):
        ahead = 0
        if place:
            row.opening, row.balance_changes = balance, ()
        else:
            ahead = prepaid(row)
        row.interest = row_interest(row, account.terms.schedule)
        if place == last:
            principal = balance
        else:
            wanted = parts[place] if installment is None else installment - row.interest
            principal = min(max(wanted, 0), balance)
        row.principal = principal + ahead
        balance -= principal


def _in_proportion(planned: Sequence[int], balance: int) -> list[int]:
    """`planned` made less, to sum to `balance`: each sum of the first ones is rounded down, so that
    no cent drifts."""
    whole = sum(planned)
    reached = [balance * upto // whole if whole else 0 for upto in accumulate(planned, initial=0)]
    return [after - before for before, after in pairwise(reached)]


def _drop_empty(account: LoanAccount, rows: Sequence[Installment]) -> None:
    """Without the rows that come after the balance has run out."""
    empty = [row for row in rows[1:] if row.opening == 0]
    drop(account, empty)
    if empty and (left := [row for row in rows if row.opening]):
        set_maturity(account, left[-1].due_date)


def _before(changes: Sequence[DatedRate], on: dt.date) -> tuple[DatedRate, ...]:
    return tuple(change for change in changes if change.effective_from < on)
