"""The reference data a new lender starts with: the LPR's fixings so far and the posting profile.

No calendar is seeded: holidays are announced year by year, so a lender loads them by a change
request of the kind CALENDAR_YEAR.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from domain.models.reference import BenchmarkRate, PostingProfile
from domain.operations.risk.policy_seed import SEEDED_FROM
from domain.rules.lending.posting_profile import default_profile

LPR = "LPR"
_CITATION = (
    "LPR as published by the National Interbank Funding Center; written down from memory, to be "
    "confirmed (全国银行间同业拆借中心公布；凭记忆录入，待核对)"
)

# Percent a year, 1Y and 5Y, of the months in which one of them moved: it holds until the next.
_LPR = (
    ("2019-08-20", "4.25", "4.85"),
    ("2019-09-20", "4.20", "4.85"),
    ("2019-11-20", "4.15", "4.80"),
    ("2020-02-20", "4.05", "4.75"),
    ("2020-04-20", "3.85", "4.65"),
    ("2021-12-20", "3.80", "4.65"),
    ("2022-01-20", "3.70", "4.60"),
    ("2022-05-20", "3.70", "4.45"),
    ("2022-08-22", "3.65", "4.30"),
    ("2023-06-20", "3.55", "4.20"),
    ("2023-08-21", "3.45", "4.20"),
    ("2024-02-20", "3.45", "3.95"),
    ("2024-07-22", "3.35", "3.85"),
    ("2024-10-21", "3.10", "3.60"),
    ("2025-05-20", "3.00", "3.50"),
)


async def install_reference(*, today: dt.date) -> None:
    """Write the fixings of a benchmark that has none, and the lines of a role that has none."""
    if not await BenchmarkRate.exists(name=LPR):
        await BenchmarkRate.bulk_create(
            [
                BenchmarkRate(
                    name=LPR,
                    tenor=tenor,
                    published_on=dt.date.fromisoformat(day),
                    rate=Decimal(percent) / 100,
                    citation=_CITATION,
                    confirmed=False,
                )
                for day, *percents in _LPR
                for tenor, percent in zip(("1Y", "5Y"), percents, strict=True)
            ]
        )
    known = {row.role for row in await PostingProfile.all()}
    await PostingProfile.bulk_create(
        [
            PostingProfile(
                role=role,
                account_code=own.code,
                name_zh=own.name_zh,
                name_en=own.name_en,
                effective_from=min(SEEDED_FROM, today),
            )
            for role, own in default_profile().items()
            if role not in known
        ]
    )
