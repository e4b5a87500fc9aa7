"""Disburse a drawdown: the loan, its schedule and its postings begin to exist."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from tortoise import models

from domain.actor import Actor, ActorKind
from domain.db import execute_many, insert, insert_later, rows, together, update_later
from domain.models.lending.application import LoanApplication
from domain.models.lending.contract import Drawdown, LoanContract
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan import Loan
from domain.models.lending.loan_account import PROGRESS_COLUMNS
from domain.models.lending.loan_terms import (
    read_fees,
    read_plan,
    schedule_terms,
    stored_calendar,
    stored_fees,
    stored_plan,
)
from domain.models.lending.product import LoanProduct
from domain.operations.clock import now
from domain.operations.lending.account import fee_journal
from domain.operations.lending.order_payment import order_disbursement
from domain.operations.lending.post import Posting, post
from domain.operations.lending.renew_loan import open_renewed, settle_renewed
from domain.operations.lending.save_items import save_charges
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import held_business_date
from domain.queries.lending.benchmarks import business_calendar, fixing_on
from domain.queries.lending.find import find_drawdown, find_facility, row_of
from domain.queries.policy import policy_values
from domain.queries.risk.involvement import involved_people
from domain.rules.lending.benchmark import RepricingRule, reset_dates
from domain.rules.lending.business_days import BusinessCalendar, RollConvention
from domain.rules.lending.limits import facility_usable
from domain.rules.lending.overdue import penalty_rate
from domain.rules.lending.postings import Account, Event
from domain.rules.lending.schedule import ScheduleRow, build_schedule
from domain.rules.lending.schedule_checks import validate_loan_plan
from domain.rules.lending.schedule_terms import ScheduleTerms
from domain.rules.lending.servicing.bill_fees import upfront_charge
from domain.rules.lending.servicing.position import moved, position
from domain.rules.lending.states import (
    DRAWDOWN,
    DRAWDOWN_MOVES,
    DrawdownState,
    FacilityState,
    LoanState,
)
from domain.rules.refusal import ErrorCode, Problem, Refused, refuse_if
from domain.rules.risk.approval import Involvement
from domain.rules.separation import refuse_same_person
from domain.rules.states import move

M = TypeVar("M", bound=models.Model)


async def disburse_drawdown(*, actor: Actor, key: str, drawdown_id: int) -> Done:
    """Pay a REQUESTED drawdown out, as a person who neither asked for nor approved it.

    Reserved turns into used, the loan becomes ACTIVE with its schedule from today, and the books
    show the money out, or the loan it renews settled. Result: `drawdown`, `loan`, `facility`, and
    `renewed`. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        today, seen = await together(held_business_date(), find_drawdown(actor, drawdown_id))
        # Locked in the order in which they stand: facility, then drawdown.
        facility, drawdown, contract = await together(
            find_facility(actor, seen.facility_id, lock=True),
            find_drawdown(actor, drawdown_id, lock=True),
            _known(LoanContract, seen.contract_id),
        )
        move(DRAWDOWN_MOVES, DRAWDOWN, DrawdownState(drawdown.state), DrawdownState.DISBURSED)
        refuse_if(
            facility_usable(
                FacilityState(facility.state), expires_on=facility.expires_on, today=today
            )
        )
        old = await open_renewed(actor, drawdown, contract)
        product, application, decided = await together(
            _known(LoanProduct, contract.product_id),
            _known(LoanApplication, contract.application_id),
            rows(
                "SELECT decided_by_id FROM approval_task WHERE application_id = %s",
                [contract.application_id],
            ),
        )
        involved, agreed = await _agreed(application, product, today=today)
        _refuse_two_sides(actor, drawdown, contract, facility, involved)
        for task in decided:
            refuse_same_person(actor.id, task["decided_by_id"], ("decided on", "审批"))
        loan, schedule = await _create_loan(drawdown, contract, product, agreed, today=today)
        if old is None:
            await execute_many(
                "UPDATE credit_facility SET reserved = reserved - %s, used = used + %s "
                "WHERE id = %s",
                [(drawdown.amount, drawdown.amount, facility.id)],
            )
            settled = None
        else:
            settled = await settle_renewed(step, actor, old, drawdown, today=today)
        drawdown.state = DrawdownState.DISBURSED
        await update_later("drawdown", drawdown.id, {"state": drawdown.state})
        disbursement_id = await _pay_out(actor, drawdown, loan, settled, today=today)
        if settled is None:
            await order_disbursement(step, actor, disbursement_id, drawdown, loan, today=today)
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
        done = {"drawdown": drawdown.id, "loan": loan.id, "facility": facility.id}
        return done if old is None else {**done, "renewed": old.row.id}

    return await perform(
        actor=actor,
        action="disburseDrawdown",
        key=key,
        arguments={"drawdown": drawdown_id},
        work=work,
    )


