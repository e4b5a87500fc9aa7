"""The proof of the books: a healthy story holds after every step, and each damage is named."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan import Installment, Loan
from domain.operations.lending.request_drawdown import cancel_drawdown
from domain.operations.lending.verify_books import verify_books, verify_totals
from domain.queries.business_date import business_date
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing import events as e
from tests.lender import Lender, key
from tests.servicing import days_pass, happens, is_reversed, pays, prepays

RATES = {"annual_rate": Decimal("0.0480"), "penalty_rate": Decimal("0.0720")}


async def holds(lender: Lender) -> None:
    """The whole proof, and the daily one on top of what was carried before."""
    whole = await verify_books(deep=True)
    assert whole.faults == []
    assert whole.replayed
    closed = await business_date() - dt.timedelta(days=1)
    daily = await verify_books(day=closed)
    assert daily.faults == []


async def test_a_healthy_story_holds_after_every_step(lender: Lender) -> None:
    async def step(_: object) -> None:
        await holds(lender)

    loan = await lender.loan(amount=120_000_00, rate="0.0600")
    other = await lender.loan(await lender.facility(currency="CNY"), product="CN-EQUAL")
    await step("disbursed")
    due = await Installment.get(loan_id=loan.id, number=1)
    await step(await days_pass(lender, 10))
    await step(await prepays(lender, loan.id, 5_000_00, keep=e.Keep.TERM))
    await step(await days_pass(lender, (due.due_date - await business_date()).days))
    first = await pays(lender, loan.id, 9_000_00)
    await step(first)
    await step(await days_pass(lender, 40))
    late = await pays(lender, loan.id, 20_000_00, days_ago=5)
    await step(late)
    await step(await is_reversed(lender, first))
    await step(
        await happens(
            lender,
            loan.id,
            lambda n, day: e.Levy(sequence=n, on=day, code="LEGAL", amount=300_00, due_date=day),
        )
    )
    await step(
        await happens(
            lender,
            loan.id,
            lambda n, day: e.Waiver(sequence=n, on=day, bucket=Bucket.COSTS, amount=10_00),
        )
    )
    await step(await pays(lender, loan.id, 30_000_00))
    await step(
        await happens(lender, loan.id, lambda n, day: e.Refund(sequence=n, on=day, amount=50_00))
    )
    await step(
        await happens(lender, loan.id, lambda n, day: e.RateChange(sequence=n, on=day, **RATES))
    )
    await step(
        await happens(
            lender, loan.id, lambda n, day: e.Extension(sequence=n, on=day, periods=3, **RATES)
        )
    )
    await step(
        await happens(
            lender,
            loan.id,
            lambda n, day: e.Restructuring(
                sequence=n, on=day, method=RepaymentMethod.EQUAL_PRINCIPAL, periods=8, **RATES
            ),
        )
    )
    await step(await days_pass(lender, 60))
    await step(await is_reversed(lender, late))
    await step(await days_pass(lender, 120))
    assert (await Loan.get(id=other.id)).book_status == "NON_ACCRUAL"
    await step(await happens(lender, other.id, lambda n, day: e.WriteOff(sequence=n, on=day)))
    await step(await pays(lender, other.id, 4_000_00))
    await step(await days_pass(lender, 30))
    await step(await pays(lender, loan.id, 200_000_00, off=True))


async def test_limits_hold_through_an_excess_and_a_cancellation(lender: Lender) -> None:
    facility_id = await lender.facility(limit="100000.00")
    loan = await lender.loan(facility_id, amount=60_000_00)
    contract = await lender.signed_contract(facility_id, amount=80_000_00)
    payment = await pays(lender, loan.id, 60_000_00, off=True)
    drawdown_id = await lender.drawdown(contract, "50000.00")
    assert (await verify_totals()).faults == []
    await is_reversed(lender, payment)
    facility = await CreditFacility.get(id=facility_id)
    assert (facility.used, facility.reserved, facility.excess) == (60_000_00, 50_000_00, 10_000_00)
    assert (await verify_totals()).faults == []
    await cancel_drawdown(actor=lender.relationship_manager, key=key(), drawdown_id=drawdown_id)
    facility = await CreditFacility.get(id=facility_id)
    assert (facility.used, facility.reserved, facility.excess) == (60_000_00, 0, 0)
    assert (await verify_totals()).faults == []
