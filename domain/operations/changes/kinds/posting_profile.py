"""Which account of the chart a role of an event posts to, from a later day on."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from domain.actor import Actor
from domain.models.lending.ledger import LedgerAccount
from domain.models.reference import PostingProfile
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.perform import Result, Step
from domain.queries.business_date import business_date
from domain.rules.form import Form
from domain.rules.lending.posting_profile import check_account, check_line
from domain.rules.lending.postings import CHART
from domain.rules.reference import read_later_day
from domain.rules.refusal import ErrorCode
from domain.rules.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingLine:
    """The line to add; `role` is the default account's name, such as INTEREST_INCOME."""

    event: str
    role: str
    account_code: str
    effective_from: dt.date


async def _validate(_: Actor, asked: PostingLine) -> Proposal[PostingLine]:
    form = Form()
    default = check_line(form, event=asked.event, role=asked.role)
    account = await LedgerAccount.get_or_none(code=asked.account_code)
    if default is not None:
        check_account(
            form,
            code=asked.account_code,
            side=account.side if account else None,
            wanted=CHART[default].side,
        )
    read_later_day(form, "effectiveFrom", asked.effective_from, today=await business_date())
    if await PostingProfile.exists(
        event=asked.event, role=asked.role, effective_from=asked.effective_from
    ):
        form.add(
            ErrorCode.DUPLICATE,
            "effectiveFrom",
            f"{asked.event} {asked.role} has an account from {asked.effective_from} on already, "
            "which never changes. Choose another day.",
            f"{asked.event} {asked.role} 已有自 {asked.effective_from} 起生效的科目，不得更改，"
            "请选择其他日期。",
        )
    form.refuse()
    named = account.name_en if account else ""
    named_zh = account.name_zh if account else ""
    return Proposal(
        payload=asked,
        en=f"{asked.event}: {asked.role} posts to {asked.account_code} {named} from "
        f"{asked.effective_from} on.",
        zh=f"{asked.event}：自 {asked.effective_from} 起，{asked.role} 记入科目 "
        f"{asked.account_code} {named_zh}。",
    )


async def _apply(step: Step, _: Actor, line: PostingLine) -> Result:
    row = await PostingProfile.create(**asdict(line))
    step.changed(
        "PostingProfile",
        row.id,
        after={
            "event": row.event,
            "role": row.role,
            "accountCode": row.account_code,
            "effectiveFrom": row.effective_from,
        },
        event="posting_profile.added",
    )
    return {"posting_profile": row.id}


POSTING_PROFILE = Kind(
    name="POSTING_PROFILE",
    en="Which account a role of an event posts to.",
    zh="记账规则",
    payload=PostingLine,
    propose=frozenset({Role.ACCOUNTANT}),
    approve=frozenset({Role.ACCOUNTANT, Role.RISK_OFFICER}),
    validate=_validate,
    apply=_apply,
)
