"""冲销: a repayment is taken out of its loan's history, and the difference is posted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.actor import Actor
from domain.db import rows
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.changes.kinds.loan_case import about, loan_of
from domain.operations.lending.account import open_loan
from domain.operations.lending.loan_event import refuse_irreversible, reverse_repayment
from domain.operations.lending.renew_loan import refuse_renewed
from domain.operations.perform import Result, Step
from domain.queries.visibility import visible_by_loan
from domain.rules.form import Form
from domain.rules.money import format_minor
from domain.rules.numbers import NumberKind, human_number
from domain.rules.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """The repayment and why; loan, amount and day are filled in, for the eye."""

    repayment_id: int
    reason: str
    loan_id: int = 0
    amount: Decimal = Decimal(0)
    currency: str = ""
    value_date: dt.date | None = None


async def _validate(actor: Actor, asked: Reversal) -> Proposal[Reversal]:
    form = Form()
    reason = form.text("reason", asked.reason, longest=500)
    form.refuse()
    condition, values = visible_by_loan(actor, table="repayment")
    found = await rows(
        "SELECT loan_id, kind, amount, currency, value_date, reversed_by FROM repayment "
        f"WHERE id = %s AND ({condition})",
        [asked.repayment_id, *values],
    )
    refuse_irreversible(found)
    await refuse_renewed(asked.repayment_id)
    (repayment,) = found
    loan = await loan_of(actor, repayment["loan_id"])
    amount = Decimal(format_minor(repayment["amount"], repayment["currency"]))
    number = human_number(NumberKind.REPAYMENT, asked.repayment_id)
    on, currency = repayment["value_date"], repayment["currency"]
    return about(
        loan,
        replace(
            asked,
            reason=reason,
            loan_id=loan.id,
            amount=amount,
            currency=currency,
            value_date=on,
        ),
        en=f"reverse repayment {number} of {amount} {currency} on {on}. {reason}",
        zh=f"冲销 {on} 的还款 {number}，金额 {amount} {currency}。{reason}",
    )


async def _apply(step: Step, actor: Actor, asked: Reversal) -> Result:
    today, loan = await open_loan(actor, asked.loan_id)
    event_id = await reverse_repayment(
        step, loan, asked.repayment_id, actor=actor, today=today, reason=asked.reason
    )
    return {"loan": loan.row.id, "loan_history_event": event_id}


REVERSE_REPAYMENT = Kind(
    name="REVERSE_REPAYMENT",
    en="A repayment is reversed.",
    zh="还款冲销",
    payload=Reversal,
    propose=frozenset({Role.CASHIER, Role.ACCOUNTANT}),
    approve=frozenset({Role.ACCOUNTANT, Role.APPROVER}),
    validate=_validate,
    apply=_apply,
)
