"""Many hands on one loan, through API processes: at once, while the day moves, and killed."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from typing import Any

import httpx
import pytest

from api.auth import issue_local_token
from domain.actor import Actor
from domain.db import dialect, rows
from domain.models.lending.loan import Loan, Repayment
from domain.models.records import AuditEntry, IdempotencyRecord
from domain.queries.business_date import business_date
from tests.books import books_hold
from tests.lender import Lender, key
from tests.over_http import gid
from tests.processes import api_process, api_processes

REPAY = """mutation($input: RepayLoanInput!) { repayLoan(input: $input) {
  replayed repayment { id amount } errors { code message } } }"""
PAY_OFF = """mutation($input: PayOffLoanInput!) { payOffLoan(input: $input) {
  replayed loan { state } errors { code message } } }"""
ADVANCE = """mutation($input: AdvanceBusinessDateInput!) { advanceBusinessDate(input: $input) {
  businessDate errors { code message } } }"""
PREPARE = """mutation($input: PrepareContractInput!) { prepareContract(input: $input) {
  contract { id } errors { code message } } }"""


class Clients:
    """Calls API processes in turn."""

    def __init__(self, urls: list[str], client: httpx.AsyncClient) -> None:
        self.urls, self.client, self.calls = urls, client, 0
        self.tokens: dict[str, str] = {}

    async def __call__(self, actor: Actor, query: str, **form: Any) -> Any:
        """The payload of the mutation."""
        if actor.subject not in self.tokens:
            self.tokens[actor.subject] = issue_local_token(actor.subject, dt.timedelta(hours=1))
        self.calls += 1
        answer = await self.client.post(
            f"{self.urls[self.calls % len(self.urls)]}/graphql",
            headers={"authorization": f"Bearer {self.tokens[actor.subject]}"},
            json={"query": query, "variables": {"input": {"idempotencyKey": key(), **form}}},
        )
        found = answer.json()
        assert "errors" not in found, found
        (payload,) = found["data"].values()
        return payload


@pytest.fixture(scope="module")
def urls(lender: Lender) -> Any:
    with api_processes(2) as found:
        yield found


@pytest.fixture
async def call(urls: list[str]) -> Any:
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        yield Clients(urls, client)


def outcome(payload: Any) -> str:
    return payload["errors"][0]["code"] if payload["errors"] else "DONE"


async def connections() -> set[int]:
    """The connections to this test's database; none where it is a file."""
    if dialect() == "sqlite":
        return set()
    found = await rows("SELECT id FROM information_schema.processlist WHERE db = DATABASE()")
    return {row["id"] for row in found}


async def test_twenty_payments_at_once_all_count(call: Clients, lender: Lender) -> None:
    loan = await lender.loan()
    amounts = [f"{number}.{number:02d}" for number in range(1, 21)]
    payloads = await asyncio.gather(
        *(
            call(lender.cashier, REPAY, loanId=gid("Loan", loan.id), amount=amount)
            for amount in amounts
        )
    )
    assert Counter(map(outcome, payloads)) == {"DONE": 20}
    assert sorted(p["repayment"]["amount"] for p in payloads) == sorted(amounts)
    await books_hold(loan.id)
    assert (await Loan.get(id=loan.id)).credit_balance == sum(n * 101 for n in range(1, 21))


async def test_of_four_payoffs_at_once_one_closes_the_loan(call: Clients, lender: Lender) -> None:
    loan = await lender.loan()
    payloads = await asyncio.gather(
        *(
            call(lender.cashier, PAY_OFF, loanId=gid("Loan", loan.id), amount="50000.00")
            for _ in range(4)
        )
    )
    assert Counter(map(outcome, payloads)) == {"DONE": 1, "ILLEGAL_STATE": 3}
    await books_hold(loan.id)


async def test_of_four_contracts_at_once_one_is_prepared(call: Clients, lender: Lender) -> None:
    application = await lender.approved_application(await lender.facility())
    payloads = await asyncio.gather(
        *(
            call(
                lender.relationship_manager,
                PREPARE,
                applicationId=gid("LoanApplication", application),
            )
            for _ in range(4)
        )
    )
    assert Counter(map(outcome, payloads)) == {"DONE": 1, "DUPLICATE": 3}


