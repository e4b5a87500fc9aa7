"""Whether a policy rule can be read at all, before it is proposed: one that cannot refers every
case to people (see `fire` in policy.py)."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from fractions import Fraction

from domain.rules.lending.application import Purpose
from domain.rules.risk.need import NeedEstimate, NeedStatus
from domain.rules.risk.policy import CONDITIONS, Facts
from domain.rules.risk.score import Score

_DECIMAL = re.compile(r"[0-9]{1,13}(\.[0-9]{1,12})?", re.ASCII)

# Any case will do: a condition reads its threshold before it looks at the case.
_CASE = Facts(
    today=dt.date(2026, 1, 1),
    currency="CNY",
    amount=1,
    annual_rate=Decimal("0.01"),
    term_months=Fraction(1),
    purpose=Purpose.RAW_MATERIALS,
    borrower_age_months=1,
    statement_age_months=1,
    days_past_due=0,
    available_limit=1,
    need=NeedEstimate(status=NeedStatus.NO_STATEMENT, capacity=1),
    score=Score(
        probability_of_default=0.1,
        missing_share=0.0,
        unknown_categories=(),
        reasons=(),
        model_version_id=0,
        model_sha256="",
    ),
)


def is_readable(condition: str, threshold: str) -> bool:
    """Whether `condition` is known and can read `threshold`: a list of names, or a number."""
    if condition not in CONDITIONS:
        return False
    if not condition.endswith("_IN") and not _DECIMAL.fullmatch(threshold):
        return False
    try:
        CONDITIONS[condition](_CASE, threshold)
    except (ArithmeticError, ValueError):
        return False
    return True
