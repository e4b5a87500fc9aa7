"""An application written by hand: saved, submitted and decided on, in one transaction or in two.

The rows are those of `applyForLoan`, or of `saveApplication` and `submitApplication`, read by the
same conditions and written once. No rule runs and no model scores: what a decision says is copied
from the first one in the database, which the API made. So the baseline is a floor, not an
application that works.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from api.graphql.ids import global_id
from benchmarks.raw_parts import Hand, transaction
from domain.actor import Actor
from domain.queries.visibility import visible, visible_by_customer
from domain.rules.money import to_minor
from domain.rules.numbers import NumberKind, human_number

_DAYS = (
    "SELECT value FROM policy_value WHERE profile = %s AND name = %s AND effective_from <= %s "
    "ORDER BY effective_from DESC LIMIT 1"
)
_AMOUNTS = ("amount", "own_funds", "other_funding")
_SAID = (
    "recommendation, probability_of_default, grade, model_version_id, model_sha256, missing_share, "
    "features, reasons, fired_rules, working_capital_need, limits, terms"
)
_said: list[tuple[Any, ...]] = []


async def apply(pool: Any, actor: Actor, form: dict[str, Any]) -> dict[str, Any]:
    """Save a whole form and decide on it."""
    async with transaction(pool) as cursor:
        hand = Hand(cursor, actor, "applyForLoan", dt.datetime.now(dt.UTC))
        draft = await _save(hand, form)
        decision_id = await _submit(hand, draft)
        await hand.keep(form, {"application": draft.id, "decision": decision_id})
    return _answer("applyForLoan", draft.id, "ASSESSED")


async def save(pool: Any, actor: Actor, form: dict[str, Any]) -> dict[str, Any]:
    """Save a whole form as a new DRAFT."""
    async with transaction(pool) as cursor:
        hand = Hand(cursor, actor, "saveApplication", dt.datetime.now(dt.UTC))
        draft = await _save(hand, form)
        await hand.keep(form, {"application": draft.id})
    return _answer("saveApplication", draft.id, "DRAFT")


async def submit(pool: Any, actor: Actor, form: dict[str, Any]) -> dict[str, Any]:
    """Submit a DRAFT and store a decision that refers it to one approver."""
    application_id = form["application"]
    async with transaction(pool) as cursor:
        hand = Hand(cursor, actor, "submitApplication", dt.datetime.now(dt.UTC))
        decision_id = await _submit(hand, await _read(hand, application_id))
        await hand.keep(form, {"application": application_id, "decision": decision_id})
    return _answer("submitApplication", application_id, "ASSESSED")


class _Draft(NamedTuple):
    """An application that was saved: what its submission needs to know of it."""

    id: int
    version: int
    borrower: int
    facility: int
    product: int
    profile: str
    today: dt.date


async def _save(hand: Hand, form: dict[str, Any]) -> _Draft:
    cursor, actor = hand.cursor, hand.actor
    today = await hand.today()
    seen, values = visible(actor, table="borrower", borrower_column="id")
    branch, officer, profile = await hand.one(
        f"SELECT branch_id, officer_id, profile FROM borrower WHERE id = %s AND ({seen})",
        [form["borrower"], *values],
    )
    (currency,) = await hand.one(
        "SELECT currency FROM loan_product WHERE id = %s AND active = 1", [form["product"]]
    )
    seen, values = visible_by_customer(actor, table="credit_facility")
    await hand.one(
        f"SELECT borrower_id, currency FROM credit_facility WHERE id = %s AND ({seen})",
        [form["facility"], *values],
    )
    (days,) = await hand.one(_DAYS, [profile, "draft_validity_days", today])
    terms = {name: form[name] for name in form if name != "key"}
    terms |= {name: to_minor(Decimal(form[name]), currency) for name in _AMOUNTS}
    terms |= {"currency": currency, "method": None, "features": {}}
    await cursor.execute(
        "INSERT INTO loan_application (borrower_id, facility_id, product_id, branch_id, "
        "officer_id, state, version, currency, amount, annual_rate, installments, method, "
        "purpose, purpose_note, own_funds, other_funding, expected_growth, features, "
        "content_sha256, created_by_kind, created_by_id, submitted_by_kind, submitted_by_id, "
        "expires_on, created_at) VALUES (%s, %s, %s, %s, %s, 'DRAFT', 1, %s, %s, %s, %s, '', "
        "%s, %s, %s, %s, %s, '{}', '', %s, %s, '', 0, %s, %s)",
        [
            *(form["borrower"], form["facility"], form["product"], branch, officer, currency),
            *(terms["amount"], form["annual_rate"], form["installments"], form["purpose"]),
            *(form["purpose_note"], terms["own_funds"], terms["other_funding"]),
            *(form["expected_growth"], actor.kind, actor.id),
            *(today + dt.timedelta(days=int(days)), hand.now),
        ],
    )
    application_id: int = cursor.lastrowid
    await cursor.execute(
        "INSERT INTO case_assignment (noun, noun_id, employee_id, branch_id, from_date, "
        "reason, created_at) VALUES ('LoanApplication', %s, %s, %s, %s, 'created', %s)",
        [application_id, officer, branch, today, hand.now],
    )
    after = {"state": "DRAFT", "version": 1, **terms}
    await hand.tell(("LoanApplication", application_id, {}, after, "application.saved"))
    borrower, facility, product = (form[name] for name in ("borrower", "facility", "product"))
    return _Draft(application_id, 1, borrower, facility, product, profile, today)


async def _read(hand: Hand, application_id: int) -> _Draft:
    today = await hand.today()
    seen, values = visible(hand.actor, table="loan_application")
    state, version, borrower, facility, product = await hand.one(
        "SELECT state, version, borrower_id, facility_id, product_id FROM loan_application "
        f"WHERE id = %s AND ({seen}) FOR UPDATE",
        [application_id, *values],
    )
    if state != "DRAFT":
        raise ValueError("the benchmark submits drafts")
    (profile,) = await hand.one("SELECT profile FROM borrower WHERE id = %s", [borrower])
    return _Draft(application_id, version, borrower, facility, product, profile, today)


async def _submit(hand: Hand, draft: _Draft) -> int:
    cursor, actor = hand.cursor, hand.actor
    application_id, version, borrower, facility, product, profile, today = draft
    await _read_case(hand, borrower, facility, product, today)
    (days,) = await hand.one(_DAYS, [profile, "application_validity_days", today])
    await _read_policy(hand, profile, today)
    said = await _decision(hand)
    sha256 = "0" * 64
    await cursor.execute(
        f"INSERT INTO risk_decision (application_id, round, {_SAID}, content_sha256, "
        f"business_date, elapsed_us, created_at) VALUES (%s, 1, {', '.join(['%s'] * 12)}, "
        "%s, %s, 0, %s)",
        [application_id, *said, sha256, today, hand.now],
    )
    decision_id: int = cursor.lastrowid
    await cursor.execute(
        "INSERT INTO approval_task (application_id, round, level, state, content_sha256, "
        "override_reason, comment, created_at) VALUES (%s, 1, 1, 'PENDING', %s, '', '', %s)",
        [application_id, sha256, hand.now],
    )
    await cursor.execute(
        "UPDATE loan_application SET state = 'ASSESSED', version = version + 1, method = %s, "
        "content_sha256 = %s, submitted_by_kind = %s, submitted_by_id = %s, submitted_on = %s, "
        "expires_on = %s WHERE id = %s",
        [
            *("EQUAL_INSTALLMENT", sha256, actor.kind, actor.id, today),
            *(today + dt.timedelta(days=int(days)), application_id),
        ],
    )
    submitted = {"state": "SUBMITTED", "version": version + 1, "contentSha256": sha256}
    assessed = {"state": "ASSESSED", "decision": decision_id, "recommendation": said[0]}
    assessed |= {"probabilityOfDefault": said[1], "grade": said[2]}
    noun = "LoanApplication"
    before = {"state": "DRAFT", "version": version}
    await hand.tell(
        (noun, application_id, before, submitted, "application.submitted"),
        (noun, application_id, {"state": "SUBMITTED"}, assessed, "application.assessed"),
    )
    return decision_id


async def _read_case(
    hand: Hand, borrower: int, facility: int, product: int, today: dt.date
) -> None:
    """Read what the decision is about."""
    await hand.one(
        "SELECT b.registered_on, b.industry_code, b.region, b.enterprise_size, p.active, p.every, "
        "p.period_unit, p.principal_min, p.principal_max, p.installments_max, p.rate_min, "
        "p.rate_max, f.state, f.expires_on, f.limit_amount, f.reserved, f.used, f.revolving "
        "FROM borrower b, loan_product p, credit_facility f "
        "WHERE b.id = %s AND p.id = %s AND f.id = %s",
        [borrower, product, facility],
    )
    await hand.one(
        "SELECT period_start, period_end, currency, revenue, cost_of_sales, profit, "
        "inventory_opening, inventory_closing, receivables_opening, receivables_closing, "
        "prepayments_opening, prepayments_closing, payables_opening, payables_closing, "
        "advance_receipts_opening, advance_receipts_closing, current_assets, total_assets, "
        "current_liabilities, total_liabilities FROM financial_statement WHERE borrower_id = %s "
        "AND period_end <= %s ORDER BY period_end DESC, version DESC LIMIT 6",
        [borrower, today],
    )
    await hand.one(
        "SELECT currency, SUM(CASE WHEN state = 'ACTIVE' THEN principal_outstanding ELSE 0 END), "
        "MIN(start_date) FROM loan WHERE borrower_id = %s AND start_date <= %s "
        "AND state <> 'CANCELLED' GROUP BY currency",
        [borrower, today],
    )


async def _read_policy(hand: Hand, profile: str, today: dt.date) -> None:
    await hand.one(_DAYS, [profile, "master_scale", today])
    await hand.one(
        "SELECT code, `condition`, threshold, outcome, citation, confirmed, text_zh, text_en, "
        "effective_to FROM policy_rule WHERE profile = %s AND effective_from <= %s",
        [profile, today],
    )
    await hand.one(
        "SELECT currency, amount_to, grade_from, grade_to, levels, effective_from "
        "FROM approval_authority WHERE profile = %s AND effective_from <= %s",
        [profile, today],
    )


async def _decision(hand: Hand) -> tuple[Any, ...]:
    """What the first decision of all said."""
    if not _said:
        _said.append(await hand.one(f"SELECT {_SAID} FROM risk_decision ORDER BY id LIMIT 1", []))
    return _said[0]


def _answer(mutation: str, application_id: int, state: str) -> dict[str, Any]:
    application = {
        "id": global_id("LoanApplication", application_id),
        "number": human_number(NumberKind.APPLICATION, application_id),
        "state": state,
    }
    payload = {"application": application, "replayed": False, "errors": []}
    return {"data": {mutation: payload}}


def raw_save_form(*, key: str, borrower: int, facility: int, product: int) -> bytes:
    """The body of a request to save."""
    return orjson.dumps(
        {
            "key": key,
            "borrower": borrower,
            "facility": facility,
            "product": product,
            "amount": "50000.00",
            "annual_rate": "0.06",
            "installments": 12,
            "purpose": "RAW_MATERIALS",
            "purpose_note": "Flour and sugar for the season",
            "own_funds": "20000.00",
            "other_funding": "0.00",
            "expected_growth": "0.10",
        }
    )
