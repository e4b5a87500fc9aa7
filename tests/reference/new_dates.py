"""New due dates in the reference model, as an event makes them: the nominal days, and the rows."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from tests.reference import plan
from tests.reference.calendar import ONE_DAY, add, roll, settlement_dates, thirty
from tests.reference.plan import Row

if TYPE_CHECKING:
    from tests.reference.loan import Act, Loan


def due_day(loan: Loan, act: Act) -> tuple[list[dt.date], list[Row]]:
    """The nominal days, and the rows. The first day ends a stub; whole periods follow it, and
    under 30-day months their days are counted on from the stub's."""
    assert act.due is not None
    every, unit, future = loan.product.every, loan.product.unit, loan.future()
    days = [add(act.due, count * every, unit) for count in range(len(future))]
    start, by, whole = future[0].start, (act.roll, act.days), _months(loan, loan.method)
    made = plan.rolled_rows(loan.product, 1, start, days, months=0, by=by)
    if whole and loan.product.unit == "MONTH" and loan.product.day_count.startswith("THIRTY"):
        passed, stub = 0, thirty(days[0]) - thirty(start)
        for row in made:
            until = thirty(row.due) - thirty(start)
            if row.due in days:
                until = stub + 30 * whole * days.index(row.due)
            row.whole, passed = until - passed, until
    return days, made


def _months(loan: Loan, method: str) -> int:
    """The months of a whole period; none where rows are counted by the day."""
    by_day = loan.product.settlement_day is not None or method == "BULLET"
    return 0 if by_day else loan.product.every


def extension(loan: Loan, act: Act) -> tuple[list[dt.date], list[Row]]:
    """The nominal days that are added, and the rows."""
    every, unit, day = loan.product.every, loan.product.unit, loan.product.settlement_day
    last = loan.rows[-1]
    first, passed = counted_from(loan, last, act)
    counted, maturity = (add(first, n * every, unit) for n in (passed, passed + act.periods))
    if loan.method == "BULLET":
        days = [maturity]
    elif day is not None:
        days = [*settlement_dates(counted, maturity, every, day), maturity]
    else:
        after = range(passed + 1, passed + act.periods + 1)
        days = [add(first, count * every, unit) for count in after]
    return days, plan.rolled_rows(
        loan.product,
        last.number + 1,
        counted,
        days,
        months=_months(loan, loan.method),
        by=(act.roll, act.days),
        begun=last.due,
    )


def counted_from(loan: Loan, last: Row, act: Act) -> tuple[dt.date, int]:
    """The day from which the loan's due dates are counted, and how many periods after it the
    last one was due before it rolled; that one itself where it was not counted so."""
    every, unit = loan.product.every, loan.product.unit
    first, passed = last.due, 0
    for count in range(4000):
        date = add(loan.counted_from, count * every, unit)
        if date > last.due + 40 * ONE_DAY:
            break
        of_product = roll(date, loan.product.roll, loan.product.days)
        if last.due in (date, of_product, roll(date, act.roll, act.days)):
            first, passed = loan.counted_from, count
    return first, passed


def restructuring(loan: Loan, act: Act) -> tuple[list[dt.date], list[Row]]:
    """The nominal days, and the rows."""
    every, unit = loan.product.every, loan.product.unit
    days = [add(loan.today, n * every, unit) for n in range(1, act.periods + 1)]
    if act.method == "BULLET":
        days = days[-1:]
    number = loan.rows[-1].number if loan.rows else 0
    return days, plan.rolled_rows(
        loan.product,
        number + 1,
        loan.today,
        days,
        months=_months(loan, act.method),
        by=(act.roll, act.days),
    )
