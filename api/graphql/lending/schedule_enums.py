"""The enums of schedules: repricing, business days and fees, described."""

from __future__ import annotations

from api.graphql.payloads import described_enum
from domain.rules.lending.benchmark import RepricingRule
from domain.rules.lending.business_days import RollConvention
from domain.rules.lending.fees import FeeKind

described_enum(
    RepricingRule,
    "When a rate is set anew from its benchmark (重定价).",
    {
        RepricingRule.FIXED: "Never: the rate of the first day stays.",
        RepricingRule.JANUARY_FIRST: "On each 1 January.",
        RepricingRule.ANNIVERSARY: "Each year on the day and month of the first day.",
        RepricingRule.QUARTERLY: "Every three months, counted from the first day.",
    },
)
described_enum(
    RollConvention,
    "Where a due date goes that is no business day (节假日顺延).",
    {
        RollConvention.NONE: "It stays.",
        RollConvention.FOLLOWING: "To the next business day.",
        RollConvention.MODIFIED_FOLLOWING: "To the next business day, or where that is in the next "
        "month to the one before.",
    },
)
described_enum(
    FeeKind,
    "When a fee is charged, and on what.",
    {
        FeeKind.UPFRONT_DEDUCTED: "Once, on the principal; kept back from the payout.",
        FeeKind.UPFRONT_DUE: "Once, on the principal; due on the start date, the payout is whole.",
        FeeKind.PERIODIC: "With every row that opens with a balance, on that balance.",
        FeeKind.COMMITMENT: "承诺费: a rate a year on the undrawn limit, due with every row.",
    },
)
