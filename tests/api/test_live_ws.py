"""Subscriptions end to end: a change commits, a worker's publisher tells Redis, a WebSocket hears.

One API process on real Redis; the publishing is done here by the worker's own function.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect

from api.auth import issue_local_token
from api.graphql.ids import global_id
from domain.actor import Actor
from domain.operations.jobs import claim_job, fail_job, report_progress
from domain.operations.lending.repay_loan import Payment, repay_loan
from domain.operations.risk.train_model import TrainingRequest, TrainingSource, train_model
from domain.rules.jobs import JobKind
from domain.rules.refusal import ErrorCode, Problem
from domain.settings import get_settings
from tests import servers
from tests.lender import Lender, key
from tests.processes import api_process
from workers.publisher import publish_batch

LOAN_EVENTS = """subscription($filter: LoanEventFilter) {
  loanEvents(filter: $filter) { kind loan { id principalOutstanding creditBalance } } }"""
JOB = "subscription($id: ID!) { jobProgress(id: $id) { state step progress error errorZh } }"
APPLICATION = "subscription($id: ID!) { applicationUpdated(id: $id) { id state } }"
PROTOCOL = "graphql-transport-ws"
pytestmark = pytest.mark.skipif(not servers.REDIS, reason="no Redis server")


@pytest.fixture(scope="module")
def api(environment: pytest.MonkeyPatch, database: str) -> Iterator[str]:
    environment.setenv("LIUDAI_REDIS_URL", servers.REDIS_URL)
    get_settings.cache_clear()
    with api_process() as (url, _):
        yield url


@asynccontextmanager
async def signed_in(url: str, actor: Actor) -> AsyncIterator[ClientConnection]:
    token = issue_local_token(actor.subject, dt.timedelta(minutes=5))
    address = url.replace("http://", "ws://") + "/graphql"
    async with connect(address, subprotocols=[PROTOCOL], proxy=None) as socket:
        opening = {"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}
        await socket.send(json.dumps(opening))
        assert (await hear(socket))["type"] == "connection_ack"
        yield socket


async def follow(socket: ClientConnection, query: str, **variables: Any) -> None:
    payload = {"query": query, "variables": variables}
    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))


async def hear(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(socket.recv(), 10))


async def publish() -> None:
    """What the worker does every quarter of a second; retried until somebody listens."""
    async with Redis.from_url(servers.REDIS_URL) as redis:
        while await publish_batch(redis, get_settings()):
            pass


async def listeners(count: int) -> None:
    """Wait until so many subscriptions listen on our channels."""
    pattern = f"{get_settings().redis_prefix}:*"
    async with Redis.from_url(servers.REDIS_URL) as redis:
        for _ in range(200):
            channels = await redis.pubsub_channels(pattern)
            found = await redis.pubsub_numsub(*channels) if channels else []
            named = [n for name, n in found if not name.endswith(b":model")]
            if sum(named) >= count:
                return
            await asyncio.sleep(0.02)
    raise AssertionError("nobody listens")


async def pay(lender: Lender, loan_id: int) -> None:
    payment = Payment(loan_id=loan_id, amount=Decimal("7.00"))
    await repay_loan(actor=lender.cashier, key=key(), payment=payment)


async def test_a_payment_is_heard_by_those_who_may_see_the_loan(api: str, lender: Lender) -> None:
    loan, other = await lender.loan(), await lender.loan()
    await publish()
    mine = {"filter": {"loanId": global_id("Loan", loan.id)}}
    async with (
        signed_in(api, lender.auditor) as auditor,
        signed_in(api, lender.manager2) as stranger,
    ):
        await follow(auditor, LOAN_EVENTS, **mine)
        await follow(stranger, LOAN_EVENTS)
        await listeners(2)
        await pay(lender, other.id)
        await pay(lender, loan.id)
        await publish()
        event = (await hear(auditor))["payload"]["data"]["loanEvents"]
        assert event["kind"] == "loan.repaid"
        assert event["loan"]["id"] == global_id("Loan", loan.id)
        assert event["loan"]["creditBalance"] == "7.00"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stranger.recv(), 0.5)


async def test_a_job_is_followed_to_its_end(api: str, lender: Lender) -> None:
    request = TrainingRequest(
        name="pd", source=TrainingSource.SYNTHETIC, algorithm="LOGISTIC_REGRESSION"
    )
    done = await train_model(actor=lender.operator, key=key(), request=request, check=lambda _: [])
    await publish()
    async with signed_in(api, lender.operator) as socket:
        await follow(socket, JOB, id=global_id("TrainingJob", done["job"]))
        first = await hear(socket)
        assert first["type"] == "next", first
        assert first["payload"]["data"]["jobProgress"]["state"] == "QUEUED"
        lease = await claim_job(job_id=done["job"], kind=JobKind.TRAIN_MODEL)
        assert lease is not None
        await report_progress(lease, step="TUNE", progress=0.5)
        await publish()
        heard = (await hear(socket))["payload"]["data"]["jobProgress"]
        assert (heard["state"], heard["step"], heard["progress"]) == ("RUNNING", "TUNE", 0.5)
        await fail_job(
            lease, problems=[Problem(ErrorCode.INVALID_VALUE, (), "no rows", "没有数据")]
        )
        await publish()
        heard = (await hear(socket))["payload"]["data"]["jobProgress"]
        assert heard["state"] == "FAILED"
        assert (heard["error"], heard["errorZh"]) == ("no rows", "没有数据")
        assert (await hear(socket))["type"] == "complete"


async def test_an_application_is_followed_by_those_who_see_it(api: str, lender: Lender) -> None:
    application_id = await lender.approved_application(await lender.facility())
    wanted = global_id("LoanApplication", application_id)
    async with signed_in(api, lender.auditor) as socket:
        await follow(socket, APPLICATION, id=wanted)
        first = (await hear(socket))["payload"]["data"]["applicationUpdated"]
        assert first == {"id": wanted, "state": "APPROVED"}
    async with signed_in(api, lender.manager2) as socket:
        await follow(socket, APPLICATION, id=wanted)
        assert (await hear(socket))["type"] == "complete"


async def test_a_role_that_may_not_follow_is_told(api: str, lender: Lender) -> None:
    async with signed_in(api, lender.cashier) as socket:
        await follow(socket, JOB, id=global_id("TrainingJob", 1))
        heard = await hear(socket)
        errors = heard["payload"] if heard["type"] == "error" else heard["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == "FORBIDDEN"


async def test_without_redis_a_subscription_says_so(
    environment: pytest.MonkeyPatch, lender: Lender
) -> None:
    environment.setenv("LIUDAI_REDIS_URL", "redis://127.0.0.1:1")
    get_settings.cache_clear()
    try:
        with api_process() as (url, _):
            async with signed_in(url, lender.auditor) as socket:
                await follow(socket, LOAN_EVENTS)
                heard = await hear(socket)
                text = json.dumps(heard)
                assert "Live updates are not available" in text
                assert "INTERNAL" not in text
    finally:
        environment.setenv("LIUDAI_REDIS_URL", servers.REDIS_URL)
        get_settings.cache_clear()
