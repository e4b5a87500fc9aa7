"""A loan under lock with its account: opened, brought up to date, saved.

Everything that moves a loan's money goes through here, so that its balances, its instalments, its
limit and its postings change together: what is posted is the books' position after less before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.actor import Actor
from domain.db import execute_many, rows, together
from domain.models.lending.loan_account import (
    STATE_COLUMNS,
    loan_account,
    stored_matured,
    stored_misuse,
    stored_rate_changes,
)
from domain.models.lending.loan_rows import ChargeRow, InstallmentRow, LimitRow, LoanRow
from domain.operations.lending.post import Posting, post
from domain.operations.lending.save_items import save_charges, save_installments
from domain.queries.business_date import held_business_date
from domain.queries.lending.loan_rows import (
    allocations_of,
    charges_of,
    installments_of,
    lock_loan,
    lock_revolving_limit_of,
    vat_rates,
)
from domain.rules.lending.day_close import set_aside_problem
from domain.rules.lending.day_count import DatedRate
from domain.rules.lending.limits import limit_used_after
from domain.rules.lending.postings import Account, Event
from domain.rules.lending.servicing.account import LoanAccount
from domain.rules.lending.servicing.days import accrue, bill, settle_due
from domain.rules.lending.servicing.position import Position, moved, position
from domain.rules.lending.states import LIVING_LOANS, FacilityState
from domain.rules.refusal import refuse_if

_ONE_DAY = dt.timedelta(days=1)
_TERMS_COLUMNS = ("rate_changes", "matured", "misuse", "current_method")
_LOAN_COLUMNS = (*STATE_COLUMNS, *_TERMS_COLUMNS, "event_count")
_UPDATE_LOAN = (
    f"UPDATE loan SET {', '.join(f'{name} = %s' for name in _LOAN_COLUMNS)} WHERE id = %s"
)


@dataclass(slots=True)
class OpenLoan:
    """A locked loan, its account, and the rows as they were read; `limit` is its facility where a
    change of principal moves it, locked too. `handed_over` is what of its use of the facility
    another loan takes over."""

    row: LoanRow
    account: LoanAccount
    limit: LimitRow | None
    installments: dict[int, InstallmentRow]
    charges: dict[int, ChargeRow]
    event_count: int
    posted: Position
    postings: list[Posting] = field(default_factory=list)
    owed_before: int = 0
    handed_over: int = 0

    def next_sequence(self) -> int:
        """The place of one more event in the loan's history."""
        self.event_count += 1
        return self.event_count

    def book(
        self,
        event: Event,
        *,
        journal: str,
        value_date: dt.date,
        posting_date: dt.date,
        cash: Account = Account.BANK,
    ) -> None:
        """Note what has changed since the last booking as one journal; money moves on `cash`."""
        after = position(self.account, disbursed=self.row.principal)
        entries = moved(self.posted, after, cash=cash)
        self.posted = after
        if entries:
            self.postings.append(
                Posting(
                    journal=journal,
                    event=event,
                    currency=self.row.currency,
                    entries=entries,
                    loan=self.row,
                    value_date=value_date,
                    posting_date=posting_date,
                )
            )

    def state(self) -> dict[str, object]:
        """What the audit trail says of the loan."""
        account = self.account
        return {
            "state": account.state,
            "bookStatus": account.book_status,
            "principalOutstanding": account.principal_outstanding,
            "interestReceivable": account.interest_receivable,
            "creditBalance": account.credit_balance,
        }


async def open_loan(actor: Actor, loan_id: int) -> tuple[dt.date, OpenLoan]:
    """Lock a loan in the one order (business date, revolving facility, loan), and let the days up
    to the business date pass. Returns that date and the loan. Raises NOT_FOUND, and ILLEGAL_STATE
    for a loan that a day close set aside."""
    # One round trip; the statements, and so the locks, keep this order.
    today, limit, row, installments, charges, vat = await together(
        held_business_date(),
        lock_revolving_limit_of(actor, loan_id),
        lock_loan(actor, loan_id),
        installments_of([loan_id]),
        charges_of([loan_id]),
        vat_rates(),
    )
    if row.accrued_through < today:
        await _refuse_set_aside(row.id)
    (loan,) = await _opened([row], installments, charges, vat, on=today)
    loan.limit = limit
    pass_days(loan, today)
    return today, loan


def fee_journal(loan_id: int, day: dt.date) -> str:
    """The journal of the fees that a loan's terms charge on a day."""
    return f"fee:{loan_id}:{day:%Y%m%d}"


