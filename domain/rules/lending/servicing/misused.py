"""挪用: the penalty that misused principal bears on a loan's instalments (docs/domain.md §5).

What an instalment bears before it is due falls due with it. Misuse is found out late: what it costs
for the days before it was put on record is added to the running instalment on that day, so that
what was billed and paid in between stays as it was.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from domain.rules.lending.accrual import EarningTerms, earned_at
from domain.rules.lending.misuse import (
    MisuseStep,
    misused_share,
    more_surcharge,
    surcharge_rates,
)
from domain.rules.lending.overdue import OverdueTerms, more_penalty_interest
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing.account import Installment, LoanAccount
from domain.rules.lending.servicing.replan import future_rows

_NONE = MisuseStep(dt.date.min, Decimal(0), Decimal(0))


def misuse_penalty(
    row: Installment, schedule: EarningTerms, overdue: OverdueTerms, on: dt.date
) -> int:
    """What an instalment's principal bore by `on` (excluded) for its misuse until it fell due, and
    what was added for days before the misuse was on record; cumulative, in minor units."""
    arrears = sum(step.arrears for step in overdue.misuse if step.number == row.number)
    return arrears + earned_at(row, schedule, surcharge_rates(overdue), on)


def standing_misuse(account: LoanAccount) -> MisuseStep:
    """The misuse on record; one of share 0 where there is none."""
    steps = account.terms.overdue.misuse
    return steps[-1] if steps else _NONE


def lighter(account: LoanAccount, event: e.Misuse) -> bool:
    """Whether `event` charges a smaller share than before, or by a smaller markup."""
    present = standing_misuse(account)
    share = misused_share(event.amount, account.principal_outstanding)
    return share < present.share or event.markup < present.markup


def charge_misuse(account: LoanAccount, event: e.Misuse) -> None:
    """Let the share of the principal that `event` names bear the penalty from today, and add what
    it would have borne since the misuse began. All instalments must be here where that was
    before today."""
    owing = future_rows(account, event.on) or account.open_installments()[-1:]
    if not owing:
        return
    share = misused_share(event.amount, account.principal_outstanding)
    found = MisuseStep(event.since, share, event.markup)
    row, arrears = owing[0], 0
    if event.since < event.on:
        arrears = sum(_missed(account, each, found, event.on) for each in account.installments)
    row.penalty_accrued += arrears
    account.penalty_receivable += arrears
    step = replace(found, effective_from=event.on, number=row.number, arrears=arrears)
    overdue = account.terms.overdue
    overdue = replace(overdue, misuse=(*overdue.misuse, step))
    account.terms = replace(account.terms, overdue=overdue)


def _missed(account: LoanAccount, row: Installment, step: MisuseStep, on: dt.date) -> int:
    """What a row would have borne more by `on`, had `step` held from its day on."""
    schedule, overdue = account.terms.schedule, account.terms.overdue
    missed = earned_at(row, schedule, more_surcharge(overdue, step), on)
    if row.due_date < on:
        missed += more_penalty_interest(row, overdue, on, step=step)
    return missed
