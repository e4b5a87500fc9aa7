"""A payment that comes in by API, on SQLite and MariaDB: on its loan or in suspense, once only."""

from __future__ import annotations

import asyncio
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from domain import db
from domain.models.lending.loan import Repayment
from domain.operations.lending.advance_business_date import advance_business_date
from domain.rules.lending.payment_states import (
    IncomingState,
)
from domain.rules.numbers import NumberKind, human_number
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.incoming import counts, ledger, match, number, payment, receive
from tests.lender import Lender, key


async def test_a_payment_that_names_its_loan_is_taken_for_it(lender: Lender) -> None:
    loan = await lender.loan()
    taken = await receive(lender, payment(key(), remittance=f"thanks, {number(loan)}"))
    assert (taken.state, taken.loan_id) == (IncomingState.MATCHED, loan.id)
    repayment = await Repayment.get(id=taken.repayment_id)
    assert (repayment.amount, repayment.payer_name) == (100_00, "Acme Ltd")
    assert repayment.external_reference == taken.external_reference
    assert taken.payer_account_cipher is not None
    assert "6222" not in taken.payer_account_cipher
    assert taken.payer_account_tail == "2222"
    await books_hold(loan.id)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ErrorCode.NOT_FOUND),
        ({"loan_number": human_number(NumberKind.LOAN, 987654)}, ErrorCode.NOT_FOUND),
        ({"remittance": "LN000000018 LN000000026"}, ErrorCode.NOT_FOUND),
    ],
)
async def test_money_nobody_can_match_lies_in_suspense_with_its_reason(
    lender: Lender, changes: dict[str, str], code: ErrorCode
) -> None:
    before = await ledger("2240")
    taken = await receive(lender, payment(key(), **changes))
    assert (taken.state, taken.loan_id) == (IncomingState.SUSPENSE, None)
    assert [reason["code"] for reason in taken.reasons or []] == [code]
    assert all(reason["en"] and reason["zh"] for reason in taken.reasons or [])
    assert await ledger("2240") - before == -100_00
    assert await ledger("1002", f"suspense:{taken.id}") == 100_00


async def test_a_loan_that_takes_no_payment_leaves_nothing_but_suspense(lender: Lender) -> None:
    loan = await lender.loan()
    before = await db.rows("SELECT * FROM loan WHERE id = %s", [loan.id])
    other = payment(key(), currency="EUR", remittance=number(loan))
    taken = await receive(lender, other)
    assert taken.state == IncomingState.SUSPENSE
    assert [r["code"] for r in taken.reasons or []] == [ErrorCode.CURRENCY_MISMATCH]
    assert await db.rows("SELECT * FROM loan WHERE id = %s", [loan.id]) == before
    await db.execute("UPDATE loan SET state = 'TRANSFERRED' WHERE id = %s", [loan.id])
    taken = await receive(lender, payment(key(), remittance=number(loan)))
    assert [r["code"] for r in taken.reasons or []] == [ErrorCode.ILLEGAL_STATE]
    await books_hold(loan.id)


async def test_a_reference_is_taken_once_and_with_another_amount_is_a_named_conflict(
    lender: Lender,
) -> None:
    reference = key()
    first = await receive(lender, payment(reference))
    before = await counts()
    assert (await receive(lender, payment(reference))).id == first.id
    assert await counts() == before
    with pytest.raises(Refused) as refusal:
        await receive(lender, payment(reference, amount=Decimal("100.01")))
    (problem,) = refusal.value.problems
    assert problem.code is ErrorCode.DUPLICATE
    assert "100.00 USD" in problem.en
    assert "100.01 USD" in problem.zh
    assert await counts() == before
    elsewhere = await receive(lender, payment(reference, source="BANK-1003"))
    assert elsewhere.id != first.id


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": Decimal("-1.00")}, ErrorCode.OUT_OF_RANGE),
        ({"amount": Decimal("0.00")}, ErrorCode.OUT_OF_RANGE),
        ({"amount": Decimal("1.001")}, ErrorCode.WRONG_SCALE),
        ({"currency": "XXX"}, ErrorCode.INVALID_VALUE),
        ({"source": ""}, ErrorCode.REQUIRED),
        ({"external_reference": "a\0b"}, ErrorCode.INVALID_VALUE),
        ({"value_date": dt.date(2099, 1, 1)}, ErrorCode.DATE_OUT_OF_RANGE),
        ({"value_date": dt.date(1999, 1, 1)}, ErrorCode.DATE_OUT_OF_RANGE),
    ],
)
async def test_a_bad_form_is_refused_and_changes_nothing(
    lender: Lender, changes: dict[str, Any], code: ErrorCode
) -> None:
    before = await counts()
    with pytest.raises(Refused) as refusal:
        await receive(lender, payment(key(), **changes))
    assert {problem.code for problem in refusal.value.problems} == {code}
    assert await counts() == before


async def test_eight_at_once_with_one_reference_take_it_once(lender: Lender) -> None:
    loan = await lender.loan()
    reference = key()
    given = payment(reference, remittance=number(loan))
    found = await asyncio.gather(*(receive(lender, given) for _ in range(8)))
    assert len({each.id for each in found}) == 1
    assert await Repayment.filter(loan_id=loan.id).count() == 1
    await books_hold(loan.id)


async def test_a_payment_dated_back_counts_from_its_value_date(lender: Lender) -> None:
    loan = await lender.loan(rate="0.3600")
    start = loan.start_date
    await advance_business_date(actor=lender.operator, key=key(), to=start + dt.timedelta(days=3))
    given = payment(key(), value_date=start + dt.timedelta(days=1), loan_number=number(loan))
    taken = await receive(lender, given)
    assert (taken.state, taken.received_on) == (
        IncomingState.MATCHED,
        start + dt.timedelta(days=3),
    )
    repayment = await Repayment.get(id=taken.repayment_id)
    assert repayment.value_date == start + dt.timedelta(days=1)
    early = await receive(
        lender,
        payment(key(), value_date=start - dt.timedelta(days=30), loan_number=number(loan)),
    )
    assert early.state == IncomingState.SUSPENSE
    assert [r["code"] for r in early.reasons or []] == [ErrorCode.DATE_OUT_OF_RANGE]
    early = await match(lender, early.id, loan.id)
    assert (await Repayment.get(id=early.repayment_id)).value_date == start
    await books_hold(loan.id)
