"""The custom plan (自定义还款计划): rows of a list, and every mistake in them.

A row says the principal it pays, beside the interest, or the total of both. The last row pays what
is left; an amount it names must be that. Amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from domain.rules.lending.periods import LAST_DATE, PeriodUnit
from domain.rules.lending.row_factors import Amounts, Factors, row_factors
from domain.rules.lending.schedule_terms import (
    MAX_INSTALLMENTS,
    PlanRow,
    RepaymentMethod,
    ScheduleTerms,
    periods_of,
)
from domain.rules.money import divide_rounded
from domain.rules.refusal import ErrorCode, Problem


def plan_amounts(terms: ScheduleTerms, factors: Factors) -> list[Amounts]:
    """What each row of a valid plan pays."""
    return [paid for _, _, paid in _run(terms, factors)]


def shape_problems(terms: ScheduleTerms) -> Iterator[Problem]:
    """What is wrong with the plan by itself, before any interest is worked out."""
    if terms.method is not RepaymentMethod.CUSTOM_PLAN:
        if terms.plan:
            yield _wrong(
                ("plan",),
                "A plan goes with the method CUSTOM_PLAN. Choose it, or leave the plan out.",
                "还款计划仅用于 CUSTOM_PLAN 方式；请选择该方式，或不填计划。",
            )
        return
    yield from _strangers(terms)
    if len(terms.plan) != terms.installments:
        yield _wrong(
            ("installments",),
            f"The plan has {len(terms.plan)} rows; installments must be their number.",
            f"还款计划共 {len(terms.plan)} 期，期数须与之一致。",
        )
    if len(terms.plan) > MAX_INSTALLMENTS:
        return
    days = [terms.start_date, *(row.due_date for row in terms.plan)]
    for place, (before, day) in enumerate(pairwise(days)):
        if day <= before or day > LAST_DATE:
            yield Problem(
                ErrorCode.DATE_OUT_OF_RANGE,
                ("plan", str(place), "dueDate"),
                f"Row {place + 1} must fall due after {before} and by {LAST_DATE}.",
                f"第 {place + 1} 期到期日须晚于 {before} 且不晚于 {LAST_DATE}。",
            )
    for place, row in enumerate(terms.plan):
        yield from _row_problems(place, row, last=place == len(terms.plan) - 1)


def _strangers(terms: ScheduleTerms) -> Iterator[Problem]:
    """Fields that say otherwise what the plan says already."""
    if terms.unit is not PeriodUnit.MONTH:
        yield _wrong(
            ("unit",),
            "With a custom plan the unit must be MONTH: its days count as those of months do.",
            "自定义计划的期间单位须为 MONTH，按月计算天数。",
        )
    given = {
        "settlementDay": terms.settlement_day is not None,
        "firstDueDate": terms.first_due_date is not None,
        "installmentMultiple": terms.installment_multiple is not None,
        "principalGrace": terms.principal_grace != 0,
    }
    for name, is_given in given.items():
        if is_given:
            yield _wrong(
                (name,),
                f"A custom plan has its own dates and amounts: leave {name} out.",
                f"自定义计划已含日期与金额，请勿填写 {name}。",
            )


def _row_problems(place: int, row: PlanRow, *, last: bool) -> Iterator[Problem]:
    number = place + 1
    both = row.principal is not None and row.total is not None
    neither = row.principal is None and row.total is None
    if both or (neither and not last):
        yield _wrong(
            ("plan", str(place)),
            f"Row {number} takes its principal or its total, one of them; the last row may leave "
            "both out and pays what is left.",
            f"第 {number} 期须填写本金或应还总额，二者择一；最后一期可均不填，偿还剩余全部。",
        )
    for name, amount in (("principal", row.principal), ("total", row.total)):
        if amount is not None and amount < 0:
            yield Problem(
                ErrorCode.OUT_OF_RANGE,
                ("plan", str(place), name),
                f"The amount of row {number} must not be below 0.",
                f"第 {number} 期金额不得小于 0。",
            )


def plan_problems(terms: ScheduleTerms) -> Iterator[Problem]:
    """Where the amounts of a plan of sound shape do not pay the loan back, interest and all."""
    periods = periods_of(terms)
    if len(periods) < len(terms.plan):
        yield _wrong(
            ("plan",),
            "Rolled to business days, two rows of the plan fall on one day. Move one of them.",
            "顺延至工作日后，有两期到期日相同，请调整其中一期。",
        )
        return
    factors, _ = row_factors(terms, periods)
    sound = True
    for place, (wanted, left, paid) in enumerate(_run(terms, factors)):
        row, number = terms.plan[place], place + 1
        if row.total is not None and row.total < paid.interest:
            sound = False
            yield Problem(
                ErrorCode.OUT_OF_RANGE,
                ("plan", str(place), "total"),
                f"The total of row {number} does not cover the interest of its period. Raise it.",
                f"第 {number} 期应还总额不足以支付当期利息，请提高金额。",
            )
        elif wanted > left or (number == len(terms.plan) and sound and wanted != left):
            sound = False
            yield Problem(
                ErrorCode.OUT_OF_RANGE,
                ("plan", str(place), "principal" if row.total is None else "total"),
                f"Row {number} must not pay back more than is left, and the last row all of it. "
                "Leave the last amount out to have it worked out.",
                f"第 {number} 期偿还的本金须不超过剩余本金，各期本金之和须等于贷款本金；"
                "最后一期可不填金额，由系统计算。",
            )


def idle_row_problems(terms: ScheduleTerms) -> Iterator[Problem]:
    """The rows of a valid plan that nothing is left for: a loan has none of them."""
    factors, _ = row_factors(terms, periods_of(terms))
    for place, (_, left, _) in enumerate(_run(terms, factors)):
        if left == 0:
            yield _wrong(
                ("plan", str(place)),
                f"Everything is paid back before row {place + 1}: leave it out.",
                f"第 {place + 1} 期之前已全部还清，请删除该期。",
            )


def _run(terms: ScheduleTerms, factors: Factors) -> Iterator[tuple[int, int, Amounts]]:
    """Row by row: the principal the plan wants paid, what is left to pay, and what is paid."""
    left = terms.principal
    for place, (row, above) in enumerate(zip(terms.plan, factors.of_row, strict=True)):
        interest = divide_rounded(left * above, factors.denominator, terms.rounding)
        if row.principal is not None:
            wanted = row.principal
        elif row.total is not None:
            wanted = row.total - interest
        else:
            wanted = left
        last = place == len(terms.plan) - 1
        principal = left if last else min(max(wanted, 0), left)
        yield wanted, left, Amounts(principal, interest)
        left -= principal


def _wrong(path: tuple[str, ...], en: str, zh: str) -> Problem:
    return Problem(ErrorCode.INVALID_VALUE, path, en, zh)
