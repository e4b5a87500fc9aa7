"""The many and the one: what a shard writes in bulk is what the one-loan way writes, to the cent,
on books that Hypothesis made, on both databases."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tortoise.transactions import in_transaction

from domain import db
from domain.actor import SYSTEM
from domain.models.lending.loan import Loan
from domain.models.lending.loan_account import (
    PROGRESS_COLUMNS,
    SCHEDULE_COLUMNS,
    STATE_COLUMNS,
    stored_balance_changes,
    stored_matured,
    stored_misuse,
    stored_rate_changes,
)
from domain.models.lending.loan_terms import stored_allocation_rule, stored_fees
from domain.operations.lending.day_close.quiet import Quiet, write_quiet
from domain.operations.lending.day_close.singly import bring_day, lock_and_open
from domain.operations.perform import Step
from domain.queries.lending.loan_rows import vat_rates
from domain.queries.lending.quiet_loans import lock_loans_of_day
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.servicing.account import BookStatus, LoanAccount
from domain.rules.lending.servicing.apply import apply
from domain.rules.lending.servicing.days import advance
from domain.rules.lending.servicing.quiet_day import quiet_day
from domain.rules.lending.servicing.refusals import problems_with
from domain.rules.lending.states import LIVING_LOANS
from domain.rules.refusal import Refused
from tests.domain.rules.lending.servicing.loans import disbursed
from tests.domain.rules.lending.servicing.test_history_replayed import happenings, loans
from tests.lender import Lender

ONE_DAY = dt.timedelta(days=1)
ACCOUNTS = 120


class _Undone(Exception):
    """Rolls a transaction back once it has been looked at."""


def lived_accounts() -> list[LoanAccount]:
    """Living loans after some of what may happen to loans, each as on some later day."""
    found: list[LoanAccount] = []

    @settings(max_examples=ACCOUNTS, deadline=None, database=None, derandomize=True)
    @given(st.data())
    def live(data: st.DataObject) -> None:
        account = disbursed(data.draw(loans()))
        for sequence in range(1, data.draw(st.integers(1, 5)) + 1):
            advance(account, account.accrued_through + data.draw(st.integers(0, 70)) * ONE_DAY)
            event = data.draw(happenings(account, sequence))
            try:
                if problems_with(account, event, currency="USD"):
                    continue
            except Refused:
                continue
            apply(account, event)
        days = data.draw(st.sampled_from([0, 1, 14, 30, 31, 45, 91]))
        # The eve of a due day, often: that is when most happens.
        advance(account, account.accrued_through + days * ONE_DAY)
        coming = [row.due_date for row in account.open_installments()]
        eve = min((day for day in coming if day > account.accrued_through), default=None)
        if eve is not None and data.draw(st.booleans()):
            advance(account, max(eve - ONE_DAY, account.accrued_through))
        if account.state in LIVING_LOANS:
            found.append(copy.deepcopy(account))

    live()
    return found


async def store(template: dict[str, Any], account: LoanAccount) -> int:
    """Write the account as rows of the tables; return the loan's id."""
    (last,) = await db.rows("SELECT MAX(drawdown_id) AS id FROM loan")
    stored = stored_fees(account.terms.fees)
    of, overdue = account.terms.schedule, account.terms.overdue
    loan_id = await db.insert(
        "loan",
        {
            **{name: value for name, value in template.items() if name != "id"},
            "drawdown_id": last["id"] + 1,
            "principal": of.principal,
            "annual_rate": str(of.annual_rate),
            "penalty_rate": str(overdue.penalty_rate),
            "penalty_grace_days": overdue.grace_days,
            "compound_basis": overdue.compound_basis,
            "method": of.method,
            "current_method": of.method,
            "day_count": of.day_count,
            "rounding": of.rounding,
            "period_unit": of.unit,
            "every": of.every,
            "settlement_day": of.settlement_day,
            "installment_count": of.installments,
            "allocation": orjson.dumps(stored_allocation_rule(account.terms.allocation)).decode(),
            "profile": "CN" if account.terms.vat else "GENERIC",
            "non_accrual_beyond_days": account.terms.non_accrual_beyond_days,
            "cure_days": account.terms.cure_days,
            "rate_changes": stored_rate_changes(account),
            "matured": stored_matured(account),
            "misuse": stored_misuse(account),
            "roll": of.roll,
            "fees": stored and orjson.dumps(stored).decode(),
            "start_date": of.start_date,
            **{name: getattr(account, name) for name in STATE_COLUMNS},
            "limit_used": of.principal,
        },
    )
    for row in account.installments:
        values = {name: getattr(row, name) for name in (*SCHEDULE_COLUMNS, *PROGRESS_COLUMNS)}
        values["balance_changes"] = stored_balance_changes(row)
        await db.insert(
            "installment",
            {"loan_id": loan_id, "number": row.number, "currency": "USD", **values},
        )
        for paid in row.payments:
            for bucket, amount in (
                (Bucket.PRINCIPAL, paid.principal),
                (Bucket.INTEREST, paid.interest),
            ):
                if amount:
                    await db.insert(
                        "repayment_allocation",
                        {
                            "loan_id": loan_id,
                            "installment_number": row.number,
                            "bucket": bucket,
                            "currency": "USD",
                            "amount": amount,
                            "value_date": paid.value_date,
                            "event_sequence": 1,
                        },
                    )
    for charge in account.charges:
        names = ("number", "code", "due_date", "amount", "paid", "waived", "settled_on")
        await db.insert(
            "loan_charge",
            {"loan_id": loan_id, "currency": "USD", **{n: getattr(charge, n) for n in names}},
        )
    return loan_id


