"""Money that goes out, on SQLite and MariaDB: ordered, exported once, confirmed or come back."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from decimal import Decimal
from typing import Any

import pytest

from domain import db
from domain.encryption import decrypt, encrypt
from domain.models.lending.borrower import BankAccount
from domain.models.lending.contract import Drawdown, LoanContract
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan import Loan
from domain.models.lending.payment import IncomingPayment, PaymentOrder, PaymentOrderFile
from domain.operations.changes.kinds.refund import REFUND, CreditRefund
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.announce_prepayment import PrepaymentNotice, announce_prepayment
from domain.operations.lending.disburse_drawdown import disburse_drawdown
from domain.operations.lending.export_orders import FILE_TEXT, OrderExport, export_orders
from domain.operations.lending.receive_payment import ReceivedPayment, receive_payment
from domain.operations.lending.register_bank_account import NUMBER
from domain.operations.lending.request_drawdown import DrawdownRequest, request_drawdown
from domain.operations.lending.settle_order import bounce_order, confirm_order
from domain.operations.perform import Done
from domain.queries.business_date import business_date
from domain.queries.lending.reconciliation import reconciliation
from domain.rules.lending.payment_states import (
    IncomingState,
    LineState,
    OrderFormat,
    OrderPurpose,
    OrderState,
    PaymentFormat,
)
from domain.rules.lending.reconciliation import DifferenceKind
from domain.rules.lending.servicing.position import position
from domain.rules.lending.states import DrawdownState, LoanState, PaymentMethod
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode, Refused
from domain.settings import get_settings
from tests.changes import approve, propose
from tests.incoming import load, post, send_back
from tests.lender import Lender, key
from tests.payment_samples import camt, detail, entry

ACCOUNT = "6222000011112222"


@pytest.fixture(autouse=True)
def our_account(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LIUDAI_PAYMENT_ACCOUNT", "1002000011112222")
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


async def entrusted(lender: Lender, amount: int = 1_000_00, *, revolving: bool = True) -> Loan:
    """A loan disbursed to a named payee."""
    facility_id = await lender.facility(revolving=revolving)
    contract = await lender.signed_contract(facility_id, amount=amount)
    request = DrawdownRequest(
        contract_id=contract.id,
        amount=Decimal(amount) / 100,
        payment_method=PaymentMethod.ENTRUSTED,
        payee_name="供应商有限公司",
        payee_account=ACCOUNT,
        evidence_number="INV-1",
    )
    asked = await request_drawdown(actor=lender.relationship_manager, key=key(), request=request)
    done = await disburse_drawdown(actor=lender.cashier, key=key(), drawdown_id=asked["drawdown"])
    return await Loan.get(id=done["loan"])


async def order_of(loan: Loan) -> PaymentOrder:
    return await PaymentOrder.get(loan_id=loan.id)


async def export(lender: Lender, format: OrderFormat = OrderFormat.PAIN_001) -> Done:
    return await export_orders(
        actor=lender.cashier, key=key(), export=OrderExport(format=format, currency="USD")
    )


async def text_of(done: Done) -> str:
    file = await PaymentOrderFile.get(id=done["file"])
    text = decrypt(file.text_cipher, column=FILE_TEXT)
    assert hashlib.sha256(text.encode()).hexdigest() == file.sha256
    return text


async def balances() -> dict[str, int]:
    found = await db.rows(
        "SELECT account_code, SUM(amount) AS n FROM ledger_entry GROUP BY account_code"
    )
    return {row["account_code"]: int(row["n"]) for row in found}


async def crooked() -> list[Any]:
    return await db.rows(
        "SELECT journal FROM ledger_entry GROUP BY journal HAVING SUM(amount) <> 0"
    )


def code(refusal: pytest.ExceptionInfo[Refused]) -> ErrorCode:
    return refusal.value.problems[0].code


async def test_a_disbursement_is_an_order_to_its_payee_until_the_bank_has_paid(
    lender: Lender,
) -> None:
    before = await balances()
    loan = await entrusted(lender)
    order = await order_of(loan)
    assert (order.state, order.purpose) == (OrderState.CREATED, OrderPurpose.DISBURSEMENT)
    assert (order.amount, order.payee_name, order.payee_account_tail) == (
        1_000_00,
        "供应商有限公司",
        "2222",
    )
    now = await balances()
    assert now["1012"] - before.get("1012", 0) == -1_000_00
    assert now.get("1002", 0) == before.get("1002", 0)
    done = await export(lender)
    text = await text_of(done)
    assert human_number(NumberKind.PAYMENT_ORDER, order.id) in text
    assert ACCOUNT in text
    assert (await order_of(loan)).state == OrderState.EXPORTED
    await confirm_order(
        actor=lender.cashier, key=key(), order_id=order.id, bank_reference="BANK-77"
    )
    order = await order_of(loan)
    assert (order.state, order.bank_reference) == (OrderState.CONFIRMED, "BANK-77")
    now = await balances()
    assert now["1012"] == before.get("1012", 0)
    assert now["1002"] - before.get("1002", 0) == -1_000_00
    assert await crooked() == []


async def test_an_order_is_exported_once_even_by_four_at_once(lender: Lender) -> None:
    loans = [await entrusted(lender) for _ in range(3)]
    results = await asyncio.gather(*(export(lender) for _ in range(4)), return_exceptions=True)
    files = [result["file"] for result in results if isinstance(result, Done)]
    assert len(files) == 1
    for wrong in (result for result in results if not isinstance(result, Done)):
        assert isinstance(wrong, Refused)
    for loan in loans:
        assert (await order_of(loan)).file_id == files[0]
    same = key()
    loan = await entrusted(lender)
    wanted = OrderExport(format=OrderFormat.CSV, currency="USD")
    first = await export_orders(actor=lender.cashier, key=same, export=wanted)
    again = await export_orders(actor=lender.cashier, key=same, export=wanted)
    assert (first.result, again.replayed) == (again.result, True)
    assert (await order_of(loan)).file_id == first["file"]


async def test_an_order_without_an_account_waits_until_one_may_be_paid_to(lender: Lender) -> None:
    loan = await lender.loan()
    order = await order_of(loan)
    assert order.payee_account_cipher is None
    await entrusted(lender)
    await export(lender)
    assert (await order_of(loan)).state == OrderState.CREATED
    with pytest.raises(Refused) as refusal:
        await export(lender)
    assert code(refusal) is ErrorCode.NOT_FOUND
    today = await business_date()
    account = await BankAccount.create(
        borrower_id=loan.borrower_id,
        bank_name="Bank",
        account_name="Holder Ltd",
        number_cipher=encrypt("DE89370400440532013000", column=NUMBER),
        number_index=key(),
        number_tail="3000",
        state="APPROVED",
        usable_from=today + dt.timedelta(days=1),
    )
    with pytest.raises(Refused) as refusal:  # it has not cooled yet
        await export(lender)
    assert code(refusal) is ErrorCode.NOT_FOUND
    await BankAccount.filter(id=account.id).update(usable_from=today)
    text = await text_of(await export(lender, OrderFormat.CSV))
    assert "Holder Ltd,DE89370400440532013000" in text
    assert (await order_of(loan)).state == OrderState.EXPORTED


async def test_pain001_needs_our_own_account(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    loan = await entrusted(lender)
    monkeypatch.setenv("LIUDAI_PAYMENT_ACCOUNT", "")
    get_settings.cache_clear()
    with pytest.raises(Refused) as refusal:
        await export(lender)
    assert code(refusal) is ErrorCode.UNAVAILABLE
    assert (await order_of(loan)).state == OrderState.CREATED
    await export(lender, OrderFormat.CSV)


async def test_a_payout_bounces_though_a_prepayment_was_announced(lender: Lender) -> None:
    """What leaves the loan's money alone cannot be reversed, and stands in no way."""
    loan = await entrusted(lender)
    planned = loan.start_date + dt.timedelta(days=20)
    notice = PrepaymentNotice(loan_id=loan.id, planned_on=planned, note="By letter.")
    await announce_prepayment(actor=lender.relationship_manager, key=key(), notice=notice)
    await export(lender)
    order = await order_of(loan)
    await bounce_order(actor=lender.cashier, key=key(), order_id=order.id, reason="closed")
    assert (await Loan.get(id=loan.id)).state == LoanState.CANCELLED
    assert await crooked() == []


