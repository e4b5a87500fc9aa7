"""Risk decisions and approval tasks, as part of an application."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import strawberry

from api.graphql.ids import Node
from api.graphql.nouns import Noun, column, computed
from api.graphql.payloads import described_enum
from api.graphql.scalars import Money
from domain.actor import Actor
from domain.queries.visibility import visible_by_application, visible_to_staff_by_application
from domain.rules.money import format_minor
from domain.rules.risk.approval import OverrideReason, TaskState
from domain.rules.risk.need import NeedStatus
from domain.rules.risk.policy import Outcome
from domain.rules.risk.reasons import ReasonSource

described_enum(
    Outcome,
    "What the machine recommends, or what a fired rule asks for.",
    {
        Outcome.APPROVE: "Approve; people still decide.",
        Outcome.REFER: "People must look closely.",
        Outcome.DECLINE: "Decline: the application is rejected.",
    },
)
described_enum(
    TaskState,
    "State of an approval task (审批任务).",
    {
        TaskState.PENDING: "Waits for an approver of its level.",
        TaskState.APPROVED: "Approved.",
        TaskState.REJECTED: "Rejected.",
        TaskState.RETURNED: "Returned for correction.",
        TaskState.VOID: "The content it was about was returned, withdrawn or decided elsewhere.",
    },
)
described_enum(
    OverrideReason,
    "Why a person rejects what the machine recommended to approve (人工干预).",
    {
        OverrideReason.NEW_INFORMATION: "Something the machine could not know.",
        OverrideReason.ADVERSE_NEWS: "Adverse news about the borrower.",
        OverrideReason.DATA_IN_DOUBT: "The data given are in doubt.",
        OverrideReason.CONCENTRATION: "The book has enough of this risk.",
        OverrideReason.MODEL_LIMITATION: "The model does not fit this case.",
        OverrideReason.MANAGEMENT_QUALITY: "The borrower's management.",
    },
)
described_enum(
    ReasonSource,
    "Who gives a reason.",
    {
        ReasonSource.RULE: "A rule of the lender's policy.",
        ReasonSource.MODEL: "The risk model.",
    },
)
described_enum(
    NeedStatus,
    "Whether the working-capital need (营运资金量) could be estimated.",
    {
        NeedStatus.ESTIMATED: "Estimated by the formula.",
        NeedStatus.NO_STATEMENT: "There is no financial statement.",
        NeedStatus.CURRENCY_DIFFERS: "Statement, application or loans differ in currency.",
        NeedStatus.INPUTS_MISSING: "Expected growth or own funds are not given.",
        NeedStatus.NOT_APPLICABLE: "The formula gives no answer for these figures.",
    },
)


def read_json(stored: Any) -> Any:
    """Return a JSON column's value; hand-written SQL gives its text."""
    return json.loads(stored) if isinstance(stored, str | bytes) else stored


@strawberry.type(description="A reason code (原因码) in both languages.")
class ReasonCode:
    """One of up to four reasons."""

    code: str = strawberry.field(description="The rule's code, or MODEL_ and the feature's name.")
    source: ReasonSource = strawberry.field(description="Who gives the reason.")
    zh: str = strawberry.field(description="The reason in Chinese.")
    en: str = strawberry.field(description="The reason in English.")


@strawberry.type(description="A policy rule (准入规则) that fired, with all that explains it.")
class FiredRule:
    """A rule as it fired."""

    code: str = strawberry.field(description="The rule's code.")
    condition: str = strawberry.field(description="What it looks at.")
    outcome: Outcome = strawberry.field(description="What it asks for.")
    seen: str = strawberry.field(description="What it saw.")
    threshold: str = strawberry.field(description="What it compared that with.")
    citation: str = strawberry.field(description="The article or custom it rests on.")
    confirmed: bool = strawberry.field(description="Whether a source confirmed the threshold.")
    text_zh: str = strawberry.field(description="What it says, in Chinese.")
    text_en: str = strawberry.field(description="What it says, in English.")
    cure_zh: str = strawberry.field(description="What would cure it, in Chinese.")
    cure_en: str = strawberry.field(description="What would cure it, in English.")


