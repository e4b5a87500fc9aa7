"""Policy in force on a day: rules, the master scale and the approval matrix."""

from __future__ import annotations

import datetime as dt

from domain.db import rows
from domain.queries.policy import policy_value
from domain.rules.risk.approval import AuthorityBand, parse_levels
from domain.rules.risk.grade import MasterScale, parse_scale
from domain.rules.risk.policy import Outcome, Rule


async def rules_in_force(*, profile: str, on: dt.date) -> list[Rule]:
    """Return the profile's rules of the day; of one code, the latest. `effective_to` is a rule's
    last day."""
    found = await rows(
        "SELECT code, `condition`, threshold, outcome, citation, confirmed, text_zh, text_en, "
        "effective_to FROM policy_rule WHERE profile = %s AND effective_from <= %s "
        "ORDER BY effective_from, id",
        [profile, on],
    )
    latest = {row["code"]: row for row in found}
    return [
        Rule(
            code=row["code"],
            condition=row["condition"],
            threshold=row["threshold"],
            outcome=Outcome(row["outcome"]),
            citation=row["citation"],
            confirmed=bool(row["confirmed"]),
            text_zh=row["text_zh"],
            text_en=row["text_en"],
        )
        for row in latest.values()
        if row["effective_to"] is None or on <= row["effective_to"]
    ]


async def master_scale(*, profile: str, on: dt.date) -> MasterScale:
    """Return the profile's master scale of the day. Raises PolicyMissing or BadScale."""
    return parse_scale(await policy_value("master_scale", profile=profile, on=on))


async def authority_in_force(*, profile: str, on: dt.date) -> list[AuthorityBand]:
    """Return the profile's approval matrix of the day: for each currency its latest set of rows."""
    found = await rows(
        "SELECT currency, amount_to, grade_from, grade_to, levels, effective_from "
        "FROM approval_authority WHERE profile = %s AND effective_from <= %s",
        [profile, on],
    )
    latest: dict[str, dt.date] = {}
    for row in found:
        code, start = row["currency"], row["effective_from"]
        latest[code] = max(start, latest.get(code, start))
    return [
        AuthorityBand(
            currency=row["currency"],
            amount_to=row["amount_to"],
            grade_from=row["grade_from"],
            grade_to=row["grade_to"],
            levels=parse_levels(row["levels"]),
        )
        for row in found
        if row["effective_from"] == latest[row["currency"]]
    ]