@pytest.mark.parametrize("confirmed", [False, True])
async def test_a_bounce_cancels_the_untouched_loan_and_frees_its_limit(
    lender: Lender, confirmed: bool
) -> None:
    before = await balances()
    # A bounce frees a limit that revolves and one that does not.
    loan = await entrusted(lender, revolving=confirmed)
    order = await order_of(loan)
    await export(lender)
    if confirmed:
        await confirm_order(actor=lender.cashier, key=key(), order_id=order.id, bank_reference="B")
    today = await business_date()
    await advance_business_date(actor=lender.operator, key=key(), to=today + dt.timedelta(days=3))
    assert (await Loan.get(id=loan.id)).interest_receivable > 0
    done = await bounce_order(
        actor=lender.cashier, key=key(), order_id=order.id, reason="account closed"
    )
    assert done["loan"] == loan.id
    loan = await Loan.get(id=loan.id)
    assert (loan.state, loan.principal_outstanding, loan.interest_receivable) == (
        LoanState.CANCELLED,
        0,
        0,
    )
    drawdown = await Drawdown.get(id=loan.drawdown_id)
    assert drawdown.state == DrawdownState.CANCELLED
    facility = await CreditFacility.get(id=loan.facility_id)
    assert (facility.used, facility.reserved, facility.excess) == (0, 0, 0)
    assert loan.limit_used == 0
    assert (await LoanContract.get(id=loan.contract_id)).drawn == 0
    order = await order_of(loan)
    assert (order.state, order.bounce_reason) == (OrderState.BOUNCED, "account closed")
    posted = await db.rows(
        "SELECT account_code, SUM(amount) AS n FROM ledger_entry WHERE loan_id = %s "
        "GROUP BY account_code HAVING SUM(amount) <> 0",
        [loan.id],
    )
    assert posted == []
    assert not any(position(loan, disbursed=loan.principal).values())
    now = await balances()
    for account in ("1002", "1012", "1303"):
        assert now.get(account, 0) == before.get(account, 0), account
    assert await crooked() == []
    for again in (bounce_order,):
        with pytest.raises(Refused) as refusal:
            await again(actor=lender.cashier, key=key(), order_id=order.id, reason="again")
        assert code(refusal) is ErrorCode.ILLEGAL_STATE


