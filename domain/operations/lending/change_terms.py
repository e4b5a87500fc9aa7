"""Changing a loan's terms: extension, restructuring, acceleration, rate, due day, charges.

Each is an event of the loan's history, done today under its lock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from domain.actor import Actor
from domain.db import rows
from domain.models.lending.product import LoanProduct
from domain.operations.lending.account import OpenLoan, open_loan
from domain.operations.lending.loan_event import do_event
from domain.operations.lending.owner_side import refuse_officer
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.lending.benchmarks import business_calendar
from domain.queries.policy import policy_value
from domain.rules.form import Form
from domain.rules.lending.business_days import RollConvention
from domain.rules.lending.extension import extension_problems, latest_maturity, parse_caps
from domain.rules.lending.overdue import penalty_rate
from domain.rules.lending.schedule_terms import MAX_ANNUAL_RATE, RepaymentMethod
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing.replan import future_rows
from domain.rules.lending.servicing.reschedule import extended_maturity
from domain.rules.refusal import ErrorCode, Problem

PERIODS_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsChange:
    """What is asked for; only the fields of the change at hand are given. `annual_rate` None keeps
    the rate."""

    loan_id: int
    reason: str
    periods: int = 0
    annual_rate: Decimal | None = None
    method: RepaymentMethod | None = None
    next_due_date: dt.date | None = None
    consent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeOrder:
    """A fee or cost to levy; `amount` in major units of the loan's currency."""

    loan_id: int
    code: e.ChargeCode
    amount: Decimal
    due_date: dt.date | None
    reason: str


Make = Callable[[Form, OpenLoan, dt.date], Awaitable[e.Event]]


async def extend_loan(*, actor: Actor, key: str, change: TermsChange) -> Done:
    """Extend a loan before its maturity, within the caps over all its extensions.

    `consent` names the written consent of guarantors and pledgors. Result: `loan`, `event`. Raises
    :class:`~domain.rules.refusal.Refused`.
    """

    async def make(form: Form, loan: OpenLoan, today: dt.date) -> e.Event:
        form.whole("periods", change.periods, least=1, most=PERIODS_MAX)
        form.text("consent", change.consent, longest=200)
        rates = await _rates(form, loan, change.annual_rate)
        event = e.Extension(
            sequence=loan.next_sequence(),
            on=today,
            periods=change.periods,
            **rates,
            **await _rolling(loan),
        )
        if not form.problems and future_rows(loan.account, today):
            form.extend(await _beyond_caps(loan, event, today))
        return event

    return await _change(actor, key, "extendLoan", change, make, "loan.extended")


async def restructure_loan(*, actor: Actor, key: str, change: TermsChange) -> Done:
    """Repay all principal by a new schedule; the old one stays in the loan's history.

    Result: `loan`, `event`. Raises :class:`~domain.rules.refusal.Refused`.
    """

    async def make(form: Form, loan: OpenLoan, today: dt.date) -> e.Event:
        form.whole("periods", change.periods, least=1, most=PERIODS_MAX)
        method = change.method or loan.account.terms.schedule.method
        return e.Restructuring(
            sequence=loan.next_sequence(),
            on=today,
            method=method,
            periods=change.periods,
            **await _rates(form, loan, change.annual_rate),
            **await _rolling(loan),
        )

    return await _change(actor, key, "restructureLoan", change, make, "loan.restructured")


async def accelerate_loan(*, actor: Actor, key: str, change: TermsChange) -> Done:
    """Declare all principal due today (宣布提前到期); `consent` names the notice to the borrower.

    Result: `loan`, `event`. Raises :class:`~domain.rules.refusal.Refused`.
    """

    async def make(form: Form, loan: OpenLoan, today: dt.date) -> e.Event:
        form.text("consent", change.consent, longest=200)
        return e.Acceleration(sequence=loan.next_sequence(), on=today)

    return await _change(actor, key, "accelerateLoan", change, make, "loan.accelerated")


async def change_loan_rate(*, actor: Actor, key: str, change: TermsChange) -> Done:
    """Let another rate hold from today on. Result: `loan`, `event`. Raises
    :class:`~domain.rules.refusal.Refused`."""

    async def make(form: Form, loan: OpenLoan, today: dt.date) -> e.Event:
        rates = await _rates(form, loan, change.annual_rate)
        return e.RateChange(sequence=loan.next_sequence(), on=today, **rates)

    return await _change(actor, key, "changeLoanRate", change, make, "loan.repriced")


async def change_due_day(*, actor: Actor, key: str, change: TermsChange) -> Done:
    """Let the running period end on `next_due_date`, and later ones count from it.

    Result: `loan`, `event`. Raises :class:`~domain.rules.refusal.Refused`.
    """

    async def make(form: Form, loan: OpenLoan, today: dt.date) -> e.Event:
        return e.DueDayChange(
            sequence=loan.next_sequence(),
            on=today,
            next_due_date=change.next_due_date or today,
            **await _rolling(loan),
        )

    return await _change(actor, key, "changeDueDay", change, make, "loan.due_day_changed")


