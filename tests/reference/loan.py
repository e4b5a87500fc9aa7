"""A loan of the reference model: it lives every single day from its disbursement on.

A day is opened (credit pays what falls due, books and tax come right), then people act on it, and
in the end its interest accrues. Written from docs/domain.md §4 to §6, and from the docstrings of
the rules where the specification is silent.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from tests.reference import new_dates, plan
from tests.reference.books import Ledger
from tests.reference.calendar import (
    ONE_DAY,
    basis,
    near,
    parts,
    roll,
)
from tests.reference.misuse import Misused, Rates, charge_misuse, may_be_misused
from tests.reference.plan import RATE, Product, Row, rounded

INTEREST_BUCKETS = ("INTEREST", "PENALTY", "COMPOUND")
BUCKETS = (*INTEREST_BUCKETS, "COSTS")
_SHARED = ("PAYMENT", "CHARGE", "WAIVER", "REFUND")
"""What may also be done to a loan that was written off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something people did to a loan. `order` tells the acts of one day apart; rates are over
    `RATE`."""

    order: int
    on: dt.date
    kind: str
    amount: int = 0
    keep: str = ""
    bucket: str = ""
    due: dt.date | None = None
    rate: int = 0
    penalty_rate: int = 0
    periods: int = 0
    markup: Fraction = Fraction(0)
    since: dt.date | None = None
    method: str = ""
    roll: str = "NONE"
    days: frozenset[tuple[str, dt.date]] = frozenset()


@dataclass(slots=True, eq=False)
class Charge:
    """A fee or cost."""

    number: int
    due: dt.date
    amount: int
    paid: int = 0
    waived: int = 0
    settled_on: dt.date | None = None

    @property
    def claim(self) -> int:
        """What of it is unpaid."""
        return self.amount - self.paid - self.waived


@dataclass(frozen=True, slots=True)
class Owed:
    """An amount of one bucket of one item."""

    item: Row | Charge
    bucket: str
    amount: int


class Contradiction(Exception):
    """A past act can no longer have happened."""


class Loan:
    """A loan on the day `today`, which has been opened."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.today = product.start
        self.state = "ACTIVE"
        self.method = product.method
        self.rate, self.penalty_rate = product.rate, product.penalty_rate
        self.misuse = Misused(product.start, Fraction(0), Fraction(0))
        self.rates_on: dict[dt.date, Rates] = {}
        self.rows = plan.first_rows(product)
        self.charges: list[Charge] = []
        self.maturity = self.rows[-1].due
        self.counted_from = product.start
        self.principal = product.principal
        self.paid = dict.fromkeys(BUCKETS, 0)
        self.written_off = self.taxed = self.vat = self.credit = 0
        self.cleared_on: dt.date | None = None
        self.closed_on: dt.date | None = None
        self.earned_on: dict[dt.date, int] = defaultdict(int)
        self.books = Ledger()
        self.books.disburse(product.principal)
        if once := plan.fee_of(product, "UPFRONT_DUE", product.principal):
            self._levy(0, product.start, once)

    # What can be asked of a loan.

    def open_rows(self) -> list[Row]:
        """The instalments not settled yet."""
        return [row for row in self.rows if row.settled_on is None]

    def future(self) -> list[Row]:
        """The instalments that are not due yet; the first one is running."""
        return [row for row in self.open_rows() if row.due > self.today]

    def receivable(self, bucket: str) -> int:
        """What is accrued, or levied, and unpaid."""
        if bucket == "COSTS":
            return sum(charge.claim for charge in self.charges)
        return sum(row.claim(bucket) for row in self.rows)

    def next_due(self) -> dt.date | None:
        """The oldest due date with principal or interest unpaid."""
        days = [r.due for r in self.rows if r.principal_unpaid > 0 or r.interest_unpaid > 0]
        return min(days, default=None)

    def days_past_due(self) -> int:
        """The 21st unpaid is 1 on the 22nd."""
        oldest = self.next_due()
        return max((self.today - oldest).days, 0) if oldest else 0

    def owed_now(self) -> list[Owed]:
        """Everything that is due."""
        owed = [
            Owed(row, bucket, amount)
            for row in self.open_rows()
            if row.due <= self.today
            for bucket, amount in (
                ("PENALTY", row.claim("PENALTY")),
                ("COMPOUND", row.claim("COMPOUND")),
                ("INTEREST", row.interest_unpaid),
                ("PRINCIPAL", row.principal_unpaid),
            )
        ]
        costs = [Owed(c, "COSTS", c.claim) for c in self.charges if c.due <= self.today]
        return [each for each in owed + costs if each.amount]

    def accrued_ahead(self) -> list[Owed]:
        """Interest that has accrued on instalments not due yet, and the penalty for misuse."""
        buckets = ("PENALTY", "INTEREST")
        ahead = [Owed(row, b, row.claim(b)) for row in self.future() for b in buckets]
        return [each for each in ahead if each.amount > 0]

    def owed_to_close(self) -> list[Owed]:
        """Everything due, all other principal and charges, and the interest accrued to today."""
        principal = [Owed(r, "PRINCIPAL", r.principal_unpaid) for r in self.future()]
        costs = [Owed(c, "COSTS", c.claim) for c in self.charges if c.due > self.today]
        more = [each for each in principal + costs if each.amount]
        return self.owed_now() + self.accrued_ahead() + more

    def prepays(self, money: int) -> int:
        """The principal that `money`, and no more, repays ahead beside its fee."""
        first = sum(each.amount for each in self.owed_now() + self.accrued_ahead())
        return max(int((money - first) / (1 + self.product.fee)), 0) if money > first else 0

    def allows(self, act: Act) -> bool:
        """Whether `act` may be done today."""
        if self.state == "PAID_OFF" and act.kind != "REFUND":
            return False
        if self.state == "WRITTEN_OFF" and act.kind not in _SHARED:
            return False
        future = self.future()
        if act.kind == "PREPAYMENT":
            return bool(future) and 0 < self.prepays(act.amount) < future[0].bearing
        if act.kind == "PAYOFF":
            needed = sum(each.amount for each in self.owed_to_close())
            return act.amount + self.credit >= needed
        if act.kind == "REFUND":
            return act.amount <= self.credit
        if act.kind == "WAIVER":
            return act.bucket != "PRINCIPAL" and act.amount <= self.receivable(act.bucket)
        if act.kind == "DUE_DAY":
            assert act.due is not None
            within = bool(future) and self.today < act.due <= future[0].due + 31 * ONE_DAY
            return within and self.method != "CUSTOM_PLAN" and self._can_roll(act)
        if act.kind == "RESTRUCTURING":
            return self.principal > 0 and self._can_roll(act)
        if act.kind == "EXTENSION":
            return bool(future) and self._can_roll(act)
        if act.kind == "ACCELERATION":
            return bool(future)
        if act.kind == "MISUSE":
            return may_be_misused(self, act)
        return True

    def _can_roll(self, act: Act) -> bool:
        """Whether every due date has a business day near, and the first comes after today."""
        if act.kind == "DUE_DAY":
            days, rows = new_dates.due_day(self, act)
        elif act.kind == "EXTENSION":
            days, rows = new_dates.extension(self, act)
        else:
            days, rows = new_dates.restructuring(self, act)
        near_all = act.roll == "NONE" or all(near(day, act.roll, act.days) for day in days)
        return near_all and bool(rows) and rows[0].due > self.today

    # The passing of days.

    def live_until(self, day: dt.date) -> None:
        """Let the days pass, one by one."""
        while self.today < day:
            if self.state != "PAID_OFF":
                self._end_day()
            self.today += ONE_DAY
            if self.state != "PAID_OFF":
                self._bill_fees()
                self._come_right()

    def _bill_fees(self) -> None:
        """What falls due this morning brings its fee along."""
        for row in self.open_rows():
            if row.due == self.today and row.began_with and self.state == "ACTIVE":
                fee = plan.fee_of(self.product, "PERIODIC", row.began_with)
                if fee:
                    self._levy(-row.number, row.due, fee)

    def _end_day(self) -> None:
        """The interest of today accrues."""
        tomorrow = self.today + ONE_DAY
        rates = self.rates_on[self.today] = Rates(self.rate, self.penalty_rate)
        for row in self.open_rows():
            if row.start == self.today:
                row.began_with = row.bearing
            if row.start <= self.today < row.due:
                now = plan.elapsed(self.product, row, tomorrow)
                row.bore[self.today] = row.bearing * (now - row.counted)
                row.earned += row.bore[self.today] * self.rate
                row.misused += row.bore[self.today] * rates.surcharge(self.misuse)
                self._accrue(row, "PENALTY", row.missed + self.in_minor(row.misused))
                row.counted = now
                target = row.interest if tomorrow == row.due else self.in_minor(row.earned)
                row.interest_of[self.today] = target - row.accrued["INTEREST"]
                self._accrue(row, "INTEREST", target)
            elif row.due <= self.today:
                self._charge_lateness(row)

    def _charge_lateness(self, row: Row) -> None:
        """Penalty interest on overdue principal, compound interest on overdue interest."""
        share = parts(self.product.day_count, self.today, self.today + ONE_DAY)
        maturity = row.maturity or self.maturity
        contract = self.product.compound_basis != "PENALTY" and self.today < maturity
        compound_rate = self.rate if contract else self.penalty_rate
        rates = self.rates_on[self.today]
        row.late[self.today] = row.principal_unpaid * share
        on_principal = self.penalty_rate + rates.on_overdue(self.misuse)
        row.exact["PENALTY"] += row.late[self.today] * on_principal
        row.exact["COMPOUND"] += row.interest_unpaid * compound_rate * share
        grace_end = row.due + self.product.grace_days * ONE_DAY
        if self.today == grace_end and not (row.principal_unpaid or row.interest_unpaid):
            row.grace_kept = True
        if self.today >= grace_end and not row.grace_kept:
            before_due = row.missed + self.in_minor(row.misused)
            self._accrue(row, "PENALTY", before_due + self.in_minor(row.exact["PENALTY"]))
            self._accrue(row, "COMPOUND", self.in_minor(row.exact["COMPOUND"]))

    def in_minor(self, exact: Fraction | int) -> int:
        """An exact charge, rounded to minor units."""
        year = basis(self.product.day_count)
        return rounded(Fraction(exact) / (RATE * year), self.product.rounding)

    def _accrue(self, row: Row, bucket: str, target: int) -> None:
        self.earned_on[self.today] += target - row.accrued[bucket]
        self.books.accrue(bucket, target - row.accrued[bucket])
        row.accrued[bucket] = target

    def _come_right(self) -> None:
        """Credit pays what is due, what is settled closes; then the books' status, then tax."""
        self._settle(self.owed_now(), self._take_credit())
        for charge in self.charges:
            if charge.settled_on is None and charge.claim == 0:
                charge.settled_on = self.today
        for row in self.open_rows():
            nothing_left = not (
                row.principal_unpaid
                or row.interest_unpaid
                or row.claim("PENALTY")
                or row.claim("COMPOUND")
            )
            if nothing_left and (row.due <= self.today or self.principal == 0):
                row.settled_on = self.today
        open_charges = any(charge.settled_on is None for charge in self.charges)
        if self.principal == 0 and not self.open_rows() and not open_charges:
            self.state, self.closed_on = "PAID_OFF", self.today
        self._book_status()
        self._tax()

    def _book_status(self) -> None:
        late = self.days_past_due()
        claims = {bucket: self.receivable(bucket) for bucket in INTEREST_BUCKETS}
        if self.books.status == "ACCRUING" and late > self.product.non_accrual_beyond:
            self.books.stop_accruing(claims)
        elif self.books.status == "NON_ACCRUAL" and late:
            self.cleared_on = None
        elif self.books.status == "NON_ACCRUAL":
            self.cleared_on = self.cleared_on or self.today
            if (self.today - self.cleared_on).days >= self.product.cure_days:
                self.cleared_on = None
                self.books.accrue_again(claims)

    def _tax(self) -> None:
        rates = [rate for day, rate in self.product.vat if day <= self.today]
        if not rates:
            return
        reached = sum(self.paid[bucket] for bucket in INTEREST_BUCKETS)
        oldest = self.next_due()
        for row in self.rows:
            if oldest and row.due <= self.today and row.interest_unpaid:
                # What arose later than ninety days after the oldest unpaid due date waits.
                waits = sum(
                    interest
                    for day, interest in row.interest_of.items()
                    if day >= oldest + 90 * ONE_DAY
                )
                reached += max(row.interest_unpaid - waits, 0)
        included = rates[-1] / (1 + rates[-1])
        tax = rounded(reached * included, self.product.rounding)
        tax -= rounded(self.taxed * included, self.product.rounding)
        self.taxed = reached
        self.vat += tax
        self.books.tax(tax)

    # What people do.

    def do(self, act: Act) -> None:
        """Do what `act` still can. Raises Contradiction."""
        ended = self.state == "PAID_OFF"
        if act.kind == "PAYMENT":
            self._settle(self.owed_now(), self._receive(act.amount))
        elif act.kind == "PREPAYMENT":
            self._prepay(self._receive(act.amount), act, fee=self.product.fee)
        elif act.kind == "PAYOFF":
            self._pay_off(act)
        elif act.kind == "REFUND":
            if act.amount > self.credit:
                raise Contradiction(act)
            self.credit -= act.amount
            self.books.refund(act.amount)
        elif act.kind == "CHARGE":
            assert act.due is not None
            self._levy(act.order, act.due, act.amount)
            if ended:  # a loan that owes again is not paid off
                gone = self.books.status == "WRITTEN_OFF"
                self.state, self.closed_on = "WRITTEN_OFF" if gone else "ACTIVE", None
        elif act.kind == "WAIVER":
            self._waive(act)
        elif not ended:
            self._change_terms(act)
        if self.state != "PAID_OFF":
            self._come_right()

    def _change_terms(self, act: Act) -> None:
        if act.kind == "RATE_CHANGE":
            self._change_rate(act)
        elif act.kind == "DUE_DAY":
            self._change_due_day(act)
        elif act.kind == "EXTENSION":
            self._extend(act)
        elif act.kind == "RESTRUCTURING":
            self._restructure(act)
        elif act.kind == "MISUSE":
            charge_misuse(self, act)
        else:
            self._accelerate()
            if act.kind == "WRITE_OFF" and self.state != "WRITTEN_OFF":
                claims = {bucket: self.receivable(bucket) for bucket in INTEREST_BUCKETS}
                fees = self.receivable("COSTS")
                self.books.write_off(claims, principal=self.principal, fees=fees)
                self.written_off, self.state = self.principal, "WRITTEN_OFF"

    def _receive(self, amount: int) -> int:
        self.books.receive(amount)
        return amount

    def _take_credit(self) -> int:
        money, self.credit = self.credit, 0
        return money

    def _settle(self, owed: Iterable[Owed], money: int) -> None:
        """Settle what is owed in the product's order; what is left is credit."""
        self.credit += self._settle_with(owed, money)

    def _settle_with(self, owed: Iterable[Owed], money: int) -> int:
        late = self.days_past_due()
        for each in sorted(owed, key=lambda one: self._place(one, late)):
            amount = min(each.amount, money)
            if amount:
                money -= amount
                self._pay(each.item, each.bucket, amount)
        return money

    def _place(self, owed: Owed, late: int) -> tuple[bool, tuple[object, ...]]:
        """Costs come first; then instalment by instalment, or bucket by bucket."""
        order = list(self.product.order)
        beyond = self.product.principal_first_beyond
        if beyond is not None and late > beyond:
            order = ["COSTS", "PRINCIPAL", *(b for b in order if b not in ("COSTS", "PRINCIPAL"))]
        oldest = (owed.item.due, owed.item.number)
        bucket = (order.index(owed.bucket),)
        key = bucket + oldest if self.product.axis == "VERTICAL" else oldest + bucket
        return owed.bucket != "COSTS", key

    def _pay(self, item: Row | Charge, bucket: str, amount: int) -> None:
        self.books.settle(bucket, amount)
        if isinstance(item, Charge):
            item.paid += amount
        elif bucket == "PRINCIPAL":
            item.principal_paid += amount
            self.principal -= amount
            return
        else:
            item.paid[bucket] += amount
        self.paid[bucket] += amount

    def _levy(self, number: int, due: dt.date, amount: int) -> Charge:
        charge = Charge(number, due, amount)
        self.charges.append(charge)
        self.books.levy(amount)
        return charge

    def _waive(self, act: Act) -> None:
        left = act.amount
        if act.bucket == "COSTS":
            for charge in sorted(
                self.charges, key=lambda each: (each.number > 0, abs(each.number))
            ):
                part = min(charge.claim, left)
                charge.waived += part
                left -= part
        else:
            for row in self.open_rows():
                part = min(max(row.claim(act.bucket), 0), left)
                row.waived[act.bucket] += part
                left -= part
        self.books.waive(act.bucket, act.amount - left)

    def _prepay(self, money: int, act: Act, *, fee: Fraction) -> None:
        money = self._settle_with(self.owed_now(), money)
        money = self._settle_with(self.accrued_ahead(), money)
        rows = self.future()
        principal = min(int(money / (1 + fee)), rows[0].bearing) if rows else 0
        if not principal:
            self.credit += money
            return
        cost = min(rounded(principal * fee, self.product.rounding), money - principal)
        if cost:
            self._pay(self._levy(act.order, self.today, cost), "COSTS", cost)
        running = rows[0]
        asked, part = plan.asks(running), running.principal - running.ahead
        running.bearing -= principal
        running.principal += principal
        running.prepaid = True
        self._pay(running, "PRINCIPAL", principal)
        self.credit += money - principal - cost
        if running.bearing == 0:
            self._ask_no_more(rows)
        elif act.keep == "INSTALLMENT":
            self._lay_out(rows, installment=asked, part=part)
        else:
            self._lay_out(rows)

    def _pay_off(self, act: Act) -> None:
        money = self._receive(act.amount) + self._take_credit()
        owed = self.owed_to_close()
        if sum(each.amount for each in owed) > money:  # only where the past has changed
            self._prepay(money, act, fee=Fraction(0))
            return
        future = self.future()
        self._settle(owed, money)
        self._ask_no_more(future)

    def _ask_no_more(self, rows: list[Row]) -> None:
        for row in rows:
            row.principal, row.interest = row.principal_paid, row.accrued["INTEREST"]

    def _lay_out(
        self, rows: list[Row], *, installment: int | None = None, part: int | None = None
    ) -> None:
        empty = plan.lay_out(
            self.product, self.method, self.rate, rows, installment=installment, part=part
        )
        if empty:
            self._drop(empty)
            self._mature_on(self.rows[-1].due)

    def _drop(self, rows: list[Row]) -> None:
        self.rows = [row for row in self.rows if row not in rows]

    def _mature_on(self, day: dt.date) -> None:
        """A maturity that has passed goes on to count for what fell due before."""
        if self.maturity <= self.today:
            for row in self.rows:
                if row.due <= self.maturity:
                    row.maturity = row.maturity or self.maturity
        self.maturity = day

    def _change_rate(self, act: Act) -> None:
        self.rate, self.penalty_rate = act.rate, act.penalty_rate
        rows = self.future()
        if not rows:
            return
        running = rows[0]
        asked, part = plan.asks(running), running.principal - running.ahead
        if running.start >= self.today or len(rows) == 1:
            self._lay_out(rows)
        elif self.method == "EQUAL_INSTALLMENT":  # the running row keeps its instalment
            plan.share(self.product, self.rate, rows, installment=asked, parts=None)
            self._lay_out(rows[1:])
        else:
            self._lay_out(rows, part=part)

    def _change_due_day(self, act: Act) -> None:
        rows = self.future()
        if not rows or act.due is None:
            return
        _, made = new_dates.due_day(self, act)
        self._drop(rows[len(made) :])
        rows = rows[: len(made)]
        for row, new in zip(rows, made, strict=True):
            row.start, row.due, row.whole = new.start, new.due, new.whole
        self.counted_from = act.due
        self._mature_on(rows[-1].due)
        self._lay_out(rows)

    def _extend(self, act: Act) -> None:
        rows = self.future()
        if not rows:
            return
        self.rate, self.penalty_rate = act.rate, act.penalty_rate
        last, by = rows[-1], (act.roll, act.days)
        days, added = new_dates.extension(self, act)
        self.counted_from = new_dates.counted_from(self, last, act)[0]
        if self.method == "BULLET":
            last.due = roll(days[-1], *by)
            last.whole = plan.whole_of(self.product, last.start, last.due)
        else:
            if self.method == "CUSTOM_PLAN":  # what was due at maturity is due at the new one
                added[-1].principal, last.principal = last.principal - last.ahead, last.ahead
            self.rows += added
            rows += added
        self._mature_on(rows[-1].due)
        self._lay_out(rows)

    def _restructure(self, act: Act) -> None:
        if not self.principal:
            return
        self._cut()
        for row in self.open_rows():
            row.moved += row.principal_unpaid
        self.rate, self.penalty_rate, self.method = act.rate, act.penalty_rate, act.method
        _, rows = new_dates.restructuring(self, act)
        rows[0].opening = rows[0].bearing = self.principal
        self.rows += rows
        self.counted_from = self.today
        self._mature_on(rows[-1].due)
        self._lay_out(rows)

    def _accelerate(self) -> None:
        future = self.future()
        if future:
            undue = future[0].bearing
            self._cut()
            future[0].principal += undue
            self._mature_on(self.today)

    def _cut(self) -> None:
        """The running row ends today with the interest it accrued; the later ones go."""
        future = self.future()
        if future:
            running = future[0]
            running.principal = running.ahead
            running.interest = running.accrued["INTEREST"]
            running.due = self.today
            self._drop(future[1:])


def as_history_makes_it(
    product: Product, history: Iterable[Act], *, today: dt.date, asked: Act | None = None
) -> Loan:
    """The loan on `today`, lived from its disbursement. Raises Contradiction, also where `asked`, a
    new act of the history, may not be done on its day."""
    loan = Loan(product)
    for act in sorted(history, key=lambda each: (each.on, each.order)):
        loan.live_until(act.on)
        if act is asked and not loan.allows(act):
            raise Contradiction(f"{act} may not be done")
        loan.do(act)
    loan.live_until(today)
    return loan
