"""Submitting an application: what it needs, and the decision that comes of it."""

import asyncio
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from domain.db import execute, rows
from domain.models.lending.borrower import FinancialStatement
from domain.models.lending.facility import CreditFacility
from domain.models.lending.product import LoanProduct
from domain.models.records import PolicyValue
from domain.models.risk.decision import ApprovalAuthority, PolicyRule, RiskDecision
from domain.operations.lending.propose_facility import FacilityProposal, propose_facility
from domain.operations.lending.withdraw_application import withdraw_application
from domain.operations.perform import perform
from domain.operations.risk.expire_applications import expire_applications
from domain.operations.risk.policy_seed import SEEDED_AUTHORITIES, SEEDED_VALUES, install_policy
from domain.operations.risk.policy_seed_rules import SEEDED_RULES
from domain.queries.risk.case_facts import loan_history
from domain.rules.lending.application import OPEN, Purpose, content_sha256
from domain.rules.lending.borrower import Profile
from domain.rules.lending.extension import parse_caps
from domain.rules.lending.states import APPLICATION_MOVES, ApplicationState
from domain.rules.refusal import Refused
from domain.rules.risk.grade import parse_scale
from domain.rules.risk.policy import Outcome
from domain.rules.risk.score import FeatureValue, Score
from tests.application_story import (
    Story,
    application,
    decision,
    events,
    footprint,
    said,
    tasks,
)
from tests.lender import Lender, key

TODAY = dt.date(2026, 1, 15)


@pytest.fixture(scope="module")
async def story(lender: Lender) -> Story:
    return await Story.open(lender)


async def codes(application_id: int) -> list[str]:
    return [rule["code"] for rule in (await decision(application_id)).fired_rules]


async def test_a_sound_application_is_recommended_and_waits(story: Story) -> None:
    seen: list[Mapping[str, FeatureValue]] = []

    def scored(features: Mapping[str, FeatureValue]) -> Score | None:
        seen.append(features)
        return story.says(0.0312345678901234)(features)

    application_id = await story.draft(features={"employees": 40, "revolving_line": None})
    done = await story.submit(application_id, score=scored, expected_version=1)
    row, found = await application(application_id), await decision(application_id)
    assert done.result == {"application": application_id, "decision": found.id}
    assert (row.state, row.method, row.decided_on) == ("ASSESSED", "EQUAL_INSTALLMENT", None)
    assert (row.submitted_on, row.expires_on) == (TODAY, TODAY + dt.timedelta(days=90))
    assert (found.recommendation, found.grade, found.round) == ("APPROVE", "B2", 1)
    assert found.probability_of_default == 0.0312345678901234
    assert found.fired_rules == []
    assert [reason["source"] for reason in found.reasons] == ["MODEL"] * 4
    assert found.model_version_id == story.model_version_id
    assert found.model_sha256 == "ab" * 32
    assert found.missing_share == pytest.approx(0.1)
    assert found.features == seen[0]
    assert found.features["employees"] == 40
    assert found.features["revolving_line"] is None
    assert found.features["requested_amount"] == 50_000
    assert found.limits["available"] == 90_000_000_00
    assert found.working_capital_need["status"] == "NO_STATEMENT"
    assert found.terms["amount"] == 50_000_00
    assert found.content_sha256 == row.content_sha256
    assert found.business_date == TODAY
    assert found.elapsed_us > 0
    assert await tasks(application_id) == [(1, 1, "PENDING")]
    assert await events("LoanApplication", application_id) == [
        "application.saved",
        "application.submitted",
        "application.assessed",
    ]


async def test_what_was_hashed_can_be_hashed_again(story: Story) -> None:
    from domain.models.lending.application_terms import application_terms

    application_id = await story.assessed(
        annual_rate=Decimal("0.0650"),
        expected_growth=Decimal("0.10"),
        own_funds=Decimal("0.00"),
        features={"employees": 12, "region": "330100"},
    )
    row = await application(application_id)
    assert content_sha256(application_terms(row)) == row.content_sha256