async def charge_loan(*, actor: Actor, key: str, order: ChargeOrder) -> Done:
    """Levy a fee or cost, due today or later. Result: `loan`, `event`. Raises
    :class:`~domain.rules.refusal.Refused`."""

    async def work(step: Step) -> Result:
        today, loan = await open_loan(actor, order.loan_id)
        form = Form()
        amount = form.money("amount", order.amount, loan.row.currency)
        latest = today + dt.timedelta(days=366)
        due = form.date("dueDate", order.due_date or today, earliest=today, latest=latest)
        reason = form.text("reason", order.reason, longest=500)
        form.refuse()
        event = e.Levy(
            sequence=loan.next_sequence(), on=today, code=order.code, amount=amount, due_date=due
        )
        event_id = await do_event(
            step, loan, event, actor=actor, today=today, reason=reason, outbox="loan.charged"
        )
        return {"loan": loan.row.id, "event": event_id}

    return await perform(
        actor=actor, action="chargeLoan", key=key, arguments=asdict(order), work=work
    )


async def _change(
    actor: Actor, key: str, action: str, change: TermsChange, make: Make, outbox: str
) -> Done:
    async def work(step: Step) -> Result:
        today, loan = await open_loan(actor, change.loan_id)
        await refuse_officer(actor, loan.row.id)
        form = Form()
        reason = form.text("reason", change.reason, longest=500)
        event = await make(form, loan, today)
        form.refuse()
        noted = f"{reason} [{change.consent.strip()}]" if change.consent else reason
        event_id = await do_event(
            step, loan, event, actor=actor, today=today, reason=noted[:500], outbox=outbox
        )
        return {"loan": loan.row.id, "event": event_id}

    return await perform(actor=actor, action=action, key=key, arguments=asdict(change), work=work)


async def _rates(form: Form, loan: OpenLoan, rate: Decimal | None) -> dict[str, Any]:
    """The contract rate asked for and the penalty rate that follows it; else the present ones."""
    schedule, overdue = loan.account.terms.schedule, loan.account.terms.overdue
    if rate is None:
        contract = schedule.rate_changes[-1].rate if schedule.rate_changes else schedule.annual_rate
        charged = overdue.penalty_changes[-1] if overdue.penalty_changes else None
        return {
            "annual_rate": contract,
            "penalty_rate": charged.rate if charged else overdue.penalty_rate,
        }
    exponent = rate.as_tuple().exponent
    if not 0 <= rate <= MAX_ANNUAL_RATE or not isinstance(exponent, int) or exponent < -12:
        form.add(
            ErrorCode.OUT_OF_RANGE,
            "annualRate",
            "The annual rate must be from 0 to 10, with at most 12 decimals: 0.0360 is 3.60 %.",
            "年利率须在 0 至 10 之间，最多 12 位小数：0.0360 即 3.60%。",
        )
        return {"annual_rate": Decimal(0), "penalty_rate": Decimal(0)}
    markup = Decimal((await _product_of(loan)).penalty_markup)
    return {
        "annual_rate": rate,
        "penalty_rate": penalty_rate(contract_rate=rate, overdue_markup=markup),
    }


async def _rolling(loan: OpenLoan) -> dict[str, Any]:
    """How new due dates roll: by the convention agreed at disbursement, and by the calendar as it
    is today."""
    roll = RollConvention(loan.row.roll)
    if roll is RollConvention.NONE:
        return {}
    product = await _product_of(loan)
    return {"roll": roll, "calendar": await business_calendar(product.calendar)}


async def _product_of(loan: OpenLoan) -> LoanProduct:
    found = await rows("SELECT product_id FROM loan WHERE id = %s", [loan.row.id])
    return await LoanProduct.get(id=found[0]["product_id"])


async def _beyond_caps(loan: OpenLoan, event: e.Extension, today: dt.date) -> list[Problem]:
    caps = parse_caps(await policy_value("extension_caps", profile=loan.row.profile, on=today))
    found = await rows(
        "SELECT due_date FROM superseded_installment WHERE loan_id = %s AND event_sequence = "
        "(SELECT event_sequence FROM superseded_installment WHERE loan_id = %s "
        "ORDER BY id LIMIT 1) ORDER BY number DESC LIMIT 1",
        [loan.row.id, loan.row.id],
    )
    original = found[0]["due_date"] if found else loan.row.maturity_date
    latest = latest_maturity(start=loan.row.start_date, original_maturity=original, caps=caps)
    try:
        maturity = extended_maturity(loan.account, event)
    except OverflowError:
        return []  # refused by the event's own rule
    return extension_problems(maturity, latest)
