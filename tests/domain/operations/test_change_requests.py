"""The mechanism of change requests, on both databases: proposed, read, applied once by another."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from domain import db
from domain.actor import SYSTEM, Actor, ActorKind
from domain.models.change import ChangeRequest
from domain.models.reference import ExchangeRate
from domain.operations.changes.decide import approve_change, reject_change, withdraw_change
from domain.operations.changes.kinds.exchange_rate import EXCHANGE_RATE, DayRate
from domain.operations.changes.propose import propose_change
from domain.operations.changes.registry import KINDS, kinds_of
from domain.operations.lending.advance_business_date import advance_business_date
from domain.queries.business_date import business_date
from domain.queries.changes import visible_changes
from domain.rules.changes import Content
from domain.rules.money import CURRENCIES
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.roles import Role
from tests.changes import approve, found, propose
from tests.conftest import FIRST_DAY
from tests.lender import Lender, hire, key
from tests.over_http import footprint

_QUOTES = itertools.cycle(sorted({*CURRENCIES} - {"USD", "CZK"}))


def rate(quote: str | None = None, **changes: object) -> DayRate:
    """A rate of a pair that no other test uses."""
    asked = DayRate(
        base="USD",
        quote=quote or next(_QUOTES),
        quoted_on=FIRST_DAY,
        rate=Decimal("7.1234"),
        citation="SAFE",
    )
    return replace(asked, **changes)


async def rates(quote: str) -> int:
    return await ExchangeRate.filter(base="USD", quote=quote).count()


async def test_a_change_is_proposed_and_applied_by_another(lender: Lender) -> None:
    asked = rate()
    change = await propose(lender.accountant, EXCHANGE_RATE, asked)
    assert (change.state, change.proposed_by_id) == ("PROPOSED", lender.accountant.id)
    assert change.expires_on == FIRST_DAY + dt.timedelta(days=30)
    assert json.loads(change.payload) == {
        "base": "USD",
        "quote": asked.quote,
        "quotedOn": "2026-01-15",
        "rate": "7.1234",
        "citation": "SAFE",
    }
    assert "7.1234" in change.summary_en
    assert "汇率" in change.summary_zh
    assert await rates(asked.quote) == 0
    applied = await approve(lender.risk_officer, change)
    assert (applied.state, applied.decided_by_id) == ("APPLIED", lender.risk_officer.id)
    row = await ExchangeRate.get(quote=asked.quote)
    assert row.rate == Decimal("7.1234")
    assert json.loads(applied.made) == {"nouns": [["ExchangeRate", row.id]]}
    trail = "SELECT action, actor_id FROM audit_entry WHERE noun = %s AND noun_id = %s ORDER BY id"
    assert await db.rows(trail, ["ChangeRequest", change.id]) == [
        {"action": "proposeChange", "actor_id": lender.accountant.id},
        {"action": "approveChange", "actor_id": lender.risk_officer.id},
    ]
    events = await db.rows(
        "SELECT kind FROM outbox_event WHERE (noun = 'ChangeRequest' AND noun_id = %s) "
        "OR (noun = 'ExchangeRate' AND noun_id = %s) ORDER BY id",
        [change.id, row.id],
    )
    assert [event["kind"] for event in events] == [
        "change.proposed",
        "exchange_rate.added",
        "change.applied",
    ]


async def test_the_proposer_may_not_decide_whatever_the_roles(lender: Lender) -> None:
    asked = rate()
    change = await propose(lender.accountant, EXCHANGE_RATE, asked)
    both = replace(lender.accountant, roles=frozenset({Role.ACCOUNTANT, Role.RISK_OFFICER}))
    before = await footprint()
    with pytest.raises(Refused) as refused:
        await approve(both, change)
    assert found(refused) == {"": ErrorCode.SAME_PERSON}
    with pytest.raises(Refused) as refused:
        await reject_change(actor=both, key=key(), change_id=change.id, comment="No.")
    assert found(refused) == {"": ErrorCode.SAME_PERSON}
    assert await footprint() == before
    assert await rates(asked.quote) == 0


async def test_another_hash_is_refused_and_changes_nothing(lender: Lender) -> None:
    asked = rate()
    change = await propose(lender.accountant, EXCHANGE_RATE, asked)
    before = await footprint()
    with pytest.raises(Refused) as refused:
        await approve(lender.risk_officer, change, "0" * 64)
    assert found(refused) == {"contentSha256": ErrorCode.STALE_VERSION}
    assert (await footprint(), await rates(asked.quote)) == (before, 0)
    assert (await approve(lender.risk_officer, change)).state == "APPLIED"


async def test_what_nobody_may_propose_or_approve(lender: Lender) -> None:
    before = await ChangeRequest.all().count()
    with pytest.raises(Refused) as refused:
        await propose(lender.cashier, EXCHANGE_RATE, rate("CZK"))
    assert found(refused) == {"": ErrorCode.NOT_PERMITTED}
    assert await ChangeRequest.all().count() == before
    change = await propose(lender.accountant, EXCHANGE_RATE, rate())
    # An operator proposes the kind and so sees it; a cashier has nothing to do with it.
    for actor, path, code in (
        (lender.operator, "", ErrorCode.NOT_PERMITTED),
        (lender.cashier, "id", ErrorCode.NOT_FOUND),
        (lender.admin, "id", ErrorCode.NOT_FOUND),
        (lender.auditor, "", ErrorCode.NOT_PERMITTED),
    ):
        with pytest.raises(Refused) as refused:
            await approve(actor, change)
        assert found(refused) == {path: code}, actor.name
    with pytest.raises(Refused) as refused:
        await approve(lender.risk_officer, ChangeRequest(id=999_999), "0" * 64)
    assert found(refused) == {"id": ErrorCode.NOT_FOUND}


async def test_every_mistake_comes_with_its_path(lender: Lender) -> None:
    asked = rate("USD", rate=Decimal(0), quoted_on=FIRST_DAY + dt.timedelta(days=1), citation=" ")
    with pytest.raises(Refused) as refused:
        await propose_change(
            actor=lender.accountant, key=key(), kind=EXCHANGE_RATE, payload=asked, reason=""
        )
    assert found(refused) == {
        "reason": ErrorCode.REQUIRED,
        "content.exchangeRate.quote": ErrorCode.INVALID_VALUE,
        "content.exchangeRate.rate": ErrorCode.OUT_OF_RANGE,
        "content.exchangeRate.quotedOn": ErrorCode.DATE_OUT_OF_RANGE,
        "content.exchangeRate.citation": ErrorCode.REQUIRED,
    }


async def test_withdrawn_then_approved(lender: Lender) -> None:
    asked = rate()
    change = await propose(lender.accountant, EXCHANGE_RATE, asked)
    with pytest.raises(Refused) as refused:
        await withdraw_change(actor=lender.risk_officer, key=key(), change_id=change.id)
    assert found(refused) == {"id": ErrorCode.NOT_PERMITTED}
    await withdraw_change(actor=lender.accountant, key=key(), change_id=change.id)
    for actor, act in (
        (lender.risk_officer, approve(lender.risk_officer, change)),
        (
            lender.accountant,
            withdraw_change(actor=lender.accountant, key=key(), change_id=change.id),
        ),
    ):
        with pytest.raises(Refused) as refused:
            await act
        assert found(refused) == {"id": ErrorCode.ILLEGAL_STATE}, actor.name
    assert (await ChangeRequest.get(id=change.id)).state == "WITHDRAWN"
    assert await rates(asked.quote) == 0


async def test_rejected_with_a_reason_then_approved(lender: Lender) -> None:
    change = await propose(lender.accountant, EXCHANGE_RATE, rate())
    with pytest.raises(Refused) as refused:
        await reject_change(actor=lender.risk_officer, key=key(), change_id=change.id, comment="  ")
    assert found(refused) == {"comment": ErrorCode.REQUIRED}
    await reject_change(
        actor=lender.risk_officer, key=key(), change_id=change.id, comment="Wrong day."
    )
    change = await ChangeRequest.get(id=change.id)
    assert (change.state, change.comment) == ("REJECTED", "Wrong day.")
    assert change.decided_by_id == lender.risk_officer.id
    with pytest.raises(Refused) as refused:
        await approve(lender.risk_officer, change)
    assert found(refused) == {"id": ErrorCode.ILLEGAL_STATE}


async def test_a_payload_of_an_earlier_release_can_only_be_turned_down(lender: Lender) -> None:
    made = await propose(lender.accountant, EXCHANGE_RATE, rate())
    row = {
        **(await ChangeRequest.filter(id=made.id).values())[0],
        "payload": '{"pair":"USDEUR"}',
        "state": "PROPOSED",
    }
    del row["id"]
    content = Content(
        kind=made.kind,
        subject=("", 0),
        payload=row["payload"],
        summary_en=made.summary_en,
        summary_zh=made.summary_zh,
        reason=made.reason,
    )
    old = await ChangeRequest.create(**{**row, "content_sha256": content.sha256})
    with pytest.raises(Refused) as refused:
        await approve(lender.risk_officer, old)
    assert found(refused) == {"id": ErrorCode.STALE_VERSION}
    await withdraw_change(actor=lender.accountant, key=key(), change_id=old.id)


async def test_it_is_applied_once(lender: Lender) -> None:
    asked, once = rate(), key()
    change = await propose(lender.accountant, EXCHANGE_RATE, asked)
    form = {"change_id": change.id, "content_sha256": change.content_sha256}
    first = await approve_change(actor=lender.risk_officer, key=once, **form)
    again = await approve_change(actor=lender.risk_officer, key=once, **form)
    assert (first.replayed, again.replayed) == (False, True)
    with pytest.raises(Refused) as refused:
        await approve_change(actor=lender.risk_officer, key=key(), **form)
    assert found(refused) == {"id": ErrorCode.ILLEGAL_STATE}
    assert await rates(asked.quote) == 1


async def test_two_approvals_at_once(lender: Lender) -> None:
    """Two persons approve one request, and another two requests of one thing: one each counts."""
    second = await hire("risk-2", Role.RISK_OFFICER, branch_id=lender.cashier.branch_id or 0)
    third = await hire("risk-3", Role.RISK_OFFICER, branch_id=lender.cashier.branch_id or 0)
    asked = rate()
    change = await propose(lender.accountant, EXCHANGE_RATE, asked)
    twin = await propose(lender.operator, EXCHANGE_RATE, replace(asked, rate=Decimal("7.2")))
    results = await asyncio.gather(
        *(
            approve(actor, each)
            for actor in (lender.risk_officer, second, third)
            for each in (change, twin)
        ),
        return_exceptions=True,
    )
    said = Counter(
        result.problems[0].code if isinstance(result, Refused) else type(result).__name__
        for result in results
    )
    assert said["ChangeRequest"] == 1
    assert sum(said.values()) == 6
    assert set(said) <= {"ChangeRequest", ErrorCode.ILLEGAL_STATE, ErrorCode.DUPLICATE}
    assert await rates(asked.quote) == 1
    states = [(await ChangeRequest.get(id=each.id)).state for each in (change, twin)]
    assert sorted(states) == ["APPLIED", "PROPOSED"]


async def test_the_world_changed_so_nothing_is_applied(lender: Lender) -> None:
    asked = rate()
    first = await propose(lender.accountant, EXCHANGE_RATE, asked)
    second = await propose(lender.operator, EXCHANGE_RATE, asked)
    await approve(lender.risk_officer, first)
    before = await footprint()
    with pytest.raises(Refused) as refused:
        await approve(lender.risk_officer, second)
    assert found(refused) == {"id": ErrorCode.DUPLICATE}
    assert await footprint() == before
    assert (await ChangeRequest.get(id=second.id)).state == "PROPOSED"


async def test_content_that_was_tampered_with_is_not_applied(lender: Lender) -> None:
    """Triggers keep the content; with the triggers gone, the hash still does."""
    asked = rate()
    change = await propose(lender.accountant, EXCHANGE_RATE, asked)
    altered = change.payload.replace("7.1234", "7.9999")
    update = "UPDATE change_request SET payload = %s WHERE id = %s"
    with pytest.raises((IntegrityError, OperationalError)):
        await db.execute(update, [altered, change.id])
    with pytest.raises((IntegrityError, OperationalError)):
        await db.execute("DELETE FROM change_request WHERE id = %s", [change.id])
    names = ["change_request_content"] if db.dialect() == "sqlite" else ["change_request_kept"]
    found_triggers = await _drop(names)
    await db.execute(update, [altered, change.id])
    for text in found_triggers:
        await db.execute(text)
    with pytest.raises(Refused) as refused:
        await approve(lender.risk_officer, change)
    assert found(refused) == {"contentSha256": ErrorCode.STALE_VERSION}
    assert await rates(asked.quote) == 0


async def _drop(names: list[str]) -> list[str]:
    texts = []
    for name in names:
        if db.dialect() == "sqlite":
            kept = await db.rows("SELECT sql FROM sqlite_master WHERE name = %s", [name])
            texts.append(kept[0]["sql"])
        else:
            kept = await db.rows(f"SHOW CREATE TRIGGER {name}")
            texts.append(kept[0]["SQL Original Statement"])
        await db.execute(f"DROP TRIGGER {name}")
    return texts


async def test_a_decided_request_never_moves_in_the_database(lender: Lender) -> None:
    change = await propose(lender.accountant, EXCHANGE_RATE, rate())
    await approve(lender.risk_officer, change)
    with pytest.raises((IntegrityError, OperationalError)):
        await db.execute("UPDATE change_request SET state = 'PROPOSED' WHERE id = %s", [change.id])


async def test_no_role_that_reads_or_runs_the_system_decides_about_money() -> None:
    for kind in KINDS.values():
        deciders = kind.propose | kind.approve
        assert not deciders & {Role.AUDITOR, Role.ANALYST}, kind.name
        assert not kind.approve & {Role.APPLICANT, Role.OPERATOR, Role.RELATIONSHIP_MANAGER}
        assert (Role.ADMIN in deciders) is (kind.name == "EMPLOYEE_ROLES")


async def test_the_guide_names_every_kind_and_its_roles() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "changes.md").read_text(encoding="utf-8")
    told = {}
    for line in guide.splitlines():
        if row := re.match(r"\| `([A-Z_]+)` \| ([^|]+) \| ([^|]+) \|", line):
            told[row[1]] = tuple(set(re.findall(r"[A-Z_]{5,}", cell)) for cell in row.groups()[1:])
    assert told == {kind.name: (kind.propose, kind.approve) for kind in KINDS.values()}


async def test_who_sees_what(lender: Lender) -> None:
    change = await propose(lender.operator, EXCHANGE_RATE, rate())

    async def sees(actor: Actor) -> bool:
        sql, values = visible_changes(actor, table="change_request", kinds=kinds_of(actor))
        rows = await db.rows(
            f"SELECT id FROM change_request WHERE id = %s AND {sql}", [change.id, *values]
        )
        return bool(rows)

    for role, actor in lender.actors.items():
        wanted = role in (Role.OPERATOR, Role.ACCOUNTANT, Role.RISK_OFFICER, Role.AUDITOR)
        assert await sees(actor) is wanted, role
    assert not await sees(lender.applicant)
    # The person is the proposer, not the number: a borrower's user may have the same id.
    namesake = replace(lender.applicant, kind=ActorKind.BORROWER_USER, id=lender.operator.id)
    assert not await sees(namesake)


async def test_a_request_that_nobody_decides_expires_with_the_days(lender: Lender) -> None:
    """Kept last: the business date moves."""
    early = await propose(lender.accountant, EXCHANGE_RATE, rate())
    last_day = early.expires_on
    await advance_business_date(actor=lender.operator, key=key(), to=last_day)
    assert (await ChangeRequest.get(id=early.id)).state == "PROPOSED"
    late = await propose(lender.accountant, EXCHANGE_RATE, rate(quoted_on=last_day))
    await advance_business_date(
        actor=lender.operator, key=key(), to=last_day + dt.timedelta(days=1)
    )
    assert await business_date() == last_day + dt.timedelta(days=1)
    early = await ChangeRequest.get(id=early.id)
    assert (early.state, early.decided_by_name) == ("EXPIRED", SYSTEM.name)
    with pytest.raises(Refused) as refused:
        await approve(lender.risk_officer, early)
    assert found(refused) == {"id": ErrorCode.ILLEGAL_STATE}
    assert (await ChangeRequest.get(id=late.id)).state == "PROPOSED"