async def test_one_submit_sent_twice(story: Story) -> None:
    application_id = await story.draft()
    once = key()
    first = await story.submit(application_id, key=once)
    again = await story.submit(application_id, key=once)
    assert again.replayed
    assert again.result == first.result
    assert await RiskDecision.filter(application_id=application_id).count() == 1


async def test_two_submits_at_once_give_one_decision(story: Story) -> None:
    application_id = await story.draft()
    found = await asyncio.gather(
        *(story.submit(application_id, key=key()) for _ in range(3)), return_exceptions=True
    )
    assert sorted(isinstance(one, Refused) for one in found) == [False, True, True]
    assert await RiskDecision.filter(application_id=application_id).count() == 1


async def test_a_pd_too_high_rejects_and_is_kept_whole(story: Story) -> None:
    application_id = await story.assessed(probability=0.6789012345678901)
    row, found = await application(application_id), await decision(application_id)
    assert (row.state, row.decided_on) == ("REJECTED", TODAY)
    assert found.probability_of_default == 0.6789012345678901
    assert (found.recommendation, found.grade) == ("DECLINE", "D")
    assert [rule["code"] for rule in found.fired_rules] == ["PD_DECLINE", "PD_REFER"]
    fired = found.fired_rules[0]
    assert (fired["seen"], fired["threshold"]) == ("0.6789012345678901", "0.35")
    assert fired["outcome"] == "DECLINE"
    assert fired["citation"]
    assert await tasks(application_id) == []
    assert (await events("LoanApplication", application_id))[-1] == "application.rejected"


async def test_a_forbidden_purpose_declines_and_still_has_its_pd(story: Story) -> None:
    application_id = await story.assessed(purpose=Purpose.DIVIDENDS)
    found = await decision(application_id)
    assert found.recommendation == "DECLINE"
    assert found.probability_of_default == 0.03
    assert found.reasons[0]["code"] == "PURPOSE_NOT_WORKING_CAPITAL"


def broken(features: Mapping[str, FeatureValue]) -> Score | None:
    raise RuntimeError("the artefact is gone")


async def test_without_a_model_people_judge(story: Story) -> None:
    for score in (lambda features: None, broken, story.says(float("nan")), story.says(1.5)):
        application_id = await story.draft()
        await story.submit(application_id, score=score)
        found = await decision(application_id)
        assert (found.recommendation, found.grade) == ("REFER", "")
        assert found.probability_of_default is None
        assert found.reasons[0]["code"] == "MODEL_UNAVAILABLE"
        assert (await application(application_id)).state == "ASSESSED"
        # No grade counts as the worst: two levels.
        assert [level for _, level, _ in await tasks(application_id)] == [1, 2]


async def test_poor_data_and_unknown_categories_are_referred(story: Story) -> None:
    application_id = await story.draft()
    score = story.says(0.01, missing_share=0.6, unknown_categories=("region",))
    await story.submit(application_id, score=score)
    assert await codes(application_id) == ["DATA_QUALITY_FLOOR", "UNKNOWN_CATEGORY"]
    assert (await decision(application_id)).recommendation == "REFER"


async def test_everything_that_is_missing_at_once(story: Story) -> None:
    borrower_id = await story.lender.borrower()
    done = await story.save(borrower_id=borrower_id, fields={})
    before = await footprint()
    with pytest.raises(Refused) as refused:
        await story.submit(done["application"])
    assert said(refused.value) == {
        (path, "REQUIRED")
        for path in ("productId", "facilityId", "amount", "annualRate", "installments", "purpose")
    }
    assert await footprint() == before


async def test_a_facility_that_cannot_be_used(story: Story) -> None:
    application_id = await story.draft()
    row = await application(application_id)
    facility = await CreditFacility.get(id=row.facility_id)
    for state in ("FROZEN", "EXPIRED", "CLOSED", "PROPOSED"):
        facility.state = state
        await facility.save(update_fields=["state"])
        with pytest.raises(Refused) as refused:
            await story.submit(application_id)
        assert {code for _, code in said(refused.value)} == {"ILLEGAL_STATE"}
    facility.state, facility.expires_on = "ACTIVE", TODAY - dt.timedelta(days=1)
    await facility.save(update_fields=["state", "expires_on"])
    with pytest.raises(Refused) as refused:
        await story.submit(application_id)
    assert said(refused.value) == {("facilityId", "ILLEGAL_STATE")}
    facility.expires_on = TODAY
    await facility.save(update_fields=["expires_on"])
    await story.submit(application_id)


