"""Which loans, journals and payments do not hold: set-based, by ranges of loans.

Every function reads the loans of one :class:`Which`, lets the database compare, and returns a fault
for each row that does not hold; memory is bounded by the range.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.db import dialect, in_list, rows
from domain.models.lending.loan_history_events import EVENT_KINDS, PAYOFF, PREPAYMENT, REPAYMENT
from domain.queries.business_date import business_date
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.moments import SUMMED, Balances
from domain.rules.lending.proof import Check, Fault, money_fault, posting_faults
from domain.rules.lending.servicing.events import Refund
from domain.rules.lending.servicing.position import position
from domain.rules.lending.states import LoanState

_REFUND: Final = EVENT_KINDS[Refund]
_PAYMENTS: Final = (REPAYMENT, PREPAYMENT, PAYOFF)
_DAYS_ONE_BY_ONE_MAX: Final = 31


@dataclass(frozen=True, slots=True)
class Which:
    """Loans by their row ids: from `first` to `last`, or those of `ids` alone."""

    first: int = 0
    last: int = 0
    ids: tuple[int, ...] = ()

    def of(self, column: str) -> str:
        """The SQL condition on a column that holds a loan's id."""
        return f"{column} IN {in_list(self.ids)}" if self.ids else f"{column} BETWEEN %s AND %s"

    @property
    def values(self) -> tuple[int, ...]:
        """The values of one such condition."""
        return self.ids or (self.first, self.last)


def since_then(after: dt.date | None, *, today: dt.date) -> tuple[str, str, tuple[dt.date, ...]]:
    """The ledger as a FROM takes it, and the condition (with its values) for the entries posted
    after a day (None: all) and up to `today`.

    Day by day, since only then the index on posting date and loan narrows by both; after a long
    time without a proof the index on loans is the better one.
    """
    if after is None:
        return "ledger_entry", "", ()
    days = [after + dt.timedelta(days=n) for n in range(1, (today - after).days + 1)]
    if not 1 <= len(days) <= _DAYS_ONE_BY_ONE_MAX or dialect() == "sqlite":
        return "ledger_entry", " AND posting_date > %s", (after,)
    source = "ledger_entry FORCE INDEX (idx_ledger_entry_day)"
    return source, f" AND posting_date IN {in_list(days)}", tuple(days)


async def journal_faults(which: Which, *, after: dt.date | None = None) -> list[Fault]:
    """Journals of these loans posted after a day (default: all) that do not sum to zero."""
    source, since, values = since_then(after, today=await business_date())
    suspects = await rows(
        f"SELECT journal FROM {source} "
        f"WHERE {which.of('loan_id')}{since} "
        # In the order of the index, so that no table is made to group in; a journal has one date
        # and one loan, and what looks crooked is added up whole below.
        "GROUP BY posting_date, loan_id, journal, currency HAVING SUM(amount) <> 0",
        [*which.values, *values],
    )
    return await unbalanced([row["journal"] for row in suspects])


async def unbalanced(journals: Sequence[str]) -> list[Fault]:
    """Of these journals, those that do not sum to zero with all their entries."""
    if not journals:
        return []
    found = await rows(
        "SELECT journal, currency, SUM(amount) AS total FROM ledger_entry "
        f"WHERE journal IN {in_list(journals)} GROUP BY journal, currency "
        "HAVING SUM(amount) <> 0 ORDER BY journal, currency",
        journals,
    )
    return [
        money_fault(
            Check.JOURNAL,
            "Journal",
            row["journal"],
            ("the sum of its entries", "分录合计"),
            currency=row["currency"],
            expected=0,
            found=int(row["total"]),
        )
        for row in found
    ]


async def posting_faults_of(which: Which) -> list[Fault]:
    """Loans whose postings, all of them, are not the position of their row, by account."""
    posted: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    for row in await rows(
        "SELECT loan_id, currency, account_code, SUM(amount) AS total FROM ledger_entry "
        f"WHERE {which.of('loan_id')} GROUP BY loan_id, currency, account_code",
        which.values,
    ):
        posted[row["loan_id"], row["currency"]][row["account_code"]] = int(row["total"])
    faults: list[Fault] = []
    for row in await rows(
        f"SELECT id, currency, principal, book_status, {', '.join(SUMMED)} FROM loan "
        f"WHERE {which.of('id')} ORDER BY id",
        which.values,
    ):
        balances = Balances(book_status=row["book_status"], **{name: row[name] for name in SUMMED})
        faults += posting_faults(
            row["id"],
            row["currency"],
            expected=position(balances, disbursed=row["principal"]),
            found=posted.pop((row["id"], row["currency"]), {}),
        )
    # Entries in another currency than their loan's, or of a loan that is not there.
    for loan_id, currency in sorted(posted):
        faults += posting_faults(loan_id, currency, expected={}, found=posted[loan_id, currency])
    return faults


