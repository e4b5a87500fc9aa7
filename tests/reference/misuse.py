"""Misused principal in the reference model: a share of it costs more, by the day (docs/domain.md
§5, ADR 0026)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from tests.reference.calendar import ONE_DAY
from tests.reference.plan import rounded

if TYPE_CHECKING:
    from tests.reference.loan import Act, Loan


@dataclass(frozen=True, slots=True)
class Misused:
    """Which share of the principal is misused since a day, and what that costs above the rate."""

    since: dt.date
    share: Fraction
    markup: Fraction
    put_on_record: bool = False


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of a day, over `RATE`."""

    contract: int
    penalty: int

    def surcharge(self, misuse: Misused) -> Fraction:
        """What undue principal bears above the contract rate."""
        return misuse.share * misuse.markup * self.contract

    def on_overdue(self, misuse: Misused) -> Fraction:
        """What overdue principal bears above the penalty rate: the heavier of both counts."""
        heavier = self.contract * (1 + misuse.markup) - self.penalty
        return misuse.share * max(heavier, Fraction(0))


def may_be_misused(loan: Loan, act: Act) -> bool:
    """Whether that may be put on record today."""
    now, share = loan.misuse, _share(loan, act)
    lighter = share < now.share or act.markup < now.markup
    begins = act.since or loan.today
    return (
        act.amount <= loan.principal
        and bool(act.amount or now.share)
        and (begins >= now.since or not now.put_on_record)
        and not (lighter and begins < loan.today)
    )


def _share(loan: Loan, act: Act) -> Fraction:
    """Of the principal, to twelve decimals."""
    if act.amount >= loan.principal:
        return Fraction(act.amount > 0)
    unit = 10**12
    return Fraction(rounded(Fraction(act.amount * unit, loan.principal), "HALF_UP"), unit)


def charge_misuse(loan: Loan, act: Act) -> None:
    """Charge misuse from today; what its days before would have cost comes to the row that is
    running, or to the last one."""
    owing = loan.future()[:1] or loan.open_rows()[-1:]
    if not owing:
        return
    found = Misused(loan.today, _share(loan, act), act.markup, put_on_record=True)
    begins = act.since or loan.today
    missed = 0
    for row in loan.rows:
        before = {day: exact for day, exact in row.bore.items() if day >= begins}
        missed += loan.in_minor(_more(loan, before, found, Rates.surcharge))
        grace_end = row.due + loan.product.grace_days * ONE_DAY
        kept = row.grace_kept or (row.settled_on is not None and row.settled_on <= grace_end)
        if loan.today > grace_end and not kept:
            after = {day: exact for day, exact in row.late.items() if day >= begins}
            missed += loan.in_minor(_more(loan, after, found, Rates.on_overdue))
    owing[0].missed += missed
    owing[0].accrued["PENALTY"] += missed
    loan.books.accrue("PENALTY", missed)
    loan.misuse = found


def _more(
    loan: Loan,
    bore: dict[dt.date, int],
    found: Misused,
    rule: Callable[[Rates, Misused], Fraction],
) -> Fraction:
    """What the balances of those days would have cost more. Misuse on record already began
    before them."""
    more = Fraction(0)
    for day, exact in bore.items():
        rates = loan.rates_on[day]
        more += exact * max(rule(rates, found) - rule(rates, loan.misuse), Fraction(0))
    return more
