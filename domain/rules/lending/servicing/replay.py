"""A loan as its whole history makes it: the schedule of its disbursement, and every event since, by
value date. Back-dated and reversed payments need nothing else (docs/domain.md §5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from domain.rules.lending.servicing.account import LoanAccount
from domain.rules.lending.servicing.apply import apply
from domain.rules.lending.servicing.bill_fees import bill_upfront
from domain.rules.lending.servicing.days import advance
from domain.rules.lending.servicing.events import Event
from domain.rules.lending.servicing.refusals import history_problems, problems_with
from domain.rules.refusal import refuse_if


def replay(
    fresh: LoanAccount,
    history: Iterable[Event],
    *,
    today: dt.date,
    asked: int | None = None,
    currency: str = "",
) -> LoanAccount:
    """Let `history` happen to a loan as it was disbursed; return it as it stands `today`.

    `fresh` is used up. `asked` is the sequence of an event that is new in the history: on its day
    it must be allowed as on any other, amounts said in `currency`. Raises
    :class:`~domain.rules.refusal.Refused` where it is not, and where another event can no longer
    have happened (a refund of money that did not come in), naming it.
    """
    for event in sorted(history, key=lambda each: (each.on, each.sequence)):
        advance(fresh, event.on)
        if event.sequence == asked:
            refuse_if(problems_with(fresh, event, currency=currency))
        refuse_if(history_problems(fresh, event))
        apply(fresh, event)
    advance(fresh, today)
    return fresh


def as_disbursed(account: LoanAccount) -> LoanAccount:
    """A loan of these terms and rows with nothing accrued, paid or changed yet.

    `account.installments` must be the schedule of the disbursement, and its terms the first ones.
    """
    rows = [
        type(row)(
            number=row.number,
            start_date=row.start_date,
            end_date=row.end_date,
            due_date=row.due_date,
            days=row.days,
            opening=row.opening,
            principal=row.principal,
            interest=row.interest,
        )
        for row in account.installments
    ]
    principal = account.terms.schedule.principal
    fresh = LoanAccount(
        terms=replace(
            account.terms, overdue=replace(account.terms.overdue, maturity=rows[-1].due_date)
        ),
        state=account.state.ACTIVE,
        accrued_through=account.terms.schedule.start_date,
        installments=rows,
        principal_outstanding=principal,
        maturity_date=rows[-1].due_date,
        counted_from=account.terms.schedule.start_date,
        next_due_date=next((row.due_date for row in rows if row.owing), None),
    )
    bill_upfront(fresh)
    return fresh
