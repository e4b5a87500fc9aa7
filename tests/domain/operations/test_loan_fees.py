"""A product's fees, from the change request to the books of its loans."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from domain import db
from domain.models.lending.contract import LoanContract
from domain.models.lending.loan import Installment, Loan
from domain.models.lending.loan_history import LoanCharge
from domain.models.lending.loan_terms import read_fees
from domain.models.lending.payment import PaymentOrder
from domain.models.lending.product import LoanProduct
from domain.operations.changes.kinds.loan_product import LOAN_PRODUCT, ProductVersion
from domain.operations.changes.kinds.write_off import WRITE_OFF, LoanWriteOff
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.disburse_drawdown import disburse_drawdown
from domain.operations.lending.repay_loan import Payment, pay_off_loan, repay_loan
from domain.operations.lending.request_drawdown import DrawdownRequest, request_drawdown
from domain.operations.lending.settle_order import bounce_order
from domain.operations.lending.verify_books import verify_books
from domain.queries.business_date import business_date
from domain.queries.lending.loan_statement import Place, Standing, statement_lines
from domain.rules.lending.fees import FeeKind, due_at_start
from domain.rules.lending.postings import Event
from domain.rules.lending.product import ProductFee
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing import events as e
from domain.rules.lending.states import LoanState, PaymentMethod
from domain.rules.money import Rounding
from domain.rules.refusal import Refused
from tests.books import books_hold
from tests.changes import approve, propose
from tests.domain.operations.test_change_products import PRODUCT
from tests.lender import Lender, key
from tests.servicing import days_pass, happens, is_reversed, pays, prepays

FEES = (
    ProductFee(kind=FeeKind.UPFRONT_DUE, rate=Decimal("0.005")),
    ProductFee(kind=FeeKind.PERIODIC, amount=Decimal("15.00")),
)


async def offered(lender: Lender, draft: ProductVersion) -> str:
    """Put a product on offer; return its code."""
    await approve(lender.approver, await propose(lender.risk_officer, LOAN_PRODUCT, draft))
    return draft.code


async def charges(loan: Loan) -> dict[int, tuple[str, int, int]]:
    return {
        each.number: (each.code, each.amount, each.paid)
        for each in await LoanCharge.filter(loan_id=loan.id).order_by("number")
    }


async def test_fees_are_agreed_billed_paid_and_proved(lender: Lender) -> None:
    code = await offered(lender, replace(PRODUCT, code="GEN-FEES", fees=FEES))
    change = await db.rows("SELECT summary_en FROM change_request ORDER BY id DESC LIMIT 1")
    assert "UPFRONT_DUE 0.005, PERIODIC 15.00 USD" in change[0]["summary_en"]
    loan = await lender.loan(product=code, amount=40_000_00, installments=3)
    await books_hold(loan.id)
    assert await charges(loan) == {0: ("UPFRONT_FEE", 200_00, 0)}
    (order,) = await PaymentOrder.filter(loan_id=loan.id)
    assert order.amount == 40_000_00  # the payout is whole
    # A later version of the product changes nothing of the loan.
    await offered(lender, replace(PRODUCT, code=code, fees=()))
    due = loan.next_due_date
    assert due is not None
    await advance_business_date(actor=lender.operator, key=key(), to=due)
    assert await charges(loan) == {
        -1: ("PERIODIC_FEE", 15_00, 0),
        0: ("UPFRONT_FEE", 200_00, 0),
    }
    await books_hold(loan.id)
    payment = Payment(loan_id=loan.id, amount=Decimal("215.00"))
    await repay_loan(actor=lender.cashier, key=key(), payment=payment)
    assert {part[2] for part in (await charges(loan)).values()} == {200_00, 15_00}
    # A payment of an earlier day makes the loan anew from its terms.
    back = due - dt.timedelta(days=3)
    payment = Payment(loan_id=loan.id, amount=Decimal("150.00"), value_date=back)
    await repay_loan(actor=lender.cashier, key=key(), payment=payment)
    await books_hold(loan.id)
    to = due + dt.timedelta(days=100)
    await advance_business_date(actor=lender.operator, key=key(), to=to)
    assert list(await charges(loan)) == [-3, -2, -1, 0]
    payment = Payment(loan_id=loan.id, amount=Decimal("60000.00"))
    await pay_off_loan(actor=lender.cashier, key=key(), payment=payment)
    loan = await Loan.get(id=loan.id)
    assert (loan.state, loan.fee_paid, loan.fee_receivable) == (LoanState.PAID_OFF, 245_00, 0)
    await books_hold(loan.id)
    assert (await verify_books(deep=True)).faults == []


async def test_a_bounced_payout_takes_the_fee_back(lender: Lender) -> None:
    code = await offered(lender, replace(PRODUCT, code="GEN-BACK", fees=FEES))
    loan = await lender.loan(product=code, amount=40_000_00)
    (order,) = await PaymentOrder.filter(loan_id=loan.id)
    await db.execute("UPDATE payment_order SET state = 'EXPORTED' WHERE id = %s", [order.id])
    await bounce_order(actor=lender.cashier, key=key(), order_id=order.id, reason="closed")
    loan = await Loan.get(id=loan.id)
    assert (loan.state, loan.fee_receivable) == (LoanState.CANCELLED, 0)
    assert await charges(loan) == {}
    assert (await verify_books(deep=True)).faults == []


async def test_the_contract_says_the_fees(lender: Lender) -> None:
    plain = await offered(lender, replace(PRODUCT, code="GEN-PLAIN"))
    free = ProductFee(kind=FeeKind.PERIODIC, rate=Decimal(0))  # as a promotion has it
    code = await offered(lender, replace(PRODUCT, code="GEN-SAID", fees=(*FEES, free)))
    facility = await lender.facility()
    said = [await lender.signed_contract(facility, product=each) for each in (plain, code)]
    documents = {(await LoanContract.get(id=each.id)).document_sha256 for each in said}
    assert len(documents) == 2


async def test_a_renewal_waits_for_the_old_fees_and_brings_its_own(lender: Lender) -> None:
    code = await offered(lender, replace(PRODUCT, code="GEN-RENEW", fees=FEES))
    facility = await lender.facility(limit="1000.00")
    old = await lender.loan(facility, product=code, amount=1_000_00)
    contract = await lender.signed_contract(facility, product=code, amount=1_000_00)
    asked = DrawdownRequest(
        contract_id=contract.id,
        amount=Decimal("1000.00"),
        payment_method=PaymentMethod.SELF,
        renews_loan_id=old.id,
    )
    done = await request_drawdown(actor=lender.relationship_manager, key=key(), request=asked)
    disbursed = {"actor": lender.cashier, "drawdown_id": done["drawdown"]}
    with pytest.raises(Refused):  # half a per cent of the old loan is still owed
        await disburse_drawdown(key=key(), **disbursed)
    payment = Payment(loan_id=old.id, amount=Decimal("5.00"))
    await repay_loan(actor=lender.cashier, key=key(), payment=payment)
    new = await Loan.get(id=(await disburse_drawdown(key=key(), **disbursed))["loan"])
    assert (await Loan.get(id=old.id)).state == LoanState.PAID_OFF
    assert await charges(new) == {0: ("UPFRONT_FEE", 5_00, 0)}
    await books_hold(old.id)
    await books_hold(new.id)


async def test_a_currency_without_decimals(lender: Lender) -> None:
    fees = (
        ProductFee(kind=FeeKind.UPFRONT_DUE, rate=Decimal("0.00125")),
        ProductFee(kind=FeeKind.PERIODIC, amount=Decimal("500")),
    )
    draft = replace(
        PRODUCT, code="JPY-FEES", currency="JPY", principal_max=Decimal("500000"), fees=fees
    )
    code = await offered(lender, draft)
    stored = (await LoanProduct.filter(code=code).get()).fees
    assert stored == [
        {"kind": "UPFRONT_DUE", "amount": None, "rate": "0.00125"},
        {"kind": "PERIODIC", "amount": 500, "rate": None},
    ]
    assert due_at_start(read_fees(stored), 100_000, Rounding.HALF_UP) == 125


async def test_a_loan_written_off_bears_no_more_fees_and_recovers_the_old(lender: Lender) -> None:
    code = await offered(lender, replace(PRODUCT, code="GEN-GONE", fees=FEES))
    loan = await lender.loan(product=code, amount=40_000_00, installments=3)
    due = loan.next_due_date
    assert due is not None
    await advance_business_date(actor=lender.operator, key=key(), to=due + dt.timedelta(days=5))
    content = LoanWriteOff(loan_id=loan.id, reason="Insolvent.")
    await approve(lender.approver, await propose(lender.risk_officer, WRITE_OFF, content))
    await advance_business_date(actor=lender.operator, key=key(), to=due + dt.timedelta(days=80))
    assert list(await charges(loan)) == [-1, 0]
    payment = Payment(loan_id=loan.id, amount=Decimal("215.00"))
    await repay_loan(actor=lender.cashier, key=key(), payment=payment)
    loan = await Loan.get(id=loan.id)
    assert (loan.state, loan.fee_receivable, loan.fee_paid) == (LoanState.WRITTEN_OFF, 0, 215_00)
    await books_hold(loan.id)
    assert (await verify_books(deep=True)).faults == []


async def test_a_fee_whose_row_falls_due_otherwise_in_a_changed_history(lender: Lender) -> None:
    code = await offered(lender, replace(PRODUCT, code="GEN-DUE", fees=FEES))
    loan = await lender.loan(product=code, amount=12_000_00, installments=12)
    await days_pass(lender, 10)
    prepaid = await prepays(lender, loan.id, 9_300_00, keep=e.Keep.INSTALLMENT)
    last = (await Installment.filter(loan_id=loan.id).order_by("number"))[-1]
    assert last.number < 12  # the loan has become shorter
    await days_pass(lender, (last.due_date - await business_date()).days + 46)

    def anew(sequence: int, on: dt.date) -> e.Restructuring:
        return e.Restructuring(
            sequence=sequence,
            on=on,
            method=RepaymentMethod.EQUAL_INSTALLMENT,
            periods=6,
            annual_rate=Decimal("0.06"),
            penalty_rate=Decimal("0.09"),
        )

    await happens(lender, loan.id, anew)
    await days_pass(lender, 40)
    before = {c.number: c.due_date for c in await LoanCharge.filter(loan_id=loan.id)}
    await is_reversed(lender, prepaid)
    after = {c.number: c.due_date for c in await LoanCharge.filter(loan_id=loan.id)}
    assert any(after[number] != day for number, day in before.items() if number in after)
    assert (await verify_books(deep=True)).faults == []


async def test_the_statement_names_every_fee(lender: Lender) -> None:
    code = await offered(lender, replace(PRODUCT, code="GEN-LINES", fees=FEES))
    loan = await lender.loan(product=code, amount=40_000_00, installments=12)
    assert loan.next_due_date is not None
    await pays(lender, loan.id, 10_000_00)  # a credit balance pays the coming fee at once
    await days_pass(lender, (loan.next_due_date - loan.start_date).days)
    found = statement_lines(
        loan.id, start=loan.start_date, end=loan.next_due_date, after=Place(0, 0, Standing())
    )
    lines = [line async for line in found]
    fees = [(line.event, line.value_date, line.moved.fees) for line in lines if line.moved.fees]
    assert fees == [
        (Event.CHARGE, loan.start_date, 200_00),
        (Event.REPAYMENT, loan.start_date, -200_00),
        (Event.CHARGE, loan.next_due_date, 15_00),
        (Event.DAY, loan.next_due_date, -15_00),
    ]


async def test_who_drops_the_fees_is_told_so(lender: Lender) -> None:
    code = await offered(lender, replace(PRODUCT, code="GEN-DROP", fees=FEES))
    change = await propose(lender.risk_officer, LOAN_PRODUCT, replace(PRODUCT, code=code))
    assert change.summary_en.endswith(", no fees any more")
    assert change.summary_zh.endswith("，不再收费")
