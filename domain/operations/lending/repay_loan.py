"""Repay a loan: what is due, a part ahead of time, or all of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass
from decimal import Decimal

from domain.actor import Actor
from domain.db import rows
from domain.models.lending.loan_history_events import PREPAYMENT_NOTICE, planned_on
from domain.models.lending.loan_rows import LoanRow
from domain.operations.lending.account import OpenLoan, open_loan
from domain.operations.lending.take_payment import Payer, PayerRole, take_payment
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.policy import policy_value
from domain.rules.form import Form
from domain.rules.lending.prepayment_notice import notice_problems
from domain.rules.lending.servicing.events import Keep, Payoff, Prepayment
from domain.rules.lending.servicing.events import Payment as PaymentEvent
from domain.rules.lending.servicing.replan import future_rows
from domain.rules.lending.states import LOAN, LoanState
from domain.rules.refusal import ErrorCode, Problem, refuse_if
from domain.rules.states import require_state


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What came in; `amount` in major units of `currency` (the loan's when not given).

    `value_date` is the business date unless it is given: an earlier one replays the loan.
    """

    loan_id: int
    amount: Decimal
    currency: str = ""
    payer_name: str = ""
    external_reference: str = ""
    payer_role: PayerRole = PayerRole.BORROWER
    value_date: dt.date | None = None


async def repay_loan(*, actor: Actor, key: str, payment: Payment) -> Done:
    """Settle what is due; what is more becomes a credit balance that pays the next due item. On a
    loan that was written off it is a recovery.

    Result: `loan`, `repayment`. Raises :class:`~domain.rules.refusal.Refused`.
    """

    def event(loan: OpenLoan, amount: int, on: dt.date) -> PaymentEvent:
        return PaymentEvent(sequence=loan.next_sequence(), on=on, amount=amount)

    return await _pay(
        actor, key, payment, "repayLoan", event, (LoanState.ACTIVE, LoanState.WRITTEN_OFF)
    )


async def prepay_loan(*, actor: Actor, key: str, payment: Payment, keep: Keep) -> Done:
    """Settle what is due, the fee and the interest so far, and repay principal with the rest.

    Result: `loan`, `repayment`. Raises :class:`~domain.rules.refusal.Refused`.
    """

    def event(loan: OpenLoan, amount: int, on: dt.date) -> Prepayment:
        return Prepayment(sequence=loan.next_sequence(), on=on, amount=amount, keep=keep)

    return await _pay(
        actor,
        key,
        payment,
        "prepayLoan",
        event,
        (LoanState.ACTIVE,),
        ahead=True,
        extra={"keep": keep},
    )


async def pay_off_loan(*, actor: Actor, key: str, payment: Payment) -> Done:
    """Close a loan: all principal, what is due, and interest to today; less than that is refused.

    Result: `loan`, `repayment`. Raises :class:`~domain.rules.refusal.Refused`.
    """

    def event(loan: OpenLoan, amount: int, on: dt.date) -> Payoff:
        return Payoff(sequence=loan.next_sequence(), on=on, amount=amount)

    return await _pay(
        actor, key, payment, "payOffLoan", event, (LoanState.ACTIVE,), ahead=True, zero=True
    )


async def _pay(
    actor: Actor,
    key: str,
    payment: Payment,
    action: str,
    event: Callable[[OpenLoan, int, dt.date], PaymentEvent | Prepayment | Payoff],
    states: tuple[LoanState, ...],
    *,
    ahead: bool = False,
    zero: bool = False,
    extra: dict[str, object] | None = None,
) -> Done:
    async def work(step: Step) -> Result:
        today, loan = await open_loan(actor, payment.loan_id)
        require_state(LOAN, loan.account.state, *states)
        amount, payer, on = await _read(payment, loan.row, today=today, zero=zero)
        if ahead:
            refuse_if(await _unannounced(loan, on))
        repayment_id = await take_payment(
            step, loan, event(loan, amount, on), actor=actor, payer=payer, today=today
        )
        return {"loan": loan.row.id, "repayment": repayment_id}

    arguments = {**asdict(payment), **(extra or {})}
    return await perform(actor=actor, action=action, key=key, arguments=arguments, work=work)


async def _unannounced(loan: OpenLoan, on: dt.date) -> list[Problem]:
    """Principal that is not due is repaid with the notice that was agreed."""
    notice_days = loan.row.prepayment_notice_days
    if not notice_days or not future_rows(loan.account, on):
        return []
    found = await rows(
        "SELECT data FROM loan_event WHERE loan_id = %s AND kind = %s",
        [loan.row.id, PREPAYMENT_NOTICE],
    )
    return notice_problems(
        on=on, notice_days=notice_days, planned=[planned_on(row["data"]) for row in found]
    )


async def _read(
    payment: Payment, loan: LoanRow, *, today: dt.date, zero: bool
) -> tuple[int, Payer, dt.date]:
    """Return amount, payer and value date; `zero` where a credit balance may pay for all."""
    form = Form()
    if payment.currency and payment.currency != loan.currency:
        form.add(
            ErrorCode.CURRENCY_MISMATCH,
            "currency",
            f"This loan is in {loan.currency}; a payment in {payment.currency} is refused. "
            f"Exchange it first.",
            f"该借据币种为 {loan.currency}，不接受 {payment.currency} 还款，请先兑换。",
        )
    amount = form.money("amount", payment.amount, loan.currency, zero=zero)
    name = form.text("payerName", payment.payer_name, longest=200, needed=False)
    reference = form.text(
        "externalReference", payment.external_reference, longest=100, needed=False
    )
    on = payment.value_date or today
    if on != today:
        form.extend(await backdating_problems(loan, on, today=today))
    form.refuse()
    return amount, Payer(role=payment.payer_role, name=name, reference=reference), on


async def backdating_problems(loan: LoanRow, on: dt.date, *, today: dt.date) -> list[Problem]:
    """Why a payment may not count from `on`: only so many days back without a second person."""
    days = int(await policy_value("backdating_days_max", profile=loan.profile, on=today))
    form = Form()
    earliest = max(loan.start_date, today - dt.timedelta(days=days))
    if not earliest <= on <= today:
        form.add(
            ErrorCode.DATE_OUT_OF_RANGE,
            "valueDate",
            f"The value date must be from {earliest} to {today}. An earlier one needs a second "
            "person: propose a change BACKDATED_REPAYMENT.",
            f"起息日须在 {earliest} 至 {today} 之间；"
            "更早的日期须经双人复核（BACKDATED_REPAYMENT）。",
        )
    return form.problems