async def test_a_bounce_is_refused_once_somebody_has_paid_on_the_loan(lender: Lender) -> None:
    loan = await entrusted(lender)
    order = await order_of(loan)
    await export(lender)
    await receive_payment(
        actor=lender.cashier,
        key=key(),
        payment=ReceivedPayment(
            source="B",
            external_reference=key(),
            amount=Decimal("10.00"),
            currency="USD",
            value_date=await business_date(),
            loan_number=human_number(NumberKind.LOAN, loan.id),
        ),
    )
    before = await balances()
    with pytest.raises(Refused) as refusal:
        await bounce_order(actor=lender.cashier, key=key(), order_id=order.id, reason="late")
    assert code(refusal) is ErrorCode.ILLEGAL_STATE
    assert await balances() == before
    assert (await Loan.get(id=loan.id)).state == LoanState.ACTIVE
    assert (await order_of(loan)).state == OrderState.EXPORTED


async def test_what_was_not_exported_is_neither_confirmed_nor_bounced(lender: Lender) -> None:
    loan = await entrusted(lender)
    order = await order_of(loan)
    before = await balances()
    with pytest.raises(Refused) as refusal:
        await confirm_order(actor=lender.cashier, key=key(), order_id=order.id, bank_reference="B")
    assert code(refusal) is ErrorCode.ILLEGAL_STATE
    with pytest.raises(Refused) as refusal:
        await bounce_order(actor=lender.cashier, key=key(), order_id=order.id, reason="B")
    assert code(refusal) is ErrorCode.ILLEGAL_STATE
    with pytest.raises(Refused) as refusal:
        await confirm_order(
            actor=lender.relationship_manager, key=key(), order_id=order.id, bank_reference="B"
        )
    assert code(refusal) is ErrorCode.NOT_FOUND
    assert await balances() == before


async def test_money_sent_back_that_bounces_lies_in_suspense_again(lender: Lender) -> None:
    before = await balances()
    received = await receive_payment(
        actor=lender.cashier,
        key=key(),
        payment=ReceivedPayment(
            source="B",
            external_reference=key(),
            amount=Decimal("10.00"),
            currency="USD",
            value_date=await business_date(),
            payer_name="Stranger",
            payer_account=ACCOUNT,
        ),
    )
    order = await send_back(lender, received["payment"])
    text = await text_of(await export(lender, OrderFormat.CSV))
    assert f"Stranger,{ACCOUNT}" in text
    await confirm_order(actor=lender.cashier, key=key(), order_id=order.id, bank_reference="B-1")
    now = await balances()
    assert now.get("1002", 0) == before.get("1002", 0)
    assert now["2240"] == before.get("2240", 0)
    await bounce_order(actor=lender.cashier, key=key(), order_id=order.id, reason="closed")
    now = await balances()
    assert now["1002"] - before.get("1002", 0) == 10_00
    assert now["2240"] - before.get("2240", 0) == -10_00
    assert now["1012"] == before.get("1012", 0)
    payment = await IncomingPayment.get(id=received["payment"])
    assert (payment.state, payment.settled_on) == (IncomingState.SUSPENSE, None)
    again = await send_back(lender, received["payment"])
    assert again.id != order.id
    assert await crooked() == []


