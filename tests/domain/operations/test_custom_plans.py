"""A custom plan comes with the drawdown and becomes the loan's schedule: on SQLite and MariaDB."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from domain import db
from domain.models.lending.contract import Drawdown, LoanContract
from domain.models.lending.loan import Installment, Loan
from domain.operations.lending.advance_business_date import advance_business_date
from domain.operations.lending.change_terms import TermsChange, extend_loan, restructure_loan
from domain.operations.lending.disburse_drawdown import disburse_drawdown
from domain.operations.lending.drawdown_plan import PlanLine
from domain.operations.lending.repay_loan import Payment, repay_loan
from domain.operations.lending.request_drawdown import DrawdownRequest, request_drawdown
from domain.operations.lending.verify_books import verify_books
from domain.queries.business_date import business_date
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.states import PaymentMethod
from domain.rules.refusal import ErrorCode, Refused
from tests.books import books_hold
from tests.lender import Lender, key


@pytest.fixture(scope="module")
async def planning(lender: Lender) -> Lender:
    """A lender whose loans are repaid by custom plans."""
    await db.execute("UPDATE loan_product SET method = 'CUSTOM_PLAN' WHERE code = 'USD-LEVEL'")
    return lender


async def signed(lender: Lender) -> LoanContract:
    return await lender.signed_contract(await lender.facility())


async def request(
    lender: Lender,
    contract: LoanContract,
    *plan: PlanLine,
    installments: int | None = None,
    call: str = "",
) -> int:
    asked = DrawdownRequest(
        contract_id=contract.id,
        amount=Decimal(contract.amount) / 100,
        installments=installments,
        payment_method=PaymentMethod.SELF,
        plan=plan,
    )
    done = await request_drawdown(
        actor=lender.relationship_manager, key=call or key(), request=asked
    )
    return done["drawdown"]


async def rows_of(loan_id: int) -> list[tuple[dt.date, int]]:
    found = await Installment.filter(loan_id=loan_id).order_by("number")
    return [(row.due_date, row.principal) for row in found]


async def proved(loan_id: int) -> None:
    await books_hold(loan_id)
    assert (await verify_books(deep=True)).faults == []


async def test_a_plan_becomes_the_schedule_and_is_lived_by(planning: Lender) -> None:
    contract = await signed(planning)
    today, whole = await business_date(), contract.amount
    days = [today + dt.timedelta(days=count) for count in (40, 70, 95)]
    plan = (
        PlanLine(due_date=days[0], principal=Decimal("100.00")),
        PlanLine(due_date=days[1], principal=Decimal(0)),
        PlanLine(due_date=days[2]),
    )
    call = key()
    drawdown_id = await request(planning, contract, *plan, call=call)
    assert await request(planning, contract, *plan, call=call) == drawdown_id
    drawdown = await Drawdown.get(id=drawdown_id)
    assert (drawdown.installments, len(drawdown.plan)) == (3, 3)

    done = await disburse_drawdown(actor=planning.cashier, key=key(), drawdown_id=drawdown_id)
    loan = await Loan.get(id=done["loan"])
    assert await rows_of(loan.id) == list(zip(days, (100_00, 0, whole - 100_00), strict=True))
    assert (loan.maturity_date, loan.installment_count) == (days[2], 3)
    await proved(loan.id)

    # A payment dated back replays the loan by its plan.
    to = days[0] + dt.timedelta(days=2)
    await advance_business_date(actor=planning.operator, key=key(), to=to)
    late = Payment(loan_id=loan.id, amount=Decimal("100.00"), value_date=days[0])
    await repay_loan(actor=planning.cashier, key=key(), payment=late)
    await proved(loan.id)

    more = TermsChange(loan_id=loan.id, reason="slow season", periods=1, consent="G-1")
    await extend_loan(actor=planning.approver, key=key(), change=more)
    assert [principal for _, principal in await rows_of(loan.id)] == [100_00, 0, 0, whole - 100_00]
    await proved(loan.id)

    level = RepaymentMethod.EQUAL_PRINCIPAL
    anew = TermsChange(loan_id=loan.id, reason="in difficulty", periods=2, method=level)
    await restructure_loan(actor=planning.approver, key=key(), change=anew)
    await proved(loan.id)


async def test_what_is_wrong_with_a_plan_is_said_by_row(planning: Lender) -> None:
    contract = await signed(planning)
    today = await business_date()
    soon, later = today + dt.timedelta(days=30), today + dt.timedelta(days=60)
    too_much = Decimal(contract.amount) / 100 + 1
    beyond = contract.ends_on + dt.timedelta(days=1)
    rows = [PlanLine(due_date=soon, principal=Decimal(1)), PlanLine(due_date=later)]
    many = [
        PlanLine(due_date=today + dt.timedelta(days=place + 1), principal=Decimal(1))
        for place in range(contract.installments + 1)
    ]
    for plan, path in (
        ([], "plan"),
        (many, "plan"),
        ([PlanLine(due_date=soon, principal=too_much), *rows[1:]], "plan.0.principal"),
        ([PlanLine(due_date=soon, principal=Decimal("0.001")), *rows[1:]], "plan.0.principal"),
        ([PlanLine(due_date=soon, total=Decimal(0)), *rows[1:]], "plan.0.total"),
        ([PlanLine(due_date=today), *rows[1:]], "plan.0.dueDate"),
        ([rows[0], PlanLine(due_date=beyond)], "plan.1.dueDate"),
        ([PlanLine(due_date=soon, principal=too_much - 1), *rows[1:]], "plan.1"),
    ):
        with pytest.raises(Refused) as refused:
            await request(planning, contract, *plan)
        assert path in {".".join(problem.path) for problem in refused.value.problems}
    with pytest.raises(Refused) as refused:
        await request(planning, contract, *rows, installments=1)
    assert [problem.path for problem in refused.value.problems] == [("installments",)]
    assert not await Drawdown.filter(contract_id=contract.id).exists()


async def test_a_plan_that_the_day_has_overtaken_is_not_paid_out(planning: Lender) -> None:
    contract = await signed(planning)
    first = await business_date() + dt.timedelta(days=1)
    plan = (
        PlanLine(due_date=first, principal=Decimal(1)),
        PlanLine(due_date=first + dt.timedelta(days=20)),
    )
    drawdown_id = await request(planning, contract, *plan)
    await advance_business_date(actor=planning.operator, key=key(), to=first)
    with pytest.raises(Refused) as refused:
        await disburse_drawdown(actor=planning.cashier, key=key(), drawdown_id=drawdown_id)
    (problem,) = refused.value.problems
    assert (problem.code, problem.path) == (ErrorCode.ILLEGAL_STATE, ("drawdownId",))
    assert not await Loan.filter(drawdown_id=drawdown_id).exists()


async def test_another_contract_takes_no_plan(planning: Lender) -> None:
    await db.execute("UPDATE loan_product SET method = 'EQUAL_PRINCIPAL' WHERE code = 'USD-LEVEL'")
    contract = await signed(planning)
    line = PlanLine(due_date=await business_date() + dt.timedelta(days=9))
    with pytest.raises(Refused) as refused:
        await request(planning, contract, line)
    assert [problem.path for problem in refused.value.problems] == [("plan",)]