async def test_a_product_that_was_withdrawn_meanwhile(story: Story) -> None:
    application_id = await story.draft()
    await LoanProduct.filter(id=story.product.id).update(active=False)
    try:
        with pytest.raises(Refused) as refused:
            await story.submit(application_id)
    finally:
        await LoanProduct.filter(id=story.product.id).update(active=True)
    assert said(refused.value) == {("productId", "INVALID_VALUE")}


async def test_a_version_that_another_follows_is_no_longer_on_offer(story: Story) -> None:
    application_id = await story.draft()
    (kept,) = await LoanProduct.filter(id=story.product.id).values()
    del kept["id"]
    later = await LoanProduct.create(**{**kept, "version": kept["version"] + 1})
    try:
        with pytest.raises(Refused) as refused:
            await story.submit(application_id)
    finally:
        await later.delete()
    assert said(refused.value) == {("productId", "INVALID_VALUE")}
    await story.submit(application_id)


async def test_more_than_the_facility_has_left(story: Story) -> None:
    application_id = await story.draft(amount=Decimal("90000000.01"))
    await story.submit(application_id)
    assert await codes(application_id) == ["AMOUNT_ABOVE_AVAILABLE_LIMIT"]
    assert [level for _, level, _ in await tasks(application_id)] == [1, 2]


@pytest.mark.parametrize("state", ApplicationState)
async def test_states_it_is_submitted_and_withdrawn_from(
    story: Story, state: ApplicationState
) -> None:
    for to, step in (
        (ApplicationState.SUBMITTED, story.submit),
        (ApplicationState.WITHDRAWN, _withdraw(story)),
    ):
        application_id = await story.draft()
        row = await application(application_id)
        row.state = state
        await row.save(update_fields=["state"])
        if to in APPLICATION_MOVES[state]:
            await step(application_id)
            moved = (await application(application_id)).state
            assert moved == ("ASSESSED" if to is ApplicationState.SUBMITTED else "WITHDRAWN")
            continue
        with pytest.raises(Refused) as refused:
            await step(application_id)
        assert said(refused.value) == {("id", "ILLEGAL_STATE")}
        assert (await application(application_id)).state == state


def _withdraw(story: Story) -> Any:
    async def withdraw(application_id: int) -> None:
        await withdraw_application(
            actor=story.lender.relationship_manager, key=key(), application_id=application_id
        )

    return withdraw


async def test_withdrawing_voids_what_was_asked(story: Story) -> None:
    application_id = await story.assessed()
    await _withdraw(story)(application_id)
    assert await tasks(application_id) == [(1, 1, "VOID")]
    with pytest.raises(Refused) as refused:
        await withdraw_application(
            actor=story.lender.approver, key=key(), application_id=application_id
        )
    assert said(refused.value) == {("", "NOT_PERMITTED")}


async def test_expiry_takes_the_open_ones_the_day_after(story: Story) -> None:
    ids = {}
    for state in ApplicationState:
        ids[state] = await story.assessed()
        row = await application(ids[state])
        row.state, row.expires_on = state, dt.date(2026, 2, 1)
        await row.save(update_fields=["state", "expires_on"])
    fresh = await story.assessed()

    async def expire(today: dt.date) -> int:
        counted: list[int] = []

        async def work(step: Any) -> dict[str, int]:
            counted.append(await expire_applications(step, today=today))
            return {}

        await perform(
            actor=story.lender.operator, action="test", key=key(), arguments={}, work=work
        )
        return counted[-1]

    assert await expire(dt.date(2026, 2, 1)) == 0
    assert await expire(dt.date(2026, 2, 2)) == len(OPEN)
    assert await expire(dt.date(2026, 2, 2)) == 0
    for state, application_id in ids.items():
        expected = "EXPIRED" if state in OPEN else state
        assert (await application(application_id)).state == expected
    assert await tasks(ids[ApplicationState.ASSESSED]) == [(1, 1, "VOID")]
    assert (await events("LoanApplication", ids[ApplicationState.DRAFT]))[-1] == (
        "application.expired"
    )
    assert (await application(fresh)).state == "ASSESSED"


