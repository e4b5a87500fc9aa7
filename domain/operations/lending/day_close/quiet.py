"""Writing what a quiet day does to many loans: a handful of statements for all of them.

The amounts come from the rules in Python; the statements only carry them. Rows go in as VALUES and
not from a SELECT, because InnoDB holds the table's counter lock through an INSERT ... SELECT, and
payments and the other shards would wait for it. The text is made of whole numbers, dates and
constants of ours, which costs a tenth of the driver's escaping.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from domain.db import dialect, execute
from domain.operations.clock import now
from domain.queries.lending.quiet_loans import LoanOfDay
from domain.rules.lending.postings import Event
from domain.rules.lending.servicing.account import BookStatus
from domain.rules.lending.servicing.position import accrued
from domain.rules.lending.servicing.quiet_day import QuietDay
from domain.rules.money import CURRENCIES

_ROWS_A_STATEMENT = 2_000
_CURRENCY = {code: f"'{code}'" for code in CURRENCIES}
_ACCRUAL = (
    "INSERT INTO close_accrual (day, loan_id, number, interest, penalty, compound, taxed, vat) "
    "VALUES "
)
_ENTRY = (
    "INSERT INTO ledger_entry (journal, event, account_code, currency, amount, loan_id, "
    "borrower_id, branch_id, value_date, posting_date, created_at) VALUES "
)
_GROWN = ("interest", "penalty", "compound")
_OF_SHARD = "a.day = %s AND a.loan_id BETWEEN %s AND %s"


@dataclass(frozen=True, slots=True)
class Quiet:
    """A loan with its quiet day and its book status."""

    loan: LoanOfDay
    status: BookStatus
    day: QuietDay


async def write_quiet(found: Sequence[Quiet], *, ended: dt.date, from_id: int, to_id: int) -> None:
    """Write the accruals of the day `ended`, and the tax that the next day brings, in the running
    transaction. All of `found` are locked, lie in the range and have `ended` not accrued."""
    if not found:
        return
    await _insert(_ACCRUAL, _accruals(found, ended))
    await _insert(_ENTRY, _entries(found, ended))
    shard = [ended, from_id, to_id]
    await execute(_update_installments(), shard)
    day = ended + dt.timedelta(days=1)
    sqlite = dialect() == "sqlite"  # which sets before it names the source, MySQL after
    await execute(_update_loans(), [day, *shard] if sqlite else [*shard, day])


async def _insert(into: str, values: Iterator[str]) -> None:
    while part := list(islice(values, _ROWS_A_STATEMENT)):
        await execute(into + ",".join(part))


def _accruals(found: Sequence[Quiet], ended: dt.date) -> Iterator[str]:
    for each in found:
        loan, (accruals, taxed, vat) = each.loan.id, each.day
        if not accruals:
            yield f"('{ended}',{loan},0,0,0,0,{taxed},{vat})"
        for number, interest, penalty, compound in accruals:
            yield f"('{ended}',{loan},{number},{interest},{penalty},{compound},{taxed},{vat})"
            taxed = vat = 0


def _entries(found: Sequence[Quiet], ended: dt.date) -> Iterator[str]:
    day, at = ended + dt.timedelta(days=1), _moment()
    accrual, new_day = f":{day:%Y%m%d}','{Event.ACCRUAL}','", f":{day:%Y%m%d}','{Event.DAY}','"
    accrual_end, new_day_end = f",'{ended}','{ended}','{at}')", f",'{day}','{day}','{at}')"
    for each in found:
        loan, (accruals, _, vat) = each.loan, each.day
        if accruals:
            if len(accruals) == 1:
                _, interest, penalty, compound = accruals[0]
            else:
                interest, penalty, compound = (sum(a[i] for a in accruals) for i in (1, 2, 3))
            whose = f",{loan.id},{loan.borrower_id},{loan.branch_id}"
            for account, amount in accrued(
                each.status, interest=interest, penalty=penalty, compound=compound
            ):
                yield (
                    f"('accrual:{loan.id}{accrual}{account}',{_CURRENCY[loan.currency]},"
                    f"{amount}{whose}{accrual_end}"
                )
        if vat:
            whose = f",{loan.id},{loan.borrower_id},{loan.branch_id}"
            for account, amount in accrued(each.status, vat=vat):
                yield (
                    f"('day:{loan.id}{new_day}{account}',{_CURRENCY[loan.currency]},"
                    f"{amount}{whose}{new_day_end}"
                )


def _moment() -> str:
    """The time as the driver of either dialect would write it."""
    at = now()
    return at.isoformat(" ") if dialect() == "sqlite" else at.strftime("%Y-%m-%d %H:%M:%S.%f")


def _update_installments() -> str:
    if dialect() == "sqlite":
        grown = ", ".join(f"{name}_accrued = {name}_accrued + a.{name}" for name in _GROWN)
        return (
            f"UPDATE installment SET {grown} FROM close_accrual a WHERE {_OF_SHARD} "
            "AND installment.loan_id = a.loan_id AND installment.number = a.number"
        )
    grown = ", ".join(f"i.{name}_accrued = i.{name}_accrued + a.{name}" for name in _GROWN)
    return (
        "UPDATE close_accrual a JOIN installment i ON i.loan_id = a.loan_id "
        f"AND i.number = a.number SET {grown} WHERE {_OF_SHARD}"
    )


def _update_loans() -> str:
    sums = ", ".join(f"SUM({name}) AS {name}" for name in (*_GROWN, "taxed", "vat"))
    added = [(f"{name}_receivable", name) for name in _GROWN]
    added += [("taxed_income", "taxed"), ("vat", "vat")]
    source = f"(SELECT loan_id, {sums} FROM close_accrual a WHERE {_OF_SHARD} GROUP BY loan_id) s"
    if dialect() == "sqlite":
        grown = ", ".join(f"{column} = loan.{column} + s.{name}" for column, name in added)
        return (
            f"UPDATE loan SET accrued_through = %s, {grown} FROM {source} WHERE loan.id = s.loan_id"
        )
    grown = ", ".join(f"l.{column} = l.{column} + s.{name}" for column, name in added)
    return f"UPDATE loan l JOIN {source} ON l.id = s.loan_id SET l.accrued_through = %s, {grown}"