_ITEM_SUMS: Final = {
    "principal_outstanding": "i.principal - i.principal_paid - i.principal_moved",
    "interest_receivable": "i.interest_accrued - i.interest_paid - i.interest_waived",
    "penalty_receivable": "i.penalty_accrued - i.penalty_paid - i.penalty_waived",
    "compound_receivable": "i.compound_accrued - i.compound_paid - i.compound_waived",
    "interest_paid": "i.interest_paid",
    "penalty_paid": "i.penalty_paid",
    "compound_paid": "i.compound_paid",
}
"""Column of a loan → what of an instalment it sums."""
_CHARGE_SUMS: Final = {"fee_receivable": "i.amount - i.paid - i.waived", "fee_paid": "i.paid"}
_NAMES: Final = {
    "principal_outstanding": ("principal outstanding", "未还本金"),
    "principal_paid": ("principal paid", "已还本金"),
    "interest_receivable": ("interest receivable", "应收利息"),
    "penalty_receivable": ("penalty interest receivable", "应收罚息"),
    "compound_receivable": ("compound interest receivable", "应收复利"),
    "fee_receivable": ("fees receivable", "应收费用"),
    "interest_paid": ("interest paid", "已还利息"),
    "penalty_paid": ("penalty interest paid", "已还罚息"),
    "compound_paid": ("compound interest paid", "已还复利"),
    "fee_paid": ("fees paid", "已还费用"),
    "credit_balance": ("the credit balance", "溢缴款余额"),
}


async def item_faults(which: Which) -> list[Fault]:
    """Loans whose balances are not the sums of their instalments, or of their charges."""
    faults: list[Fault] = []
    for table, sums, whose in (
        ("installment", _ITEM_SUMS, ("of its instalments", "分期合计")),
        ("loan_charge", _CHARGE_SUMS, ("of its charges", "费用合计")),
    ):
        should = {name: f"COALESCE(SUM({expression}), 0)" for name, expression in sums.items()}
        shown = ", ".join(f"l.{name}, {total} AS should_{name}" for name, total in should.items())
        unlike = " OR ".join(f"l.{name} <> should_{name}" for name in should)
        # One nested loop in the order of the loans: nothing is put aside to be grouped.
        found = await rows(
            f"SELECT l.id, l.currency, {shown} FROM loan l LEFT JOIN {table} i "
            f"ON i.loan_id = l.id WHERE {which.of('l.id')} GROUP BY l.id HAVING {unlike} "
            "ORDER BY l.id",
            which.values,
        )
        for row in found:
            faults += _unlike(Check.ITEMS, row, tuple(sums), whose)
    return faults


_BUCKETS: Final = {
    "principal_paid": Bucket.PRINCIPAL,
    "interest_paid": Bucket.INTEREST,
    "penalty_paid": Bucket.PENALTY,
    "compound_paid": Bucket.COMPOUND,
    "fee_paid": Bucket.COSTS,
}


