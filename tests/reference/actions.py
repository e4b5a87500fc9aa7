"""What to try on a loan: legal and illegal, about what is owed. The same for Hypothesis, which
shrinks, and for a plain generator of random numbers, which is fast."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Protocol, TypeVar

from tests.reference.loan import BUCKETS, Act, Loan
from tests.reference.plan import RATE, Product

T = TypeVar("T")
METHODS = ("EQUAL_INSTALLMENT", "EQUAL_PRINCIPAL", "INTEREST_ONLY", "BULLET")
DAY_COUNTS = ("ACT_360", "ACT_365", "ACT_ACT", "THIRTY_360", "THIRTY_365")
ORDERS = (
    ("COSTS", "PENALTY", "COMPOUND", "INTEREST", "PRINCIPAL"),
    ("COSTS", "PRINCIPAL", "INTEREST", "PENALTY", "COMPOUND"),
    ("COSTS", "INTEREST", "PRINCIPAL", "COMPOUND", "PENALTY"),
)
FEES = (
    ("UPFRONT_DUE", 0, Fraction("0.005")),
    ("UPFRONT_DUE", 200_00, Fraction(0)),
    ("PERIODIC", 0, Fraction("0.0005")),
    ("PERIODIC", 15_00, Fraction(0)),
)
RATES = ("0", "0.0360", "0.0435", "0.1199", "0.24", "0.03123456789")


class Choice(Protocol):
    """Whatever decides."""

    def one_of(self, options: Sequence[T]) -> T: ...
    def number(self, low: int, high: int) -> int: ...


class RandomChoice:
    """Decides by a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def one_of(self, options: Sequence[T]) -> T:
        return self._random.choice(options)

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)


def rate(text: str) -> int:
    """A rate over `RATE`."""
    return int(Fraction(text) * RATE)


def some_product(choose: Choice) -> Product:
    """Any kind of loan: two units of time, every method, day count, rounding and rule."""
    contract = rate(choose.one_of(RATES))
    unit = choose.one_of(("MONTH", "MONTH", "MONTH", "WEEK", "DAY"))
    every = {"MONTH": (1, 1, 3), "WEEK": (1, 2, 6), "DAY": (10, 45, 100)}[unit]
    vat = choose.one_of(("", "0.06", "0.06 0.03"))
    start = choose.one_of(STARTS)
    dated = [(start, Fraction(text)) for text in vat.split()]
    principal = choose.one_of((1, 31, 99_99, 50_000_00, 1_200_000_00, 10**15))
    settlement_day = choose.one_of((None, None, 20, 31)) if unit == "MONTH" else None
    plan: tuple[tuple[dt.date, int], ...] = ()
    method = choose.one_of((*METHODS, "CUSTOM_PLAN"))
    if method == "CUSTOM_PLAN":
        unit, every, settlement_day = "MONTH", (1, 1, 3), None
        plan = some_plan(choose, start, principal)
    return Product(
        principal=principal,
        rate=contract,
        penalty_rate=contract * 3 // 2,
        method=method,
        day_count=choose.one_of(DAY_COUNTS),
        start=start,
        installments=len(plan) or choose.number(1, 7),
        every=choose.one_of(every),
        unit=unit,
        settlement_day=settlement_day,
        rounding=choose.one_of(("HALF_UP", "HALF_EVEN")),
        grace_days=choose.one_of((0, 0, 5)),
        compound_basis=choose.one_of(("PENALTY", "CONTRACT_UNTIL_MATURITY")),
        order=choose.one_of((ORDERS[0], *ORDERS)),
        axis=choose.one_of(("HORIZONTAL", "HORIZONTAL", "VERTICAL")),
        principal_first_beyond=choose.one_of((None, None, 15, 90)),
        non_accrual_beyond=choose.one_of((30, 90)),
        cure_days=choose.one_of((0, 20, 60)),
        fee=Fraction(choose.one_of(("0", "0", "0.01", "0.003"))),
        vat=tuple((day + n * dt.timedelta(days=150), f) for n, (day, f) in enumerate(dated)),
        roll=choose.one_of(ROLLS[: 3 if unit == "DAY" else None]),
        days=some_days_off(choose, start, longest=6),
        plan=plan,
        fees=tuple(choose.one_of(FEES) for _ in range(choose.one_of((0, 0, 1, 2)))),
    )


