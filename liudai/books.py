"""`liudai verify-books`: proves the books. `liudai statement`: a loan's statement as CSV."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from typing import TextIO

from domain.actor import SYSTEM
from domain.db import pending_migrations
from domain.operations.lending.verify_books import BooksProof, verify_books
from domain.queries.lending.loan_statement import Line, Standing
from domain.queries.lending.statement_of_account import Statement, statement_of
from domain.rules.money import format_minor
from domain.rules.numbers import NumberKind, human_number, row_id
from liudai.errors import EXIT_FAILED, EXIT_USAGE, LiudaiError
from liudai.running import with_database

_HEADER = (
    "posting_date 记账日",
    "value_date 起息日",
    "through 止",
    "event 业务",
    "detail 明细",
    "reference 凭证",
    "money 收付",
    *(f"{name}{part}" for part in ("_change 变动", "_balance 余额") for name in Standing._fields),
    "owed 欠款合计",
)


def prove(*, deep: bool, loans: Sequence[str]) -> int:
    """Prove, and print what was found; 1 when something does not hold."""
    ids = [_loan_id(number) for number in loans]
    return say(with_database(lambda: _prove(deep=deep, ids=ids)))


def say(proof: BooksProof, *, to: TextIO | None = None) -> int:
    """Print the proof and every fault in both languages; the exit code."""
    out = to or sys.stdout
    print(f"loans {proof.loans}", file=out)
    print(f"facilities {proof.facilities}", file=out)
    if proof.replayed:
        print(f"histories replayed {proof.replayed}", file=out)
    for fault in proof.faults:
        print(
            f"fault: {fault.check} {fault.noun} {fault.row}: {fault.en} | {fault.zh}: "
            f"expected 应为 {fault.expected}, found 实为 {fault.found}",
            file=out,
        )
    if proof.fault_count > len(proof.faults):
        print(f"and {proof.fault_count - len(proof.faults)} more", file=out)
    print("the books hold" if proof.holds else "the books do NOT hold", file=out)
    return 0 if proof.holds else EXIT_FAILED


def statement(*, loan: str, daily: bool) -> int:
    """Write a loan's statement to standard output as CSV (UTF-8, for a spreadsheet)."""
    loan_id = _loan_id(loan)

    async def write() -> None:
        await _refuse_old_schema()
        found = await statement_of(SYSTEM, loan_id, daily=daily)
        if found is None:
            raise LiudaiError(f"there is no loan {loan}", exit_code=EXIT_USAGE)
        await write_csv(found, sys.stdout)

    with_database(write)
    return 0


async def write_csv(found: Statement, out: TextIO) -> None:
    """Write a header and one row a line, amounts with the currency's decimals."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEADER)
    async for line in found.lines():
        writer.writerow(_row(line, found.currency))


def _row(line: Line, currency: str) -> list[str]:
    after = line.place.standing
    amounts = (line.money, *line.moved, *after, after.owed)
    return [
        str(line.posting_date),
        str(line.value_date),
        str(line.through),
        line.event,
        line.detail,
        line.reference,
        *(format_minor(minor, currency) for minor in amounts),
    ]


async def _prove(*, deep: bool, ids: Sequence[int]) -> BooksProof:
    await _refuse_old_schema()
    if not ids:
        return await verify_books(deep=deep, said=_count)
    total = BooksProof()
    for each in sorted(set(ids)):
        proof = await verify_books(loans=range(each, each + 1), deep=deep)
        if not proof.loans:
            raise LiudaiError(
                f"there is no loan {human_number(NumberKind.LOAN, each)}", exit_code=EXIT_USAGE
            )
        total.add(proof)
    return total


def _count(loans: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{loans:,} loans", end="", file=sys.stderr, flush=True)


async def _refuse_old_schema() -> None:
    if await pending_migrations():
        raise LiudaiError("the database lacks migrations: run `liudai migrate` first")


def _loan_id(number: str) -> int:
    found = row_id(NumberKind.LOAN, number)
    if found is None:
        raise LiudaiError(
            f"{number!r} is no loan number: they look like LN000000123 and end in a check digit",
            exit_code=EXIT_USAGE,
        )
    return found
