"""The day close by real workers: killed in the middle it goes on, and customers pay meanwhile."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from training_stories import ended, until
from worker_process import WorkerProcess

from api.auth import issue_local_token
from domain import db
from domain.db import dialect, rows
from domain.models.lending.day_close import BusinessDay, CloseShard
from domain.models.lending.loan import Loan
from domain.operations.lending.day_close import start as starting
from domain.operations.lending.day_close.shards import Ranges, ranges
from domain.operations.lending.day_close.start import close_business_day
from domain.queries.business_date import business_date
from domain.rules.jobs import JobKind, JobState
from tests import servers
from tests.books import books_hold
from tests.lender import Lender, key
from tests.over_http import gid
from tests.processes import api_processes
from workers import queue

pytestmark = [
    pytest.mark.usefixtures("fast"),
    pytest.mark.skipif(not servers.REDIS, reason="no Redis server can be reached"),
]
ONE_DAY = dt.timedelta(days=1)
COPIES = 600
REPAY = """mutation($input: RepayLoanInput!) { repayLoan(input: $input) {
  repayment { id } errors { code message } } }"""
READ = "query($id: ID!) { loan(id: $id) { principalOutstanding installments { dueDate } } }"


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten loans a shard, so that there is a middle to be killed in."""

    async def small() -> Ranges:
        return await ranges(10)

    monkeypatch.setattr(starting, "ranges", small)


@pytest.fixture
async def book(lender: Lender) -> list[int]:
    """A loan that went through everything, and copies of it, postings too, that use no limit."""
    if dialect() == "sqlite" and servers.MYSQL:
        pytest.skip("the race is run where transactions run at once")
    loan = await lender.loan()
    (last,) = await rows("SELECT MAX(id) AS id FROM loan")
    made = [last["id"] + number for number in range(1, COPIES + 1)]
    (template,) = await rows("SELECT * FROM loan WHERE id = %s", [loan.id])
    lines = await rows("SELECT * FROM installment WHERE loan_id = %s", [loan.id])
    loans = [template | {"id": each, "drawdown_id": -each, "limit_used": 0} for each in made]
    posted = await rows("SELECT * FROM ledger_entry WHERE loan_id = %s", [loan.id])
    rest = [_without_id(line) | {"loan_id": each} for each in made for line in lines]
    books = [
        _without_id(entry) | {"loan_id": each, "journal": f"opening:{each}"}
        for each in made
        for entry in posted
    ]

    async def copy() -> None:
        for table, copies in (("loan", loans), ("installment", rest), ("ledger_entry", books)):
            names = ", ".join(f"`{name}`" for name in copies[0])
            await db.execute_many(
                f"INSERT INTO {table} ({names}) VALUES {db.in_list(list(copies[0]))}",
                [list(each.values()) for each in copies],
            )

    await db.transact(copy)
    return [loan.id, *made]


