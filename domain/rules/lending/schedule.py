"""The repayment schedule (还款计划): what falls due, when, to the cent.

Amounts are minor units of the loan's currency. `schedule_terms.py` says what the terms may be,
`periods.py` when rows begin and end, `installments.py` what each pays. docs/domain.md §5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from domain.rules.lending.installments import amounts_of, equal_installment
from domain.rules.lending.interest import BalanceChange
from domain.rules.lending.schedule_checks import validate
from domain.rules.lending.schedule_terms import RepaymentMethod, ScheduleTerms, periods_of
from domain.rules.refusal import refuse_if

__all__ = [
    "RepaymentMethod",
    "ScheduleRow",
    "ScheduleTerms",
    "build_schedule",
    "equal_installment",
    "rows_of",
    "validate",
]


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One instalment (分期). `opening`, `principal`, `interest`, `due`, `balance` in minor units.

    The period runs from `start_date` to `end_date`, which is excluded from it and is the
    `due_date`; `days` are the days that earn under the day count; `due` is principal plus interest;
    `balance` is what remains after the row. `balance_changes`, in the order of their days, say what
    bears interest from a day inside the row on (a prepayment); a built schedule has none.
    """

    number: int
    start_date: date
    end_date: date
    due_date: date
    days: int
    opening: int
    principal: int
    interest: int
    due: int
    balance: int
    balance_changes: tuple[BalanceChange, ...] = ()


def build_schedule(terms: ScheduleTerms) -> tuple[ScheduleRow, ...]:
    """Every row of the loan; principal sums to the loan and the last balance is 0.

    Where the rate changes, a row's interest is that of the rates inside it, and the equal
    instalment is worked out anew from the first row that begins on or after the change, as if the
    rate then in force stayed: the row with the change inside keeps its instalment.
    Raises :class:`~domain.rules.refusal.Refused` with all the mistakes of `terms`.
    """
    refuse_if(validate(terms))
    return rows_of(terms)


def rows_of(terms: ScheduleTerms) -> tuple[ScheduleRow, ...]:
    """:func:`build_schedule` of terms that are known to be valid."""
    periods = periods_of(terms)
    rows: list[ScheduleRow] = []
    balance = terms.principal
    for number, (period, paid) in enumerate(
        zip(periods, amounts_of(terms, periods), strict=True), start=1
    ):
        rows.append(
            ScheduleRow(
                number=number,
                start_date=period.start,
                end_date=period.end,
                due_date=period.end,
                days=period.days(terms.day_count),
                opening=balance,
                principal=paid.principal,
                interest=paid.interest,
                due=paid.principal + paid.interest,
                balance=balance - paid.principal,
            )
        )
        balance -= paid.principal
    return tuple(rows)