async def _known(model: type[M], row_id: int) -> M:
    found = await row_of(model, row_id)
    if found is None:
        raise ValueError(f"there is no {model.__name__} {row_id}")
    return found


def _refuse_two_sides(
    actor: Actor,
    drawdown: Drawdown,
    contract: LoanContract,
    facility: CreditFacility,
    involved: Sequence[Involvement],
) -> None:
    """Refuse whoever stood on another side of the case, in whatever role the person had then."""
    if drawdown.requested_by_kind == ActorKind.EMPLOYEE:
        refuse_same_person(actor.id, drawdown.requested_by_id, ("requested", "提出"))
    refuse_same_person(actor.id, contract.officer_id, ("handled", "经办"))
    refuse_same_person(actor.id, contract.prepared_by_id, ("prepared the contract of", "起草"))
    refuse_same_person(actor.id, facility.activated_by_id, ("activated the limit of", "启用额度"))
    for involvement in involved:
        refuse_same_person(actor.id, involvement.person, involvement.did)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Agreed:
    """What of a loan's terms is neither its contract's nor its product's own; `fixing` is None for
    a fixed rate, and where the benchmark has none by now."""

    non_accrual_beyond_days: int
    cure_days: int
    prepayment_fee_rate: Decimal
    prepayment_notice_days: int
    calendar: BusinessCalendar
    fixing: Decimal | None


async def _agreed(
    application: LoanApplication, product: LoanProduct, *, today: dt.date
) -> tuple[list[Involvement], _Agreed]:
    """Who stood on another side of the case, and those terms, in one round trip."""
    involved, (beyond, cure, fee, notice), calendar, fixing = await together(
        involved_people(application),
        policy_values(
            "non_accrual_beyond_days",
            "cure_days",
            "prepayment_fee_rate",
            "prepayment_notice_days",
            profile=product.profile,
            on=today,
        ),
        business_calendar(product.calendar),
        _fixing(product, today),
    )
    return involved, _Agreed(
        non_accrual_beyond_days=int(beyond),
        cure_days=int(cure),
        prepayment_fee_rate=Decimal(fee),
        prepayment_notice_days=int(notice),
        calendar=calendar,
        fixing=fixing,
    )


async def _fixing(product: LoanProduct, today: dt.date) -> Decimal | None:
    if not product.benchmark:
        return None
    return await fixing_on(product.benchmark, product.benchmark_tenor, today)