def some_plan(choose: Choice, start: dt.date, principal: int) -> tuple[tuple[dt.date, int], ...]:
    """Rows far enough apart not to roll to one day; nothing is left after the last alone."""
    rows, day, left = [], start, principal
    for place in reversed(range(choose.number(1, 6))):
        day += dt.timedelta(days=choose.one_of((25, 30, 31, 61, 100)))
        part = left * choose.one_of((0, 1, 2, 3)) // 4 if place else left
        rows.append((day, part))
        left -= part
    return tuple(rows)


def some_days_off(
    choose: Choice, start: dt.date, *, longest: int
) -> frozenset[tuple[str, dt.date]]:
    """Holidays of some days each, with weekend days beside them that are worked in exchange."""
    days: set[tuple[str, dt.date]] = set()
    for place in range(choose.number(0, 4)):
        first, length = 80 * place + choose.number(0, 60), choose.number(1, longest)
        days |= {("off", start + dt.timedelta(days=first + n)) for n in range(length)}
        for beside in (first - choose.number(1, 7), first + length + choose.number(0, 6)):
            day = start + dt.timedelta(days=beside)
            if day.weekday() >= 5:
                days.add(("worked", day))
    return frozenset(each for each in days if each[0] == "off" or ("off", each[1]) not in days)


ROLLS = ("NONE", "NONE", "FOLLOWING", "MODIFIED_FOLLOWING")
STARTS = (
    dt.date(2026, 1, 15),
    dt.date(2027, 12, 31),
    dt.date(2028, 1, 31),
    dt.date(2028, 2, 29),
    dt.date(2026, 11, 20),
)


MOST_DAYS = 40


def some_days(choose: Choice, loans: Sequence[Loan]) -> int:
    """How many days pass: none to forty, and often just to where something begins or ends."""
    edges = [day for loan in loans for day in _edges(loan)]
    options = [0, 1, choose.number(0, MOST_DAYS)]
    if edges:
        options += [choose.one_of(edges), choose.one_of(edges)]
    return choose.one_of(options)


def _edges(loan: Loan) -> list[int]:
    """The days until a due date, the end of grace, non-accrual, principal first, cure, and the days
    beside them."""
    of = loan.product
    later = [0, of.grace_days, of.non_accrual_beyond, of.principal_first_beyond or 0]
    days = [row.due + dt.timedelta(days=n) for row in loan.open_rows() for n in later]
    days += [charge.due for charge in loan.charges if charge.settled_on is None]
    if loan.cleared_on is not None:
        days.append(loan.cleared_on + dt.timedelta(days=of.cure_days))
    near = {(day - loan.today).days + beside for day in days for beside in (-1, 0, 1)}
    return sorted(each for each in near if 0 < each <= MOST_DAYS)


def some_act(choose: Choice, loan: Loan, order: int) -> Act:
    """Something to try on the loan today."""
    kind = choose.one_of((*_OFTEN, *_OFTEN, *_MAKERS))
    beyond, late = loan.product.principal_first_beyond, loan.days_past_due()
    if beyond is not None and late in (beyond, beyond + 1):  # where the order of a payment changes
        kind = choose.one_of((kind, "PAYMENT", "PAYMENT"))
    return _MAKERS[kind](choose, loan, order)


_OFTEN = ("PAYMENT", "PAYMENT", "PREPAYMENT", "WAIVER", "CHARGE", "RATE_CHANGE", "MISUSE")


def some_payment(choose: Choice, loan: Loan, order: int) -> Act:
    """A payment of about what is owed."""
    return Act(order=order, on=loan.today, kind="PAYMENT", amount=_amount(choose, loan))