def _without_id(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


async def begin(lender: Lender, through: dt.date | None = None) -> int:
    done = await close_business_day(actor=lender.operator, key=key(), through=through, ahead=True)
    return done["job"]


async def nothing_is_doubled(day: dt.date) -> None:
    """Every living loan has the day behind it, once, and its interest is what was posted."""
    behind = await rows(
        "SELECT id FROM loan WHERE state = 'ACTIVE' AND accrued_through <= %s", [day]
    )
    assert behind == []
    off = await rows(
        "SELECT l.id FROM loan l JOIN installment i ON i.loan_id = l.id WHERE l.state = 'ACTIVE' "
        "GROUP BY l.id, l.interest_receivable HAVING SUM(i.interest_accrued - i.interest_paid) "
        "<> l.interest_receivable"
    )
    assert off == []
    twice = await rows(
        "SELECT loan_id FROM ledger_entry WHERE event = 'ACCRUAL' AND account_code = '1132' "
        "GROUP BY loan_id, value_date HAVING COUNT(*) > 1"
    )
    assert twice == []
    sums = await rows(
        "SELECT l.id FROM loan l LEFT JOIN ledger_entry e ON e.loan_id = l.id "
        "AND e.account_code = '1132' WHERE l.state = 'ACTIVE' GROUP BY l.id, l.interest_receivable "
        "HAVING COALESCE(SUM(e.amount), 0) <> l.interest_receivable"
    )
    assert sums == []


@pytest.mark.usefixtures("small_shards")
async def test_workers_killed_in_the_middle_leave_a_close_that_ends(
    lender: Lender, book: list[int], worker: Callable[[], WorkerProcess]
) -> None:
    first = await business_date()
    job_id = await begin(lender, first + 2 * ONE_DAY)
    shards = await CloseShard.filter(day=first).count()
    assert shards > 50
    doomed = [worker(), worker()]
    assert await queue.send_job(job_id=job_id, kind=JobKind.CLOSE_DAY)
    chance = random.Random(7)
    for _ in range(4):
        goal = await CloseShard.filter(state="DONE").count() + chance.randrange(1, 25)

        async def so_far(goal: int = goal) -> bool:
            return await CloseShard.filter(state="DONE").count() >= goal

        await until(so_far)
        victim = doomed.pop(chance.randrange(2))
        victim.kill()
        doomed.append(worker())
    job = await ended(job_id)
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    days = await BusinessDay.filter(day__gte=first).order_by("day")
    assert [day.state for day in days] == ["CLOSED", "CLOSED", "CLOSED", "OPEN"]
    assert await CloseShard.exclude(state="DONE").count() == 0
    await nothing_is_doubled(first + 2 * ONE_DAY)

    # Messages that come late find nothing to do.
    before = await rows("SELECT COUNT(*) AS n FROM ledger_entry")
    await queue.send_shards([(await CloseShard.all().order_by("id").first()).id])  # type: ignore[union-attr]
    queue._send(queue.ACTORS[JobKind.CLOSE_DAY], job_id)

    async def taken() -> bool:
        return (await asyncio.to_thread(queue.broker_status)).waiting == 0

    await until(taken)
    assert await rows("SELECT COUNT(*) AS n FROM ledger_entry") == before
    assert [await asyncio.to_thread(each.stop) for each in doomed] == [0, 0]


@pytest.mark.usefixtures("small_shards")
async def test_customers_pay_and_read_while_the_day_closes(
    lender: Lender, book: list[int], worker: Callable[[], WorkerProcess]
) -> None:
    loans = [await lender.loan() for _ in range(4)]
    token = issue_local_token(lender.cashier.subject, dt.timedelta(hours=1))
    day = await business_date()
    workers = [worker(), worker()]
    with api_processes(2) as urls:
        async with httpx.AsyncClient(
            timeout=60, trust_env=False, headers={"authorization": f"Bearer {token}"}
        ) as client:

            async def call(number: int, query: str, **variables: Any) -> Any:
                answer = await client.post(
                    f"{urls[number % 2]}/graphql", json={"query": query, "variables": variables}
                )
                return answer.json()

            job_id = await begin(lender)
            closing = asyncio.create_task(ended(job_id))
            assert await queue.send_job(job_id=job_id, kind=JobKind.CLOSE_DAY)
            paid: dict[int, int] = {loan.id: 0 for loan in loans}
            number = 0
            while not closing.done():
                loan = loans[number % len(loans)]
                form = {"idempotencyKey": key(), "loanId": gid("Loan", loan.id), "amount": "1.00"}
                answers = await asyncio.gather(
                    call(number, REPAY, input=form), call(number + 1, READ, id=form["loanId"])
                )
                assert answers[0]["data"]["repayLoan"]["errors"] == [], answers[0]
                assert answers[1]["data"]["loan"]["installments"]
                paid[loan.id] += 1
                number += 1
            assert (await closing).state == JobState.SUCCEEDED
    assert sum(paid.values()) >= len(loans), "the close was over before anybody could pay"
    assert (await BusinessDay.get(day=day)).state == "CLOSED"
    await nothing_is_doubled(day)
    for loan in loans:
        await books_hold(loan.id)
        assert (await Loan.get(id=loan.id)).credit_balance == 100 * paid[loan.id]
    assert [await asyncio.to_thread(each.stop) for each in workers] == [0, 0]
