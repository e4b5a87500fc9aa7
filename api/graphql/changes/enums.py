"""The enums of change requests and of what they write, described."""

from __future__ import annotations

from enum import StrEnum

from api.graphql.payloads import described_enum
from domain.operations.changes.registry import KINDS
from domain.rules.changes import ChangeState
from domain.rules.lending.allocation import AllocationAxis
from domain.rules.lending.bank_account import BankAccountState
from domain.rules.lending.overdue import CompoundBasis
from domain.rules.reference import DayKind

# The registry is the list of kinds; mypy asks for a literal.
ChangeKind = StrEnum("ChangeKind", {name: name for name in KINDS})  # type: ignore[misc]

described_enum(
    ChangeKind,
    "What a change request (变更申请) changes.",
    {ChangeKind(kind.name): f"{kind.en} {kind.zh}" for kind in KINDS.values()},
)
described_enum(
    ChangeState,
    "State of a change request (变更申请).",
    {
        ChangeState.PROPOSED: "Waits for another person's approval.",
        ChangeState.APPLIED: "Approved, and so done.",
        ChangeState.REJECTED: "Rejected by another person.",
        ChangeState.WITHDRAWN: "Taken back by whoever proposed it.",
        ChangeState.EXPIRED: "Nobody decided it in time.",
    },
)
described_enum(
    BankAccountState,
    "State of a borrower's bank account.",
    {
        BankAccountState.PENDING: "Registered; waits for another person's approval.",
        BankAccountState.APPROVED: "Approved; money may go to it from `usableFrom` on.",
        BankAccountState.REJECTED: "Not approved; it may be registered once more.",
    },
)
described_enum(
    DayKind,
    "How a calendar day differs from what its weekday says.",
    {
        DayKind.HOLIDAY: "No business day.",
        DayKind.WORKDAY: "A weekend that is worked (调休上班).",
    },
)
described_enum(
    CompoundBasis,
    "At which rate compound interest (复利) runs.",
    {
        CompoundBasis.PENALTY: "At the penalty rate.",
        CompoundBasis.CONTRACT_UNTIL_MATURITY: (
            "At the contract rate until maturity, then at the penalty rate."
        ),
    },
)
described_enum(
    AllocationAxis,
    "What a payment settles first (冲账顺序).",
    {
        AllocationAxis.HORIZONTAL: "The whole oldest instalment, then the next.",
        AllocationAxis.VERTICAL: "A bucket across all instalments, then the next bucket.",
    },
)
