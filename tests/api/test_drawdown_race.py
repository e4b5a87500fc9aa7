"""Eight drawdowns at once on the last of a limit, through two API processes on MariaDB.

SQLite serialises transactions, so a race there proves nothing. The control takes the row locks
away (and the CHECK behind them): the same race must then break the limit, or this test would prove
nothing either.
"""

from __future__ import annotations

import asyncio
import datetime as dt

import httpx
import pytest

from api.auth import issue_local_token
from api.graphql.ids import global_id
from domain import db
from domain.models.lending.facility import CreditFacility
from tests import servers
from tests.lender import Lender, key
from tests.processes import api_processes

DRAWDOWN = """mutation($input: RequestDrawdownInput!) { requestDrawdown(input: $input) {
  drawdown { id } errors { code message } } }"""
WITHOUT_LOCKS = """
import domain.queries.lending.find as find
locked = find._find
async def unlocked(*arguments, lock=False):
    return await locked(*arguments, lock=False)
find._find = unlocked
"""
ROUNDS = 3
pytestmark = pytest.mark.skipif(not servers.MYSQL, reason="no MariaDB/MySQL server")


@pytest.fixture(scope="module", params=["mysql"])
def database_url(request: pytest.FixtureRequest, environment: pytest.MonkeyPatch):
    with servers.mysql_database() as url:
        environment.setenv("LIUDAI_DATABASE_URL", url)
        db.get_settings.cache_clear()
        yield url


async def race(urls: list[str], lender: Lender) -> tuple[list[dict], int, int]:
    """Eight clients ask for 600 of a limit of 1,000; the answers, the limit, what was reserved."""
    facility_id = await lender.facility(limit="1000.00")
    contracts = [await lender.signed_contract(facility_id, amount=1_000_00) for _ in range(8)]
    token = issue_local_token(lender.relationship_manager.subject, dt.timedelta(hours=1))
    async with httpx.AsyncClient(
        headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False
    ) as client:
        answers = await asyncio.gather(
            *(
                client.post(
                    f"{urls[number % len(urls)]}/graphql",
                    json={
                        "query": DRAWDOWN,
                        "variables": {
                            "input": {
                                "idempotencyKey": key(),
                                "contractId": global_id("LoanContract", contract.id),
                                "amount": "600.00",
                            }
                        },
                    },
                )
                for number, contract in enumerate(contracts)
            )
        )
    facility = await CreditFacility.get(id=facility_id)
    return [answer.json() for answer in answers], facility.limit_amount, facility.reserved


def won(answer: dict) -> bool:
    return bool(answer.get("data") and answer["data"]["requestDrawdown"]["drawdown"])


def refused_by_limit(answer: dict) -> bool:
    payload = (answer.get("data") or {}).get("requestDrawdown") or {}
    return [error["code"] for error in payload.get("errors", [])] == ["LIMIT_EXCEEDED"]


async def test_of_eight_at_once_one_wins_and_seven_hear_what_remains(lender: Lender) -> None:
    with api_processes(2) as urls:
        for _ in range(ROUNDS):
            answers, limit, reserved = await race(urls, lender)
            assert sum(map(won, answers)) == 1, answers
            assert sum(map(refused_by_limit, answers)) == 7, answers
            assert reserved == 600_00 <= limit


async def test_control_without_the_locks_the_limit_breaks(lender: Lender) -> None:
    await db.execute("ALTER TABLE credit_facility DROP CONSTRAINT facility_within_limit")
    broken = False
    with api_processes(2, before=WITHOUT_LOCKS) as urls:
        for _ in range(5 * ROUNDS):
            _, limit, reserved = await race(urls, lender)
            if reserved > limit:
                broken = True
                break
    assert broken, "without its locks the race must break the limit"
