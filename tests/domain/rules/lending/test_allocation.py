"""Who is paid first."""

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.lending.allocation import (
    DEFAULT_RULE,
    AllocatedItem,
    AllocationAxis,
    AllocationRule,
    Bucket,
    OwedItem,
    allocate,
    validate_rule,
)

MARCH, JUNE = date(2026, 3, 21), date(2026, 6, 21)
OWED = [
    OwedItem(2, JUNE, Bucket.PRINCIPAL, 400),
    OwedItem(2, JUNE, Bucket.INTEREST, 40),
    OwedItem(2, JUNE, Bucket.COSTS, 7),
    OwedItem(1, MARCH, Bucket.PRINCIPAL, 300),
    OwedItem(1, MARCH, Bucket.INTEREST, 30),
    OwedItem(1, MARCH, Bucket.COMPOUND, 2),
    OwedItem(1, MARCH, Bucket.PENALTY, 5),
    OwedItem(1, MARCH, Bucket.COSTS, 10),
]
HORIZONTAL = [
    (1, Bucket.COSTS, 10),
    (2, Bucket.COSTS, 7),
    (1, Bucket.PENALTY, 5),
    (1, Bucket.COMPOUND, 2),
    (1, Bucket.INTEREST, 30),
    (1, Bucket.PRINCIPAL, 300),
    (2, Bucket.INTEREST, 40),
    (2, Bucket.PRINCIPAL, 400),
]
VERTICAL = [
    (1, Bucket.COSTS, 10),
    (2, Bucket.COSTS, 7),
    (1, Bucket.PENALTY, 5),
    (1, Bucket.COMPOUND, 2),
    (1, Bucket.INTEREST, 30),
    (2, Bucket.INTEREST, 40),
    (1, Bucket.PRINCIPAL, 300),
    (2, Bucket.PRINCIPAL, 400),
]


def expected(table):
    return tuple(AllocatedItem(*line) for line in table)


def test_horizontal_settles_the_oldest_instalment_whole():
    result = allocate(payment=794, owed=OWED)
    assert result.items == expected(HORIZONTAL)
    assert result.credit == 0


def test_vertical_settles_a_bucket_across_all_instalments():
    rule = AllocationRule(axis=AllocationAxis.VERTICAL)
    assert allocate(payment=794, owed=OWED, rule=rule).items == expected(VERTICAL)


def test_a_short_payment_stops_where_it_runs_out():
    result = allocate(payment=40, owed=OWED)
    assert result.items == expected([*HORIZONTAL[:4], (1, Bucket.INTEREST, 16)])
    assert result.credit == 0


def test_what_is_left_over_is_credit():
    result = allocate(payment=1000, owed=OWED)
    assert result.credit == 206
    assert allocate(payment=5, owed=[]).credit == 5


@pytest.mark.parametrize(("days", "first"), [(90, Bucket.PENALTY), (91, Bucket.PRINCIPAL)])
def test_principal_comes_first_beyond_the_days(days, first):
    rule = AllocationRule(principal_first_beyond_days=90)
    result = allocate(payment=18, owed=OWED, rule=rule, days_past_due=days)
    assert result.items[:2] == expected(HORIZONTAL[:2])
    assert result.items[2] == AllocatedItem(1, first, 1)


def test_a_product_may_order_its_buckets():
    rule = AllocationRule(
        order=(
            Bucket.COSTS,
            Bucket.PRINCIPAL,
            Bucket.INTEREST,
            Bucket.COMPOUND,
            Bucket.PENALTY,
        )
    )
    assert validate_rule(rule) == []
    taken = [item.bucket for item in allocate(payment=354, owed=OWED, rule=rule).items]
    assert taken == [
        Bucket.COSTS,
        Bucket.COSTS,
        Bucket.PRINCIPAL,
        Bucket.INTEREST,
        Bucket.COMPOUND,
        Bucket.PENALTY,
    ]


@pytest.mark.parametrize(
    ("rule", "paths"),
    [
        (DEFAULT_RULE, []),
        (AllocationRule(order=()), [("order",)]),
        (AllocationRule(order=(Bucket.COSTS,) * 5), [("order",)]),
        (AllocationRule(order=tuple(reversed(Bucket))), [("order",)]),
        (
            AllocationRule(order=(Bucket.COSTS,), principal_first_beyond_days=-1),
            [("order",), ("principalFirstBeyondDays",)],
        ),
    ],
)
def test_a_rule_names_each_bucket_once_and_costs_first(rule, paths):
    assert [problem.path for problem in validate_rule(rule)] == paths


def test_negative_amounts_are_faults():
    with pytest.raises(ValueError, match="payment"):
        allocate(payment=-1, owed=[])
    with pytest.raises(ValueError, match="owed"):
        allocate(payment=1, owed=[OwedItem(1, MARCH, Bucket.COSTS, -1)])


ITEMS = st.lists(
    st.builds(
        OwedItem,
        installment=st.integers(1, 5),
        due_date=st.sampled_from([MARCH, JUNE]),
        bucket=st.sampled_from(Bucket),
        amount=st.integers(0, 1000),
    ),
    max_size=12,
    unique_by=lambda item: (item.installment, item.due_date, item.bucket),
)


@given(st.integers(0, 20_000), ITEMS, st.sampled_from(AllocationAxis), st.randoms())
def test_an_allocation_sums_to_the_payment(payment, owed, axis, random: Random):
    rule = AllocationRule(axis=axis)
    result = allocate(payment=payment, owed=owed, rule=rule)
    taken = sum(item.amount for item in result.items)
    assert taken + result.credit == payment
    assert taken == min(payment, sum(item.amount for item in owed))
    assert all(item.amount > 0 for item in result.items)
    random.shuffle(owed)
    assert allocate(payment=payment, owed=owed, rule=rule) == result
