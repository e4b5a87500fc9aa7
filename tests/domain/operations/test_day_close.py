"""The day close on both databases: what it does, what stops it, and how it goes on."""

from __future__ import annotations

import asyncio
import datetime as dt
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from tortoise.expressions import F

from domain import db
from domain.models.lending.day_close import BusinessDay, CloseShard, LoanSetAside
from domain.models.lending.loan import Installment, Loan
from domain.operations.jobs import LeaseLost
from domain.operations.lending import carry_books, verify_books, verify_close
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.day_close import shards
from domain.operations.lending.day_close.catch_up import catch_up_loan
from domain.operations.lending.day_close.run import close_inline
from domain.operations.lending.day_close.shard import close_shard
from domain.operations.lending.day_close.shards import claim, claim_next, done, ranges
from domain.operations.lending.day_close.start import close_business_day
from domain.operations.lending.repay_loan import Payment, repay_loan
from domain.operations.perform import Done
from domain.queries.business_date import business_date
from domain.queries.lending.close_progress import close_progress
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.lender import Lender, key

ONE_DAY = dt.timedelta(days=1)
BROKEN = '[["no date",1]]'


async def start(lender: Lender, through: dt.date | None = None) -> Done:
    return await close_business_day(actor=lender.operator, key=key(), through=through, ahead=True)


async def close(lender: Lender, through: dt.date | None = None) -> BusinessDay:
    """Close to the end; return the last day. Raises Refused where it stopped."""
    day = through or await business_date()
    done = await start(lender, through)
    await close_inline(done["job"])
    return await BusinessDay.get(day=day)


async def pay(lender: Lender, loan_id: int, amount: str) -> Done:
    return await repay_loan(
        actor=lender.cashier, key=key(), payment=Payment(loan_id=loan_id, amount=Decimal(amount))
    )


async def entries() -> list[dict[str, Any]]:
    return await db.rows(
        "SELECT journal, account_code, amount, value_date, posting_date FROM ledger_entry "
        "ORDER BY journal, account_code"
    )


async def break_loan(loan_id: int) -> None:
    await db.execute(
        "UPDATE installment SET balance_changes = %s WHERE loan_id = %s AND settled_on IS NULL",
        [BROKEN, loan_id],
    )


async def mend_loan(loan_id: int) -> None:
    await db.execute("UPDATE installment SET balance_changes = NULL WHERE loan_id = %s", [loan_id])


def codes(refusal: pytest.ExceptionInfo[Refused]) -> set[ErrorCode]:
    return {problem.code for problem in refusal.value.problems}


async def test_a_day_closes_and_its_interest_is_its_own(lender: Lender) -> None:
    loan = await lender.loan()
    day = await business_date()
    closed = await close(lender)
    assert (closed.state, closed.loans, closed.set_aside) == ("CLOSED", 1, 0)
    assert await business_date() == day + ONE_DAY
    assert (await BusinessDay.get(day=day + ONE_DAY)).state == "OPEN"
    loan = await Loan.get(id=loan.id)
    assert loan.accrued_through == day + ONE_DAY
    posted = await db.rows(
        "SELECT DISTINCT journal, value_date, posting_date FROM ledger_entry "
        "WHERE event = 'ACCRUAL' AND loan_id = %s",
        [loan.id],
    )
    name = f"accrual:{loan.id}:{day + ONE_DAY:%Y%m%d}"
    assert posted == [{"journal": name, "value_date": day, "posting_date": day}]
    await books_hold(loan.id)


async def test_closing_a_closed_day_again_changes_nothing(lender: Lender) -> None:
    day = await business_date()
    await close(lender)
    before = (await entries(), await BusinessDay.all().order_by("day").values())
    again = await start(lender, day)
    assert "job" not in again.result
    assert (await entries(), await BusinessDay.all().order_by("day").values()) == before
    assert await business_date() == day + ONE_DAY


