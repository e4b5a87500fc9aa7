"""Money out and back, on SQLite and MariaDB: every amount to the cent, the books always in step."""

from __future__ import annotations

import asyncio
import datetime as dt
from decimal import Decimal

import pytest

from domain import db
from domain.models.lending.contract import Drawdown
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan import Installment, Loan, Repayment
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.disburse_drawdown import disburse_drawdown
from domain.operations.lending.repay_loan import Payment, pay_off_loan, repay_loan
from domain.operations.lending.request_drawdown import (
    DrawdownRequest,
    cancel_drawdown,
    request_drawdown,
)
from domain.queries.business_date import business_date
from domain.queries.lending.payoff import payoff_quote
from domain.rules.lending.states import PaymentMethod
from domain.rules.refusal import ErrorCode, Refused
from tests.lender import Lender, key


async def balances(loan_id: int) -> dict[str, int]:
    """The loan's postings, summed by account."""
    found = await db.rows(
        "SELECT account_code, SUM(amount) AS total FROM ledger_entry WHERE loan_id = %s "
        "GROUP BY account_code",
        [loan_id],
    )
    return {row["account_code"]: int(row["total"]) for row in found}


async def books_hold(loan_id: int) -> None:
    """The loan's balances equal its postings, and every journal of it sums to zero."""
    loan = await Loan.get(id=loan_id)
    posted = await balances(loan_id)
    assert posted.get("1303", 0) == loan.principal_outstanding
    assert posted.get("1132", 0) == loan.interest_receivable
    assert posted.get("1133", 0) == loan.penalty_receivable
    assert posted.get("1134", 0) == loan.compound_receivable
    assert -posted.get("2241", 0) == loan.credit_balance
    crooked = await db.rows(
        "SELECT journal FROM ledger_entry GROUP BY journal HAVING SUM(amount) <> 0"
    )
    assert crooked == []


async def advance(lender: Lender, to: dt.date) -> None:
    await advance_business_date(actor=lender.operator, key=key(), to=to)


async def pay(lender: Lender, loan_id: int, amount: str) -> Repayment:
    done = await repay_loan(
        actor=lender.cashier,
        key=key(),
        payment=Payment(loan_id=loan_id, amount=Decimal(amount)),
    )
    return await Repayment.get(id=done["repayment"])


def codes(refusal: pytest.ExceptionInfo[Refused]) -> set[ErrorCode]:
    return {problem.code for problem in refusal.value.problems}


async def test_disbursement_makes_loan_schedule_postings_and_uses_the_limit(lender: Lender) -> None:
    facility_id = await lender.facility(limit="100000.00")
    loan = await lender.loan(facility_id, amount=60_000_00, rate="0.0600")
    assert (loan.state, loan.principal_outstanding) == ("ACTIVE", 60_000_00)
    rows = await Installment.filter(loan_id=loan.id).order_by("number")
    assert sum(row.principal for row in rows) == 60_000_00
    assert [row.number for row in rows] == list(range(1, 13))
    assert rows[-1].due_date == loan.maturity_date
    assert await balances(loan.id) == {"1303": 60_000_00, "1012": -60_000_00}
    facility = await CreditFacility.get(id=facility_id)
    assert (facility.reserved, facility.used) == (0, 60_000_00)
    await books_hold(loan.id)


async def test_one_period_accrues_exactly_its_interest_and_is_settled(lender: Lender) -> None:
    loan = await lender.loan()
    first = await Installment.get(loan_id=loan.id, number=1)
    await advance(lender, first.due_date)
    first = await Installment.get(id=first.id)
    assert first.interest_accrued == first.interest
    due = first.principal + first.interest
    repayment = await pay(lender, loan.id, str(Decimal(due) / 100))
    assert repayment.to_credit == 0
    first = await Installment.get(id=first.id)
    assert first.settled_on == first.due_date
    loan = await Loan.get(id=loan.id)
    assert loan.principal_outstanding == loan.principal - first.principal
    assert loan.interest_receivable == 0
    await books_hold(loan.id)


async def test_overpayment_is_kept_as_credit_and_pays_the_next_due_item(lender: Lender) -> None:
    loan = await lender.loan()
    first, second = await Installment.filter(loan_id=loan.id, number__in=[1, 2]).order_by("number")
    await advance(lender, first.due_date)
    extra = 123_45
    amount = first.principal + first.interest + extra
    repayment = await pay(lender, loan.id, str(Decimal(amount) / 100))
    assert repayment.to_credit == extra
    assert (await Loan.get(id=loan.id)).credit_balance == extra
    await books_hold(loan.id)

    await advance(lender, second.due_date)
    loan = await Loan.get(id=loan.id)
    assert loan.credit_balance == 0
    applied = await Repayment.get(loan_id=loan.id, kind="CREDIT_APPLIED")
    assert (applied.amount, applied.value_date) == (0, second.due_date)
    second = await Installment.get(id=second.id)
    assert second.interest_paid + second.principal_paid == extra
    await books_hold(loan.id)