async def payment_faults(which: Which) -> list[Fault]:
    """Payments whose parts do not make them up, and loans whose paid totals or credit balance are
    not what was paid, allocated and refunded."""
    faults = [_payment_fault(row) for row in await _crooked_payments(which)]
    left = "(COALESCE(r.came_in, 0) - COALESCE(a.total, 0) - COALESCE(e.refunded, 0))"
    should = {name: f"COALESCE(a.{name}, 0)" for name in _BUCKETS} | {"credit_balance": left}
    stored = {name: f"l.{name}" for name in should} | {
        # A bounced disbursement came back through clearing: nobody repaid it.
        "principal_paid": f"(CASE WHEN l.state = '{LoanState.CANCELLED}' THEN 0 "
        "ELSE l.principal - l.principal_outstanding END)"
    }
    sums = ", ".join(
        f"SUM(CASE WHEN bucket = '{bucket}' THEN amount ELSE 0 END) AS {name}"
        for name, bucket in _BUCKETS.items()
    )
    shown = ", ".join(f"{stored[n]} AS {n}, {should[n]} AS should_{n}" for n in should)
    unlike = " OR ".join(f"{stored[n]} <> {should[n]}" for n in should)
    found = await rows(
        f"SELECT l.id, l.currency, {shown} FROM loan l LEFT JOIN (SELECT loan_id, "
        f"SUM(amount) AS total, {sums} FROM repayment_allocation WHERE {which.of('loan_id')} "
        "AND superseded_by IS NULL AND repayment_id IS NOT NULL GROUP BY loan_id) a "
        "ON a.loan_id = l.id LEFT JOIN (SELECT loan_id, SUM(amount) AS came_in FROM repayment "
        f"WHERE {which.of('loan_id')} AND reversed_by IS NULL GROUP BY loan_id) r "
        "ON r.loan_id = l.id LEFT JOIN (SELECT loan_id, SUM(amount) AS refunded FROM loan_event "
        f"WHERE {which.of('loan_id')} AND kind = '{_REFUND}' AND reversed_by IS NULL "
        f"GROUP BY loan_id) e ON e.loan_id = l.id WHERE {which.of('l.id')} AND ({unlike}) "
        "ORDER BY l.id",
        [*which.values, *which.values, *which.values, *which.values],
    )
    for row in found:
        faults += _unlike(Check.PAYMENT, row, tuple(should), ("of its payments", "还款合计"))
    return faults


async def _crooked_payments(which: Which) -> list[dict[str, Any]]:
    """Payments that allocate more than they brought (a payoff may use a credit balance too), keep
    another credit than the rest, or still allocate though they were reversed."""
    kinds = in_list(_PAYMENTS)
    total = "COALESCE(a.total, 0)"
    rest = f"(CASE WHEN r.amount > {total} THEN r.amount - {total} ELSE 0 END)"
    return await rows(
        f"SELECT r.id, r.currency, r.amount, r.to_credit, r.reversed_by, {total} AS allocated "
        "FROM repayment r LEFT JOIN (SELECT repayment_id, SUM(amount) AS total "
        f"FROM repayment_allocation WHERE {which.of('loan_id')} AND superseded_by IS NULL "
        "AND repayment_id IS NOT NULL GROUP BY repayment_id) a ON a.repayment_id = r.id "
        f"WHERE {which.of('r.loan_id')} AND ((r.reversed_by IS NOT NULL AND {total} <> 0) OR "
        f"(r.reversed_by IS NULL AND (r.to_credit <> {rest} OR "
        f"({total} > r.amount AND r.kind IN {in_list((REPAYMENT, PREPAYMENT))}) OR "
        f"(r.amount <> 0 AND r.kind NOT IN {kinds})))) ORDER BY r.id",
        [*which.values, *which.values, REPAYMENT, PREPAYMENT, *_PAYMENTS],
    )


def _payment_fault(row: dict[str, Any]) -> Fault:
    reversed_one = row["reversed_by"] is not None
    return money_fault(
        Check.PAYMENT,
        "Repayment",
        row["id"],
        ("allocations of a reversed payment", "已冲销还款的冲账")
        if reversed_one
        else ("its allocations and the credit kept", "冲账与留存溢缴款合计"),
        currency=row["currency"],
        expected=0 if reversed_one else row["amount"],
        found=int(row["allocated"]) + (0 if reversed_one else row["to_credit"]),
    )


async def paid_since(which: Which, *, after: dt.date) -> list[int]:
    """The loans of these that a payment, a reversal, a refund or another event moved since."""
    found = await rows(
        f"SELECT loan_id FROM repayment WHERE posting_date > %s AND {which.of('loan_id')} "
        f"UNION SELECT loan_id FROM loan_event WHERE posting_date > %s AND {which.of('loan_id')} "
        "ORDER BY loan_id",
        [after, *which.values, after, *which.values],
    )
    return [row["loan_id"] for row in found]


def _unlike(
    check: Check, row: dict[str, Any], names: tuple[str, ...], whose: tuple[str, str]
) -> list[Fault]:
    """A fault for each column that is not what it should be; `whose` are the sums that say so."""
    return [
        money_fault(
            check,
            "Loan",
            row["id"],
            (f"{_NAMES[name][0]}, by the sum {whose[0]}", f"{_NAMES[name][1]}（应等于{whose[1]}）"),
            currency=row["currency"],
            expected=int(row[f"should_{name}"]),
            found=int(row[name]),
        )
        for name in names
        if int(row[name]) != int(row[f"should_{name}"])
    ]