async def test_missed_days_close_in_order(lender: Lender) -> None:
    loan = await lender.loan()
    first = await business_date()
    await close(lender, first + 2 * ONE_DAY)
    days = await BusinessDay.filter(day__gte=first).order_by("day")
    assert [(day.day - first).days for day in days] == [0, 1, 2, 3]
    assert [day.state for day in days] == ["CLOSED"] * 3 + ["OPEN"]
    assert all(a.closed_at <= b.closing_started_at for a, b in pairwise(days[:3]))
    posted = await db.rows(
        "SELECT DISTINCT posting_date AS d FROM ledger_entry WHERE event = 'ACCRUAL' "
        "AND loan_id = %s ORDER BY posting_date",
        [loan.id],
    )
    assert [row["d"] for row in posted] == [first, first + ONE_DAY, first + 2 * ONE_DAY]


async def test_a_payment_after_the_cut_off_posts_on_the_next_day(lender: Lender) -> None:
    loan, other = await lender.loan(), await lender.loan()
    day = await business_date()
    done = await start(lender)
    await pay(lender, loan.id, "100.00")  # it brings its loan over the day itself
    assert (await Loan.get(id=loan.id)).accrued_through == day + ONE_DAY
    assert (await Loan.get(id=other.id)).accrued_through == day
    before = await db.rows("SELECT COUNT(*) AS n FROM ledger_entry WHERE loan_id = %s", [loan.id])
    await close_inline(done["job"])
    after = await db.rows("SELECT COUNT(*) AS n FROM ledger_entry WHERE loan_id = %s", [loan.id])
    assert after == before
    paid = await db.rows(
        "SELECT DISTINCT posting_date AS d FROM ledger_entry WHERE event = 'REPAYMENT' "
        "AND loan_id = %s",
        [loan.id],
    )
    assert paid == [{"d": day + ONE_DAY}]
    assert (await BusinessDay.get(day=day)).state == "CLOSED"
    for each in (loan, other):
        await books_hold(each.id)


async def test_a_loan_that_fails_is_set_aside_and_caught_up(lender: Lender) -> None:
    bad, good = await lender.loan(), await lender.loan()
    day = await business_date()
    await break_loan(bad.id)
    closed = await close(lender)
    assert (closed.state, closed.set_aside) == ("CLOSED_WITH_EXCEPTIONS", 1)
    assert (await Loan.get(id=good.id)).accrued_through == day + ONE_DAY
    assert (await Loan.get(id=bad.id)).accrued_through == day
    aside = await LoanSetAside.get(loan_id=bad.id)
    assert aside.day == day
    assert "ValueError" in aside.reason
    assert "无法" in aside.reason_zh

    # The next day goes on without it, and no money moves on it.
    assert (await close(lender)).state == "CLOSED_WITH_EXCEPTIONS"
    with pytest.raises(Refused) as refusal:
        await pay(lender, bad.id, "10.00")
    assert codes(refusal) == {ErrorCode.ILLEGAL_STATE}
    assert (await LoanSetAside.filter(loan_id=bad.id).count()) == 1

    with pytest.raises(Refused) as refusal:
        await catch_up_loan(actor=lender.operator, key=key(), set_aside_id=aside.id)
    assert codes(refusal) == {ErrorCode.ILLEGAL_STATE}
    assert (await Loan.get(id=bad.id)).accrued_through == day
    await mend_loan(bad.id)
    await catch_up_loan(actor=lender.operator, key=key(), set_aside_id=aside.id)
    with pytest.raises(Refused) as refusal:
        await catch_up_loan(actor=lender.operator, key=key(), set_aside_id=aside.id)
    assert codes(refusal) == {ErrorCode.NOT_FOUND}

    # Closed days stay closed: what it missed is posted today, by its own value dates.
    posted = await db.rows(
        "SELECT DISTINCT value_date, posting_date FROM ledger_entry WHERE event = 'ACCRUAL' "
        "AND loan_id = %s ORDER BY value_date",
        [bad.id],
    )
    today = await business_date()
    assert posted == [
        {"value_date": day, "posting_date": today},
        {"value_date": day + ONE_DAY, "posting_date": today},
    ]
    assert (await Loan.get(id=bad.id)).interest_receivable == (
        await Loan.get(id=good.id)
    ).interest_receivable
    await pay(lender, bad.id, "10.00")
    await books_hold(bad.id)
    assert (await close(lender)).state == "CLOSED"


