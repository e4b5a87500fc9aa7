"""The real API over HTTP, in the test's own event loop, against the module's database."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from api import scoring
from api.app import create_app
from api.auth import issue_local_token
from api.graphql.ids import global_id
from domain.actor import Actor
from domain.db import rows
from domain.settings import get_settings
from tests.lender import Lender, key

# What a refused try may add to: the entry that says it was refused.
_TRAIL = "audit_entry"
_TABLES = (
    "approval_task bank_account benchmark_rate borrower borrower_user branch business_date "
    "calendar_day case_assignment change_request credit_facility exchange_rate loan_product "
    "policy_rule policy_value posting_profile "
    "disbursement drawdown employee employee_role financial_statement idempotency_record "
    "incoming_payment installment job ledger_entry loan loan_application loan_contract "
    "model_version outbox_event payment_file payment_file_line payment_order payment_order_file "
    "repayment repayment_allocation risk_decision"
)
_MUTABLE = {
    "bank_account": "state, usable_from",
    "change_request": "state, made",
    "credit_facility": "state, reserved, used",
    "loan": "state, principal_outstanding, interest_receivable, credit_balance, accrued_through",
    "loan_application": "state, version, amount",
    "loan_contract": "state, drawn",
    "drawdown": "state",
    "installment": "principal_paid, interest_paid, interest_accrued, penalty_accrued",
    "incoming_payment": "state, loan_id, settled_on",
    "payment_order": "state, file_id",
    "business_date": "current",
    "employee": "active, approval_level",
    "employee_role": "revoked_at",
    "model_version": "state",
    "borrower_user": "borrower_id",
}


@dataclass(slots=True)
class Api:
    """Calls the API as one person or another."""

    client: httpx.AsyncClient
    lender: Lender
    _tokens: dict[str, str] = field(default_factory=dict)

    async def post(
        self,
        actor: Actor | None,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        language: str = "en",
    ) -> dict[str, Any]:
        """The whole answer."""
        headers = {"accept-language": language}
        if actor is not None:
            if actor.subject not in self._tokens:
                self._tokens[actor.subject] = issue_local_token(
                    actor.subject, dt.timedelta(hours=1)
                )
            headers["authorization"] = f"Bearer {self._tokens[actor.subject]}"
        answer = await self.client.post(
            "/graphql", json={"query": query, "variables": variables or {}}, headers=headers
        )
        found: dict[str, Any] = answer.json()
        return found

    async def data(
        self,
        actor: Actor,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        language: str = "en",
    ) -> Any:
        """The data of an answer without errors."""
        answer = await self.post(actor, query, variables, language=language)
        assert "errors" not in answer, answer
        return answer["data"]

    async def error(
        self,
        actor: Actor | None,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        language: str = "en",
    ) -> tuple[str, str]:
        """Code and message of the first top-level error."""
        answer = await self.post(actor, query, variables, language=language)
        assert answer.get("errors"), answer
        first = answer["errors"][0]
        return first["extensions"]["code"], first["message"]

    async def mutate(
        self,
        actor: Actor,
        name: str,
        selected: str = "",
        /,
        *,
        language: str = "en",
        idempotency_key: str | None = None,
        **form: Any,
    ) -> dict[str, Any]:
        """The payload of a mutation; fields of its input as keywords."""
        answer = await self.try_mutate(
            actor,
            name,
            selected,
            language=language,
            idempotency_key=idempotency_key,
            **form,
        )
        assert "errors" not in answer, answer
        payload: dict[str, Any] = answer["data"][name]
        return payload

    async def try_mutate(
        self,
        actor: Actor | None,
        name: str,
        selected: str = "",
        /,
        *,
        language: str = "en",
        idempotency_key: str | None = None,
        **form: Any,
    ) -> dict[str, Any]:
        """The whole answer of a mutation."""
        query = (
            f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) "
            f"{{ replayed errors {{ code message path }} {selected} }} }}"
        )
        form["idempotencyKey"] = key() if idempotency_key is None else idempotency_key
        return await self.post(actor, query, {"input": form}, language=language)

    async def done(self, actor: Actor, name: str, selected: str = "", /, **form: Any) -> Any:
        """The payload of a mutation that must not be refused."""
        payload = await self.mutate(actor, name, selected, **form)
        assert payload["errors"] == [], payload
        return payload

    async def changed(self, **content: Any) -> dict[str, Any]:
        """Propose a change as the risk officer and approve it as the approver; return the request
        as it was proposed."""
        payload = await self.done(
            self.lender.risk_officer,
            "proposeChange",
            "change { id kind summaryZh contentSha256 }",
            reason="Because.",
            content=content,
        )
        change: dict[str, Any] = payload["change"]
        form = {name: change[name] for name in ("id", "contentSha256")}
        await self.done(self.lender.approver, "approveChange", "change { state }", **form)
        return change

    async def refused(
        self, actor: Actor, name: str, /, *, language: str = "en", **form: Any
    ) -> list[dict[str, Any]]:
        """The errors of a mutation that must be refused, and must leave nothing behind."""
        before, refusals = await footprint(), await _refusals(name)
        payload = await self.mutate(actor, name, language=language, **form)
        assert payload["errors"], payload
        assert await footprint() == before
        assert await _refusals(name) == refusals + 1
        errors: list[dict[str, Any]] = payload["errors"]
        for error in errors:
            chinese = any("\u4e00" <= letter <= "\u9fff" for letter in error["message"])
            assert chinese is (language == "zh"), error
        return errors

    async def forbidden(self, actor: Actor, name: str, /, **form: Any) -> None:
        """The mutation is not for this role: nothing is written but that it was tried."""
        before, refusals = await footprint(), await _refusals(name)
        answer = await self.try_mutate(actor, name, **form)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN", answer
        assert await footprint() == before
        assert await _refusals(name) == refusals + 1


@asynccontextmanager
async def served(lender: Lender) -> AsyncIterator[Api]:
    """The API in this process; the database is open already."""
    scoring.served_model.cache_clear()
    app = create_app(settings=get_settings(), resources=())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://liudai") as client:
        yield Api(client, lender)
    scoring.served_model.cache_clear()


def codes(errors: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """The errors as (path, code)."""
    return {(".".join(error["path"]), error["code"]) for error in errors}


def gid(noun: str, row_id: int) -> str:
    """The global id of a row."""
    return str(global_id(noun, row_id))


async def footprint() -> dict[str, Any]:
    """How much there is of everything, and the state of all that can change."""
    union = " UNION ALL ".join(
        f"SELECT '{name}' AS t, COUNT(*) AS n FROM {name}" for name in _TABLES.split()
    )
    counts: dict[str, Any] = {row["t"]: row["n"] for row in await rows(union)}
    for table, columns in _MUTABLE.items():
        found = await rows(f"SELECT {columns} FROM {table} ORDER BY id")
        counts[f"{table}: {columns}"] = [tuple(row.values()) for row in found]
    done = await rows(f"SELECT COUNT(*) AS n FROM {_TRAIL} WHERE outcome = 'DONE'")
    return counts | {"done": done[0]["n"]}


async def _refusals(action: str) -> int:
    found = await rows(
        f"SELECT COUNT(*) AS n FROM {_TRAIL} WHERE outcome = 'REFUSED' AND action = %s", [action]
    )
    return int(found[0]["n"])
