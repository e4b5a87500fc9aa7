"""Catching up a loan that a day close set aside, once what kept it is mended."""

from __future__ import annotations

import datetime as dt

from domain.actor import Actor
from domain.db import execute, for_share, is_outage, rows
from domain.operations.clock import now
from domain.operations.lending.day_close.singly import bring_day, lock_and_open
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import held_business_date
from domain.rules.lending.day_close import CLOSED
from domain.rules.refusal import ErrorCode, Problem, Refused


async def catch_up_loan(*, actor: Actor, key: str, set_aside_id: int) -> Done:
    """Let the days pass that a loan missed, and let money move on it again.

    Interest of days that have closed meanwhile is posted into the open day with its own value
    date. Result: `loan`, `set_aside`. Raises :class:`Refused`, also where the loan still fails.
    """

    async def work(step: Step) -> Result:
        today = await held_business_date()
        found = await rows(
            "SELECT loan_id, day FROM loan_set_aside WHERE id = %s AND resolved_at IS NULL",
            [set_aside_id],
        )
        if not found:
            raise Refused([_NOT_SET_ASIDE])
        loan_id = found[0]["loan_id"]
        yesterday = await rows(
            "SELECT state FROM business_day WHERE day = %s" + for_share(),
            [today - dt.timedelta(days=1)],
        )
        try:
            loan = await lock_and_open(loan_id, today)
            closed = bool(yesterday) and yesterday[0]["state"] in CLOSED
            await bring_day(step, loan, today, closed=closed)
        except Exception as error:
            if is_outage(error):
                raise
            raise Refused([_still_fails(error)]) from error
        await execute(
            "UPDATE loan_set_aside SET resolved_at = %s, resolved_by_id = %s "
            "WHERE loan_id = %s AND resolved_at IS NULL",
            [now(), actor.id, loan_id],
        )
        step.changed(
            "Loan",
            loan_id,
            before={"setAside": found[0]["day"]},
            after={"setAside": None, "accruedThrough": today},
            event="loan.caught_up",
        )
        return {"loan": loan_id, "set_aside": set_aside_id}

    return await perform(
        actor=actor,
        action="catchUpLoan",
        key=key,
        arguments={"setAside": set_aside_id},
        work=work,
    )


_NOT_SET_ASIDE = Problem(
    ErrorCode.NOT_FOUND,
    ("setAsideId",),
    "No loan is set aside under this id. Look at `setAsideLoans`.",
    "该编号下没有被搁置的借据，请核对搁置清单。",
)


def _still_fails(error: Exception) -> Problem:
    said = f"{type(error).__name__}: {error}"[:300]
    return Problem(
        ErrorCode.ILLEGAL_STATE,
        ("setAsideId",),
        f"The loan still cannot be worked out: {said}. Mend it first.",
        f"该借据仍无法处理：{said}。请先修复。",
    )