async def test_overdue_is_charged_penalty_on_principal_and_compound_on_interest(
    lender: Lender,
) -> None:
    loan = await lender.loan(rate="0.0360")
    first = await Installment.get(loan_id=loan.id, number=1)
    await advance(lender, first.due_date + dt.timedelta(days=10))
    first = await Installment.get(id=first.id)
    # USD-LEVEL counts ACT/365; the penalty rate is 3.60 % × 1.5 = 5.40 %.
    assert first.penalty_accrued == round(first.principal * 0.054 * 10 / 365)
    assert first.compound_accrued == round(first.interest * 0.054 * 10 / 365)
    await books_hold(loan.id)
    owed = first.penalty_accrued + first.compound_accrued + first.interest + first.principal
    await pay(lender, loan.id, str(Decimal(owed) / 100))
    first = await Installment.get(id=first.id)
    assert first.settled_on is not None
    await books_hold(loan.id)


async def test_partial_payment_follows_the_allocation_order(lender: Lender) -> None:
    loan = await lender.loan(rate="0.0360")
    first = await Installment.get(loan_id=loan.id, number=1)
    await advance(lender, first.due_date + dt.timedelta(days=30))
    first = await Installment.get(id=first.id)
    paid = first.penalty_accrued + first.compound_accrued + 1
    await pay(lender, loan.id, str(Decimal(paid) / 100))
    first = await Installment.get(id=first.id)
    assert first.penalty_paid == first.penalty_accrued
    assert first.compound_paid == first.compound_accrued
    assert (first.interest_paid, first.principal_paid) == (1, 0)
    await books_hold(loan.id)


async def test_payoff_takes_interest_to_today_and_closes_the_loan(lender: Lender) -> None:
    facility_id = await lender.facility(limit="50000.00")
    loan = await lender.loan(facility_id, amount=50_000_00)
    await advance(lender, await business_date() + dt.timedelta(days=10))
    quote = await payoff_quote(lender.cashier, loan.id)
    assert quote is not None
    assert quote.parts.interest == round(50_000_00 * 0.06 * 10 / 365)
    short = Payment(loan_id=loan.id, amount=Decimal(quote.total - 1) / 100)
    with pytest.raises(Refused) as refusal:
        await pay_off_loan(actor=lender.cashier, key=key(), payment=short)
    assert codes(refusal) == {ErrorCode.OUT_OF_RANGE}
    full = Payment(loan_id=loan.id, amount=Decimal(quote.total) / 100)
    await pay_off_loan(actor=lender.cashier, key=key(), payment=full)
    loan = await Loan.get(id=loan.id)
    assert (loan.state, loan.principal_outstanding, loan.credit_balance) == ("PAID_OFF", 0, 0)
    assert await Installment.filter(loan_id=loan.id, settled_on=None).count() == 0
    facility = await CreditFacility.get(id=facility_id)
    assert (facility.used, facility.reserved) == (0, 0)
    await books_hold(loan.id)
    with pytest.raises(Refused) as refusal:
        await pay(lender, loan.id, "1.00")
    assert codes(refusal) == {ErrorCode.ILLEGAL_STATE}


async def test_a_facility_that_does_not_revolve_is_not_freed(lender: Lender) -> None:
    facility_id = await lender.facility(limit="50000.00", revolving=False)
    loan = await lender.loan(facility_id, amount=50_000_00)
    quote = await payoff_quote(lender.cashier, loan.id)
    assert quote is not None
    payment = Payment(loan_id=loan.id, amount=Decimal(quote.total) / 100)
    await pay_off_loan(actor=lender.cashier, key=key(), payment=payment)
    assert (await CreditFacility.get(id=facility_id)).used == 50_000_00


async def test_the_whole_schedule_repaid_on_time_closes_the_loan(lender: Lender) -> None:
    loan = await lender.loan(amount=1_000_00, installments=3)
    rows = await Installment.filter(loan_id=loan.id).order_by("number")
    for row in rows:
        await advance(lender, row.due_date)
        await pay(lender, loan.id, str(Decimal(row.principal + row.interest) / 100))
        await books_hold(loan.id)
    loan = await Loan.get(id=loan.id)
    assert (loan.state, loan.closed_on) == ("PAID_OFF", rows[-1].due_date)
    income = (await balances(loan.id))["6011"]
    assert -income == sum(row.interest for row in rows)


