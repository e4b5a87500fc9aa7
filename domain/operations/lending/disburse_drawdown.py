"""Disburse a drawdown: the loan, its schedule and its postings begin to exist."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from domain.actor import Actor, ActorKind
from domain.db import execute
from domain.models.lending.application import ApprovalTask, LoanApplication
from domain.models.lending.contract import Disbursement, Drawdown, LoanContract
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan import Installment, Loan
from domain.models.lending.loan_terms import schedule_terms
from domain.models.lending.product import LoanProduct
from domain.models.staff import CaseAssignment
from domain.operations.lending.order_payment import order_disbursement
from domain.operations.lending.post import Posting, post
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import held_business_date
from domain.queries.lending.benchmarks import business_calendar, fixing_on
from domain.queries.lending.find import find_drawdown, find_facility
from domain.queries.policy import policy_value
from domain.queries.risk.involvement import involved_people
from domain.rules.lending.benchmark import RepricingRule, reset_dates
from domain.rules.lending.business_days import RollConvention
from domain.rules.lending.limits import facility_usable
from domain.rules.lending.overdue import penalty_rate
from domain.rules.lending.postings import Account, Event
from domain.rules.lending.schedule import ScheduleRow, build_schedule
from domain.rules.lending.servicing.position import moved, position
from domain.rules.lending.states import (
    DRAWDOWN,
    DRAWDOWN_MOVES,
    DrawdownState,
    FacilityState,
    LoanState,
)
from domain.rules.refusal import ErrorCode, Problem, Refused, refuse_if
from domain.rules.separation import refuse_same_person
from domain.rules.states import move


async def disburse_drawdown(*, actor: Actor, key: str, drawdown_id: int) -> Done:
    """Pay a REQUESTED drawdown out, as a person who neither asked for nor approved it.

    Reserved turns into used, the loan becomes ACTIVE with its schedule from today, and the books
    show the money out. Result: `drawdown`, `loan`, `facility`. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        today = await held_business_date()
        seen = await find_drawdown(actor, drawdown_id)
        facility = await find_facility(actor, seen.facility_id, lock=True)
        drawdown = await find_drawdown(actor, drawdown_id, lock=True)
        move(DRAWDOWN_MOVES, DRAWDOWN, DrawdownState(drawdown.state), DrawdownState.DISBURSED)
        refuse_if(
            facility_usable(
                FacilityState(facility.state), expires_on=facility.expires_on, today=today
            )
        )
        contract = await LoanContract.get(id=drawdown.contract_id)
        await _refuse_two_sides(actor, drawdown, contract, facility)
        loan, schedule = await _create_loan(drawdown, contract, today=today)
        await execute(
            "UPDATE credit_facility SET reserved = reserved - %s, used = used + %s WHERE id = %s",
            [drawdown.amount, drawdown.amount, facility.id],
        )
        drawdown.state = DrawdownState.DISBURSED
        await drawdown.save(update_fields=["state"])
        disbursement = await _pay_out(actor, drawdown, loan, today=today)
        await order_disbursement(step, actor, disbursement, drawdown, loan)
        step.changed(
            "Drawdown",
            drawdown.id,
            before={"state": DrawdownState.REQUESTED},
            after={"state": drawdown.state},
            event="drawdown.disbursed",
        )
        step.changed(
            "Loan",
            loan.id,
            after={
                "state": loan.state,
                "principal": loan.principal,
                "currency": loan.currency,
                "installments": len(schedule),
                "maturityDate": loan.maturity_date,
            },
            event="loan.activated",
        )
        return {"drawdown": drawdown.id, "loan": loan.id, "facility": facility.id}

    return await perform(
        actor=actor,
        action="disburseDrawdown",
        key=key,
        arguments={"drawdown": drawdown_id},
        work=work,
    )


async def _refuse_two_sides(
    actor: Actor, drawdown: Drawdown, contract: LoanContract, facility: CreditFacility
) -> None:
    """Refuse whoever stood on another side of the case, in whatever role the person had then."""
    if drawdown.requested_by_kind == ActorKind.EMPLOYEE:
        refuse_same_person(actor.id, drawdown.requested_by_id, ("requested", "提出"))
    refuse_same_person(actor.id, contract.officer_id, ("handled", "经办"))
    refuse_same_person(actor.id, contract.prepared_by_id, ("prepared the contract of", "起草"))
    refuse_same_person(actor.id, facility.activated_by_id, ("activated the limit of", "启用额度"))
    application = await LoanApplication.get(id=contract.application_id)
    for involvement in await involved_people(application):
        refuse_same_person(actor.id, involvement.person, involvement.did)
    for task in await ApprovalTask.filter(application_id=application.id):
        refuse_same_person(actor.id, task.decided_by_id, ("decided on", "审批"))


