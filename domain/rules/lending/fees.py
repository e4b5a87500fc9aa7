"""Fees of a loan and of an unused limit: what they come to, in minor units.

Each fee is rounded once where it is charged, halves as the caller's rounding says: one-off fees on
the start date, periodic fees a row, a commitment fee (承诺费) a billing period.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from domain.rules.lending.day_count import DayCount
from domain.rules.lending.interest import (
    BalanceChange,
    elapsed_between,
    interest_until,
    rate_steps,
)
from domain.rules.lending.schedule import ScheduleRow, ScheduleTerms
from domain.rules.lending.schedule_checks import rate_problems
from domain.rules.money import Rounding, divide_rounded
from domain.rules.refusal import ErrorCode, Problem

MAX_FEES: Final = 5
_RATE_MAX: Final = Decimal(1)


class FeeKind(StrEnum):
    """When a fee is charged, and on what."""

    UPFRONT_DEDUCTED = "UPFRONT_DEDUCTED"
    """Once, on the principal; kept back from the payout on the start date."""
    UPFRONT_DUE = "UPFRONT_DUE"
    """Once, on the principal; falls due on the start date, the payout is whole."""
    PERIODIC = "PERIODIC"
    """With every row that opens with a balance, on that balance."""
    COMMITMENT = "COMMITMENT"
    """承诺费: a year's rate on the undrawn part of a limit, charged with every row."""


@dataclass(frozen=True, slots=True)
class Fee:
    """One fee: `amount` (minor units) or `rate`, a fraction of what it is charged on.

    A COMMITMENT fee has a `rate` a year and the `undrawn` limit in minor units.
    """

    kind: FeeKind
    amount: int | None = None
    rate: Decimal | None = None
    undrawn: int | None = None


@dataclass(frozen=True, slots=True)
class ScheduleFees:
    """What the fees of a schedule come to: on the start date, and with each row."""

    deducted: int
    due_at_start: int
    of_row: tuple[int, ...]

    @property
    def upfront(self) -> int:
        """All that is charged on the start date."""
        return self.deducted + self.due_at_start

    @property
    def total(self) -> int:
        """All the fees."""
        return self.upfront + sum(self.of_row)


def commitment_fee(
    *,
    undrawn: int,
    undrawn_changes: Iterable[BalanceChange] = (),
    rate: Decimal,
    day_count: DayCount,
    start: date,
    until: date,
    rounding: Rounding,
) -> int:
    """The fee on an unused limit from `start`, a billing period's first day, to `until`, excluded.

    undrawn × rate × days ÷ basis, cumulative and rounded once: a day's fee is the difference of two
    calls. A drawdown or repayment changes `undrawn` from its own day on.
    """
    return interest_until(
        until,
        balance=undrawn,
        balance_changes=undrawn_changes,
        rates=rate_steps(rate, ()),
        day_count=day_count,
        elapsed=elapsed_between(day_count, start),
        rounding=rounding,
    )


def due_at_start(fees: Iterable[Fee], principal: int, rounding: Rounding) -> int:
    """What the fees of a loan come to that fall due on its start date."""
    return sum(_share(fee, principal, rounding) for fee in fees if fee.kind is FeeKind.UPFRONT_DUE)


def due_with_row(fees: Iterable[Fee], opening: int, rounding: Rounding) -> int:
    """What the periodic fees come to of a row that opens with this balance; none without one."""
    if not opening:
        return 0
    return sum(_share(fee, opening, rounding) for fee in fees if fee.kind is FeeKind.PERIODIC)


def schedule_fees(
    fees: Sequence[Fee], *, rows: Sequence[ScheduleRow], terms: ScheduleTerms
) -> ScheduleFees:
    """What valid `fees` come to over the `rows` that `terms` gave."""
    commitments = [fee for fee in fees if fee.kind is FeeKind.COMMITMENT]
    return ScheduleFees(
        deducted=sum(
            _share(fee, terms.principal, terms.rounding)
            for fee in fees
            if fee.kind is FeeKind.UPFRONT_DEDUCTED
        ),
        due_at_start=due_at_start(fees, terms.principal, terms.rounding),
        of_row=tuple(
            due_with_row(fees, row.opening, terms.rounding)
            + sum(_commitment_of_row(fee, row, terms) for fee in commitments)
            for row in rows
        ),
    )