async def test_a_borrower_with_statements_and_the_cn_rules(story: Story) -> None:
    product = await LoanProduct.get(code="CN-EQUAL")
    borrower_id = await story.lender.borrower(
        profile=Profile.CN,
        unified_social_credit_code="91330106673959654P",
        registered_on=dt.date(2019, 3, 1),
    )
    facility_id = await story.lender.facility(
        borrower_id=borrower_id, currency="CNY", limit="50000000.00"
    )
    form = {
        "product_id": product.id,
        "facility_id": facility_id,
        "amount": Decimal("2952000.00"),
        "annual_rate": Decimal("0.045"),
        "installments": 12,
        "purpose": Purpose.RAW_MATERIALS,
        "own_funds": Decimal("15000000.00"),
        "other_funding": Decimal("11000000.00"),
        "expected_growth": Decimal("0.10"),
    }
    first = await story.save(borrower_id=borrower_id, fields=form)
    await story.submit(first["application"])
    assert await codes(first["application"]) == ["NEED_NOT_ESTIMATED"]
    await _statement(borrower_id, recorded_by=story.lender.risk_officer.id)
    for amount, fired in (("2952000.00", []), ("2952000.01", ["AMOUNT_ABOVE_CAPACITY"])):
        done = await story.save(borrower_id=borrower_id, fields=form | {"amount": Decimal(amount)})
        await story.submit(done["application"])
        assert await codes(done["application"]) == fired
    found = await decision(done["application"])
    assert found.working_capital_need["capacity"] == 295_200_000
    assert found.features["current_ratio"] == pytest.approx(1.6)
    assert found.features["inventory_days"] == pytest.approx(60)


async def _statement(borrower_id: int, *, recorded_by: int) -> None:
    """docs/domain.md's vector, as opening and closing balances."""
    wan = 10_000_00
    averages = {
        "inventory": 1600,
        "receivables": 2000,
        "payables": 1200,
        "prepayments": 400,
        "advance_receipts": 200,
    }
    balances = {
        f"{name}_{end}": (mean + shift) * wan
        for name, mean in averages.items()
        for end, shift in (("opening", -50), ("closing", 50))
    }
    await FinancialStatement.create(
        borrower_id=borrower_id,
        period_start=dt.date(2025, 1, 1),
        period_end=dt.date(2025, 12, 31),
        currency="CNY",
        revenue=12000 * wan,
        cost_of_sales=9600 * wan,
        profit=720 * wan,
        current_assets=4000 * wan,
        total_assets=9000 * wan,
        current_liabilities=2500 * wan,
        total_liabilities=4500 * wan,
        equity=4500 * wan,
        recorded_by_kind="EMPLOYEE",
        recorded_by_id=recorded_by,
        **balances,
    )


async def test_arrears_here_are_seen(story: Story) -> None:
    loan = await story.lender.loan()
    quiet = await loan_history(loan.borrower_id, on=loan.start_date)
    assert (quiet.days_past_due, quiet.late_instalments) == (0, 0)
    assert quiet.outstanding == {"USD": loan.principal_outstanding}
    assert quiet.customer_since == loan.start_date
    late = await loan_history(loan.borrower_id, on=loan.start_date + dt.timedelta(days=70))
    assert late.days_past_due == 39  # due on 15 February, and on 26 March still unpaid
    assert late.late_instalments == 2
    nobody = await loan_history(0, on=TODAY)
    assert (nobody.outstanding, nobody.late_instalments) == ({}, None)