async def _create_loan(
    drawdown: Drawdown, contract: LoanContract, *, today: dt.date
) -> tuple[Loan, tuple[ScheduleRow, ...]]:
    product = await LoanProduct.get(id=contract.product_id)
    rate = Decimal(contract.annual_rate)
    loan = Loan(
        contract_id=contract.id,
        drawdown_id=drawdown.id,
        facility_id=drawdown.facility_id,
        borrower_id=drawdown.borrower_id,
        product_id=product.id,
        branch_id=drawdown.branch_id,
        officer_id=contract.officer_id,
        state=LoanState.ACTIVE,
        currency=drawdown.currency,
        principal=drawdown.amount,
        annual_rate=rate,
        penalty_rate=penalty_rate(
            contract_rate=rate, overdue_markup=Decimal(product.penalty_markup)
        ),
        penalty_grace_days=product.penalty_grace_days,
        compound_basis=product.compound_basis,
        method=contract.method,
        day_count=product.day_count,
        rounding=product.rounding,
        period_unit=product.period_unit,
        every=product.every,
        settlement_day=product.settlement_day,
        installment_count=drawdown.installments,
        allocation=product.allocation,
        profile=product.profile,
        current_method=contract.method,
        non_accrual_beyond_days=int(await _policy("non_accrual_beyond_days", product, today)),
        cure_days=int(await _policy("cure_days", product, today)),
        prepayment_fee_rate=Decimal(await _policy("prepayment_fee_rate", product, today)),
        limit_used=drawdown.amount,
        start_date=today,
        maturity_date=today,
        accrued_through=today,
        principal_outstanding=drawdown.amount,
    )
    terms = replace(
        schedule_terms(loan),
        roll=RollConvention(product.roll),
        calendar=await business_calendar(product.calendar),
    )
    schedule = build_schedule(terms)
    loan.maturity_date = schedule[-1].due_date
    if product.benchmark:
        await _tie_to_benchmark(loan, product)
    refuse_if(_maturity_problems(loan, contract))
    loan.next_due_date = next(row.due_date for row in schedule if row.due)
    await loan.save()
    await Installment.bulk_create(
        [
            Installment(
                loan_id=loan.id,
                number=row.number,
                currency=loan.currency,
                start_date=row.start_date,
                end_date=row.end_date,
                due_date=row.due_date,
                days=row.days,
                opening=row.opening,
                principal=row.principal,
                interest=row.interest,
            )
            for row in schedule
        ]
    )
    return loan, schedule


async def _tie_to_benchmark(loan: Loan, product: LoanProduct) -> None:
    """Keep how the loan's rate follows a benchmark: the spread is what was agreed above it."""
    fixing = await fixing_on(product.benchmark, product.benchmark_tenor, loan.start_date)
    if fixing is None:
        raise Refused(
            [
                Problem(
                    ErrorCode.NOT_FOUND,
                    ("drawdownId",),
                    f"{product.benchmark} {product.benchmark_tenor} has no fixing by "
                    f"{loan.start_date}. Record one, then disburse.",
                    f"{product.benchmark} {product.benchmark_tenor} 在 {loan.start_date} 前"
                    "没有报价，请先录入报价再放款。",
                )
            ]
        )
    loan.benchmark, loan.benchmark_tenor = product.benchmark, product.benchmark_tenor
    loan.spread, loan.repricing = loan.annual_rate - fixing, product.repricing
    _, *resets = reset_dates(
        RepricingRule(product.repricing), start=loan.start_date, maturity=loan.maturity_date
    )
    loan.next_reset_date = next(iter(resets), None)


async def _policy(name: str, product: LoanProduct, today: dt.date) -> str:
    return await policy_value(name, profile=product.profile, on=today)


def _maturity_problems(loan: Loan, contract: LoanContract) -> list[Problem]:
    """Days may have passed since the request; no note matures after its contract."""
    if loan.maturity_date <= contract.ends_on:
        return []
    return [
        Problem(
            ErrorCode.DATE_OUT_OF_RANGE,
            ("drawdownId",),
            f"Paid out today, this loan would mature on {loan.maturity_date}, after the contract "
            f"ends on {contract.ends_on}. Cancel the drawdown and request fewer instalments.",
            f"今日放款将于 {loan.maturity_date} 到期，晚于合同到期日 {contract.ends_on}，"
            "请取消本次提款并以更少期数重新申请。",
        )
    ]


async def _pay_out(actor: Actor, drawdown: Drawdown, loan: Loan, *, today: dt.date) -> Disbursement:
    disbursement = await Disbursement.create(
        drawdown_id=drawdown.id,
        loan_id=loan.id,
        currency=drawdown.currency,
        amount=drawdown.amount,
        value_date=today,
        disbursed_by_id=actor.id,
    )
    await CaseAssignment.create(
        noun="Loan",
        noun_id=loan.id,
        employee_id=loan.officer_id,
        branch_id=loan.branch_id,
        from_date=today,
        reason="disbursed",
    )
    await post(
        [
            Posting(
                journal=f"disbursement:{drawdown.id}",
                event=Event.DISBURSEMENT,
                loan=loan,
                currency=loan.currency,
                # On its way out until the bank has confirmed the order.
                entries=moved(
                    {},
                    position(loan, disbursed=loan.principal),
                    cash=Account.DISBURSEMENT_CLEARING,
                ),
                value_date=today,
                posting_date=today,
            )
        ]
    )
    return disbursement