def _amount(choose: Choice, loan: Loan) -> int:
    due = sum(each.amount for each in loan.owed_now())
    accrued = sum(each.amount for each in loan.accrued_ahead())
    close = sum(each.amount for each in loan.owed_to_close())
    share = choose.one_of((1, 3, 10, 50, 99))
    options = [due, due, due + accrued, close, close - loan.credit, loan.credit]
    options += [max(due, accrued, 1) * share // 100, close * choose.one_of((1, 3, 10, 50)) // 100]
    options += [due + accrued + loan.principal * share // 300]
    return max(choose.one_of(options) + choose.one_of((0, 0, 1, -1)), 1)


def _paid(kind: str) -> Callable[[Choice, Loan, int], Act]:
    def make(choose: Choice, loan: Loan, order: int) -> Act:
        keep = choose.one_of(("INSTALLMENT", "TERM")) if kind == "PREPAYMENT" else ""
        return Act(order=order, on=loan.today, kind=kind, amount=_amount(choose, loan), keep=keep)

    return make


def _charge(choose: Choice, loan: Loan, order: int) -> Act:
    due = loan.today + dt.timedelta(days=choose.one_of((0, 0, 9, 60)))
    amount = choose.one_of((1, 80_00, 1_234_56))
    return Act(order=order, on=loan.today, kind="CHARGE", amount=amount, due=due)


def _waiver(choose: Choice, loan: Loan, order: int) -> Act:
    owing = [bucket for bucket in BUCKETS if loan.receivable(bucket) > 0]
    bucket = choose.one_of((*owing, *owing, *owing, *BUCKETS, "PRINCIPAL"))
    owed = 100 if bucket == "PRINCIPAL" else loan.receivable(bucket)
    amount = choose.one_of((owed, owed // 2, owed // 3, owed + 1))
    return Act(order=order, on=loan.today, kind="WAIVER", bucket=bucket, amount=max(amount, 1))


def _due_day(choose: Choice, loan: Loan, order: int) -> Act:
    due = loan.today + dt.timedelta(days=choose.number(0, 63))
    rolling = _rolling(choose, loan)
    return Act(order=order, on=loan.today, kind="DUE_DAY", due=due, **rolling)


def _rolling(choose: Choice, loan: Loan) -> dict[str, Any]:
    """By the product's convention and calendar, or by others that it may have by now."""
    longest = choose.one_of((3, 9, 9, 40))
    days = some_days_off(choose, loan.today - dt.timedelta(days=10), longest=longest)
    return {
        "roll": choose.one_of((loan.product.roll, *ROLLS)),
        "days": choose.one_of((loan.product.days, days)),
    }


def _misuse(choose: Choice, loan: Loan, order: int) -> Act:
    share = choose.one_of((0, 1, 33, 100, 101))
    days = choose.one_of((0, 0, 1, 20, choose.number(0, 120)))
    since = max(loan.today - dt.timedelta(days=days), loan.product.start)
    return Act(
        order=order,
        on=loan.today,
        kind="MISUSE",
        amount=loan.principal * share // 100,
        markup=Fraction(choose.one_of(("0.3", "0.5", "0.85", "1"))),
        since=since,
    )


def _terms(kind: str) -> Callable[[Choice, Loan, int], Act]:
    def make(choose: Choice, loan: Loan, order: int) -> Act:
        contract = choose.one_of((loan.rate, *(rate(text) for text in RATES)))
        return Act(
            order=order,
            on=loan.today,
            kind=kind,
            rate=contract,
            penalty_rate=contract * 3 // 2,
            periods=choose.number(1, 5),
            method=choose.one_of(METHODS),
            **_rolling(choose, loan),
        )

    return make


_MAKERS: dict[str, Callable[[Choice, Loan, int], Act]] = {
    "PAYMENT": _paid("PAYMENT"),
    "PREPAYMENT": _paid("PREPAYMENT"),
    "PAYOFF": _paid("PAYOFF"),
    "REFUND": _paid("REFUND"),
    "CHARGE": _charge,
    "WAIVER": _waiver,
    "RATE_CHANGE": _terms("RATE_CHANGE"),
    "DUE_DAY": _due_day,
    "EXTENSION": _terms("EXTENSION"),
    "RESTRUCTURING": _terms("RESTRUCTURING"),
    "ACCELERATION": _terms("ACCELERATION"),
    "MISUSE": _misuse,
    "WRITE_OFF": _terms("WRITE_OFF"),
}