async def test_payments_while_the_day_moves_post_on_the_day_they_read(
    call: Clients, lender: Lender
) -> None:
    loans = [await lender.loan() for _ in range(3)]
    start = await business_date()
    days = [start + dt.timedelta(days=n) for n in (1, 2, 3)]

    async def advance() -> list[str]:
        found = []
        for day in days:
            found.append(outcome(await call(lender.operator, ADVANCE, to=day.isoformat())))
            await asyncio.sleep(0.02)
        return found

    async def pay(loan: Loan) -> list[str]:
        found = []
        for _ in range(8):
            payload = await call(lender.cashier, REPAY, loanId=gid("Loan", loan.id), amount="1.00")
            found.append(outcome(payload))
        return found

    advanced, *paid = await asyncio.gather(advance(), *(pay(loan) for loan in loans * 2))
    assert advanced == ["DONE"] * 3
    assert {one for each in paid for one in each} == {"DONE"}
    for loan in loans:
        await books_hold(loan.id)
        now = await Loan.get(id=loan.id)
        assert (now.accrued_through, now.credit_balance) == (days[-1], 16_00)
    # The order of the rows' ids is the order of the days they were posted on.
    entries = await rows(
        "SELECT posting_date FROM ledger_entry WHERE event = 'REPAYMENT' ORDER BY id"
    )
    posted = [entry["posting_date"] for entry in entries]
    assert posted == sorted(posted)
    value_dates = {f"repayment:{paid.id}": paid.value_date for paid in await Repayment.all()}
    entries = await rows("SELECT journal, posting_date FROM ledger_entry WHERE event = 'REPAYMENT'")
    assert all(value_dates[entry["journal"]] == entry["posting_date"] for entry in entries)


async def test_two_advances_at_once_to_one_day_are_one(call: Clients, lender: Lender) -> None:
    to = await business_date() + dt.timedelta(days=5)
    payloads = await asyncio.gather(
        *(call(lender.operator, ADVANCE, to=to.isoformat()) for _ in range(2))
    )
    found = Counter(map(outcome, payloads))
    assert found["DONE"]  # the other one joined it, or came when it was over
    assert found["DONE"] + found["DATE_OUT_OF_RANGE"] == 2
    assert await business_date() == to
    closed = await rows("SELECT state FROM business_day WHERE day < %s", [to])
    assert {row["state"] for row in closed} == {"CLOSED"}


async def test_a_process_killed_amid_payments_leaves_nothing_half_done(lender: Lender) -> None:
    """kill -9 while forty payments are under way; the clients try again with their keys on another
    process, and each payment has counted once."""
    loan = await lender.loan()
    keys = [key() for _ in range(40)]
    form = {"loanId": gid("Loan", loan.id), "amount": "1.00"}
    known = await AuditEntry.filter(action="repayLoan", outcome="DONE").count()
    own = await connections()
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        with api_process() as (url, process):
            first = Clients([url], client)
            warm = await first(lender.cashier, REPAY, **form)
            assert outcome(warm) == "DONE"
            tries = [
                asyncio.create_task(first(lender.cashier, REPAY, **form, idempotencyKey=each))
                for each in keys
            ]
            await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED)
            process.kill()
            results = await asyncio.gather(*tries, return_exceptions=True)
        answered = [result for result in results if isinstance(result, dict)]
        assert answered
        assert len(answered) < len(keys)
        # What the dead process had sent whole with its COMMIT, the database finishes after it.
        for _ in range(200):
            if not await connections() - own:
                break
            await asyncio.sleep(0.05)
        await books_hold(loan.id)
        kept = await Repayment.filter(loan_id=loan.id).count()
        assert kept >= len(answered) + 1
        assert not await IdempotencyRecord.exists(result=None)
        with api_process() as (url, _):
            again = Clients([url], client)
            payloads = await asyncio.gather(
                *(again(lender.cashier, REPAY, **form, idempotencyKey=each) for each in keys)
            )
    assert sum(payload["replayed"] for payload in payloads) == kept - 1
    assert len({payload["repayment"]["id"] for payload in payloads}) == len(keys)
    assert await Repayment.filter(loan_id=loan.id).count() == len(keys) + 1
    assert (await Loan.get(id=loan.id)).credit_balance == 41_00
    done = await AuditEntry.filter(action="repayLoan", outcome="DONE").count()
    assert done == known + 41
    await books_hold(loan.id)
