"""The order in which a payment settles what is owed (冲账顺序). Amounts are minor units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.rules.refusal import ErrorCode, Problem


class Bucket(StrEnum):
    """What a part of a debt is."""

    COSTS = "COSTS"
    """Costs of collection and litigation: always settled first."""
    PENALTY = "PENALTY"
    """Penalty interest (罚息)."""
    COMPOUND = "COMPOUND"
    """Compound interest (复利)."""
    INTEREST = "INTEREST"
    """Contract interest."""
    PRINCIPAL = "PRINCIPAL"
    """Principal."""


class AllocationAxis(StrEnum):
    """Which comes first, the instalment or the bucket."""

    HORIZONTAL = "HORIZONTAL"
    """The whole oldest instalment, then the next."""
    VERTICAL = "VERTICAL"
    """A bucket across all instalments, then the next bucket."""


@dataclass(frozen=True, slots=True)
class AllocationRule:
    """A product's order. Where the loan is past due by more than `principal_first_beyond_days`,
    principal moves up to stand right after costs; None leaves the order alone."""

    order: tuple[Bucket, ...] = (
        Bucket.COSTS,
        Bucket.PENALTY,
        Bucket.COMPOUND,
        Bucket.INTEREST,
        Bucket.PRINCIPAL,
    )
    axis: AllocationAxis = AllocationAxis.HORIZONTAL
    principal_first_beyond_days: int | None = None


DEFAULT_RULE = AllocationRule()
"""Costs, penalty, compound, interest, principal; the whole oldest instalment first."""


@dataclass(frozen=True, slots=True)
class OwedItem:
    """An amount owed on one instalment, in one bucket."""

    installment: int
    due_date: date
    bucket: Bucket
    amount: int


@dataclass(frozen=True, slots=True)
class AllocatedItem:
    """What a payment took off one owed item; `amount` is more than 0."""

    installment: int
    bucket: Bucket
    amount: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """Where a payment went, in the order it was taken; `credit` is what nothing was owed for."""

    items: tuple[AllocatedItem, ...]
    credit: int


def validate_rule(rule: AllocationRule) -> list[Problem]:
    """Every mistake in `rule`: each bucket stands once in the order, costs first."""
    problems: list[Problem] = []
    if sorted(rule.order) != sorted(Bucket) or rule.order[0] is not Bucket.COSTS:
        problems.append(
            Problem(
                ErrorCode.INVALID_VALUE,
                ("order",),
                "The allocation order must name each bucket once and begin with COSTS.",
                "冲账顺序须列出每个科目且仅一次，并以费用（COSTS）开头。",
            )
        )
    if rule.principal_first_beyond_days is not None and rule.principal_first_beyond_days < 0:
        problems.append(
            Problem(
                ErrorCode.OUT_OF_RANGE,
                ("principalFirstBeyondDays",),
                "The days past due after which principal comes first cannot be fewer than 0.",
                "先还本金的逾期天数界限不得小于 0。",
            )
        )
    return problems


def allocate(
    *,
    payment: int,
    owed: Iterable[OwedItem],
    rule: AllocationRule = DEFAULT_RULE,
    days_past_due: int = 0,
) -> Allocation:
    """Settle `owed` with `payment`, oldest due date first, in the order of a valid `rule`.

    `owed` is what the payment may settle: items not due yet stay out, and what is left over is
    credit. `days_past_due` is the loan's on the payment's value date. The allocated amounts and the
    credit sum to `payment`. Raises ValueError for a negative payment or amount.
    """
    if payment < 0:
        raise ValueError(f"a payment cannot be negative, got {payment}")
    left = payment
    items: list[AllocatedItem] = []
    for item in _in_order(owed, rule, days_past_due):
        if item.amount < 0:
            raise ValueError(f"an owed amount cannot be negative, got {item}")
        taken = min(item.amount, left)
        if taken:
            items.append(AllocatedItem(item.installment, item.bucket, taken))
            left -= taken
    return Allocation(items=tuple(items), credit=left)


def _in_order(owed: Iterable[OwedItem], rule: AllocationRule, days_past_due: int) -> list[OwedItem]:
    order = list(rule.order)
    beyond = rule.principal_first_beyond_days
    if beyond is not None and days_past_due > beyond:
        order.remove(Bucket.PRINCIPAL)
        order.insert(1, Bucket.PRINCIPAL)
    rank = {bucket: place for place, bucket in enumerate(order)}

    def key(item: OwedItem) -> tuple[bool, object, object]:
        oldest = (item.due_date, item.installment)
        place = rank[item.bucket]
        not_costs = item.bucket is not Bucket.COSTS
        if rule.axis is AllocationAxis.VERTICAL:
            return not_costs, place, oldest
        return not_costs, oldest, place

    return sorted(owed, key=key)