async def test_a_facility_proposed_but_never_activated(story: Story) -> None:
    borrower_id = await story.lender.borrower()
    proposal = FacilityProposal(
        borrower_id=borrower_id,
        limit=Decimal("1000.00"),
        currency="USD",
        revolving=True,
        expires_on=dt.date(2027, 1, 1),
    )
    done = await propose_facility(
        actor=story.lender.relationship_manager, key=key(), proposal=proposal
    )
    saved = await story.save(borrower_id=borrower_id, fields=await story.form(done["facility"]))
    with pytest.raises(Refused) as refused:
        await story.submit(saved["application"])
    assert {code for _, code in said(refused.value)} == {"ILLEGAL_STATE"}


async def test_the_seed_is_written_once(story: Story) -> None:
    before = [await m.all().count() for m in (PolicyRule, PolicyValue, ApprovalAuthority)]
    await install_policy(today=dt.date(2027, 1, 1))
    after = [await m.all().count() for m in (PolicyRule, PolicyValue, ApprovalAuthority)]
    assert before == after == [len(SEEDED_RULES), len(SEEDED_VALUES), len(SEEDED_AUTHORITIES)]
    for value in SEEDED_VALUES:
        if value.name == "master_scale":
            grades = parse_scale(value.value).grades
            for band in SEEDED_AUTHORITIES:
                assert {band.grade_from, band.grade_to} <= set(grades)
        elif value.name == "extension_caps":
            assert parse_caps(value.value)
        elif value.name in ("prepayment_fee_rate", "prepayment_notice_days"):
            assert Decimal(value.value) == 0  # neither fee nor notice until the lender sets one
        else:
            assert Decimal(value.value) > 0


async def test_policy_is_dated_and_a_zero_person_band_approves_alone(story: Story) -> None:
    """Rows of tomorrow are not in force, those of today are; kept last, it changes policy, which
    takes its triggers away."""
    for verb in ("update", "delete"):
        await execute(f"DROP TRIGGER policy_rule_no_{verb}")
    await PolicyRule.create(
        profile="GENERIC",
        code="PD_REFER",
        condition="PD_AT_LEAST",
        threshold="0.00001",
        outcome=Outcome.REFER,
        effective_from=TODAY + dt.timedelta(days=1),
        citation="test",
        confirmed=False,
        text_zh="测试",
        text_en="test",
    )
    band = await ApprovalAuthority.create(
        profile="GENERIC",
        currency="USD",
        amount_to=None,
        grade_from="A1",
        grade_to="D",
        levels="",
        effective_from=TODAY,
        citation="test",
        confirmed=False,
    )
    alone = await story.assessed(probability=0.01)
    row = await application(alone)
    assert (row.state, row.decided_on) == ("APPROVED", TODAY)
    assert await tasks(alone) == []
    referred = await story.assessed(probability=0.2)
    assert await tasks(referred) == [(1, 1, "PENDING")]
    await band.delete()
    await PolicyRule.filter(citation="test").update(
        effective_from=dt.date(2026, 1, 14), effective_to=dt.date(2026, 1, 15)
    )
    assert await codes(await story.assessed(probability=0.01)) == ["PD_REFER"]
    await PolicyRule.filter(citation="test").update(effective_to=dt.date(2026, 1, 14))
    assert await codes(await story.assessed(probability=0.2)) == []
    await PolicyRule.filter(citation="test").delete()
    await PolicyRule.filter(profile="GENERIC").update(effective_from=dt.date(2030, 1, 1))
    assert await codes(await story.assessed(probability=0.01)) == ["POLICY_MISSING"]
    await ApprovalAuthority.filter(profile="GENERIC").delete()
    application_id = await story.draft()
    with pytest.raises(Refused) as refused:
        await story.submit(application_id)
    assert said(refused.value) == {("", "UNAVAILABLE")}
    assert (await application(application_id)).state == "DRAFT"
    found = await rows(
        "SELECT COUNT(*) AS n FROM risk_decision WHERE application_id = %s", [application_id]
    )
    assert found[0]["n"] == 0