async def written_by(loan_id: int, work: Callable[[], Awaitable[bool]]) -> Any:
    """What `work` leaves of the loan in the database, all of it undone; None if it did nothing."""
    found: Any = None
    try:
        async with in_transaction("default"):
            if await work():
                found = [
                    await db.rows(
                        f"SELECT * FROM {table} WHERE {by} = %s ORDER BY {order}", [loan_id]
                    )
                    for table, by, order in (
                        ("loan", "id", "id"),
                        ("installment", "loan_id", "number"),
                        ("ledger_entry", "loan_id", "journal, account_code"),
                    )
                ]
            raise _Undone
    except _Undone:
        pass
    for entry in found[2] if found else []:
        del entry["id"], entry["created_at"]
    return found


async def with_the_many(loan_id: int, ended: dt.date) -> bool:
    found = await lock_loans_of_day(
        from_id=loan_id, to_id=loan_id, ended=ended, vat=await vat_rates()
    )
    (loan,) = found
    day = quiet_day(loan.quiet, ended + ONE_DAY) if loan.quiet else None
    if loan.quiet is None or day is None:
        return False
    quiet = Quiet(loan, loan.quiet.book_status, day)
    await write_quiet([quiet], ended=ended)
    return True


async def alone(loan_id: int, ended: dt.date) -> bool:
    loan = await lock_and_open(loan_id, ended + ONE_DAY)
    await bring_day(Step(SYSTEM, "test"), loan, ended + ONE_DAY)
    return True


@pytest.mark.usefixtures("database")
async def test_both_ways_write_the_same_rows(lender: Lender) -> None:
    made = await lender.loan()
    await db.execute("UPDATE credit_facility SET revolving = 0 WHERE id = %s", [made.facility_id])
    (template,) = await db.rows("SELECT * FROM loan WHERE id = %s", [made.id])
    seen: set[tuple[object, ...]] = set()
    quiet = 0
    for account in lived_accounts():
        loan_id = await store(template, account)
        ended = account.accrued_through
        for _ in range(2):

            async def many(loan_id: int = loan_id, ended: dt.date = ended) -> bool:
                return await with_the_many(loan_id, ended)

            async def one(loan_id: int = loan_id, ended: dt.date = ended) -> bool:
                return await alone(loan_id, ended)

            in_bulk, singly = await written_by(loan_id, many), await written_by(loan_id, one)
            if in_bulk is not None:
                quiet += 1
                assert in_bulk == singly
            loan = singly[0][0]
            seen.add(
                (
                    in_bulk is not None,
                    loan["book_status"],
                    loan["penalty_receivable"] > 0,
                    loan["vat"] > 0,
                    bool(loan["rate_changes"]),
                )
            )
            await db.transact(one)
            ended += ONE_DAY
            if (await Loan.get(id=loan_id)).state not in LIVING_LOANS:
                break
    assert quiet > ACCOUNTS // 2
    bulk = [kind[1:] for kind in seen if kind[0]]
    assert {kind[0] for kind in bulk} == set(BookStatus)
    for place in (1, 2, 3):  # past due or not, taxed or not, repriced or not
        assert {kind[place] for kind in bulk} == {False, True}
