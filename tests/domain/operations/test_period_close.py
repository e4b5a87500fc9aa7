"""Accounting periods: closed in order, once nothing can post into them, and for good; manual
journals: balanced, on accounts that are open to hands, in an open period."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from domain import db
from domain.models.lending.ledger import AccountingPeriod, ManualJournal
from domain.models.lending.loan import Loan
from domain.operations.lending.close_period import close_period
from domain.operations.lending.post import Posting, post
from domain.operations.lending.post_manual_journal import post_manual_journal
from domain.operations.lending.verify_books import verify_books
from domain.operations.perform import Step
from domain.queries.business_date import business_date
from domain.queries.lending.periods_closed import closed_through
from domain.rules.lending.postings import Account, Entry, Event
from domain.rules.refusal import ErrorCode, Refused
from tests.lender import Lender, key
from tests.servicing import days_pass

JANUARY, FEBRUARY, MARCH = (dt.date(2026, month, 1) for month in (1, 2, 3))


async def refused(lender: Lender, month: dt.date) -> set[ErrorCode]:
    before = await AccountingPeriod.all().count()
    with pytest.raises(Refused) as refusal:
        await close_period(actor=lender.accountant, key=key(), month=month)
    assert await AccountingPeriod.all().count() == before
    return {problem.code for problem in refusal.value.problems}


async def journal(lender: Lender, **payload: Any) -> int:
    async def work() -> int:
        return await post_manual_journal(
            Step(lender.accountant, "test"), lender.accountant, payload
        )

    return await db.transact(work)


def lines(*sides: tuple[str, str]) -> list[dict[str, str]]:
    return [{"account": account, "amount": amount} for account, amount in sides]


async def test_months_close_in_order_once_they_have_ended_and_never_open_again(
    lender: Lender,
) -> None:
    loan = await lender.loan()
    assert await refused(lender, JANUARY) == {ErrorCode.DATE_OUT_OF_RANGE}
    await days_pass(lender, 31)
    assert await business_date() == dt.date(2026, 2, 15)
    assert await refused(lender, dt.date(2026, 1, 15)) == {ErrorCode.INVALID_VALUE}
    # As if the loan had been set aside by the close.
    await Loan.filter(id=loan.id).update(accrued_through=dt.date(2026, 1, 31))
    assert await refused(lender, JANUARY) == {ErrorCode.ILLEGAL_STATE}
    await Loan.filter(id=loan.id).update(accrued_through=loan.accrued_through)
    await Loan.filter(id=loan.id).update(accrued_through=await business_date())
    await days_pass(lender, 20)
    assert await refused(lender, FEBRUARY) == {ErrorCode.ILLEGAL_STATE}  # January first
    done = await close_period(actor=lender.accountant, key=key(), month=JANUARY)
    period = await AccountingPeriod.get(id=done["period"])
    assert (period.month, period.closed_on) == (JANUARY, await business_date())
    assert await closed_through() == dt.date(2026, 1, 31)
    assert await refused(lender, JANUARY) == {ErrorCode.ILLEGAL_STATE}
    assert await refused(lender, MARCH) == {ErrorCode.DATE_OUT_OF_RANGE}
    await close_period(actor=lender.accountant, key=key(), month=FEBRUARY)
    for statement in ("DELETE FROM accounting_period", "UPDATE accounting_period SET month = NULL"):
        with pytest.raises(Exception, match="append-only"):
            await db.execute(statement)


async def test_nothing_is_posted_into_a_closed_period(lender: Lender) -> None:
    async def work(day: dt.date) -> None:
        entries = [Entry(Account.BANK, 5), Entry(Account.SUSPENSE, -5)]
        await post(
            [
                Posting(
                    journal=f"test:{day}",
                    event=Event.SUSPENSE,
                    currency="USD",
                    entries=entries,
                    loan=None,
                    value_date=day,
                    posting_date=day,
                )
            ]
        )

    before = await db.rows("SELECT COUNT(*) AS n FROM ledger_entry")
    with pytest.raises(Refused) as refusal:
        await db.transact(lambda: work(dt.date(2026, 2, 28)))
    (problem,) = refusal.value.problems
    assert problem.code is ErrorCode.ILLEGAL_STATE
    assert "2026-02-28" in problem.en
    assert "2026-02-28" in problem.zh
    assert await db.rows("SELECT COUNT(*) AS n FROM ledger_entry") == before
    await db.transact(lambda: work(dt.date(2026, 3, 1)))
    assert (await verify_books()).faults == []


async def test_a_manual_journal_posts_balanced_entries_with_its_reason(lender: Lender) -> None:
    done = await journal(
        lender,
        currency="USD",
        reason="VAT of February paid",
        lines=lines(("2221", "120.50"), ("1002", "-120.50")),
    )
    kept = await ManualJournal.get(id=done)
    assert (kept.reason, kept.posting_date) == ("VAT of February paid", await business_date())
    posted = await db.rows(
        "SELECT account_code, amount, loan_id, event FROM ledger_entry WHERE journal = %s "
        "ORDER BY account_code",
        [f"manual:{done}"],
    )
    assert [tuple(row.values()) for row in posted] == [
        ("1002", -120_50, None, "MANUAL"),
        ("2221", 120_50, None, "MANUAL"),
    ]
    assert (await verify_books()).faults == []


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"lines": lines(("2221", "1.00"), ("1002", "-1.01"))}, ErrorCode.INVALID_VALUE),
        ({"lines": lines(("2221", "1.00"))}, ErrorCode.OUT_OF_RANGE),
        ({"lines": []}, ErrorCode.OUT_OF_RANGE),
        ({"lines": lines(("9999", "1.00"), ("1002", "-1.00"))}, ErrorCode.NOT_FOUND),
        ({"lines": lines(("1303", "1.00"), ("1002", "-1.00"))}, ErrorCode.NOT_PERMITTED),
        ({"lines": lines(("8001", "1.00"), ("8999", "-1.00"))}, ErrorCode.NOT_PERMITTED),
        ({"lines": lines(("1002", "1.00"), ("1002", "-1.00"))}, ErrorCode.DUPLICATE),
        ({"lines": lines(("2221", "0"), ("1002", "0"))}, ErrorCode.OUT_OF_RANGE),
        ({"lines": lines(("2221", "0.001"), ("1002", "-0.001"))}, ErrorCode.WRONG_SCALE),
        ({"lines": lines(("2221", "NaN"), ("1002", "x"))}, ErrorCode.INVALID_VALUE),
        ({"reason": " "}, ErrorCode.REQUIRED),
        ({"currency": "XX"}, ErrorCode.INVALID_VALUE),
        ({"valueDate": "2999-01-01"}, ErrorCode.DATE_OUT_OF_RANGE),
        ({"valueDate": "soon"}, ErrorCode.INVALID_VALUE),
    ],
)
async def test_a_manual_journal_that_is_none_changes_nothing(
    lender: Lender, payload: dict[str, Any], code: ErrorCode
) -> None:
    good = {
        "currency": "USD",
        "reason": "a correction",
        "lines": lines(("2221", "1.00"), ("1002", "-1.00")),
    }
    before = await db.rows("SELECT COUNT(*) AS n FROM ledger_entry")
    with pytest.raises(Refused) as refusal:
        await journal(lender, **{**good, **payload})
    assert code in {problem.code for problem in refusal.value.problems}
    assert await db.rows("SELECT COUNT(*) AS n FROM ledger_entry") == before