async def _create_loan(
    drawdown: Drawdown,
    contract: LoanContract,
    product: LoanProduct,
    agreed: _Agreed,
    *,
    today: dt.date,
) -> tuple[Loan, tuple[ScheduleRow, ...]]:
    rate, fees = Decimal(contract.annual_rate), read_fees(product.fees)
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
        non_accrual_beyond_days=agreed.non_accrual_beyond_days,
        cure_days=agreed.cure_days,
        prepayment_fee_rate=agreed.prepayment_fee_rate,
        prepayment_notice_days=agreed.prepayment_notice_days,
        limit_used=drawdown.amount,
        roll=product.roll,
        plan=stored_plan(read_plan(drawdown.plan)),
        fees=stored_fees(fees),
        start_date=today,
        counted_from=today,
        maturity_date=today,
        accrued_through=today,
        principal_outstanding=drawdown.amount,
    )
    terms = replace(schedule_terms(loan), calendar=agreed.calendar)
    fee = upfront_charge(fees, terms)
    loan.fee_receivable = fee.amount if fee else 0
    refuse_if(_plan_problems(terms))
    schedule = build_schedule(terms)
    loan.maturity_date = schedule[-1].due_date
    if product.roll != RollConvention.NONE:
        loan.calendar = stored_calendar(agreed.calendar, since=today, until=loan.maturity_date)
    if product.benchmark:
        _tie_to_benchmark(loan, product, agreed.fixing)
    refuse_if(_maturity_problems(loan, contract))
    loan.next_due_date = next(row.due_date for row in schedule if row.due)
    await loan.save()
    await insert_later(
        "installment",
        [
            {
                "loan_id": loan.id,
                "number": row.number,
                "currency": loan.currency,
                "start_date": row.start_date,
                "end_date": row.end_date,
                "due_date": row.due_date,
                "days": row.days,
                "opening": row.opening,
                "principal": row.principal,
                "interest": row.interest,
                **_NOTHING_PAID,
            }
            for row in schedule
        ],
    )
    await save_charges(loan, {}, [fee] if fee else [])
    return loan, schedule


_FEE_ACCOUNTS = (Account.FEE_RECEIVABLE, Account.FEE_INCOME)
# None of them has a default in the database.
_NOTHING_PAID = {name: 0 for name in PROGRESS_COLUMNS if name != "settled_on"}


def _tie_to_benchmark(loan: Loan, product: LoanProduct, fixing: Decimal | None) -> None:
    """Keep how the loan's rate follows a benchmark: the spread is what was agreed above it."""
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


def _plan_problems(terms: ScheduleTerms) -> list[Problem]:
    """A plan was held against the day of its request; a later day earns less interest, so that
    totals repay more principal, or may be after the first due date."""
    if not terms.plan or not (wrong := validate_loan_plan(terms)):
        return []
    return [
        Problem(
            ErrorCode.ILLEGAL_STATE,
            ("drawdownId",),
            f"Paid out today, the plan of this drawdown no longer fits. {wrong[0].en} Cancel the "
            "drawdown and request one with another plan.",
            f"今日放款与该提款的还款计划不符：{wrong[0].zh}请取消本次提款并以新的计划重新申请。",
        )
    ]


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


async def _pay_out(
    actor: Actor, drawdown: Drawdown, loan: Loan, settled: int | None, *, today: dt.date
) -> int:
    """Write the disbursement and post it; return its id. `settled` is the repayment of the loan it
    renews."""
    at = now()
    disbursement_id = await insert(
        "disbursement",
        {
            "drawdown_id": drawdown.id,
            "loan_id": loan.id,
            "currency": drawdown.currency,
            "amount": drawdown.amount,
            "value_date": today,
            "disbursed_by_id": actor.id,
            "repayment_id": settled,
            "created_at": at,
        },
    )
    await insert_later(
        "case_assignment",
        [
            {
                "noun": "Loan",
                "noun_id": loan.id,
                "employee_id": loan.officer_id,
                "branch_id": loan.branch_id,
                "from_date": today,
                "reason": "disbursed",
                "created_at": at,
            }
        ],
    )
    owed = position(loan, disbursed=loan.principal)
    lent = {account: held for account, held in owed.items() if account not in _FEE_ACCOUNTS}
    await post(
        [
            Posting(
                journal=journal,
                event=event,
                loan=loan,
                currency=loan.currency,
                # On its way out until the bank has confirmed the order, or into the loan that it
                # renews.
                entries=moved(before, after, cash=Account.DISBURSEMENT_CLEARING),
                value_date=today,
                posting_date=today,
            )
            for journal, event, before, after in (
                (f"disbursement:{drawdown.id}", Event.DISBURSEMENT, {}, lent),
                (fee_journal(loan.id, today), Event.CHARGE, lent, owed),
            )
        ]
    )
    return disbursement_id
