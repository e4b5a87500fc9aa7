"""One change request, many approvers at once, through two API processes: it is applied once."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx

from api.auth import issue_local_token
from domain.actor import Actor
from domain.models.change import ChangeRequest
from domain.models.records import AuditEntry
from domain.models.reference import ExchangeRate
from domain.operations.changes.kinds.exchange_rate import EXCHANGE_RATE, DayRate
from domain.rules.roles import Role
from tests.changes import propose
from tests.conftest import FIRST_DAY
from tests.lender import Lender, hire, key
from tests.over_http import gid
from tests.processes import api_processes

APPROVE = """mutation($input: ApproveChangeInput!) { approveChange(input: $input) {
  replayed change { state } errors { code message } } }"""
WITHDRAW = """mutation($input: WithdrawChangeInput!) { withdrawChange(input: $input) {
  replayed change { state } errors { code message } } }"""
ASKED = DayRate(base="USD", quote="CNY", quoted_on=FIRST_DAY, rate=Decimal("7.1"), citation="SAFE")


async def call(
    client: httpx.AsyncClient, url: str, actor: Actor, query: str, **form: str
) -> dict[str, Any]:
    token = issue_local_token(actor.subject, dt.timedelta(hours=1))
    answer = await client.post(
        f"{url}/graphql",
        headers={"authorization": f"Bearer {token}"},
        json={"query": query, "variables": {"input": {"idempotencyKey": key(), **form}}},
    )
    found = answer.json()
    assert "errors" not in found, found
    (payload,) = found["data"].values()
    return dict(payload)


def outcome(payload: dict[str, Any]) -> str:
    return str(payload["errors"][0]["code"]) if payload["errors"] else "DONE"


async def test_exactly_one_approval_applies(lender: Lender) -> None:
    """Four officers approve one request and its twin, twice each, while the proposer withdraws the
    twin: the pair has one rate, and each request one fate."""
    branch = lender.risk_officer.branch_id or 0
    officers = [await hire(f"race-{n}", Role.RISK_OFFICER, branch_id=branch) for n in range(4)]
    with api_processes(2) as urls:
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            for quote in ("CNY", "EUR", "GBP"):
                asked = replace(ASKED, quote=quote)
                one = await propose(lender.accountant, EXCHANGE_RATE, asked)
                twin = await propose(lender.operator, EXCHANGE_RATE, asked)
                approvals = [
                    call(
                        client,
                        urls[(n + turn) % 2],
                        officer,
                        APPROVE,
                        id=gid("ChangeRequest", change.id),
                        contentSha256=change.content_sha256,
                    )
                    for turn in range(2)
                    for n, officer in enumerate(officers)
                    for change in (one, twin)
                ]
                withdrawal = call(
                    client, urls[0], lender.operator, WITHDRAW, id=gid("ChangeRequest", twin.id)
                )
                *approved, withdrawn = await asyncio.gather(*approvals, withdrawal)
                said = Counter(map(outcome, approved))
                assert said["DONE"] == 1, said
                assert set(said) <= {"DONE", "ILLEGAL_STATE", "DUPLICATE"}, said
                assert await ExchangeRate.filter(quote=quote).count() == 1
                states = [(await ChangeRequest.get(id=each.id)).state for each in (one, twin)]
                assert states.count("APPLIED") == 1
                if outcome(withdrawn) == "DONE":
                    assert states == ["APPLIED", "WITHDRAWN"]
    applied = await AuditEntry.filter(
        action="approveChange", noun="ChangeRequest", outcome="DONE"
    ).count()
    assert applied == 3
