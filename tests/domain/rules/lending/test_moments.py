"""The power sums behind the daily proof: what they equal, and what cannot hide from them."""

from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.lending.moments import SUMMED, Balances, Moments, added, position_moments
from domain.rules.lending.postings import Account
from domain.rules.lending.servicing.account import BookStatus
from domain.rules.lending.servicing.position import position

AMOUNTS = st.integers(-(10**15), 10**15)
STATUSES = st.sampled_from(list(BookStatus))


@st.composite
def balances(draw: st.DrawFn, status: BookStatus) -> tuple[Balances, int]:
    amounts = {name: draw(AMOUNTS) for name in SUMMED}
    return Balances(book_status=status, **amounts), draw(AMOUNTS)


def sums(loans: list[tuple[Balances, int]], power: int) -> tuple[Balances, int]:
    """The balances of loans at places 1, 2, 3…, weighted and summed."""
    weights = [place**power for place in range(1, len(loans) + 1)]
    pairs = list(zip(weights, loans, strict=True))
    amounts = {n: sum(w * getattr(b, n) for w, (b, _) in pairs) for n in SUMMED}
    status = loans[0][0].book_status
    return Balances(book_status=status, **amounts), sum(w * d for w, (_, d) in pairs)


@given(st.data(), STATUSES)
def test_the_position_of_sums_is_the_sum_of_positions(
    data: st.DataObject, status: BookStatus
) -> None:
    loans = data.draw(st.lists(balances(status), min_size=1, max_size=6))
    found = position_moments("CNY", [sums(loans, power) for power in range(3)])
    one_by_one: Moments = added(
        *(
            {
                (account, "CNY"): (amount, amount * place, amount * place * place)
                for account, amount in position(each, disbursed=disbursed).items()
            }
            for place, (each, disbursed) in enumerate(loans, start=1)
        )
    )
    assert added(found) == one_by_one


@given(st.dictionaries(st.integers(1, 10_000), AMOUNTS.filter(bool), min_size=1, max_size=3))
def test_no_difference_in_up_to_three_loans_can_hide(wrong: dict[int, int]) -> None:
    damage = added(
        *(
            {(Account.LOANS, "CNY"): (amount, amount * place, amount * place * place)}
            for place, amount in wrong.items()
        )
    )
    assert damage != {}


def test_every_balance_that_a_position_is_made_of_is_summed() -> None:
    """A column that only `position` knew would never be compared."""
    nothing = Balances(book_status="ACCRUING", **dict.fromkeys(SUMMED, 0))
    known = {*SUMMED, "book_status", "written_off"}
    assert {field.name for field in fields(Balances)} == known
    changed = replace(nothing, written_off=7)
    assert position(changed, disbursed=0) == position(nothing, disbursed=0)


def test_cash_is_one_account_wherever_it_lies() -> None:
    assert (
        added(
            {(Account.BANK, "CNY"): (5, 5, 5)},
            {(Account.SUSPENSE, "CNY"): (-2, -2, -2)},
            {(Account.DISBURSEMENT_CLEARING, "CNY"): (-3, -3, -3)},
        )
        == {}
    )
