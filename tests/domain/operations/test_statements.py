"""Financial statements: recorded whole or refused whole, versioned, seen only by whom they may."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from api.errors import present
from api.graphql.context import Context
from api.graphql.ids import global_id
from api.graphql.schema import get_schema
from domain.actor import Actor
from domain.models.lending.borrower import FinancialStatement
from domain.models.records import AuditEntry, OutboxEvent
from domain.models.staff import BorrowerUser
from domain.operations.lending.record_statement import StatementForm, record_statement
from domain.queries.actors import load_actor
from domain.queries.risk.case_facts import latest_statements
from domain.rules.lending.financial_statement import AMOUNTS, StatementAmounts, camel
from domain.rules.refusal import ErrorCode, Refused
from tests.lender import Lender, key

# The first vector of docs/domain.md §3, in CNY 10,000, with a balance sheet around it.
VECTOR = StatementAmounts(
    revenue=Decimal("12000.00"),
    cost_of_sales=Decimal("9600.00"),
    profit=Decimal("720.00"),
    inventory_opening=Decimal("1500.00"),
    inventory_closing=Decimal("1700.00"),
    receivables_opening=Decimal("1900.00"),
    receivables_closing=Decimal("2100.00"),
    prepayments_opening=Decimal("400.00"),
    prepayments_closing=Decimal("400.00"),
    payables_opening=Decimal("1200.00"),
    payables_closing=Decimal("1200.00"),
    advance_receipts_opening=Decimal("150.00"),
    advance_receipts_closing=Decimal("250.00"),
    current_assets=Decimal("5000.00"),
    total_assets=Decimal("8000.00"),
    current_liabilities=Decimal("2500.00"),
    total_liabilities=Decimal("4000.00"),
    equity=Decimal("4000.00"),
)


def statement(borrower_id: int, **changes: Any) -> StatementForm:
    amounts = {name: changes.pop(name) for name in AMOUNTS if name in changes}
    form = StatementForm(
        borrower_id=borrower_id,
        period_start=dt.date(2025, 1, 1),
        period_end=dt.date(2025, 12, 31),
        currency="CNY",
        amounts=replace(VECTOR, **amounts),
    )
    return replace(form, **changes)


async def record(actor: Actor, form: StatementForm) -> FinancialStatement:
    done = await record_statement(actor=actor, key=key(), statement=form)
    return await FinancialStatement.get(id=done["statement"])


async def refused(actor: Actor, form: StatementForm) -> dict[str, ErrorCode]:
    """Path → code; nothing may have been written."""
    before = await FinancialStatement.all().count(), await OutboxEvent.all().count()
    with pytest.raises(Refused) as refusal:
        await record_statement(actor=actor, key=key(), statement=form)
    assert (await FinancialStatement.all().count(), await OutboxEvent.all().count()) == before
    assert all(problem.en and problem.zh for problem in refusal.value.problems)
    return {".".join(problem.path): problem.code for problem in refusal.value.problems}


async def test_a_statement_is_recorded_in_minor_units_and_audited(lender: Lender) -> None:
    borrower = await lender.borrower()
    row = await record(lender.relationship_manager, statement(borrower))
    assert row.version == 1
    for name in AMOUNTS:
        assert getattr(row, name) == int(getattr(VECTOR, name) * 100)
    entry = await AuditEntry.filter(action="recordFinancialStatement").order_by("-id").first()
    assert entry is not None
    assert (entry.noun, entry.noun_id, entry.outcome) == ("FinancialStatement", row.id, "DONE")
    assert await OutboxEvent.exists(kind="statement.recorded", noun_id=row.id)
    latest, _ = await latest_statements(borrower, on=dt.date(2026, 1, 15))
    assert latest is not None
    assert (latest.average_inventory, latest.average_receivables) == (1600_00, 2000_00)


async def test_a_correction_is_the_next_version_and_keeps_the_first(lender: Lender) -> None:
    borrower = await lender.borrower()
    first = await record(lender.relationship_manager, statement(borrower))
    second = await record(
        lender.relationship_manager, statement(borrower, profit=Decimal("-15.50"))
    )
    other_year = await record(
        lender.relationship_manager,
        statement(borrower, period_start=dt.date(2024, 1, 1), period_end=dt.date(2024, 12, 31)),
    )
    assert (first.version, second.version, other_year.version) == (1, 2, 1)
    assert second.profit == -15_50
    assert (await FinancialStatement.get(id=first.id)).profit == 720_00
    latest, before = await latest_statements(borrower, on=dt.date(2026, 1, 15))
    assert latest is not None
    assert before is not None
    assert (latest.profit, before.period_end) == (-15_50, dt.date(2024, 12, 31))


async def test_two_at_once_are_two_versions_and_one_key_is_one(lender: Lender) -> None:
    borrower = await lender.borrower()
    form, same = statement(borrower), key()
    manager = lender.relationship_manager
    await asyncio.gather(
        *(record_statement(actor=manager, key=key(), statement=form) for _ in range(4)),
        *(record_statement(actor=manager, key=same, statement=form) for _ in range(3)),
    )
    rows = await FinancialStatement.filter(borrower_id=borrower).order_by("version")
    assert [row.version for row in rows] == [1, 2, 3, 4, 5]


async def test_all_mistakes_come_together(lender: Lender) -> None:
    form = statement(
        await lender.borrower(),
        period_end=dt.date(2026, 1, 16),
        revenue=Decimal("-1.00"),
        payables_opening=Decimal("1.005"),
        inventory_closing=Decimal("4000.00"),
        equity=Decimal("4000.01"),
    )
    assert await refused(lender.relationship_manager, form) == {
        "periodEnd": ErrorCode.DATE_OUT_OF_RANGE,
        "revenue": ErrorCode.OUT_OF_RANGE,
        "payablesOpening": ErrorCode.WRONG_SCALE,
        "currentAssets": ErrorCode.OUT_OF_RANGE,
        "totalAssets": ErrorCode.INVALID_VALUE,
    }


@pytest.mark.parametrize("name", [n for n in AMOUNTS if n not in ("profit", "equity")])
async def test_no_amount_but_profit_and_equity_may_be_negative(lender: Lender, name: str) -> None:
    form = statement(await lender.borrower(), **{name: Decimal("-0.01")})
    found = await refused(lender.relationship_manager, form)
    assert found[camel(name)] is ErrorCode.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"currency": "XYZ"}, "currency"),
        ({"period_start": dt.date(2025, 7, 1)}, "periodStart"),
        ({"period_start": dt.date(2024, 1, 1)}, "periodStart"),
        ({"period_start": dt.date(2026, 1, 1)}, "periodStart"),
        ({"period_start": dt.date(2014, 1, 1), "period_end": dt.date(2014, 12, 31)}, "periodEnd"),
        ({"period_start": dt.date(2025, 1, 17), "period_end": dt.date(2026, 1, 16)}, "periodEnd"),
        ({"current_assets": Decimal("8000.01")}, "totalAssets"),
        ({"current_liabilities": Decimal("4000.01")}, "totalLiabilities"),
        ({"payables_closing": Decimal("2250.01")}, "currentLiabilities"),
        ({"total_liabilities": Decimal("4000.01")}, "totalAssets"),
    ],
)
async def test_what_cannot_be_is_refused(
    lender: Lender, changes: dict[str, Any], path: str
) -> None:
    assert set(await refused(lender.relationship_manager, statement(1, **changes))) == {path}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (dt.date(2024, 1, 1), dt.date(2024, 12, 31)),  # a leap year
        (dt.date(2025, 1, 16), dt.date(2026, 1, 15)),  # ends on the business date
        (dt.date(2024, 12, 29), dt.date(2025, 12, 27)),  # 52 weeks
        (dt.date(2024, 12, 29), dt.date(2026, 1, 3)),  # 53 weeks
    ],
)
async def test_a_year_may_be_any_year(lender: Lender, start: dt.date, end: dt.date) -> None:
    form = statement(await lender.borrower(), period_start=start, period_end=end)
    assert (await record(lender.relationship_manager, form)).period_end == end


async def test_losses_and_negative_equity_are_facts(lender: Lender) -> None:
    form = statement(
        await lender.borrower(),
        profit=Decimal("-20000.00"),
        total_liabilities=Decimal("9000.00"),
        equity=Decimal("-1000.00"),
    )
    assert (await record(lender.relationship_manager, form)).equity == -1000_00


async def own_user(borrower_id: int, subject: str) -> Actor:
    await BorrowerUser.create(subject=subject, name="User", borrower_id=borrower_id)
    actor = await load_actor(subject)
    assert actor is not None
    return actor


async def test_only_the_borrower_and_its_manager_record_and_see_it(lender: Lender) -> None:
    borrower = await lender.borrower()
    own = await own_user(borrower, f"own-{key()}")
    stranger = await own_user(await lender.borrower(), f"stranger-{key()}")
    await record(own, statement(borrower))
    for actor in (stranger, lender.manager2):
        assert await refused(actor, statement(borrower)) == {"borrowerId": ErrorCode.NOT_FOUND}
    for actor in (lender.approver, lender.cashier, lender.auditor, lender.admin):
        assert await refused(actor, statement(borrower)) == {"": ErrorCode.NOT_PERMITTED}
    id = global_id("Borrower", borrower)
    for actor, count in (
        (own, 1),
        (lender.relationship_manager, 1),
        (lender.risk_officer, 1),
        (stranger, 0),
        (lender.manager2, 0),
    ):
        answered = await ask(actor, LIST, {"borrower": id})
        assert answered["financialStatements"]["totalCount"] == count


LIST = """query($borrower: ID!, $all: Boolean! = false) {
  financialStatements(borrowerId: $borrower, allVersions: $all) { totalCount edges { node {
    id version periodStart periodEnd currency revenue equity profitMargin currentRatio debtRatio
    inventoryDays receivableDays prepaymentDays payableDays advanceReceiptDays createdAt
    borrower { id } } } } }"""
RECORD = """mutation($input: RecordFinancialStatementInput!) {
  recordFinancialStatement(input: $input) { replayed errors { code message path }
    statement { id version revenue profitMargin borrower { id } } } }"""


async def ask(actor: Actor, query: str, variables: dict[str, Any]) -> Any:
    answered = await get_schema().execute(
        query, variable_values=variables, context_value=Context(actor, "zh")
    )
    assert answered.errors is None, [present(error, "en") for error in answered.errors]
    return answered.data


async def test_recorded_and_listed_through_the_api_with_ratios_worked_out(lender: Lender) -> None:
    borrower = global_id("Borrower", await lender.borrower())
    form = {
        "idempotencyKey": key(),
        "borrowerId": borrower,
        "periodStart": "2025-01-01",
        "periodEnd": "2025-12-31",
        **{camel(name): str(getattr(VECTOR, name)) for name in AMOUNTS},
    }
    manager = lender.relationship_manager
    done = (await ask(manager, RECORD, {"input": form}))["recordFinancialStatement"]
    assert done["errors"] == []
    assert done["statement"]["revenue"] == "12000.00"
    assert done["statement"]["profitMargin"] == "0.060000"
    again = (await ask(manager, RECORD, {"input": form}))["recordFinancialStatement"]
    assert again["replayed"]
    assert again["statement"] == done["statement"]
    wrong = {**form, "idempotencyKey": key(), "equity": "1.00", "revenue": "-1"}
    done = (await ask(manager, RECORD, {"input": wrong}))["recordFinancialStatement"]
    assert done["statement"] is None
    assert {error["path"][0] for error in done["errors"]} == {"totalAssets", "revenue"}
    assert "资产总计须等于" in "".join(error["message"] for error in done["errors"])
    wrong = {**form, "idempotencyKey": key(), "revenue": "0.00"}
    await ask(manager, RECORD, {"input": wrong})

    listed = (await ask(manager, LIST, {"borrower": borrower, "all": True}))["financialStatements"]
    latest, first = (edge["node"] for edge in listed["edges"])
    assert (latest["version"], first["version"]) == (2, 1)
    assert (latest["profitMargin"], latest["receivableDays"]) == (None, None)
    days = ("inventory", "receivable", "payable", "prepayment", "advanceReceipt")
    # docs/domain.md §3 gives 60/60/45/15/6 for this company.
    assert [first[f"{name}Days"] for name in days] == [60, 60, 45, 15, 6]
    assert (first["currentRatio"], first["debtRatio"]) == ("2.000000", "0.500000")
    assert first["borrower"]["id"] == borrower
    listed = (await ask(manager, LIST, {"borrower": borrower}))["financialStatements"]
    assert [edge["node"]["version"] for edge in listed["edges"]] == [2]
