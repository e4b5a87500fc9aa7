"""The policy a new lender starts with: rules, values and the approval matrix of both profiles.

Data, not law in code: every row is dated and cited, says whether its source was confirmed, and a
lender replaces it by a later row. What is there already is never touched.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from domain.models.records import PolicyValue
from domain.models.risk.decision import ApprovalAuthority, PolicyRule
from domain.operations.risk.policy_seed_rules import SEEDED_RULES
from domain.rules.lending.borrower import Profile

SEEDED_FROM = dt.date(2024, 7, 1)
"""The day the CN Measures on working-capital loans took effect."""

_CN, _GENERIC = Profile.CN, Profile.GENERIC
_LENDER = "Lender's own policy, a starting value to be reviewed (贷款人自定政策，起始值待复核)"
_MATRIX = "Lender's own approval matrix, a starting value to be reviewed (审批权限表，起始值待复核)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededValue:
    """One policy value of one profile."""

    profile: Profile
    name: str
    value: str
    citation: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededAuthority:
    """One row of an approval matrix; `amount_to` in minor units."""

    profile: Profile
    currency: str
    amount_to: int | None
    grade_from: str
    grade_to: str
    levels: str
    citation: str = _MATRIX
    confirmed: bool = False


def _values(profile: Profile) -> tuple[SeededValue, ...]:
    return tuple(
        SeededValue(profile=profile, name=name, value=value, citation=_LENDER, confirmed=False)
        for name, value in (
            # Grades from best to worst, each with the PD up to which (exclusive) it reaches.
            ("master_scale", "A1:0.005,A2:0.01,B1:0.02,B2:0.05,C1:0.12,C2:0.35,D:1"),
            ("draft_validity_days", "180"),
            ("application_validity_days", "90"),
            ("approval_validity_days", "90"),
            ("drawdown_availability_days", "180"),
            ("non_accrual_beyond_days", "90"),
            ("cure_days", "180"),
            ("prepayment_fee_rate", "0"),
            ("prepayment_notice_days", "0"),
            ("backdating_days_max", "5"),
            ("change_request_validity_days", "30"),
            ("bank_account_cooling_days", "3"),
            ("close_abort_share", "0.01"),
        )
    )


# Inclusive in interest; a profile without a rate levies none.
_VAT = SeededValue(
    profile=_CN,
    name="vat_rate",
    value="0.06",
    citation="财税〔2016〕36号: loan services, 6 % of the amount without the tax",
    confirmed=False,
)

_LAW = (
    # Over all extensions together, by the original term in months: a share of it, or months (m).
    SeededValue(
        profile=_CN,
        name="extension_caps",
        value="12:1,60:1/2,*:36m",
        citation="《贷款通则》第十二条; carried on by the 2024 Measures",
        confirmed=False,
    ),
    SeededValue(
        profile=_CN,
        name="limitation_years",
        value="3",
        citation="《民法典》第一百八十八条: limitation of three years",
        confirmed=True,
    ),
    SeededValue(
        profile=_CN,
        name="guarantee_months",
        value="6",
        citation="《民法典》第六百九十二条: six months where no guarantee period was agreed",
        confirmed=True,
    ),
    SeededValue(
        profile=_GENERIC, name="extension_caps", value="*:1", citation=_LENDER, confirmed=False
    ),
)

SEEDED_VALUES: tuple[SeededValue, ...] = (
    *_values(_CN),
    *_values(_GENERIC),
    _VAT,
    *_LAW,
)

# "" is any currency that has no rows of its own.
SEEDED_AUTHORITIES: tuple[SeededAuthority, ...] = tuple(
    SeededAuthority(
        profile=profile,
        currency=currency,
        amount_to=amount_to,
        grade_from=grade_from,
        grade_to=grade_to,
        levels=levels,
    )
    for profile, currency, amount_to, grade_from, grade_to, levels in (
        (_CN, "CNY", 500_000_000, "A1", "B2", "1"),
        (_CN, "CNY", 500_000_000, "C1", "D", "1,2"),
        (_CN, "CNY", 3_000_000_000, "A1", "D", "1,2"),
        (_CN, "CNY", None, "A1", "D", "1,2,3"),
        (_CN, "", None, "A1", "D", "1,2"),
        (_GENERIC, "USD", 100_000_000, "A1", "C1", "1"),
        (_GENERIC, "USD", None, "A1", "D", "1,2"),
        (_GENERIC, "EUR", 100_000_000, "A1", "C1", "1"),
        (_GENERIC, "EUR", None, "A1", "D", "1,2"),
        (_GENERIC, "", None, "A1", "D", "1,2"),
    )
)


async def install_policy(*, today: dt.date) -> None:
    """Write the seeded rows that are absent, by profile and code (the matrix: by profile)."""
    since = min(SEEDED_FROM, today)
    rules = {(row.profile, row.code) for row in await PolicyRule.all()}
    await PolicyRule.bulk_create(
        [
            PolicyRule(**asdict(rule), effective_from=since)
            for rule in SEEDED_RULES
            if (rule.profile, rule.code) not in rules
        ]
    )
    values = {(row.profile, row.name) for row in await PolicyValue.all()}
    await PolicyValue.bulk_create(
        [
            PolicyValue(**asdict(value), effective_from=since)
            for value in SEEDED_VALUES
            if (value.profile, value.name) not in values
        ]
    )
    profiles = {row.profile for row in await ApprovalAuthority.all()}
    await ApprovalAuthority.bulk_create(
        [
            ApprovalAuthority(**asdict(band), effective_from=since)
            for band in SEEDED_AUTHORITIES
            if band.profile not in profiles
        ]
    )
