"""Each kind of change, on both databases: what it writes, what it refuses, what stays as it was."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from domain import db
from domain.models.records import PolicyValue
from domain.models.reference import BenchmarkRate, PostingProfile
from domain.models.risk.decision import PolicyRule
from domain.operations.changes.kind import Kind
from domain.operations.changes.kinds.benchmark_rate import BENCHMARK_RATE, BenchmarkFixing
from domain.operations.changes.kinds.policy_rule import POLICY_RULE, PolicyRuleChange
from domain.operations.changes.kinds.policy_value import POLICY_VALUE, PolicyValueChange
from domain.operations.changes.kinds.posting_profile import POSTING_PROFILE, PostingLine
from domain.operations.lending.advance_business_date import advance_business_date
from domain.queries.lending.own_accounts import own_accounts
from domain.queries.policy import policy_value
from domain.queries.risk.policy_rules import rules_in_force
from domain.rules.lending.borrower import Profile
from domain.rules.lending.posting_profile import OwnAccount
from domain.rules.lending.postings import CHART
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.risk.policy import Outcome
from tests.changes import approve, found, propose
from tests.conftest import FIRST_DAY
from tests.lender import Lender, key

DAY = dt.timedelta(days=1)
TOMORROW = FIRST_DAY + DAY

VALUE = PolicyValueChange(
    profile=Profile.GENERIC,
    name="draft_validity_days",
    value="90",
    effective_from=TOMORROW,
    citation="Board 2026-01",
    confirmed=True,
)
RULE = PolicyRuleChange(
    profile=Profile.GENERIC,
    code="PD_REFER",
    condition="PD_AT_LEAST",
    threshold="0.10",
    outcome=Outcome.REFER,
    effective_from=TOMORROW,
    effective_to=None,
    citation="Board 2026-01",
    confirmed=True,
    text_zh="违约概率偏高。",
    text_en="The probability of default is high.",
)
FIXING = BenchmarkFixing(
    name="LPR",
    tenor="1Y",
    published_on=FIRST_DAY - DAY,
    rate=Decimal("0.0295"),
    citation="chinamoney.com.cn",
    confirmed=True,
)
LINE = PostingLine(
    role="PENALTY_INCOME",
    account_code="5001.02",
    name_zh="罚息收入",
    name_en="Default interest",
    effective_from=TOMORROW,
)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (POLICY_VALUE, VALUE),
        (POLICY_RULE, RULE),
        (BENCHMARK_RATE, FIXING),
        (POSTING_PROFILE, LINE),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_a_payload_is_read_as_it_was_written(kind: Kind[Any], payload: Any) -> None:
    text = kind.write(payload)
    assert kind.read(text) == payload
    assert kind.write(kind.read(text)) == text
    with pytest.raises(ValueError, match="validation error"):
        kind.read('{"other":1}')


# Policy


async def test_a_policy_value_is_added_for_later_and_the_old_one_stays(lender: Lender) -> None:
    await approve(lender.approver, await propose(lender.risk_officer, POLICY_VALUE, VALUE))
    for day, value in ((FIRST_DAY, "180"), (TOMORROW, "90")):
        found_value = await policy_value(VALUE.name, profile=Profile.GENERIC, on=day)
        assert found_value == value
    assert await policy_value(VALUE.name, profile=Profile.CN, on=TOMORROW) == "180"
    # The same date again, and whatever is in effect.
    for changes, path, code in (
        ({"value": "60"}, "effectiveFrom", ErrorCode.DUPLICATE),
        ({"effective_from": FIRST_DAY}, "effectiveFrom", ErrorCode.DATE_OUT_OF_RANGE),
        ({"effective_from": FIRST_DAY - DAY}, "effectiveFrom", ErrorCode.DATE_OUT_OF_RANGE),
        ({"name": "draft_days"}, "name", ErrorCode.NOT_FOUND),
        ({"value": "soon", "effective_from": TOMORROW + DAY}, "value", ErrorCode.INVALID_VALUE),
        ({"citation": "", "effective_from": TOMORROW + DAY}, "citation", ErrorCode.REQUIRED),
    ):
        with pytest.raises(Refused) as refused:
            await propose(lender.risk_officer, POLICY_VALUE, replace(VALUE, **changes))
        assert found(refused) == {f"content.policyValue.{path}": code}
    assert await PolicyValue.filter(profile=Profile.GENERIC, name=VALUE.name).count() == 2


async def test_a_master_scale_keeps_the_grades_of_the_approval_matrix(lender: Lender) -> None:
    scale = replace(VALUE, name="master_scale", value="A1:0.01,C1:0.1,D:1")
    await propose(lender.risk_officer, POLICY_VALUE, scale)
    for value in ("A1:0.01,D:1", "A1:0.02,C1:0.01,D:1"):
        with pytest.raises(Refused) as refused:
            await propose(lender.risk_officer, POLICY_VALUE, replace(scale, value=value))
        assert found(refused) == {"content.policyValue.value": ErrorCode.INVALID_VALUE}


@pytest.mark.parametrize(
    "table",
    ["policy_value", "policy_rule", "benchmark_rate", "exchange_rate", "posting_profile"],
)
async def test_the_database_keeps_what_was_written(lender: Lender, table: str) -> None:
    if table == "exchange_rate":
        await db.execute(
            "INSERT INTO exchange_rate (base, quote, quoted_on, rate, citation, created_at) "
            "VALUES ('USD', 'CZK', '2026-01-01', '20.5', 'test', '2026-01-01 00:00:00')"
        )
    before = await db.rows(f"SELECT * FROM {table}")
    assert before
    for statement in (f"UPDATE {table} SET id = id + 1000000", f"DELETE FROM {table}"):
        with pytest.raises((IntegrityError, OperationalError)):
            await db.execute(statement)
    assert await db.rows(f"SELECT * FROM {table}") == before


async def test_a_policy_rule_is_added_and_ended(lender: Lender) -> None:
    await approve(lender.approver, await propose(lender.risk_officer, POLICY_RULE, RULE))
    later = TOMORROW + 10 * DAY
    ended = replace(RULE, effective_from=later, effective_to=later)
    await approve(lender.approver, await propose(lender.risk_officer, POLICY_RULE, ended))

    async def threshold(day: dt.date) -> str | None:
        rules = await rules_in_force(profile=Profile.GENERIC, on=day)
        return next((rule.threshold for rule in rules if rule.code == RULE.code), None)

    assert await threshold(FIRST_DAY) == "0.12"
    assert await threshold(TOMORROW) == "0.10"
    assert await threshold(later + DAY) is None
    rows = await PolicyRule.all().count()
    for changes, mistakes in (
        ({"threshold": "0.11"}, {"effectiveFrom": ErrorCode.DUPLICATE}),
        ({"effective_from": FIRST_DAY}, {"effectiveFrom": ErrorCode.DATE_OUT_OF_RANGE}),
        (
            {"effective_from": later + DAY, "effective_to": later},
            {"effectiveTo": ErrorCode.DATE_OUT_OF_RANGE},
        ),
        (
            {"effective_from": later + DAY, "condition": "PD_ABOVE"},
            {"condition": ErrorCode.INVALID_VALUE},
        ),
        (
            {"effective_from": later + DAY, "threshold": "high"},
            {"threshold": ErrorCode.INVALID_VALUE},
        ),
    ):
        with pytest.raises(Refused) as refused:
            await propose(lender.risk_officer, POLICY_RULE, replace(RULE, **changes))
        wanted = {f"content.policyRule.{path}": code for path, code in mistakes.items()}
        assert found(refused) == wanted
    assert await PolicyRule.all().count() == rows


# Reference data


async def test_the_seeded_fixings_are_there_and_unconfirmed(lender: Lender) -> None:
    seeded = await BenchmarkRate.filter(name="LPR", published_on__lte=dt.date(2025, 12, 31))
    assert len(seeded) == 30
    assert {row.tenor for row in seeded} == {"1Y", "5Y"}
    assert not any(row.confirmed for row in seeded)
    assert all(Decimal("0.02") < Decimal(row.rate) < Decimal("0.05") for row in seeded)


async def test_a_fixing_follows_the_last_one(lender: Lender) -> None:
    await approve(lender.accountant, await propose(lender.operator, BENCHMARK_RATE, FIXING))
    row = await BenchmarkRate.get(name="LPR", tenor="1Y", published_on=FIXING.published_on)
    assert (Decimal(row.rate), row.confirmed) == (Decimal("0.0295"), True)
    for changes, path, code in (
        ({}, "publishedOn", ErrorCode.DUPLICATE),
        ({"published_on": dt.date(2025, 12, 22)}, "publishedOn", ErrorCode.DATE_OUT_OF_RANGE),
        ({"published_on": TOMORROW}, "publishedOn", ErrorCode.DATE_OUT_OF_RANGE),
        ({"tenor": "1W"}, "tenor", ErrorCode.INVALID_VALUE),
        ({"name": "SHIBOR", "rate": Decimal("2.95")}, "rate", ErrorCode.OUT_OF_RANGE),
    ):
        with pytest.raises(Refused) as refused:
            await propose(lender.operator, BENCHMARK_RATE, replace(FIXING, **changes))
        assert found(refused) == {f"content.benchmarkRate.{path}": code}


async def test_the_posting_profile_is_seeded_and_changed_for_later(lender: Lender) -> None:
    seeded = {row.role: (row.account_code, row.name_en) for row in await PostingProfile.all()}
    assert seeded["INTEREST_INCOME"] == ("6011", "Interest income")
    assert len(seeded) == len(CHART)
    await approve(lender.risk_officer, await propose(lender.accountant, POSTING_PROFILE, LINE))
    own = {day: (await own_accounts(day))["6012"] for day in (FIRST_DAY, TOMORROW)}
    assert own[FIRST_DAY].code == "6012"
    assert own[TOMORROW] == OwnAccount(
        code="5001.02", name_zh="罚息收入", name_en="Default interest"
    )
    later = {"effective_from": TOMORROW + DAY}
    for changes, path, code in (
        ({}, "effectiveFrom", ErrorCode.DUPLICATE),
        ({"effective_from": FIRST_DAY}, "effectiveFrom", ErrorCode.DATE_OUT_OF_RANGE),
        ({"role": "LUNCH"}, "role", ErrorCode.INVALID_VALUE),
        ({"account_code": "60 12", **later}, "accountCode", ErrorCode.INVALID_VALUE),
        ({"name_zh": " ", **later}, "nameZh", ErrorCode.INVALID_VALUE),
        ({"role": "BANK", **later}, "accountCode", ErrorCode.INVALID_VALUE),
        (
            {"role": "INTEREST_INCOME", "name_en": "Other", **later},
            "nameEn",
            ErrorCode.INVALID_VALUE,
        ),
    ):
        with pytest.raises(Refused) as refused:
            await propose(lender.accountant, POSTING_PROFILE, replace(LINE, **changes))
        assert found(refused) == {f"content.postingProfile.{path}": code}


async def test_the_day_came_before_the_approval(lender: Lender) -> None:
    """Kept last: the business date moves past what was proposed for then."""
    day = FIRST_DAY + 5 * DAY
    requests = [
        (lender.approver, await propose(actor, kind, payload))
        for actor, kind, payload in (
            (lender.risk_officer, POLICY_VALUE, replace(VALUE, effective_from=day)),
            (lender.risk_officer, POLICY_RULE, replace(RULE, effective_from=day)),
        )
    ]
    line = replace(LINE, effective_from=day)
    change = await propose(lender.accountant, POSTING_PROFILE, line)
    requests.append((lender.risk_officer, change))
    await advance_business_date(actor=lender.operator, key=key(), to=day)
    for actor, change in requests:
        with pytest.raises(Refused) as refused:
            await approve(actor, change)
        assert found(refused) == {"id": ErrorCode.DATE_OUT_OF_RANGE}
    assert not await PolicyValue.exists(effective_from=day)
    assert not await PolicyRule.exists(effective_from=day)
    assert not await PostingProfile.exists(effective_from=day)
