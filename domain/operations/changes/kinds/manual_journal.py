"""手工凭证: a balanced journal that is about no loan, on the business date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.actor import Actor
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.lending.post_manual_journal import post_manual_journal, read_journal
from domain.operations.perform import Result, Step
from domain.rules.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualLine:
    """One side: `amount` in major units, debit positive, credit negative."""

    account: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualJournal:
    """The journal; without a value date it is of the business date on which it is approved."""

    currency: str
    lines: tuple[ManualLine, ...]
    reason: str
    value_date: dt.date | None = None


async def _validate(_: Actor, asked: ManualJournal) -> Proposal[ManualJournal]:
    read = await read_journal(_stored(asked))
    sides = ", ".join(f"{line.account} {line.amount}" for line in asked.lines)
    return Proposal(
        payload=replace(asked, reason=read.reason),
        en=f"Journal in {asked.currency}: {sides}. {read.reason}",
        zh=f"手工凭证（{asked.currency}）：{sides}。{read.reason}",
    )


async def _apply(step: Step, actor: Actor, asked: ManualJournal) -> Result:
    return {"manual_journal": await post_manual_journal(step, actor, _stored(asked))}


def _stored(asked: ManualJournal) -> dict[str, object]:
    return {
        "currency": asked.currency,
        "reason": asked.reason,
        "lines": [{"account": line.account, "amount": str(line.amount)} for line in asked.lines],
        "valueDate": asked.value_date.isoformat() if asked.value_date else None,
    }


MANUAL_JOURNAL = Kind(
    name="MANUAL_JOURNAL",
    en="A journal by hand, about no loan.",
    zh="手工凭证",
    payload=ManualJournal,
    propose=frozenset({Role.ACCOUNTANT}),
    approve=frozenset({Role.ACCOUNTANT, Role.RISK_OFFICER}),
    validate=_validate,
    apply=_apply,
)