@strawberry.type(description="The working-capital need (营运资金量) as estimated for a decision.")
class WorkingCapitalNeed:
    """The estimate, or why there is none."""

    status: NeedStatus = strawberry.field(description="Whether it could be estimated.")
    need: Money | None = strawberry.field(description="The need, in the application's currency.")
    capacity: Money | None = strawberry.field(
        description="New loan capacity (新增流动资金贷款额度): need less what funds it already."
    )
    zh: str = strawberry.field(description="Why there is no estimate, in Chinese; else empty.")
    en: str = strawberry.field(description="Why there is no estimate, in English; else empty.")


def _reasons(_: Actor, row: Mapping[str, Any]) -> list[ReasonCode]:
    return [
        ReasonCode(**{**reason, "source": ReasonSource(reason["source"])})
        for reason in read_json(row["reasons"])
    ]


def _fired(_: Actor, row: Mapping[str, Any]) -> list[FiredRule]:
    return [
        FiredRule(**{**rule, "outcome": Outcome(rule["outcome"])})
        for rule in read_json(row["fired_rules"])
    ]


def _need(_: Actor, row: Mapping[str, Any]) -> WorkingCapitalNeed | None:
    stored = read_json(row["working_capital_need"])
    if stored is None:
        return None
    currency = read_json(row["limits"])["currency"]

    def shown(minor: int | None) -> Money | None:
        return None if minor is None else Money(format_minor(minor, currency))

    return WorkingCapitalNeed(
        status=NeedStatus(stored["status"]),
        need=shown(stored.get("need")),
        capacity=shown(stored.get("capacity")),
        zh=stored.get("zh", ""),
        en=stored.get("en", ""),
    )


@strawberry.type(
    description="Risk decision (风险决策): what the machine saw and recommended. It never changes."
)
class RiskDecision(Node):
    """A row of the risk_decision table."""

    round: int = column("round", "Which submission of the application it is about, from 1.")
    recommendation: Outcome = column("recommendation", "The recommendation.", read=Outcome)
    probability_of_default: float | None = column(
        "probability_of_default",
        "PD within 12 months, 0 to 1, at full precision; null when no model was in service.",
    )
    grade: str = column("grade", "Grade of the master scale; empty without a PD.")
    model_sha256: str = column("model_sha256", "Hash of the model that scored; empty without one.")
    missing_share: float | None = column(
        "missing_share", "Share of the model's features that were missing, 0 to 1."
    )
    reasons: list[ReasonCode] = computed(("reasons",), "Up to four reasons.", _reasons)
    fired_rules: list[FiredRule] = computed(("fired_rules",), "Every rule that fired.", _fired)
    working_capital_need: WorkingCapitalNeed | None = computed(
        ("working_capital_need", "limits"), "The need as estimated.", _need
    )
    content_sha256: str = column("content_sha256", "Hash of the content it decided on.")
    business_date: dt.date = column("business_date", "Business date of the decision.")
    elapsed_us: int = column("elapsed_us", "How long it took, microseconds.")
    created_at: dt.datetime = column("created_at", "When it was made.")


@strawberry.type(description="Approval task (审批任务): one level of one round.")
class ApprovalTask(Node):
    """A row of the approval_task table."""

    round: int = column("round", "Which submission it is about, from 1.")
    level: int = column("level", "The approval level that may take it.")
    state: TaskState = column("state", "Its state.", read=TaskState)
    decided_at: dt.datetime | None = column("decided_at", "When it was decided.")
    content_sha256: str = column("content_sha256", "Hash of the content to be signed.")
    comment: str = column("comment", "What the approver said.")


DECISIONS = Noun(RiskDecision, table="risk_decision", sight=visible_to_staff_by_application)
TASKS = Noun(ApprovalTask, table="approval_task", sight=visible_by_application)
