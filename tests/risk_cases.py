"""A case that every seeded rule lets pass, to be changed one fact at a time."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.rules.lending.application import Purpose
from domain.rules.risk.need import NeedEstimate, NeedStatus
from domain.rules.risk.policy import Facts
from domain.rules.risk.score import Score, ScoreReason

TODAY = dt.date(2026, 1, 15)


def score(probability: float = 0.03, **changes: Any) -> Score:
    values: dict[str, Any] = {
        "probability_of_default": probability,
        "missing_share": 0.1,
        "unknown_categories": (),
        "reasons": tuple(
            ScoreReason(name, 0.4, f"{name}（中文）", f"{name} in words")
            for name in ("debt_ratio", "current_ratio", "employees", "region", "low_doc")
        ),
        "model_version_id": 7,
        "model_sha256": "ab" * 32,
        **changes,
    }
    return Score(**values)


def estimated(capacity: int) -> NeedEstimate:
    return NeedEstimate(status=NeedStatus.ESTIMATED, need=capacity * 2, capacity=capacity)


def facts(**changes: Any) -> Facts:
    values: dict[str, Any] = {
        "today": TODAY,
        "currency": "CNY",
        "amount": 1_000_000_00,
        "annual_rate": Decimal("0.045"),
        "term_months": Fraction(12),
        "purpose": Purpose.RAW_MATERIALS,
        "borrower_age_months": 60,
        "statement_age_months": 6,
        "days_past_due": 0,
        "available_limit": 2_000_000_00,
        "need": estimated(1_500_000_00),
        "score": score(),
        **changes,
    }
    return Facts(**values)
