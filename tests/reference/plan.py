"""Instalments of the reference model and how they are laid out (docs/domain.md §5).

Interest is kept exact: an integer over `RATE` times the parts of the year.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tests.reference.calendar import add, basis, parts, roll, settlement_dates, thirty

RATE = 10**18
"""Rates are integers over this: no rate has more than 18 decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What a loan was lent by. Rates are over `RATE`; `vat` are dated rates as fractions."""

    principal: int
    rate: int
    penalty_rate: int
    method: str
    day_count: str
    start: dt.date
    installments: int
    every: int
    unit: str
    settlement_day: int | None
    rounding: str
    grace_days: int
    compound_basis: str
    order: tuple[str, ...]
    axis: str
    principal_first_beyond: int | None
    non_accrual_beyond: int
    cure_days: int
    fee: Fraction
    vat: tuple[tuple[dt.date, Fraction], ...]
    roll: str = "NONE"
    days: frozenset[tuple[str, dt.date]] = frozenset()
    plan: tuple[tuple[dt.date, int], ...] = ()
    """Of CUSTOM_PLAN: due dates, and the principal of each row."""
    fees: tuple[tuple[str, int, Fraction], ...] = ()
    """What is charged besides interest: when, an amount, or the fraction of a balance."""


@dataclass(slots=True, eq=False)
class Row:
    """An instalment. `whole` are its parts of the year, `counted` those that have passed, `earned`
    the exact contract interest of these and `interest_of` each day's in minor units; `bearing` is
    the balance on which it earns now, `began_with` that at the end of its first day. `misused` is
    the exact surcharge on principal that is misused, `missed` what was added for earlier days;
    `bore` and `late` are each day's balance, undue and overdue, and the parts of the year it
    counted."""

    number: int
    start: dt.date
    due: dt.date
    whole: int
    opening: int = 0
    began_with: int | None = None
    bearing: int = 0
    principal: int = 0
    interest: int = 0
    prepaid: bool = False
    counted: int = 0
    earned: int = 0
    misused: Fraction = Fraction(0)
    missed: int = 0
    maturity: dt.date | None = None
    grace_kept: bool = False
    principal_paid: int = 0
    moved: int = 0
    settled_on: dt.date | None = None
    interest_of: dict[dt.date, int] = field(default_factory=dict)
    bore: dict[dt.date, int] = field(default_factory=dict)
    late: dict[dt.date, int] = field(default_factory=dict)
    exact: dict[str, Fraction] = field(
        default_factory=lambda: dict.fromkeys(("PENALTY", "COMPOUND"), Fraction(0))
    )
    accrued: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_BUCKETS, 0))
    paid: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_BUCKETS, 0))
    waived: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_BUCKETS, 0))

    @property
    def ahead(self) -> int:
        """Principal that was paid ahead within the row."""
        return self.opening - self.bearing

    @property
    def principal_unpaid(self) -> int:
        """Principal still to come."""
        return self.principal - self.principal_paid - self.moved

    @property
    def interest_unpaid(self) -> int:
        """Contract interest of the whole row still to come."""
        return self.interest - self.paid["INTEREST"] - self.waived["INTEREST"]

    def claim(self, bucket: str) -> int:
        """What of a bucket is accrued and unpaid."""
        return self.accrued[bucket] - self.paid[bucket] - self.waived[bucket]


_BUCKETS = ("INTEREST", "PENALTY", "COMPOUND")


def rounded(value: Fraction, rounding: str) -> int:
    """The nearest integer; halves away from zero, or to the even one."""
    down = value.numerator // value.denominator
    rest = value - down
    half = Fraction(1, 2)
    if rest < half:
        return down
    if rest > half:
        return down + 1
    if rounding == "HALF_EVEN":
        return down if down % 2 == 0 else down + 1
    return down + 1 if value > 0 else down


def fee_of(product: Product, kind: str, balance: int) -> int:
    """What the fees of a kind come to on a balance."""
    return sum(
        amount or rounded(balance * rate, product.rounding)
        for when, amount, rate in product.fees
        if when == kind
    )


def whole_of(product: Product, start: dt.date, due: dt.date) -> int:
    """The parts of the year of a row that need not be whole months."""
    if product.day_count.startswith("THIRTY") and product.unit != "MONTH":
        return (due - start).days
    return parts(product.day_count, start, due)


def rolled_rows(
    product: Product,
    number: int,
    start: dt.date,
    days: Sequence[dt.date],
    *,
    months: int,
    by: tuple[str, frozenset[tuple[str, dt.date]]],
    begun: dt.date | None = None,
) -> list[Row]:
    """Rows that end on `days`, counted from `start` and rolled; of those that roll to one day the
    last stays. `months` are those from one of the days to the next, if it is a whole number.
    `begun` is where the first row begins when `start` has rolled there."""
    rows: list[Row] = []
    at = begun or start

    def passed(counted: int, nominal: dt.date, rolled: dt.date) -> int:
        """Of 30-day months: the days from `start` to a due date."""
        if product.unit != "MONTH":
            return (rolled - start).days
        if rolled == nominal and months:
            return 30 * months * counted
        return thirty(rolled) - thirty(start)

    before = passed(0, start, at)
    for count, nominal in enumerate(days, start=1):
        end = roll(nominal, *by)
        following = [roll(each, *by) for each in days[count : count + 1]]
        if end <= at or end in following:
            continue
        whole = parts(product.day_count, at, end)
        if product.day_count.startswith("THIRTY"):
            until = passed(count, nominal, end)
            whole, before = until - before, until
        rows.append(Row(number + len(rows), at, end, whole))
        at = end
    return rows


def first_rows(product: Product) -> list[Row]:
    """The schedule of the disbursement."""
    start, every, unit = product.start, product.every, product.unit
    maturity = add(start, product.installments * every, unit)
    months = every
    if product.method == "BULLET":
        days, months = [maturity], every * product.installments
    elif product.method == "CUSTOM_PLAN":
        days, months = [day for day, _ in product.plan], 0
    elif product.settlement_day is not None:
        days = [*settlement_dates(start, maturity, every, product.settlement_day), maturity]
        months = 0
    else:
        days = [add(start, n * every, unit) for n in range(1, product.installments + 1)]
    rows = rolled_rows(product, 1, start, days, months=months, by=(product.roll, product.days))
    rows[0].opening = rows[0].bearing = product.principal
    for each, (_, principal) in zip(rows, product.plan, strict=False):
        each.principal = principal
    lay_out(product, product.method, product.rate, rows)
    return rows


def elapsed(product: Product, of: Row, day: dt.date) -> int:
    """The parts of a row up to `day`, excluded: never more than its whole, and that at its end."""
    if day >= of.due:
        return of.whole
    if product.day_count.startswith("THIRTY") and product.unit != "MONTH":
        return min((day - of.start).days, of.whole)
    return min(parts(product.day_count, of.start, day), of.whole)


def whole_interest(product: Product, rate: int, of: Row) -> int:
    """What a row has earned and will earn at the present rate and balance, rounded once."""
    exact = of.earned + of.bearing * rate * (of.whole - of.counted)
    return rounded(Fraction(exact, RATE * basis(product.day_count)), product.rounding)


def lay_out(
    product: Product,
    method: str,
    rate: int,
    rows: list[Row],
    *,
    installment: int | None = None,
    part: int | None = None,
) -> list[Row]:
    """Share what `rows[0]` bears among the rows; the last takes the rest. Returns the rows that a
    given instalment (or part of principal) leaves without a balance."""
    keep = installment is not None or part is not None
    parts = None
    if method == "EQUAL_INSTALLMENT":
        if installment is None:
            installment = equal_installment(product, rate, rows)
    elif method == "EQUAL_PRINCIPAL":
        installment = None
        if part is None:
            part = rounded(Fraction(rows[0].bearing, len(rows)), product.rounding)
        parts = [part] * len(rows)
    elif method == "CUSTOM_PLAN":
        installment = None
        parts = [each.principal - each.ahead for each in rows]
        if not keep:
            parts = in_proportion(parts, rows[0].bearing)
    else:
        installment, parts = None, [0] * len(rows)
    share(product, rate, rows, installment=installment, parts=parts)
    return [each for each in rows[1:] if each.opening == 0] if keep else []


def in_proportion(parts: Sequence[int], balance: int) -> list[int]:
    """The parts made less to sum to the balance: after each, what is repaid so far is the balance's
    share of what was planned so far, without its fraction of a cent."""
    whole, planned, repaid = sum(parts), 0, 0
    found = []
    for part in parts:
        planned += part
        found.append(int(Fraction(balance * planned, whole)) - repaid if whole else 0)
        repaid += found[-1]
    return found


def share(
    product: Product,
    rate: int,
    rows: Sequence[Row],
    *,
    installment: int | None,
    parts: Sequence[int] | None,
) -> None:
    """Run the balance down over the rows by a given instalment, or given parts of principal."""
    balance = rows[0].bearing
    for place, each in enumerate(rows):
        if each is not rows[0]:
            each.opening = each.bearing = balance
            each.prepaid = False
        ahead = each.ahead
        each.interest = whole_interest(product, rate, each)
        if each is rows[-1]:
            principal = balance
        else:
            wanted = parts[place] if parts else (installment or 0) - each.interest
            principal = min(max(wanted, 0), balance)
        each.principal = principal + ahead
        balance -= principal


def asks(of: Row) -> int:
    """What a row asks for as planned; what was paid ahead in it is no part of that."""
    return of.principal - of.ahead + of.interest


def equal_installment(product: Product, rate: int, rows: Sequence[Row]) -> int:
    """EMI = P x prod(1 + f) / F with F1 = 1 and Fk = 1 + Fk-1 (1 + fk), rounded, smoothed once."""
    balance = rows[0].bearing
    if balance == 0:
        return 0
    scale = RATE * basis(product.day_count)
    grown, annuity = Fraction(1), Fraction(0)
    for each in rows:
        if each.prepaid:  # no factor: what it earned so far it earned on more
            factor = Fraction(whole_interest(product, rate, each), balance)
        elif each.counted == 0:
            factor = Fraction(rate * each.whole, scale)
        else:
            factor = Fraction(each.earned + balance * rate * (each.whole - each.counted), scale)
            factor /= balance
        grown *= 1 + factor
        annuity = 1 + annuity * (1 + factor)
    planned = rounded(balance * grown / annuity, product.rounding)

    def too_much(amount: int) -> int:
        share(product, rate, rows, installment=amount, parts=None)
        return asks(rows[-1]) - amount

    count, difference = len(rows), too_much(planned)
    if abs(difference) <= count // 2:
        return planned
    spread = planned + rounded(Fraction(difference, count), product.rounding)
    return spread if abs(too_much(spread)) < abs(difference) else planned