def loan_fee_problems(fees: Sequence[Fee], *, most: int) -> Iterator[Problem]:
    """Every mistake in the fees that a product agrees with its loans, by the field names of
    `LoanProductInput`. `most` is the largest loan, in minor units."""
    yield from _too_many(fees)
    for place, fee in enumerate(fees):
        path = ("fees", str(place))
        if fee.kind is FeeKind.UPFRONT_DEDUCTED:
            yield Problem(
                ErrorCode.INVALID_VALUE,
                (*path, "kind"),
                "A loan is paid out whole, nothing is kept back from it (Civil Code, article 670). "
                "Let the fee fall due on the start date: UPFRONT_DUE.",
                "贷款须足额发放，不得预先扣除费用（民法典第六百七十条），请改为 UPFRONT_DUE"
                "（起始日收取）。",
            )
        elif fee.kind is FeeKind.COMMITMENT:
            yield Problem(
                ErrorCode.INVALID_VALUE,
                (*path, "kind"),
                "A commitment fee is owed for a limit that is not used, and belongs to no loan: "
                "choose UPFRONT_DUE or PERIODIC.",
                "承诺费按未提用额度收取，不属于单笔借据，请选择 UPFRONT_DUE 或 PERIODIC。",
            )
        elif fee.rate is not None and not (fee.rate.is_finite() and 0 <= fee.rate <= _RATE_MAX):
            yield Problem(
                ErrorCode.OUT_OF_RANGE,
                (*path, "rate"),
                "The rate of a fee is a fraction of the balance, from 0 to 1: 0.005 is 0.5 %.",
                "费率为余额的比例，须在 0 至 1 之间：0.005 即 0.5%。",
            )
        elif fee.amount is not None and 0 < most < fee.amount:
            yield Problem(
                ErrorCode.OUT_OF_RANGE,
                (*path, "amount"),
                "A fee must not be above principalMax, the largest loan of the product.",
                "费用金额不得超过产品的最高贷款金额 principalMax。",
            )
        else:
            yield from _mistakes(fee, path)


def fee_problems(fees: Sequence[Fee], *, terms: ScheduleTerms) -> Iterator[Problem]:
    """Every mistake in `fees`, by the field names of `SchedulePreviewInput`."""
    yield from _too_many(fees)
    sound = True
    for place, fee in enumerate(fees):
        for problem in _mistakes(fee, ("fees", str(place))):
            sound = False
            yield problem
    deducted = [fee for fee in fees if fee.kind is FeeKind.UPFRONT_DEDUCTED]
    if not sound or not deducted or terms.principal <= 0:
        return
    if sum(_share(fee, terms.principal, terms.rounding) for fee in deducted) >= terms.principal:
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            ("fees",),
            "The fees deducted leave nothing of the principal to pay out. Lower them.",
            "扣除的费用使放款金额不为正，请降低费用。",
        )


def _too_many(fees: Sequence[Fee]) -> Iterator[Problem]:
    if len(fees) > MAX_FEES:
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            ("fees",),
            f"There can be at most {MAX_FEES} fees; these are {len(fees)}.",
            f"费用最多 {MAX_FEES} 项，当前为 {len(fees)} 项。",
        )


def _mistakes(fee: Fee, path: tuple[str, ...]) -> Iterator[Problem]:
    commitment = fee.kind is FeeKind.COMMITMENT
    if commitment:
        if fee.rate is None or fee.undrawn is None or fee.amount is not None:
            yield Problem(
                ErrorCode.INVALID_VALUE,
                path,
                "A commitment fee takes a rate a year and the undrawn limit, and no amount.",
                "承诺费须填写年费率和未提用额度，不填金额。",
            )
    elif (fee.amount is None) == (fee.rate is None) or fee.undrawn is not None:
        yield Problem(
            ErrorCode.INVALID_VALUE,
            path,
            "Give the fee an amount or a rate, one of them; the undrawn limit is for commitment "
            "fees.",
            "费用须填写金额或费率，二者择一；未提用额度仅用于承诺费。",
        )
    for name, amount in (("amount", fee.amount), ("undrawn", fee.undrawn)):
        if amount is not None and amount < 0:
            yield Problem(
                ErrorCode.OUT_OF_RANGE,
                (*path, name),
                "The amount must not be below 0.",
                "金额不得小于 0。",
            )
    if fee.rate is not None:
        yield from rate_problems(fee.rate, (*path, "rate"), en="rate of a fee", zh="费率")


def _commitment_of_row(fee: Fee, row: ScheduleRow, terms: ScheduleTerms) -> int:
    return commitment_fee(
        undrawn=fee.undrawn or 0,
        rate=fee.rate or Decimal(0),
        day_count=terms.day_count,
        start=row.start_date,
        until=row.end_date,
        rounding=terms.rounding,
    )


def _share(fee: Fee, base: int, rounding: Rounding) -> int:
    """The fixed amount, or the rate's part of `base`."""
    if fee.rate is None:
        return fee.amount or 0
    above, below = fee.rate.as_integer_ratio()
    return divide_rounded(base * above, below, rounding)
