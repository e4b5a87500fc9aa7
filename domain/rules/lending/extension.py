"""How long a loan may be extended (展期): caps over all extensions together (docs/domain.md §4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain.rules.lending.periods import PeriodUnit, due_date
from domain.rules.refusal import ErrorCode, Problem


@dataclass(frozen=True, slots=True)
class ExtensionCap:
    """For original terms of up to `term_months` (None: of any length): at most `share` of the
    original term, or `months` more."""

    term_months: int | None
    share: Fraction | None
    months: int | None


def parse_caps(text: str) -> tuple[ExtensionCap, ...]:
    """Read the policy value: `12:1,60:1/2,*:36m` is the law of the CN profile, shortest term first.

    Raises ValueError for anything else.
    """
    caps = []
    for part in text.split(","):
        term, _, cap = part.strip().partition(":")
        months = int(cap[:-1]) if cap.endswith("m") else None
        share = None if months is not None else Fraction(cap)
        caps.append(ExtensionCap(None if term == "*" else int(term), share, months))
    return tuple(caps)


def latest_maturity(
    *, start: dt.date, original_maturity: dt.date, caps: Sequence[ExtensionCap]
) -> dt.date | None:
    """The last day to which all extensions together may move the maturity; None without a cap.

    Terms are counted in whole months, a broken one in days; a share is rounded down.
    """

    def after(first: dt.date, months: int) -> dt.date:
        return due_date(first=first, count=months, every=1, unit=PeriodUnit.MONTH)

    for cap in caps:
        if cap.term_months is not None and original_maturity > after(start, cap.term_months):
            continue
        if cap.months is not None:
            return after(original_maturity, cap.months)
        if cap.share is None:
            return None
        months = 0
        while after(start, months + 1) <= original_maturity:
            months += 1
        days = (original_maturity - after(start, months)).days
        allowed = after(original_maturity, int(months * cap.share))
        return allowed + dt.timedelta(days=int(days * cap.share))
    return None


def extension_problems(maturity: dt.date, latest: dt.date | None) -> list[Problem]:
    """Refuse a maturity beyond what all extensions together may reach."""
    if latest is None or maturity <= latest:
        return []
    return [
        Problem(
            ErrorCode.DATE_OUT_OF_RANGE,
            ("periods",),
            f"The loan would mature on {maturity}; all its extensions together may reach {latest} "
            "at most. Ask for fewer periods.",
            f"展期后将于 {maturity} 到期；累计展期最晚不得超过 {latest}，请减少展期期数。",
        )
    ]