async def test_too_many_failures_abort_and_it_goes_on_when_asked(lender: Lender) -> None:
    loans = [await lender.loan() for _ in range(4)]
    day = await business_date()
    for loan in loans[:3]:
        await break_loan(loan.id)
    with pytest.raises(Refused) as refusal:
        await close(lender)
    assert codes(refusal) == {ErrorCode.ILLEGAL_STATE}
    aborted = await BusinessDay.get(day=day)
    assert (aborted.state, aborted.set_aside, aborted.set_aside_limit) == ("ABORTED", 2, 1)
    assert (await Loan.get(id=loans[3].id)).accrued_through == day  # nothing more was worked on
    assert await business_date() == day + ONE_DAY

    await mend_loan(loans[2].id)
    closed = await close(lender, day)
    assert (closed.state, closed.set_aside) == ("CLOSED_WITH_EXCEPTIONS", 2)
    assert (await Loan.get(id=loans[3].id)).accrued_through == day + ONE_DAY
    for loan in loans[:2]:
        await mend_loan(loan.id)
        aside = await LoanSetAside.get(loan_id=loan.id)
        await catch_up_loan(actor=lender.operator, key=key(), set_aside_id=aside.id)


async def test_books_that_do_not_prove_right_keep_the_day_open(lender: Lender) -> None:
    loan = await lender.loan()
    day = await business_date()
    await db.execute("UPDATE credit_facility SET used = used + 1 WHERE id = %s", [loan.facility_id])
    with pytest.raises(Refused) as refusal:
        await close(lender)
    assert str(loan.facility_id) in refusal.value.problems[0].en
    kept = await BusinessDay.get(day=day)
    assert kept.state == "UNVERIFIED"
    assert kept.faults is not None
    assert kept.faults[0]["zh"]
    known = await start(lender, day - ONE_DAY)  # a day that closed before, while this one has not
    assert "job" not in known.result
    with pytest.raises(Refused):  # the next day does not close before this one has
        await close(lender, day + ONE_DAY)
    assert await business_date() == day + ONE_DAY
    await db.execute("UPDATE credit_facility SET used = used - 1 WHERE id = %s", [loan.facility_id])
    await close(lender, day + ONE_DAY)
    assert {d.state for d in await BusinessDay.filter(day__in=[day, day + ONE_DAY])} == {"CLOSED"}


