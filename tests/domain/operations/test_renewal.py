"""Renewal without repayment (无还本续贷), on SQLite and MariaDB: a new loan settles an old one, no
cash moves, and the facility is not used twice."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain import db
from domain.models.lending.application import LoanApplication
from domain.models.lending.contract import Disbursement, Drawdown, LoanContract
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan import Loan, Repayment
from domain.models.lending.payment import PaymentOrder
from domain.operations.changes.kinds.misuse import MISUSE, LoanMisuse
from domain.operations.changes.kinds.reverse_repayment import REVERSE_REPAYMENT, Reversal
from domain.operations.lending.account import open_loan
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.disburse_drawdown import disburse_drawdown
from domain.operations.lending.loan_event import reverse_repayment
from domain.operations.lending.repay_loan import Payment, prepay_loan, repay_loan
from domain.operations.lending.request_drawdown import (
    DrawdownRequest,
    cancel_drawdown,
    request_drawdown,
)
from domain.operations.perform import Step, perform
from domain.queries.business_date import business_date
from domain.queries.lending.payoff import payoff_quote
from domain.queries.lending.reconciliation import reconciliation
from domain.queries.risk.case_facts import loan_history
from domain.rules.lending.servicing.events import Keep
from domain.rules.lending.states import PaymentMethod
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.changes import approve, propose
from tests.lender import Lender, key

LIMIT = "1000.00"
FULL = 1_000_00


async def full_facility(lender: Lender, *, revolving: bool = True) -> tuple[Loan, LoanContract]:
    """A loan that uses all of its facility, and the contract that is to renew it, signed today."""
    facility_id = await lender.facility(limit=LIMIT, revolving=revolving)
    loan = await lender.loan(facility_id, amount=FULL)
    return loan, await lender.signed_contract(facility_id, amount=FULL)


async def request(
    lender: Lender, contract: LoanContract, loan: Loan, amount: str = LIMIT, **more: Any
) -> int:
    asked = DrawdownRequest(
        **{
            "contract_id": contract.id,
            "amount": Decimal(amount),
            "payment_method": PaymentMethod.SELF,
            "renews_loan_id": loan.id,
            **more,
        }
    )
    done = await request_drawdown(actor=lender.relationship_manager, key=key(), request=asked)
    return done["drawdown"]


async def disburse(lender: Lender, drawdown_id: int) -> Loan:
    done = await disburse_drawdown(actor=lender.cashier, key=key(), drawdown_id=drawdown_id)
    return await Loan.get(id=done["loan"])


async def advance(lender: Lender, days: int) -> None:
    to = await business_date() + dt.timedelta(days=days)
    await advance_business_date(actor=lender.operator, key=key(), to=to)


async def pay(lender: Lender, loan: Loan, minor: int) -> int:
    payment = Payment(loan_id=loan.id, amount=Decimal(minor) / 100)
    return (await repay_loan(actor=lender.cashier, key=key(), payment=payment))["repayment"]


async def interest_to_close(lender: Lender, loan: Loan) -> int:
    quote = await payoff_quote(lender.cashier, loan.id)
    assert quote is not None
    return quote.total - quote.parts.principal


async def cash() -> dict[str, int]:
    found = await db.rows(
        "SELECT account_code, SUM(amount) AS n FROM ledger_entry "
        "WHERE account_code IN ('1002', '1012') GROUP BY account_code"
    )
    return {row["account_code"]: int(row["n"]) for row in found}


async def state_of(loan: Loan) -> tuple[list[Any], ...]:
    """Everything a refusal must leave as it was."""
    return (
        await db.rows("SELECT * FROM loan WHERE facility_id = %s", [loan.facility_id]),
        await db.rows("SELECT * FROM installment WHERE loan_id = %s", [loan.id]),
        await db.rows("SELECT * FROM credit_facility WHERE id = %s", [loan.facility_id]),
        await db.rows("SELECT * FROM drawdown WHERE facility_id = %s", [loan.facility_id]),
        await db.rows("SELECT * FROM loan_contract WHERE facility_id = %s", [loan.facility_id]),
        await db.rows("SELECT COUNT(*) AS n FROM ledger_entry"),
    )


def found(refusal: pytest.ExceptionInfo[Refused]) -> dict[str, ErrorCode]:
    return {".".join(problem.path): problem.code for problem in refusal.value.problems}


@pytest.mark.parametrize("revolving", [True, False])
async def test_a_loan_under_a_full_facility_is_renewed_and_no_cash_moves(
    lender: Lender, revolving: bool
) -> None:
    old, contract = await full_facility(lender, revolving=revolving)
    facility = await CreditFacility.get(id=old.facility_id)
    assert (facility.used, facility.reserved) == (FULL, 0)
    drawdown_id = await request(lender, contract, old)
    facility = await CreditFacility.get(id=old.facility_id)
    assert (facility.used, facility.reserved) == (FULL, 0)
    await books_hold(old.id)
    await advance(lender, 20)
    await pay(lender, old, await interest_to_close(lender, old))
    before = await cash()
    new = await disburse(lender, drawdown_id)
    assert await cash() == before
    await books_hold(old.id)
    await books_hold(new.id)
    old, facility = await Loan.get(id=old.id), await CreditFacility.get(id=old.facility_id)
    assert (old.state, old.principal_outstanding, old.credit_balance) == ("PAID_OFF", 0, 0)
    assert (old.limit_used, new.limit_used) == (0, FULL)
    assert (new.state, new.principal_outstanding) == ("ACTIVE", FULL)
    assert (facility.used, facility.reserved, facility.excess) == (FULL, 0, 0)
    assert await PaymentOrder.filter(loan_id=new.id).count() == 0
    payoff = await Repayment.get(loan_id=old.id, kind="PAYOFF")
    number = human_number(NumberKind.DRAWDOWN, drawdown_id)
    assert (payoff.amount, payoff.external_reference) == (FULL, number)
    assert (await Disbursement.get(loan_id=new.id)).repayment_id == payoff.id
    assert (await reconciliation(await business_date())).differences == []
    closes = await lender.loan()  # the days go on for both
    await advance(lender, 40)
    await books_hold(new.id)
    await books_hold(closes.id)


async def test_what_was_repaid_of_a_limit_that_does_not_revolve_stays_used(lender: Lender) -> None:
    old, contract = await full_facility(lender, revolving=False)
    prepaid = Payment(loan_id=old.id, amount=Decimal("400.00"))
    await prepay_loan(actor=lender.cashier, key=key(), payment=prepaid, keep=Keep.TERM)
    rest = (await Loan.get(id=old.id)).principal_outstanding
    new = await disburse(lender, await request(lender, contract, old, str(Decimal(rest) / 100)))
    old, facility = await Loan.get(id=old.id), await CreditFacility.get(id=old.facility_id)
    assert (old.limit_used, new.limit_used) == (FULL - rest, rest)
    assert (facility.used, facility.excess) == (FULL, 0)
    await books_hold(old.id)
    await books_hold(new.id)


async def test_a_lowered_limit_keeps_its_excess(lender: Lender) -> None:
    old, contract = await full_facility(lender)
    await db.execute(
        "UPDATE credit_facility SET limit_amount = 60000, excess = 40000 WHERE id = %s",
        [old.facility_id],
    )
    new = await disburse(lender, await request(lender, contract, old))
    facility = await CreditFacility.get(id=old.facility_id)
    assert (facility.used, facility.excess) == (FULL, 400_00)
    await books_hold(new.id)


async def test_interest_is_the_borrowers_to_pay_before(lender: Lender) -> None:
    old, contract = await full_facility(lender)
    drawdown_id = await request(lender, contract, old)
    await advance(lender, 10)
    interest = await interest_to_close(lender, old)
    assert interest > 1
    await pay(lender, old, interest - 1)
    before = await state_of(old)
    with pytest.raises(Refused) as refusal:
        await disburse(lender, drawdown_id)
    assert found(refusal) == {"drawdownId": ErrorCode.OUT_OF_RANGE}
    assert "0.01 USD" in refusal.value.problems[0].en
    assert "0.01 USD" in refusal.value.problems[0].zh
    assert await state_of(old) == before
    await pay(lender, old, 1)
    new = await disburse(lender, drawdown_id)
    await books_hold(old.id)
    await books_hold(new.id)


async def test_a_renewal_is_refused_for_another_case(lender: Lender) -> None:
    old, contract = await full_facility(lender)
    stranger = await lender.loan(await lender.facility(), amount=FULL)
    borrower_id = old.borrower_id
    elsewhere = await lender.loan(await lender.facility(borrower_id=borrower_id), amount=FULL)
    before = await state_of(old)
    for loan in (stranger, elsewhere):
        with pytest.raises(Refused) as refusal:
            await request(lender, contract, loan)
        assert found(refusal) == {"renewsLoanId": ErrorCode.NOT_PERMITTED}
    with pytest.raises(Refused) as refusal:
        await request(lender, contract, old, "999.99")
    assert found(refusal) == {"amount": ErrorCode.OUT_OF_RANGE}
    with pytest.raises(Refused) as refusal:
        await request(lender, contract, old, payee_name="Somebody")
    assert found(refusal) == {"paymentMethod": ErrorCode.INVALID_VALUE}
    own = await LoanContract.get(id=old.contract_id)
    with pytest.raises(Refused) as refusal:
        await request(lender, own, old)
    assert found(refusal)["renewsLoanId"] is ErrorCode.NOT_PERMITTED
    assert await state_of(old) == before


async def test_one_request_at_a_time_renews_a_loan_and_may_be_cancelled(lender: Lender) -> None:
    old, contract = await full_facility(lender)
    other = await lender.signed_contract(old.facility_id, amount=FULL)
    drawdown_id = await request(lender, contract, old)
    with pytest.raises(Refused) as refusal:
        await request(lender, other, old)
    assert found(refusal) == {"renewsLoanId": ErrorCode.DUPLICATE}
    await cancel_drawdown(actor=lender.relationship_manager, key=key(), drawdown_id=drawdown_id)
    assert (await CreditFacility.get(id=old.facility_id)).reserved == 0
    assert (await LoanContract.get(id=contract.id)).drawn == 0
    await disburse(lender, await request(lender, other, old))
    again = await lender.signed_contract(old.facility_id, amount=FULL)
    with pytest.raises(Refused) as refusal:
        await request(lender, again, old)
    assert found(refusal)["renewsLoanId"] is ErrorCode.ILLEGAL_STATE


async def test_a_loan_past_due_or_matured_is_not_renewed(lender: Lender) -> None:
    old, contract = await full_facility(lender)
    drawdown_id = await request(lender, contract, old)
    await advance(lender, 33)  # the first instalment fell due after a month
    before = await state_of(old)
    with pytest.raises(Refused) as refusal:
        await disburse(lender, drawdown_id)
    assert {problem.code for problem in refusal.value.problems} == {ErrorCode.ILLEGAL_STATE}
    assert await state_of(old) == before
    late = await lender.signed_contract(old.facility_id, amount=FULL)
    await LoanContract.filter(id=late.id).update(signed_on=old.maturity_date)
    with pytest.raises(Refused) as refusal:
        await request(lender, late, old)
    codes = {problem.code for problem in refusal.value.problems}
    assert codes >= {ErrorCode.ILLEGAL_STATE, ErrorCode.DATE_OUT_OF_RANGE}


async def test_a_loan_whose_principal_is_misused_is_not_renewed(lender: Lender) -> None:
    old, contract = await full_facility(lender)
    asked = LoanMisuse(
        loan_id=old.id,
        amount=Decimal("1000.00"),
        currency="USD",
        markup=Decimal(1),
        reason="Spent on shares.",
    )
    await approve(lender.approver, await propose(lender.risk_officer, MISUSE, asked))
    with pytest.raises(Refused) as refusal:
        await request(lender, contract, old)
    assert found(refusal)["renewsLoanId"] is ErrorCode.ILLEGAL_STATE
    ended = replace(asked, amount=Decimal(0))
    await approve(lender.approver, await propose(lender.risk_officer, MISUSE, ended))
    await request(lender, contract, old)


async def test_the_payoff_of_a_renewal_is_not_reversed_alone(lender: Lender) -> None:
    old, contract = await full_facility(lender)
    await advance(lender, 5)
    interest = await pay(lender, old, await interest_to_close(lender, old))
    new = await disburse(lender, await request(lender, contract, old))
    payoff = await Repayment.get(loan_id=old.id, kind="PAYOFF")

    async def reverse(repayment_id: int) -> None:
        async def work(step: Step) -> dict[str, int]:
            today, opened = await open_loan(lender.accountant, old.id)
            return {
                "event": await reverse_repayment(
                    step,
                    opened,
                    repayment_id,
                    actor=lender.accountant,
                    today=today,
                    reason="bounced",
                )
            }

        await perform(actor=lender.accountant, action="test", key=key(), arguments={}, work=work)

    number = human_number(NumberKind.LOAN, new.id)
    before = await state_of(old)
    with pytest.raises(Refused) as refusal:
        await reverse(payoff.id)
    assert found(refusal) == {"repaymentId": ErrorCode.NOT_PERMITTED}
    assert number in refusal.value.problems[0].en
    with pytest.raises(Refused) as refusal:
        await propose(
            lender.cashier, REVERSE_REPAYMENT, Reversal(repayment_id=payoff.id, reason="bounced")
        )
    assert set(found(refusal).values()) == {ErrorCode.NOT_PERMITTED}
    assert await state_of(old) == before
    # What the borrower paid may bounce all the same: then the old loan owes that again.
    await reverse(interest)
    assert (await Loan.get(id=old.id)).state == "ACTIVE"
    await books_hold(old.id)
    await books_hold(new.id)


async def test_an_application_leaves_the_loan_it_renews_out_of_the_existing_ones(
    lender: Lender,
) -> None:
    old, contract = await full_facility(lender)
    on = await business_date()
    assert (await loan_history(old.borrower_id, on=on)).outstanding == {"USD": FULL}
    history = await loan_history(old.borrower_id, on=on, renewed_id=old.id)
    assert (history.outstanding, history.renewed) == ({"USD": 0}, FULL)
    assert history.customer_since == old.start_date
    await LoanApplication.filter(id=contract.application_id).update(renews_loan_id=old.id)
    with pytest.raises(Refused) as refusal:
        await lender.drawdown(contract, LIMIT)
    assert found(refusal) == {"renewsLoanId": ErrorCode.NOT_PERMITTED}
    await disburse(lender, await request(lender, contract, old))
    assert await Drawdown.filter(renews_loan_id=old.id, state="DISBURSED").count() == 1