async def _refuse_set_aside(loan_id: int) -> None:
    """A loan that a day close set aside is behind, and stays so until it is caught up."""
    found = await rows(
        "SELECT day FROM loan_set_aside WHERE loan_id = %s AND resolved_at IS NULL ORDER BY day",
        [loan_id],
    )
    refuse_if(set_aside_problem(row["day"]) for row in found[:1])


async def open_loans(loans: Sequence[LoanRow], *, on: dt.date) -> list[OpenLoan]:
    """Load the open items of loans the caller holds under lock; of those past due `on`, also what
    was paid on them. Facilities are the caller's to lock."""
    ids = [loan.id for loan in loans]
    items = await together(installments_of(ids), charges_of(ids), vat_rates())
    return await _opened(loans, *items, on=on)


async def _opened(
    loans: Sequence[LoanRow],
    installments: Mapping[int, list[InstallmentRow]],
    charges: Mapping[int, list[ChargeRow]],
    vat: Mapping[str, tuple[DatedRate, ...]],
    *,
    on: dt.date,
) -> list[OpenLoan]:
    # Only what is past its due date is charged for how late it was paid.
    late = [
        loan.id for loan in loans if any(_may_be_late(row, on) for row in installments[loan.id])
    ]
    allocations = await allocations_of(late) if late else {}
    opened = []
    for loan in loans:
        account = loan_account(
            loan,
            installments[loan.id],
            charges[loan.id],
            allocations.get(loan.id, ()),
            vat=vat.get(loan.profile, ()),
        )
        opened.append(
            OpenLoan(
                row=loan,
                account=account,
                limit=None,
                installments={row.number: row for row in installments[loan.id]},
                charges={row.number: row for row in charges[loan.id]},
                event_count=loan.event_count,
                posted=position(account, disbursed=loan.principal),
                owed_before=account.principal_outstanding,
            )
        )
    return opened


def pass_days(loan: OpenLoan, today: dt.date, *, closed: bool = False) -> None:
    """Let the days pass one by one up to `today`, and book each.

    A day's interest belongs to that day's books. Yesterday's are open while the day close still
    works on its loans; a loan that was left behind, or one whose yesterday is `closed`, catches up
    in today's.
    """
    account = loan.account
    while account.accrued_through < today:
        if account.state not in LIVING_LOANS:
            account.accrued_through = today
            return
        ended, day = account.accrued_through, account.accrued_through + _ONE_DAY
        accrue(account, day)
        loan.book(
            Event.ACCRUAL,
            journal=f"accrual:{loan.row.id}:{day:%Y%m%d}",
            value_date=ended,
            posting_date=ended if day == today and not closed else today,
        )
        bill(account, day)
        loan.book(
            Event.CHARGE,
            journal=fee_journal(loan.row.id, day),
            value_date=day,
            posting_date=today,
        )
        settle_due(account)
        loan.book(
            Event.DAY,
            journal=f"day:{loan.row.id}:{day:%Y%m%d}",
            value_date=day,
            posting_date=today,
        )


async def save(loan: OpenLoan, *, schedule_event: int) -> None:
    """Write everything that changed, and post what was booked.

    `schedule_event` is the event that a changed schedule is laid to.
    """
    row, account = loan.row, loan.account
    frees = (
        loan.limit is not None
        and bool(loan.limit.revolving)
        and loan.limit.state == FacilityState.ACTIVE
    )
    used = row.limit_used - loan.handed_over
    account.limit_used = limit_used_after(
        used=used,
        owed_before=loan.owed_before - loan.handed_over,
        owed_after=account.principal_outstanding,
        frees=frees,
    )
    await save_installments(
        row, loan.installments, account.installments, schedule_event=schedule_event
    )
    await save_charges(row, loan.charges, account.charges)
    values = [getattr(account, name) for name in STATE_COLUMNS]
    values += [
        stored_rate_changes(account),
        stored_matured(account),
        stored_misuse(account),
        account.terms.schedule.method,
        loan.event_count,
        row.id,
    ]
    await execute_many(_UPDATE_LOAN, [values])
    await _move_limit(row.facility_id, account.limit_used - used)
    await post(loan.postings)
    loan.postings.clear()


async def _move_limit(facility_id: int, difference: int) -> None:
    if not difference:
        return
    # MySQL sets columns from left to right, SQLite from the row as it was: so no column is read
    # after it was set. What no longer fits into the limit is recorded as its excess.
    await execute_many(
        "UPDATE credit_facility SET excess = CASE WHEN reserved + used + %s > limit_amount "
        "THEN reserved + used + %s - limit_amount ELSE 0 END, used = used + %s WHERE id = %s",
        [(difference, difference, difference, facility_id)],
    )


def _may_be_late(row: InstallmentRow, on: dt.date) -> bool:
    return row.due_date < on or bool(row.principal_paid or row.interest_paid)
