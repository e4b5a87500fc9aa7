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
from typing import TypeVar

from domain.db import dialect, execute_many
from domain.operations.clock import now
from domain.queries.lending.quiet_loans import LoanOfDay
from domain.rules.lending.postings import Event
from domain.rules.lending.servicing.account import BookStatus
from domain.rules.lending.servicing.position import accrued
from domain.rules.lending.servicing.quiet_day import Accrual, QuietDay
from domain.rules.money import CURRENCIES

T = TypeVar("T")
_ROWS_A_STATEMENT = 2_000
_CURRENCY = {code: f"'{code}'" for code in CURRENCIES}
_ENTRY = (
    "INSERT INTO ledger_entry (journal, event, account_code, currency, amount, loan_id, "
    "borrower_id, branch_id, value_date, posting_date, created_at) VALUES "
)
_CLAIMS = ("interest", "penalty", "compound")
_OF_INSTALLMENT = ("loan_id", "number", *_CLAIMS)
_INSTALLMENT_GROWS = tuple((f"{name}_accrued", name) for name in _CLAIMS)
_OF_LOAN = ("id", *_CLAIMS, "taxed", "vat")
_LOAN_GROWS = (
    *((f"{name}_receivable", name) for name in _CLAIMS),
    ("taxed_income", "taxed"),
    ("vat", "vat"),
)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A loan with its quiet day and its book status."""

    loan: LoanOfDay
    status: BookStatus
    day: QuietDay


async def write_quiet(found: Sequence[Quiet], *, ended: dt.date) -> None:
    """Write the accruals of the day `ended`, and the tax that the next day brings, in the running
    transaction. All of `found` are locked and have `ended` not accrued."""
    day = ended + dt.timedelta(days=1)
    for part in _parts(iter(found)):
        await _insert(_ENTRY, _entries(part, ended))
        if rows := ",".join(_installments(part)):
            await _grow("installment", _OF_INSTALLMENT, _INSTALLMENT_GROWS, rows)
        await _grow("loan", _OF_LOAN, _LOAN_GROWS, ",".join(_loans(part)), accrued_through=day)


def _parts(found: Iterator[T]) -> Iterator[list[T]]:
    while part := list(islice(found, _ROWS_A_STATEMENT)):
        yield part


async def _insert(into: str, values: Iterator[str]) -> None:
    for part in _parts(values):
        await execute_many(into + ",".join(part), [[]])


def _installments(found: Sequence[Quiet]) -> Iterator[str]:
    for each in found:
        loan = each.loan.id
        for number, interest, penalty, compound in each.day.accruals:
            yield f"[{loan},{number},{interest},{penalty},{compound}]"


def _loans(found: Sequence[Quiet]) -> Iterator[str]:
    for each in found:
        accruals, taxed, vat = each.day
        interest, penalty, compound = _sums(accruals)
        yield f"[{each.loan.id},{interest},{penalty},{compound},{taxed},{vat}]"


def _sums(accruals: Sequence[Accrual]) -> tuple[int, int, int]:
    if len(accruals) == 1:  # as nearly always
        _, interest, penalty, compound = accruals[0]
        return interest, penalty, compound
    return sum(a[1] for a in accruals), sum(a[2] for a in accruals), sum(a[3] for a in accruals)


async def _grow(
    table: str,
    columns: Sequence[str],
    grows: Sequence[tuple[str, str]],
    json_rows: str,
    *,
    accrued_through: dt.date | None = None,
) -> None:
    """Add to columns of many rows of a table what `json_rows` says of each of them.

    `columns` name the places of such a row: whole numbers, by which the row of the table is found,
    and amounts; `grows` tells which column of the table grows by which amount.
    """
    keys = [name for name in columns if name not in {of for _, of in grows}]
    found_by = " AND ".join(f"{table}.{name} = a.{name}" for name in keys)
    changed = [f"{column} = {table}.{column} + a.{of}" for column, of in grows]
    if accrued_through is not None:
        changed.append(f"accrued_through = '{accrued_through}'")
    if dialect() == "sqlite":
        each = ", ".join(f"json_extract(value, '$[{i}]') AS {c}" for i, c in enumerate(columns))
        await execute_many(
            f"UPDATE {table} SET {', '.join(changed)} "
            f"FROM (SELECT {each} FROM json_each('[{json_rows}]')) a WHERE {found_by}",
            [[]],
        )
        return
    each = ", ".join(f"{c} BIGINT PATH '$[{i}]'" for i, c in enumerate(columns))
    # The rows lead, each of them found by a key; the optimiser cannot know how many they are.
    await execute_many(
        f"UPDATE JSON_TABLE('[{json_rows}]', '$[*]' COLUMNS ({each})) a "
        f"STRAIGHT_JOIN {table} ON {found_by} "
        f"SET {', '.join(f'{table}.{each}' for each in changed)}",
        [[]],
    )


def _entries(found: Sequence[Quiet], ended: dt.date) -> Iterator[str]:
    day, at = ended + dt.timedelta(days=1), _moment()
    accrual, new_day = f":{day:%Y%m%d}','{Event.ACCRUAL}','", f":{day:%Y%m%d}','{Event.DAY}','"
    accrual_end, new_day_end = f",'{ended}','{ended}','{at}')", f",'{day}','{day}','{at}')"
    for each in found:
        loan, (accruals, _, vat) = each.loan, each.day
        if accruals:
            interest, penalty, compound = _sums(accruals)
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
