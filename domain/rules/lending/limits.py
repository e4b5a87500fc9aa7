"""Using a limit: what is left of it, and how a breach is refused (docs/domain.md §2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.rules.lending.states import FACILITY, FacilityState
from domain.rules.money import format_minor
from domain.rules.refusal import ErrorCode, Problem
from domain.rules.states import require_state


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit as it stands, in minor units of `currency`."""

    name_en: str
    name_zh: str
    currency: str
    amount: int
    reserved: int
    used: int

    @property
    def available(self) -> int:
        """What may still be reserved; 0 while there is an excess."""
        return max(self.amount - self.reserved - self.used, 0)


def limit_problem(limit: Limit, wanted: int, *, path: str = "amount") -> list[Problem]:
    """Say that `wanted` breaches `limit`: its name, amount, what is used and what remains."""
    if wanted <= limit.available:
        return []
    of, taken, left, asked = (
        f"{format_minor(minor, limit.currency)} {limit.currency}"
        for minor in (limit.amount, limit.reserved + limit.used, limit.available, wanted)
    )
    return [
        Problem(
            ErrorCode.LIMIT_EXCEEDED,
            (path,),
            f"{limit.name_en}: of {of}, {taken} is used or reserved and {left} remains; "
            f"{asked} does not fit. Ask for at most {left}.",
            f"{limit.name_zh}：额度 {of}，已用及预占 {taken}，剩余 {left}，"
            f"无法再使用 {asked}，最多可申请 {left}。",
        )
    ]


def facility_usable(state: FacilityState, *, expires_on: dt.date, today: dt.date) -> list[Problem]:
    """Refuse a facility that is not ACTIVE (raises); say if it has expired by `today`."""
    require_state(FACILITY, state, FacilityState.ACTIVE)
    if today <= expires_on:
        return []
    return [
        Problem(
            ErrorCode.ILLEGAL_STATE,
            ("facilityId",),
            f"This facility expired on {expires_on}. Propose a new one.",
            f"该授信额度已于 {expires_on} 到期，请重新申报额度。",
        )
    ]


def limit_used_after(*, used: int, owed_before: int, owed_after: int, frees: bool) -> int:
    """What of its facility a loan uses once its principal has changed, in minor units.

    Principal that is repaid comes free where the facility `frees` (it revolves and is ACTIVE);
    principal that is owed again, by a reversal, is used again, unless it never came free.
    """
    if owed_after >= owed_before:
        return max(used, owed_after)
    return used - (owed_before - owed_after) if frees else used
