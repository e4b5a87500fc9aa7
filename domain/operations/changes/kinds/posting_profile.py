"""What an account of our chart is in the lender's own, from a later day on."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from domain.actor import Actor
from domain.models.reference import PostingProfile
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.perform import Result, Step
from domain.queries.business_date import business_date
from domain.queries.lending.own_accounts import own_accounts
from domain.rules.form import Form
from domain.rules.lending.posting_profile import OwnAccount, ProfileLine, check_line
from domain.rules.reference import read_later_day
from domain.rules.refusal import ErrorCode
from domain.rules.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingLine:
    """The line to add; `role` is the name of our account, such as INTEREST_INCOME."""

    role: str
    account_code: str
    name_zh: str
    name_en: str
    effective_from: dt.date


async def _validate(_: Actor, asked: PostingLine) -> Proposal[PostingLine]:
    form = Form()
    own = OwnAccount(code=asked.account_code, name_zh=asked.name_zh, name_en=asked.name_en)
    check_line(
        form,
        ProfileLine(asked.role, own, asked.effective_from),
        others=await own_accounts(asked.effective_from),
    )
    read_later_day(form, "effectiveFrom", asked.effective_from, today=await business_date())
    if await PostingProfile.exists(role=asked.role, effective_from=asked.effective_from):
        form.add(
            ErrorCode.DUPLICATE,
            "effectiveFrom",
            f"{asked.role} has an account from {asked.effective_from} on already, which never "
            "changes. Choose another day.",
            f"{asked.role} 已有自 {asked.effective_from} 起生效的科目，不得更改，请选择其他日期。",
        )
    form.refuse()
    return Proposal(
        payload=asked,
        en=f"{asked.role} is account {asked.account_code} {asked.name_en} in reports from "
        f"{asked.effective_from} on.",
        zh=f"自 {asked.effective_from} 起，{asked.role} 在报表中列为科目 "
        f"{asked.account_code} {asked.name_zh}。",
    )


async def _apply(step: Step, _: Actor, line: PostingLine) -> Result:
    row = await PostingProfile.create(**asdict(line))
    step.changed(
        "PostingProfile",
        row.id,
        after={
            "role": row.role,
            "accountCode": row.account_code,
            "nameZh": row.name_zh,
            "nameEn": row.name_en,
            "effectiveFrom": row.effective_from,
        },
        event="posting_profile.added",
    )
    return {"posting_profile": row.id}


POSTING_PROFILE = Kind(
    name="POSTING_PROFILE",
    en="Which account of the lender's own chart an account of ours is.",
    zh="记账规则",
    payload=PostingLine,
    propose=frozenset({Role.ACCOUNTANT}),
    approve=frozenset({Role.ACCOUNTANT, Role.RISK_OFFICER}),
    validate=_validate,
    apply=_apply,
)
