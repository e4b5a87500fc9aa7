"""Assess an application: features, need, limit, PD and rules; the decision is stored whole.

Runs inside the submission's transaction. Whatever the rules say, a PD that could be computed is
stored at full precision; whatever the model does, the application is decided on or referred.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from time import perf_counter_ns
from typing import Any

import structlog

from domain.db import insert_later, rows, together, update_later
from domain.models.lending.application import LoanApplication
from domain.models.lending.application_terms import application_terms
from domain.models.lending.borrower import Borrower
from domain.models.lending.facility import CreditFacility
from domain.models.lending.product import LoanProduct
from domain.models.risk.decision import RiskDecision
from domain.operations.clock import now
from domain.operations.perform import Step
from domain.operations.risk.approved import set_approved
from domain.queries.risk.case_facts import LoanHistory, latest_statements, loan_history
from domain.queries.risk.policy_rules import authority_in_force, master_scale, rules_in_force
from domain.rules.lending.application import Purpose, content, term_months
from domain.rules.lending.limits import Limit
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.states import APPLICATION, APPLICATION_MOVES, ApplicationState
from domain.rules.risk.approval import AuthorityBand, TaskState, levels_needed
from domain.rules.risk.decision import Decision, decide
from domain.rules.risk.derived_features import BorrowerRecord, derive_features, merge_features
from domain.rules.risk.grade import MasterScale
from domain.rules.risk.need import estimate_need
from domain.rules.risk.policy import Facts, Outcome
from domain.rules.risk.score import FeatureValue, Score, ScoreFunction, is_usable
from domain.rules.risk.statement import StatementFigures, whole_months
from domain.rules.states import move

_log = structlog.get_logger("liudai.risk")


@dataclass(frozen=True, slots=True)
class Case:
    """An application that is complete, with what it refers to."""

    application: LoanApplication
    borrower: Borrower
    product: LoanProduct
    facility: CreditFacility


async def assess(
    *, step: Step, case: Case, score: ScoreFunction, today: dt.date, started_ns: int
) -> RiskDecision:
    """Decide on a SUBMITTED application, store the decision, and create its approval tasks.

    The application becomes ASSESSED, then REJECTED on DECLINE, or APPROVED where the matrix needs
    nobody. `started_ns` is when the submission began (perf_counter_ns).
    """
    application, profile = case.application, case.borrower.profile
    statements, history, rules, scale, matrix, rounds = await together(
        latest_statements(case.borrower.id, on=today),
        loan_history(case.borrower.id, on=today),
        rules_in_force(profile=profile, on=today),
        master_scale(profile=profile, on=today),
        authority_in_force(profile=profile, on=today),
        _rounds(application.id),
    )
    facts, features = _facts(case, statements, history, score, today=today)
    decision = decide(rules=rules, facts=facts, scale=scale)
    row = _decision(case, facts, features, decision, today=today, started_ns=started_ns)
    row.round = 1 + rounds
    await row.save()
    _move(step, application, ApplicationState.ASSESSED, row)
    if decision.recommendation is Outcome.DECLINE:
        application.decided_on = today
        _move(step, application, ApplicationState.REJECTED, row)
    elif not await _create_tasks(case, row, decision, scale, matrix):
        await set_approved(step, application, profile=profile, today=today)
    await update_later("loan_application", application.id, _submitted(application))
    return row


async def _rounds(application_id: int) -> int:
    """How often the application was decided on."""
    found = await rows(
        "SELECT COUNT(*) AS n FROM risk_decision WHERE application_id = %s", [application_id]
    )
    count: int = found[0]["n"]
    return count


def _submitted(application: LoanApplication) -> dict[str, Any]:
    """The columns that a submission and its assessment change."""
    return {
        name: getattr(application, name)
        for name in (
            "state",
            "version",
            "method",
            "content_sha256",
            "submitted_by_kind",
            "submitted_by_id",
            "submitted_on",
            "decided_on",
            "expires_on",
        )
    }


def _facts(
    case: Case,
    statements: tuple[StatementFigures | None, StatementFigures | None],
    history: LoanHistory,
    score: ScoreFunction,
    *,
    today: dt.date,
) -> tuple[Facts, dict[str, FeatureValue]]:
    borrower, product, facility = case.borrower, case.product, case.facility
    terms = application_terms(case.application)
    statement, previous = statements
    need = estimate_need(terms=terms, statement=statement, existing_loans=history.outstanding)
    months = term_months(
        installments=terms.installments or 0,
        every=product.every,
        unit=PeriodUnit(product.period_unit),
    )
    derived = derive_features(
        today=today,
        terms=terms,
        term_months=months,
        revolving=facility.revolving,
        borrower=_borrower_record(borrower, history),
        statement=statement,
        previous=previous,
        need=need,
    )
    features = merge_features(derived, terms.features)
    registered_on = borrower.registered_on
    facts = Facts(
        today=today,
        currency=terms.currency,
        amount=terms.amount or 0,
        annual_rate=terms.annual_rate or Decimal(0),
        term_months=months,
        purpose=Purpose(case.application.purpose),
        borrower_age_months=whole_months(registered_on, today) if registered_on else None,
        statement_age_months=whole_months(statement.period_end, today) if statement else None,
        days_past_due=history.days_past_due,
        available_limit=_limit(facility).available,
        need=need,
        score=_score(score, features, case.application.id),
    )
    return facts, features


def _borrower_record(borrower: Borrower, history: LoanHistory) -> BorrowerRecord:
    return BorrowerRecord(
        registered_on=borrower.registered_on,
        industry_code=borrower.industry_code,
        region=borrower.region,
        enterprise_size=borrower.enterprise_size,
        customer_since=history.customer_since,
        late_instalments=history.late_instalments,
    )


def _score(
    score: ScoreFunction, features: Mapping[str, FeatureValue], application_id: int
) -> Score | None:
    """Ask the model; whatever it does wrong is logged, and the case goes to people."""
    try:
        found = score(features)
    except Exception:
        _log.exception("scoring failed", application_id=application_id)
        return None
    if found is not None and not is_usable(found):
        _log.error("score is no probability", application_id=application_id, score=found)
        return None
    return found


def _limit(facility: CreditFacility) -> Limit:
    return Limit(
        "Credit facility limit",
        "授信额度",
        facility.currency,
        facility.limit_amount,
        facility.reserved,
        facility.used,
    )


def _decision(
    case: Case,
    facts: Facts,
    features: dict[str, FeatureValue],
    decision: Decision,
    *,
    today: dt.date,
    started_ns: int,
) -> RiskDecision:
    application, facility, score = case.application, case.facility, facts.score
    return RiskDecision(
        application_id=application.id,
        recommendation=decision.recommendation,
        probability_of_default=score.probability_of_default if score else None,
        grade=decision.grade,
        model_version_id=score.model_version_id if score else None,
        model_sha256=score.model_sha256 if score else "",
        missing_share=score.missing_share if score else None,
        features=features,
        reasons=[asdict(reason) for reason in decision.reasons],
        fired_rules=[asdict(rule) for rule in decision.fired],
        working_capital_need=facts.need.record(),
        limits={
            "facility": facility.id,
            "currency": facility.currency,
            "limit": facility.limit_amount,
            "reserved": facility.reserved,
            "used": facility.used,
            "available": facts.available_limit,
            "requested": facts.amount,
        },
        terms=content(application_terms(application)),
        content_sha256=application.content_sha256,
        business_date=today,
        elapsed_us=(perf_counter_ns() - started_ns) // 1_000,
    )


def _move(
    step: Step, application: LoanApplication, to: ApplicationState, row: RiskDecision
) -> None:
    before = ApplicationState(application.state)
    move(APPLICATION_MOVES, APPLICATION, before, to)
    application.state = to
    after: dict[str, Any] = {"state": to, "decision": row.id, "recommendation": row.recommendation}
    if to is ApplicationState.ASSESSED:
        after |= {"probabilityOfDefault": row.probability_of_default, "grade": row.grade}
    step.changed(
        "LoanApplication",
        application.id,
        before={"state": before},
        after=after,
        event=f"application.{to.lower()}",
    )


async def _create_tasks(
    case: Case,
    row: RiskDecision,
    decision: Decision,
    scale: MasterScale,
    matrix: Sequence[AuthorityBand],
) -> int:
    """Create one task a level that the matrix needs; return how many."""
    levels = levels_needed(
        matrix,
        amount=case.application.amount or 0,
        currency=case.application.currency,
        grade=decision.grade,
        grades=scale.grades,
        recommendation=decision.recommendation,
    )
    tasks = [
        {
            "application_id": case.application.id,
            "round": row.round,
            "level": level,
            "state": TaskState.PENDING,
            "content_sha256": row.content_sha256,
            "override_reason": "",
            "comment": "",
            "created_at": now(),
        }
        for level in levels
    ]
    await insert_later("approval_task", tasks)
    return len(tasks)
