"""The posting profile (记账规则): which account of the lender's own chart each of ours stands for.

An entry names a role, an account of the chart in postings.py, and never changes. The profile says
what the lender calls that role in its general ledger, from a day on; several roles may be one
account there. Reports read the profile of their last day, so a report of a past period stays as it
was (ADR 0023).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from domain.rules.form import Form
from domain.rules.lending.postings import CHART, Account
from domain.rules.refusal import ErrorCode

_CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-]{0,19}")
NAME_CHARACTERS_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """An account of the lender's own chart."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class ProfileLine:
    """From `effective_from` on, `role` (an account's name, such as INTEREST_INCOME) is `own`."""

    role: str
    own: OwnAccount
    effective_from: dt.date


def default_profile() -> dict[str, OwnAccount]:
    """Return what each role is for a lender that said nothing: the account of our chart."""
    return {
        account.name: OwnAccount(code=account, name_zh=name.zh, name_en=name.en)
        for account, name in CHART.items()
    }


def in_force(lines: Iterable[ProfileLine], *, on: dt.date) -> dict[str, OwnAccount]:
    """Return the own account of each code of our chart on a day: of a role's lines the latest one
    that has begun, else the default."""
    of_role = default_profile()
    for line in sorted(lines, key=lambda each: each.effective_from):
        if line.effective_from <= on:
            of_role[line.role] = line.own
    return {str(account): of_role[account.name] for account in CHART}


def check_line(form: Form, line: ProfileLine, *, others: Mapping[str, OwnAccount]) -> None:
    """Note what is wrong with a new line; `others` are the own accounts, by our code, on the day it
    begins."""
    roles = {account.name: account for account in CHART}
    role = roles.get(line.role)
    if role is None:
        names = ", ".join(roles)
        form.add(
            ErrorCode.INVALID_VALUE,
            "role",
            f"No account plays the role {line.role!r}. Choose one of {names}.",
            f"没有角色“{line.role}”，请选择：{names}。",
        )
    if not _CODE.fullmatch(line.own.code):
        form.add(
            ErrorCode.INVALID_VALUE,
            "accountCode",
            "An account's code has 1 to 20 letters, digits, dots and hyphens, and begins with a "
            "letter or digit.",
            "科目编码为 1 至 20 位字母、数字、点或连字符，且以字母或数字开头。",
        )
    for path, name in (("nameZh", line.own.name_zh), ("nameEn", line.own.name_en)):
        if not 1 <= len(name.strip()) <= NAME_CHARACTERS_MAX:
            form.add(
                ErrorCode.INVALID_VALUE,
                path,
                f"Give the account a name of at most {NAME_CHARACTERS_MAX} characters.",
                f"请填写科目名称，最多 {NAME_CHARACTERS_MAX} 个字符。",
            )
    if role is not None:
        _check_company(form, role, line.own, others)


def _check_company(
    form: Form, role: Account, own: OwnAccount, others: Mapping[str, OwnAccount]
) -> None:
    """Note where roles that are one account disagree about its name or side."""
    for code, other in others.items():
        if code == role or other.code != own.code:
            continue
        if (other.name_zh, other.name_en) != (own.name_zh, own.name_en):
            form.add(
                ErrorCode.INVALID_VALUE,
                "nameEn",
                f"{own.code} is {other.name_en} ({other.name_zh}) already. Use these names, or "
                "another code.",
                f"科目 {own.code} 的名称已为“{other.name_zh}”（{other.name_en}），请使用该名称，"
                "或更换编码。",
            )
            return
        if CHART[Account(code)].side != CHART[role].side:
            form.add(
                ErrorCode.INVALID_VALUE,
                "accountCode",
                f"{own.code} grows on the {CHART[Account(code)].side} side, but {role.name} needs "
                f"a {CHART[role].side} account.",
                f"科目 {own.code} 的余额方向为 {CHART[Account(code)].side}，{role.name} 需要 "
                f"{CHART[role].side} 方向的科目。",
            )
            return
