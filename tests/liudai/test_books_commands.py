"""`liudai verify-books` and `liudai statement`."""

from __future__ import annotations

import asyncio
import csv
import io
import subprocess
import sys

import pytest

from domain.models.lending.loan import Loan
from domain.rules.numbers import NumberKind, human_number
from tests.lender import Lender
from tests.servicing import days_pass, pays


async def liudai(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "liudai", *arguments]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)


@pytest.fixture(scope="module")
async def loan(lender: Lender) -> Loan:
    """A loan with a payment and some days of interest."""
    made = await lender.loan()
    await days_pass(lender, 40)
    await pays(lender, made.id, 2_000_00)
    await days_pass(lender, 3)
    return await Loan.get(id=made.id)


async def test_books_that_hold(loan: Loan) -> None:
    number = human_number(NumberKind.LOAN, loan.id)
    for arguments, counted in (
        ((), ["loans 1", "facilities 1"]),
        (("--deep",), ["loans 1", "facilities 1", "histories replayed 1"]),
        (("--deep", "--loan", number), ["loans 1", "facilities 0", "histories replayed 1"]),
    ):
        answer = await liudai("verify-books", *arguments)
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout.splitlines() == [*counted, "the books hold"]


async def test_a_fault_is_named_in_both_languages_and_the_exit_code_is_1(loan: Loan) -> None:
    await Loan.filter(id=loan.id).update(interest_paid=loan.interest_paid + 1)
    answer = await liudai("verify-books")
    await Loan.filter(id=loan.id).update(interest_paid=loan.interest_paid)
    assert answer.returncode == 1
    lines = answer.stdout.splitlines()
    assert lines[-1] == "the books do NOT hold"
    (fault,) = [line for line in lines if line.startswith("fault: ITEMS")]
    assert f"Loan {loan.id}: interest paid, by the sum of its instalments | 已还利息" in fault


async def test_a_number_of_no_loan_is_refused(loan: Loan) -> None:
    for command in (("verify-books", "--loan"), ("statement",)):
        answer = await liudai(*command, "LN1")
        assert answer.returncode == 2
        assert "is no loan number" in answer.stderr
        answer = await liudai(*command, human_number(NumberKind.LOAN, 999))
        assert answer.returncode == 2
        assert "there is no loan" in answer.stderr


async def test_a_statement_is_a_csv_that_ends_with_what_is_owed(loan: Loan) -> None:
    number = human_number(NumberKind.LOAN, loan.id)
    by_month, daily = (
        await liudai("statement", number),
        await liudai("statement", number, "--daily"),
    )
    assert (by_month.returncode, daily.returncode) == (0, 0), by_month.stderr
    for answer in (by_month, daily):
        rows = list(csv.DictReader(io.StringIO(answer.stdout)))
        assert rows[0]["event 业务"] == "DISBURSEMENT"
        assert rows[-1]["principal_balance 余额"] == f"{loan.principal_outstanding / 100:.2f}"
        assert rows[-1]["interest_balance 余额"] == f"{loan.interest_receivable / 100:.2f}"
    assert len(daily.stdout.splitlines()) > len(by_month.stdout.splitlines()) > 4