async def test_the_books_are_proved_while_others_still_close(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a shard and a range for each loan: the proof begins before the last shard is done, takes
    each range once and those alone that are closed, and names what it found by then."""
    loans = [await lender.loan() for _ in range(4)]
    await db.execute("DELETE FROM ledger_carried")  # of ranges of another size
    day = await business_date()
    monkeypatch.setattr(shards, "loans_a_shard", lambda _: 1)
    monkeypatch.setattr(verify_books, "LOANS_A_SHARD", 1)
    monkeypatch.setattr(carry_books, "LOANS_A_SHARD", 1)
    prove, taken = verify_close.verify_books, []

    async def noted(*, day: dt.date, loans: range) -> verify_books.BooksProof:
        taken.append((loans, await shards.closed_before(day)))
        return await prove(day=day, loans=loans)

    monkeypatch.setattr(verify_close, "verify_books", noted)
    row = await Loan.get(id=loans[0].id)
    wrong = {"interest_receivable": row.interest_receivable + 1}
    await Loan.filter(id=row.id).update(**wrong)
    with pytest.raises(Refused) as refusal:
        await close(lender)
    (problem,) = refusal.value.problems
    assert str(row.id) in problem.en
    assert [one.start for one, _ in taken] == sorted({one.start for one, _ in taken})
    assert all(one.stop <= closed for one, closed in taken)
    assert any(closed <= loans[-1].id for _, closed in taken)
    await Loan.filter(id=row.id).update(interest_receivable=F("interest_receivable") - 1)
    assert (await close(lender, day)).state == "CLOSED"
    await db.execute("DELETE FROM ledger_carried")


async def test_a_shard_is_worked_on_once_whoever_comes(lender: Lender) -> None:
    loan = await lender.loan()
    day = await business_date()
    done_ = await start(lender)
    first = await claim_next(day, lease_seconds=60)
    assert first is not None
    assert await claim(first.id, lease_seconds=60) is None
    late = await claim(first.id, lease_seconds=-1)  # the first one fell silent
    assert late is not None
    await close_shard(first)  # it comes back, and nothing it does has an effect
    assert (await Loan.get(id=loan.id)).accrued_through == day
    await close_shard(late)
    assert (await Loan.get(id=loan.id)).accrued_through == day + ONE_DAY
    with pytest.raises(LeaseLost):
        await db.transact(lambda: done(first, loans=1, singly=0))
    before = await entries()
    await close_shard(late)
    await close_inline(done_["job"])
    assert await entries() == before
    shard = await CloseShard.get(id=first.id)
    assert (shard.state, shard.attempts) == ("DONE", 2)


async def test_two_starts_at_once_are_one_close(lender: Lender) -> None:
    first, second = await start(lender), await start(lender)
    assert first.result == second.result
    await close_inline(first["job"])
    progress = await close_progress()
    assert progress is not None
    assert (progress.shards, progress.shards_done, progress.share) == (1, 1, 1.0)


async def test_a_call_that_is_cut_off_is_gone_on_with_by_the_next(lender: Lender) -> None:
    await lender.loan()
    first = await business_date()
    last = first + 30 * ONE_DAY
    cut = asyncio.create_task(advance_business_date(actor=lender.operator, key=key(), to=last))
    while await business_date() < first + 2 * ONE_DAY:
        await asyncio.wait([cut], timeout=0.01)
    cut.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut
    assert await business_date() < last
    await advance_business_date(actor=lender.operator, key=key(), to=last + ONE_DAY)
    assert await business_date() == last + ONE_DAY
    states = {day.state for day in await BusinessDay.filter(day__gte=first, day__lte=last)}
    assert states == {"CLOSED"}


async def test_days_that_have_not_come_or_lie_before_the_first_are_refused(lender: Lender) -> None:
    today = await business_date()
    far = dt.date(2199, 1, 1)
    for through, ahead in (
        (today + 400 * ONE_DAY, True),
        (far, False),
        (dt.date(2020, 1, 1), True),
    ):
        with pytest.raises(Refused) as refusal:
            await close_business_day(actor=lender.operator, key=key(), through=through, ahead=ahead)
        assert codes(refusal) == {ErrorCode.DATE_OUT_OF_RANGE}
    assert await business_date() == today


async def test_shards_cover_every_id_whatever_their_sizes(lender: Lender) -> None:
    for _ in range(3):
        await lender.loan()
    found = await ranges(2)
    living = await Loan.filter(state="ACTIVE").count()
    assert found.loans == living
    assert all(count <= 2 for _, count in found.starts)
    assert len(found.starts) == -(-living // 2)


@pytest.mark.parametrize(
    ("eve", "opens"),
    [
        (dt.date(2027, 12, 31), dt.date(2028, 1, 1)),
        (dt.date(2028, 2, 28), dt.date(2028, 2, 29)),
        (dt.date(2028, 2, 29), dt.date(2028, 3, 1)),
        (dt.date(2028, 4, 30), dt.date(2028, 5, 1)),
    ],
)
async def test_year_ends_leap_days_and_month_ends(
    lender: Lender, eve: dt.date, opens: dt.date
) -> None:
    await db.execute("UPDATE loan SET state = 'TRANSFERRED' WHERE state = 'ACTIVE'")
    await db.execute("UPDATE business_date SET current = %s", [eve])
    loan = await lender.loan(rate="0.0365", amount=100_000_00, product="USD-LEVEL")
    closed = await close(lender)
    assert (closed.day, closed.state) == (eve, "CLOSED")
    assert await business_date() == opens
    row = await Installment.get(loan_id=loan.id, number=1)
    assert row.interest_accrued == 10_00  # 100,000.00 × 3.65 % ÷ 365, a leap day like any other
    await books_hold(loan.id)