async def test_limit_breach_names_the_limit_and_what_remains(lender: Lender) -> None:
    facility_id = await lender.facility(limit="1000.00")
    contract = await lender.signed_contract(facility_id, amount=5_000_00)
    await lender.drawdown(contract, "400.00")
    request = DrawdownRequest(
        contract_id=contract.id, amount=Decimal("600.01"), payment_method=PaymentMethod.SELF
    )
    with pytest.raises(Refused) as refusal:
        await request_drawdown(actor=lender.relationship_manager, key=key(), request=request)
    (problem,) = refusal.value.problems
    assert problem.code is ErrorCode.LIMIT_EXCEEDED
    assert "600.00 USD remains" in problem.en
    assert "剩余 600.00 USD" in problem.zh


async def test_a_cancelled_drawdown_frees_its_reservation(lender: Lender) -> None:
    facility_id = await lender.facility(limit="1000.00")
    contract = await lender.signed_contract(facility_id, amount=1_000_00)
    drawdown_id = await lender.drawdown(contract, "1000.00")
    assert (await CreditFacility.get(id=facility_id)).reserved == 1_000_00
    await cancel_drawdown(actor=lender.relationship_manager, key=key(), drawdown_id=drawdown_id)
    assert (await CreditFacility.get(id=facility_id)).reserved == 0
    with pytest.raises(Refused) as refusal:
        await disburse_drawdown(actor=lender.cashier, key=key(), drawdown_id=drawdown_id)
    assert codes(refusal) == {ErrorCode.ILLEGAL_STATE}


async def test_one_key_disburses_once_even_twice_at_once(lender: Lender) -> None:
    facility_id = await lender.facility()
    contract = await lender.signed_contract(facility_id, amount=1_000_00)
    drawdown_id = await lender.drawdown(contract, "1000.00")
    same = key()
    results = await asyncio.gather(
        *(
            disburse_drawdown(actor=lender.cashier, key=same, drawdown_id=drawdown_id)
            for _ in range(4)
        )
    )
    assert len({done["loan"] for done in results}) == 1
    assert sorted(done.replayed for done in results) == [False, True, True, True]
    assert (await CreditFacility.get(id=facility_id)).used == 1_000_00
    assert await Loan.filter(drawdown_id=drawdown_id).count() == 1


async def test_a_refused_try_changes_nothing_leaves_its_key_free_and_is_audited(
    lender: Lender,
) -> None:
    loan = await lender.loan()
    before = await db.rows("SELECT * FROM loan WHERE id = %s", [loan.id])
    same = key()
    for wrong in (Decimal(0), Decimal("-5.00"), Decimal("1.005")):
        with pytest.raises(Refused):
            await repay_loan(
                actor=lender.cashier, key=same, payment=Payment(loan_id=loan.id, amount=wrong)
            )
    with pytest.raises(Refused) as refusal:
        await repay_loan(
            actor=lender.cashier,
            key=same,
            payment=Payment(loan_id=loan.id, amount=Decimal(5), currency="CNY"),
        )
    assert codes(refusal) == {ErrorCode.CURRENCY_MISMATCH}
    assert await db.rows("SELECT * FROM loan WHERE id = %s", [loan.id]) == before
    refused = await db.rows(
        "SELECT COUNT(*) AS n FROM audit_entry WHERE action = 'repayLoan' AND outcome = 'REFUSED' "
        "AND actor_id = %s",
        [lender.cashier.id],
    )
    assert refused[0]["n"] >= 4
    good = Payment(loan_id=loan.id, amount=Decimal("5.00"))
    assert not (await repay_loan(actor=lender.cashier, key=same, payment=good)).replayed
    assert (await repay_loan(actor=lender.cashier, key=same, payment=good)).replayed
    other = Payment(loan_id=loan.id, amount=Decimal("6.00"))
    with pytest.raises(Refused) as refusal:
        await repay_loan(actor=lender.cashier, key=same, payment=other)
    assert codes(refusal) == {ErrorCode.IDEMPOTENCY_KEY_REUSED}


async def test_nobody_disburses_what_they_asked_for_or_approved(lender: Lender) -> None:
    contract = await lender.signed_contract(await lender.facility(), amount=1_000_00)
    drawdown_id = await lender.drawdown(contract, "1000.00")
    await Drawdown.filter(id=drawdown_id).update(requested_by_id=lender.cashier.id)
    with pytest.raises(Refused) as refusal:
        await disburse_drawdown(actor=lender.cashier, key=key(), drawdown_id=drawdown_id)
    assert codes(refusal) == {ErrorCode.SAME_PERSON}


async def test_out_of_sight_does_not_exist(lender: Lender) -> None:
    loan = await lender.loan()
    payment = Payment(loan_id=loan.id, amount=Decimal(1))
    with pytest.raises(Refused) as refusal:
        await repay_loan(actor=lender.manager2, key=key(), payment=payment)
    assert codes(refusal) == {ErrorCode.NOT_FOUND}


async def test_ledger_audit_and_decisions_are_append_only(lender: Lender) -> None:
    await lender.loan()
    for table in ("ledger_entry", "audit_entry"):
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            with pytest.raises(Exception, match="append-only"):
                await db.execute(statement)
