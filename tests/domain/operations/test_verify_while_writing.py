"""The proof sees each range at one moment: others write meanwhile, and it finds nothing wrong."""

from __future__ import annotations

import asyncio
import datetime as dt

from domain import db
from domain.models.lending.loan import Installment, Loan
from domain.operations.lending.verify_books import verify_books
from domain.queries.business_date import business_date
from tests.lender import Lender
from tests.servicing import days_pass, pays

PAYMENTS, LOANS = 12, 3


async def test_books_hold_at_every_moment_while_money_comes_in(lender: Lender) -> None:
    loans = [await lender.loan(amount=120_000_00) for _ in range(LOANS)]
    due = await Installment.get(loan_id=loans[0].id, number=1)
    await days_pass(lender, (due.due_date - await business_date()).days)
    day = await business_date() - dt.timedelta(days=1)
    paying = True

    async def pay(loan: Loan) -> None:
        for _ in range(PAYMENTS):
            await pays(lender, loan.id, 100_01)

    async def prove() -> int:
        count = 0
        while paying:
            whole, daily = await verify_books(), await verify_books(day=day)
            assert (whole.faults, daily.faults) == ([], [])
            count += 1
        return count

    proving = asyncio.create_task(prove())
    await asyncio.gather(*(pay(loan) for loan in loans))
    paying = False
    assert await proving > 0
    assert (await verify_books(deep=True)).faults == []


async def test_proofs_of_one_day_side_by_side_carry_the_same(lender: Lender) -> None:
    if db.dialect() == "sqlite":
        return  # which carries nothing
    day = await business_date()
    proofs = await asyncio.gather(*(verify_books(day=day) for _ in range(6)))
    assert [proof.faults for proof in proofs] == [[]] * 6
    found = await db.rows("SELECT through FROM ledger_carried")
    assert {row["through"] for row in found} == {day}
    assert (await verify_books(day=day)).holds


async def test_reads_at_one_moment_do_not_see_what_is_written_meanwhile(lender: Lender) -> None:
    if db.dialect() == "sqlite":
        return  # where nobody can write meanwhile
    loan = await Loan.all().first()
    assert loan is not None

    async def vat() -> int:
        found = await db.rows("SELECT vat FROM loan WHERE id = %s", [loan.id])
        return int(found[0]["vat"])

    seen, written = asyncio.Event(), asyncio.Event()

    async def look() -> tuple[int, int]:
        first = await vat()
        seen.set()
        await written.wait()
        return first, await vat()

    looking = asyncio.create_task(db.at_one_moment(look))
    await seen.wait()
    await db.execute("UPDATE loan SET vat = vat + 1 WHERE id = %s", [loan.id])
    written.set()
    first, second = await looking
    assert first == second == loan.vat
    assert await vat() == loan.vat + 1
    await db.execute("UPDATE loan SET vat = vat - 1 WHERE id = %s", [loan.id])
    # The level holds for that transaction alone: the connection is given back as it was.
    for _ in range(3):
        found = await db.rows("SELECT @@tx_isolation AS level")
        assert found[0]["level"] == "READ-COMMITTED"
