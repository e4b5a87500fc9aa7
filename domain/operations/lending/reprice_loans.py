"""Repricing (重定价): on its reset date a loan takes the benchmark's last fixing plus its spread.

Only the future changes: the running row's interest mixes both rates, later rows are laid out anew.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from domain.actor import SYSTEM
from domain.db import execute, rows
from domain.operations.lending.account import open_loans
from domain.operations.lending.loan_event import do_event
from domain.operations.perform import Step
from domain.queries.lending.benchmarks import fixing_on
from domain.queries.lending.loan_rows import lock_loans
from domain.rules.lending.benchmark import RepricingRule, reset_dates
from domain.rules.lending.overdue import penalty_rate
from domain.rules.lending.servicing.events import RateChange


async def loans_to_reprice(day: dt.date) -> list[int]:
    """Return the ids of the loans whose rate is to be set anew by `day`."""
    found = await rows(
        "SELECT id FROM loan WHERE next_reset_date <= %s AND state = 'ACTIVE' ORDER BY id", [day]
    )
    return [row["id"] for row in found]


async def reprice_loan(step: Step, loan_id: int, *, today: dt.date) -> None:
    """Set the rate of one loan anew, in the running transaction; nothing where it is not due.

    The loan has been brought to `today`, the day that opens. The rate of the last reset date that
    has come counts from it. A fixing that leaves the rate as it is changes nothing but the next
    reset date.
    """
    (loan,) = await open_loans(await lock_loans([loan_id]), on=today)
    if loan.account.accrued_through != today:
        return  # it was set aside, and is repriced when it has caught up
    (tied,) = await rows(
        "SELECT l.benchmark, l.benchmark_tenor, l.spread, l.repricing, l.next_reset_date, "
        "p.penalty_markup FROM loan l JOIN loan_product p ON p.id = l.product_id WHERE l.id = %s",
        [loan_id],
    )
    due = tied["next_reset_date"]
    if due is None or due > today:
        return
    resets = list(
        reset_dates(
            RepricingRule(tied["repricing"]),
            start=loan.row.start_date,
            maturity=loan.account.maturity_date,
        )
    )
    last = max((day for day in resets if day <= today), default=due)
    fixing = await fixing_on(tied["benchmark"], tied["benchmark_tenor"], last)
    schedule = loan.account.terms.schedule
    present = schedule.rate_changes[-1].rate if schedule.rate_changes else schedule.annual_rate
    rate = present if fixing is None else fixing + Decimal(tied["spread"])
    if rate != present and rate >= 0:
        event = RateChange(
            sequence=loan.next_sequence(),
            on=today,
            annual_rate=rate,
            penalty_rate=penalty_rate(
                contract_rate=rate, overdue_markup=Decimal(tied["penalty_markup"])
            ),
        )
        await do_event(
            step,
            loan,
            event,
            actor=SYSTEM,
            today=today,
            reason=f"{tied['benchmark']} {tied['benchmark_tenor']} on {last}: {fixing}",
            outbox="loan.repriced",
        )
    following = min((day for day in resets if day > today), default=None)
    await execute("UPDATE loan SET next_reset_date = %s WHERE id = %s", [following, loan_id])