async def test_the_banks_file_confirms_and_bounces_orders_once(lender: Lender) -> None:
    paid, returned, other = [await entrusted(lender) for _ in range(3)]
    await export(lender)
    numbers = {
        loan.id: human_number(NumberKind.PAYMENT_ORDER, (await order_of(loan)).id)
        for loan in (paid, returned, other)
    }

    def out(reference: str, loan: Loan, amount: str = "1000.00") -> str:
        told = detail(reference, order=numbers[loan.id], direction="DBIT")
        return entry(amount, told, direction="DBIT")

    def back(reference: str, loan: Loan) -> str:
        return entry("1000.00", detail(reference, order=numbers[loan.id], returned="AC04"))

    tag = key()
    content = camt(
        out(f"{tag}-1", paid),
        out(f"{tag}-2", returned),
        back(f"{tag}-3", returned),
        out(f"{tag}-4", other, "999.99"),
        back(f"{tag}-3", returned),
        out(f"{tag}-5", paid),
        entry("7.00", detail(f"{tag}-6", order="PO000000000", direction="DBIT"), direction="DBIT"),
    )
    before = await balances()
    lines = await post(await load(lender, content, format=PaymentFormat.CAMT_054))
    assert [line.state for line in lines] == [
        LineState.ORDER_CONFIRMED,
        LineState.ORDER_CONFIRMED,
        LineState.ORDER_BOUNCED,
        LineState.REFUSED,
        LineState.DUPLICATE,
        LineState.DUPLICATE,
        LineState.REFUSED,
    ]
    assert "1000.00 USD" in (lines[3].reasons or [])[0]["en"]
    assert (await order_of(paid)).bank_reference == f"{tag}-1"
    bounced = await order_of(returned)
    assert (bounced.state, bounced.bounce_reason) == (OrderState.BOUNCED, "AC04")
    assert (await Loan.get(id=returned.id)).state == LoanState.CANCELLED
    assert (await order_of(other)).state == OrderState.EXPORTED
    now = await balances()
    assert now["1002"] - before.get("1002", 0) == -1_000_00
    day = await reconciliation(await business_date())
    assert {(d.kind, d.amount) for d in day.differences} == {
        (DifferenceKind.UNKNOWN_ORDER, 999_99 + 7_00)
    }
    assert await crooked() == []


@pytest.mark.parametrize("confirmed", [False, True])
async def test_a_refund_is_an_order_and_lies_in_suspense_when_it_bounces(
    lender: Lender, confirmed: bool
) -> None:
    loan = await lender.loan()
    await receive_payment(
        actor=lender.cashier,
        key=key(),
        payment=ReceivedPayment(
            source="B",
            external_reference=key(),
            amount=Decimal("70.00"),
            currency="USD",
            value_date=await business_date(),
            loan_number=human_number(NumberKind.LOAN, loan.id),
        ),
    )
    before = await balances()
    account = await BankAccount.create(
        borrower_id=loan.borrower_id,
        bank_name="Bank",
        account_name="Holder Ltd",
        number_cipher=encrypt(ACCOUNT, column=NUMBER),
        number_index=key(),
        number_tail="2222",
        state="APPROVED",
        usable_from=await business_date(),
    )
    asked = CreditRefund(
        loan_id=loan.id,
        amount=Decimal("70.00"),
        currency="USD",
        bank_account_id=account.id,
        reason="asked for",
    )
    await approve(lender.accountant, await propose(lender.cashier, REFUND, asked))
    order = await PaymentOrder.get(loan_id=loan.id, purpose=OrderPurpose.REFUND)
    assert (await balances())["1012"] - before["1012"] == -70_00
    await export(lender, OrderFormat.CSV)
    if confirmed:
        await confirm_order(actor=lender.cashier, key=key(), order_id=order.id, bank_reference="B")
    await bounce_order(actor=lender.cashier, key=key(), order_id=order.id, reason="closed")
    now = await balances()
    assert now["1012"] == before["1012"]
    assert now["1002"] == before["1002"]
    assert now["2240"] - before.get("2240", 0) == -70_00
    number = human_number(NumberKind.PAYMENT_ORDER, order.id)
    back = await IncomingPayment.get(source="RETURNED-ORDERS", external_reference=number)
    assert (back.state, back.amount) == (IncomingState.SUSPENSE, 70_00)
    assert (await Loan.get(id=loan.id)).state == LoanState.ACTIVE
    assert await crooked() == []
    day = await reconciliation(await business_date())
    assert not [d for d in day.differences if d.kind is DifferenceKind.NOT_IN_LEDGER]
