"""The effective annual rate (实际年化利率) of a schedule: XIRR of its own flows, ACT/365 fixed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Final

from domain.rules.lending.day_count import actual_days
from domain.rules.lending.schedule import ScheduleRow
from domain.rules.money import MAX_MAJOR_UNITS

_SIX_DECIMALS: Final = Decimal("0.000001")
_TWENTY_DECIMALS: Final = Decimal("1E-20")
_PRECISION_DIGITS: Final = 60
_CONVERGED: Final = Decimal("1E-45")
_MAX_STEPS: Final = 200


def effective_annual_rate(
    rows: Sequence[ScheduleRow], *, upfront: int = 0, fees: Sequence[int] = ()
) -> Decimal | None:
    """The r with outlay = Σ (dueₖ + feeₖ) ÷ (1+r)^(daysₖ ÷ 365), to 6 decimals, HALF_UP.

    The outlay is the opening balance less the `upfront` fees, all of the start date; `fees` are
    those of the rows. Days are calendar days from the first row's start to each due date. None
    where there is no such rate: no rows, no outlay, or nothing falls due after the start.
    """
    if not rows:
        return None
    start = rows[0].start_date
    of_row = fees or [0] * len(rows)
    flows = [
        (actual_days(start, row.due_date), row.due + fee)
        for row, fee in zip(rows, of_row, strict=True)
        if row.due + fee
    ]
    return internal_rate(outlay=rows[0].opening - upfront, flows=flows)


def internal_rate(*, outlay: int, flows: Sequence[tuple[int, int]]) -> Decimal | None:
    """The annual rate at which `flows` of (days after the outlay, amount) are worth `outlay`.

    6 decimals, HALF_UP. With every amount positive and paid after the outlay exactly one rate
    above -1 exists; None otherwise, and for a rate beyond 10¹³, which no number of the API holds.
    """
    if outlay <= 0 or not flows or any(days <= 0 or amount <= 0 for days, amount in flows):
        return None
    with localcontext(prec=_PRECISION_DIGITS, rounding=ROUND_HALF_UP):
        daily = _continuous_daily_rate(outlay, sorted(flows))
        rate = (daily * 365).exp() - 1
        if rate > MAX_MAJOR_UNITS:
            return None
        # A rate that is exactly x.xxxxxx5 must round up: drop the iteration's noise first.
        return rate.quantize(_TWENTY_DECIMALS).quantize(_SIX_DECIMALS)


def _continuous_daily_rate(outlay: int, flows: Sequence[tuple[int, int]]) -> Decimal:
    """Solve h(y) = ln(Σ amount × e^(-y·days) ÷ outlay) = 0 by Newton's method.

    h is a log of a sum of exponentials, so it is convex, and it falls strictly from +∞ to -∞: one
    root, to which Newton's steps converge from any start, after the first always from below.
    """
    daily = Decimal(0)
    for _ in range(_MAX_STEPS):
        discount = (-daily).exp()
        powers: dict[int, Decimal] = {}
        worth = duration = Decimal(0)
        factor, before = Decimal(1), 0
        for days, amount in flows:
            gap = days - before
            if gap not in powers:
                powers[gap] = discount**gap
            factor *= powers[gap]
            before = days
            worth += amount * factor
            duration += days * amount * factor
        step = (worth / outlay).ln() * worth / duration
        daily += step
        if abs(step) < _CONVERGED:
            return daily
    raise ArithmeticError(f"no rate found in {_MAX_STEPS} steps")
