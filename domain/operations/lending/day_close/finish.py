"""Ending a day close: the books are proved, what has run out expires, and the day is closed."""

from __future__ import annotations

import datetime as dt
import secrets

import orjson

from domain.actor import SYSTEM
from domain.db import execute, for_update, rows
from domain.models.lending.facility import CreditFacility
from domain.operations.changes.expire import expire_changes
from domain.operations.clock import now
from domain.operations.lending.reprice_loans import loans_to_reprice, reprice_loan
from domain.operations.lending.verify_close import ProofOfDay, verify_close
from domain.operations.perform import Result, Step, perform
from domain.operations.risk.expire_applications import expire_applications
from domain.queries.business_date import held_business_date
from domain.queries.lending.set_aside import count_set_aside
from domain.rules.lending.day_close import (
    BUSINESS_DAY,
    BUSINESS_DAY_MOVES,
    BusinessDayState,
    closed_state,
)
from domain.rules.lending.proof import Fault
from domain.rules.lending.states import FacilityState
from domain.rules.states import move


async def finish_day(day: dt.date, proof: ProofOfDay) -> BusinessDayState:
    """Close `day`, whose shards are all done, or leave it UNVERIFIED with what was found; `proof`
    may have begun while they were closed.

    Returns the state it has then; a day that is not CLOSING (any more) keeps its own.
    """
    await _reprice(day + dt.timedelta(days=1))
    faults = await verify_close(day, proof)

    async def work(step: Step) -> Result:
        (row,) = await rows(
            "SELECT id, state FROM business_day WHERE day = %s" + for_update(), [day]
        )
        if row["state"] == BusinessDayState.CLOSING:
            if faults:
                await _keep_open(step, row["id"], faults)
            else:
                await _close(step, day, row["id"])
        return {"business_day": row["id"]}

    # A key that is never used twice: a verification that failed may be tried again.
    await perform(
        actor=SYSTEM,
        action="finishDayClose",
        key=f"{day}-{secrets.token_hex(8)}",
        arguments={"day": day},
        work=work,
    )
    (row,) = await rows("SELECT state FROM business_day WHERE day = %s", [day])
    return BusinessDayState(row["state"])


async def _reprice(opens: dt.date) -> None:
    """Set rates anew that are due to be on the day that opens, each loan in its own transaction."""
    for loan_id in await loans_to_reprice(opens):

        async def work(step: Step, loan_id: int = loan_id) -> Result:
            await held_business_date()
            await reprice_loan(step, loan_id, today=opens)
            return {"loan": loan_id}

        await perform(
            actor=SYSTEM,
            action="repriceLoan",
            key=f"{loan_id}-{opens}",
            arguments={"loan": loan_id, "on": opens},
            work=work,
        )


async def _keep_open(step: Step, day_id: int, faults: list[Fault]) -> None:
    stored = orjson.dumps(
        [{"en": fault.said_en(), "zh": fault.said_zh()} for fault in faults]
    ).decode()
    await execute(
        "UPDATE business_day SET state = %s, faults = %s, verified_at = %s WHERE id = %s",
        [BusinessDayState.UNVERIFIED, stored, now(), day_id],
    )
    _moved(step, day_id, BusinessDayState.UNVERIFIED, faults=[fault.said_en() for fault in faults])


async def _close(step: Step, day: dt.date, day_id: int) -> None:
    opens = day + dt.timedelta(days=1)
    await _expire_facilities(step, opens)
    await expire_applications(step, today=opens)
    await expire_changes(step, today=opens)
    aside = await count_set_aside()
    state, at = closed_state(aside), now()
    await execute(
        "UPDATE business_day SET state = %s, set_aside = %s, faults = NULL, verified_at = %s, "
        "closed_at = %s WHERE id = %s",
        [state, aside, at, at, day_id],
    )
    _moved(step, day_id, state, setAside=aside)


def _moved(step: Step, day_id: int, to: BusinessDayState, **more: object) -> None:
    move(BUSINESS_DAY_MOVES, BUSINESS_DAY, BusinessDayState.CLOSING, to)
    step.changed(
        "BusinessDay",
        day_id,
        before={"state": BusinessDayState.CLOSING},
        after={"state": to, **more},
        event=f"business_day.{to.lower()}",
    )


async def _expire_facilities(step: Step, day: dt.date) -> None:
    states = [FacilityState.ACTIVE, FacilityState.FROZEN]
    # One by one under lock, since drawdowns go on meanwhile.
    for facility in await CreditFacility.filter(
        state__in=states, expires_on__lt=day
    ).select_for_update():
        await execute(
            "UPDATE credit_facility SET state = %s WHERE id = %s",
            [FacilityState.EXPIRED, facility.id],
        )
        step.changed(
            "CreditFacility",
            facility.id,
            before={"state": facility.state},
            after={"state": FacilityState.EXPIRED},
            event="facility.expired",
        )
