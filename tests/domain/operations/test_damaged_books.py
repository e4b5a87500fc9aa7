"""Every kind of damage to the books is found and named, by the whole proof and by the daily one."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from domain import db
from domain.models.lending.loan import Installment, Loan
from domain.operations.lending.verify_books import BooksProof, shards, verify_books
from domain.queries.business_date import business_date
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.moments import SUMMED
from domain.rules.lending.proof import Check
from domain.rules.lending.servicing import events as e
from tests.lender import Lender
from tests.servicing import days_pass, happens, is_reversed, pays

GUARDS = ("ledger_entry_no_update", "ledger_entry_no_delete")


@dataclass(frozen=True)
class Book:
    """A book that was proven and carried, with something of everything in it since."""

    loan: Loan
    other: Loan
    facility_id: int


@pytest.fixture(scope="module")
async def book(lender: Lender) -> Book:
    """Two loans with a history, proven through a closed day; the guarding triggers taken away."""
    facility_id = await lender.facility(limit="500000.00")
    loan = await lender.loan(facility_id, amount=120_000_00)
    other = await lender.loan(facility_id, amount=60_000_00)
    due = await Installment.get(loan_id=loan.id, number=1)
    await days_pass(lender, (due.due_date - await business_date()).days + 40)
    wrong = await pays(lender, loan.id, 1_000_00)
    await is_reversed(lender, wrong)
    closed = await business_date() - dt.timedelta(days=1)
    assert (await verify_books(day=closed)).holds
    for loan_id in (loan.id, other.id):
        await happens(
            lender,
            loan_id,
            lambda n, day: e.Levy(sequence=n, on=day, code="LEGAL", amount=300_00, due_date=day),
        )
        await happens(
            lender,
            loan_id,
            lambda n, day: e.Waiver(sequence=n, on=day, bucket=Bucket.COSTS, amount=1_00),
        )
        await pays(lender, loan_id, 40_000_00)
        await happens(lender, loan_id, lambda n, day: e.Refund(sequence=n, on=day, amount=50_00))
    for guard in GUARDS:
        await db.execute(f"DROP TRIGGER {guard}")
    proof = await verify_books(deep=True)
    assert (proof.faults, proof.loans, proof.replayed) == ([], 2, 2)
    return Book(await Loan.get(id=loan.id), await Loan.get(id=other.id), facility_id)


async def newest(table: str, where: str = "1 = 1", *values: Any) -> int:
    """The id of the newest row."""
    found = await db.rows(f"SELECT MAX(id) AS id FROM {table} WHERE {where}", values)
    assert found[0]["id"], (table, where)
    return int(found[0]["id"])


@asynccontextmanager
async def changed(table: str, row_id: int, **columns: Any) -> AsyncIterator[None]:
    """Change a row by hand, and put it back."""
    (before,) = await db.rows(f"SELECT * FROM {table} WHERE id = %s", [row_id])
    await _set(table, row_id, columns)
    try:
        yield
    finally:
        await _set(table, row_id, {name: before[name] for name in columns})


@asynccontextmanager
async def deleted(table: str, row_id: int) -> AsyncIterator[None]:
    """Delete a row by hand, and put it back."""
    (before,) = await db.rows(f"SELECT * FROM {table} WHERE id = %s", [row_id])
    await db.execute(f"DELETE FROM {table} WHERE id = %s", [row_id])
    try:
        yield
    finally:
        await db.insert(table, before)


@asynccontextmanager
async def inserted(table: str, **values: Any) -> AsyncIterator[int]:
    """Insert a row by hand, and take it away."""
    row_id = await db.insert(table, values)
    try:
        yield row_id
    finally:
        await db.execute(f"DELETE FROM {table} WHERE id = %s", [row_id])


async def _set(table: str, row_id: int, columns: dict[str, Any]) -> None:
    assigned = ", ".join(f"`{name}` = %s" for name in columns)
    await db.execute(f"UPDATE {table} SET {assigned} WHERE id = %s", [*columns.values(), row_id])


async def value(table: str, row_id: int, column: str) -> Any:
    return (await db.rows(f"SELECT `{column}` AS v FROM {table} WHERE id = %s", [row_id]))[0]["v"]


def names(proof: BooksProof) -> set[tuple[Check, str, str]]:
    return {(fault.check, fault.noun, fault.row) for fault in proof.faults}


async def both() -> tuple[BooksProof, BooksProof]:
    """The whole proof and the daily one; the daily one carries nothing, since it does not hold."""
    return await verify_books(), await verify_books(day=await closed_day())


async def closed_day() -> dt.date:
    return await business_date() - dt.timedelta(days=1)


Named = tuple[Check, str, str]


async def assert_named(*expected: Named, daily: bool = True) -> None:
    whole, incremental = await both()
    assert set(expected) <= names(whole), whole.faults
    assert all(fault.en and fault.zh and fault.expected != fault.found for fault in whole.faults)
    if daily:
        assert set(expected) <= names(incremental), incremental.faults
    assert whole.fault_count == len(whole.faults)


async def entry(book: Book, account: str, event: str = "REPAYMENT") -> int:
    return await newest(
        "ledger_entry",
        "loan_id = %s AND account_code = %s AND event = %s",
        book.loan.id,
        account,
        event,
    )


async def test_an_altered_entry(book: Book) -> None:
    row = await entry(book, "1303")
    journal = await value("ledger_entry", row, "journal")
    amount = await value("ledger_entry", row, "amount")
    async with changed("ledger_entry", row, amount=amount + 1):
        await assert_named(
            (Check.JOURNAL, "Journal", journal), (Check.POSTINGS, "Loan", str(book.loan.id))
        )
        assert (Check.TRIAL_BALANCE, "TrialBalance", "USD") in names(await verify_books())


async def test_an_altered_entry_of_a_day_carried_long_ago_is_found_by_the_whole_proof(
    book: Book,
) -> None:
    row = await entry(book, "1132", "ACCRUAL")
    amount = await value("ledger_entry", row, "amount")
    async with changed("ledger_entry", row, amount=amount + 1):
        journal = await value("ledger_entry", row, "journal")
        await assert_named((Check.JOURNAL, "Journal", journal), daily=False)


async def test_a_deleted_entry(book: Book) -> None:
    row = await entry(book, "1002")
    journal = await value("ledger_entry", row, "journal")
    async with deleted("ledger_entry", row):
        await assert_named(
            (Check.JOURNAL, "Journal", journal), (Check.POSTINGS, "Loan", str(book.loan.id))
        )


async def test_two_entries_altered_so_that_the_journal_still_balances(book: Book) -> None:
    one, two = await entry(book, "1303"), await entry(book, "1132")
    amounts = [await value("ledger_entry", row, "amount") for row in (one, two)]
    async with (
        changed("ledger_entry", one, amount=amounts[0] + 5),
        changed("ledger_entry", two, amount=amounts[1] - 5),
    ):
        await assert_named((Check.POSTINGS, "Loan", str(book.loan.id)))


async def test_entries_laid_to_another_loan(book: Book) -> None:
    """The totals of every account stay right; the loans' places in the sums tell them apart."""
    async with (
        changed("ledger_entry", await entry(book, "1303"), loan_id=book.other.id),
        changed("ledger_entry", await entry(book, "1002"), loan_id=book.other.id),
    ):
        await assert_named(
            (Check.POSTINGS, "Loan", str(book.loan.id)),
            (Check.POSTINGS, "Loan", str(book.other.id)),
        )


async def test_a_cent_moved_from_one_loan_to_another(book: Book) -> None:
    """Everything that is summed over all loans is as it was."""
    one, two = book.loan, book.other
    async with (
        changed("loan", one.id, principal_outstanding=one.principal_outstanding + 1),
        changed("loan", two.id, principal_outstanding=two.principal_outstanding - 1),
    ):
        await assert_named(
            (Check.POSTINGS, "Loan", str(one.id)), (Check.POSTINGS, "Loan", str(two.id))
        )


async def test_an_entry_in_another_currency(book: Book) -> None:
    async with changed("ledger_entry", await entry(book, "1303"), currency="EUR"):
        await assert_named((Check.POSTINGS, "Loan", str(book.loan.id)))
        assert (Check.TRIAL_BALANCE, "TrialBalance", "EUR") in names(await verify_books())


async def test_an_account_that_the_chart_lacks(book: Book) -> None:
    async with changed("ledger_entry", await entry(book, "1303"), account_code="4242"):
        await assert_named((Check.POSTINGS, "Loan", str(book.loan.id)))


@pytest.mark.parametrize("column", SUMMED)
async def test_an_altered_balance_of_a_loan(book: Book, column: str) -> None:
    async with changed("loan", book.loan.id, **{column: getattr(book.loan, column) + 1}):
        await assert_named((Check.POSTINGS, "Loan", str(book.loan.id)))


async def test_an_altered_principal(book: Book) -> None:
    async with changed("loan", book.loan.id, principal=book.loan.principal + 1):
        await assert_named((Check.PAYMENT, "Loan", str(book.loan.id)))


async def test_an_altered_book_status(book: Book) -> None:
    async with changed("loan", book.loan.id, book_status="NON_ACCRUAL"):
        await assert_named((Check.POSTINGS, "Loan", str(book.loan.id)))


@pytest.mark.parametrize(
    "column",
    [
        "principal",
        "principal_paid",
        "principal_moved",
        "interest_accrued",
        "interest_paid",
        "interest_waived",
        "penalty_accrued",
        "penalty_paid",
        "penalty_waived",
        "compound_accrued",
        "compound_paid",
        "compound_waived",
    ],
)
async def test_an_altered_instalment(book: Book, column: str) -> None:
    row = (await Installment.get(loan_id=book.loan.id, number=1)).id
    async with changed("installment", row, **{column: await value("installment", row, column) + 1}):
        await assert_named((Check.ITEMS, "Loan", str(book.loan.id)))


@pytest.mark.parametrize("column", ["amount", "paid", "waived"])
async def test_an_altered_charge(book: Book, column: str) -> None:
    row = await newest("loan_charge", "loan_id = %s", book.loan.id)
    async with changed("loan_charge", row, **{column: await value("loan_charge", row, column) + 1}):
        await assert_named((Check.ITEMS, "Loan", str(book.loan.id)))


async def payment(book: Book) -> int:
    return await newest("repayment", "loan_id = %s AND reversed_by IS NULL", book.loan.id)


@pytest.mark.parametrize("column", ["amount", "to_credit"])
async def test_an_altered_payment(book: Book, column: str) -> None:
    row = await payment(book)
    async with changed("repayment", row, **{column: await value("repayment", row, column) + 1}):
        await assert_named((Check.PAYMENT, "Repayment", str(row)))


async def test_a_payment_marked_as_reversed(book: Book) -> None:
    row = await payment(book)
    async with changed("repayment", row, reversed_by=1):
        await assert_named(
            (Check.PAYMENT, "Repayment", str(row)), (Check.PAYMENT, "Loan", str(book.loan.id))
        )


async def test_a_reversal_undone_by_hand(book: Book) -> None:
    row = await newest("repayment", "loan_id = %s AND reversed_by IS NOT NULL", book.loan.id)
    async with changed("repayment", row, reversed_by=None):
        await assert_named((Check.PAYMENT, "Repayment", str(row)))


@pytest.mark.parametrize("change", [{"amount": 1}, {"bucket": "COSTS"}, {"superseded_by": 1}])
async def test_an_altered_allocation(book: Book, change: dict[str, Any]) -> None:
    row = await newest(
        "repayment_allocation", "repayment_id = %s AND bucket = 'PRINCIPAL'", await payment(book)
    )
    async with changed("repayment_allocation", row, **change):
        await assert_named((Check.PAYMENT, "Loan", str(book.loan.id)))


async def test_a_deleted_allocation(book: Book) -> None:
    row = await newest("repayment_allocation", "repayment_id = %s", await payment(book))
    async with deleted("repayment_allocation", row):
        await assert_named((Check.PAYMENT, "Repayment", str(await payment(book))))


async def test_an_altered_refund(book: Book) -> None:
    row = await newest("loan_event", "loan_id = %s AND kind = 'REFUND'", book.loan.id)
    async with changed("loan_event", row, amount=1):
        await assert_named((Check.PAYMENT, "Loan", str(book.loan.id)))


@pytest.mark.parametrize("column", ["used", "reserved", "excess"])
async def test_an_altered_limit(book: Book, column: str) -> None:
    before = await value("credit_facility", book.facility_id, column)
    async with changed("credit_facility", book.facility_id, **{column: before + 1}):
        await assert_named((Check.LIMIT, "CreditFacility", str(book.facility_id)))


async def test_an_altered_use_of_the_limit(book: Book) -> None:
    async with changed("loan", book.loan.id, limit_used=book.loan.limit_used + 1):
        await assert_named((Check.LIMIT, "CreditFacility", str(book.facility_id)))


async def test_an_entry_of_a_day_that_has_not_come(book: Book) -> None:
    row = await entry(book, "1303")
    async with changed(
        "ledger_entry", row, posting_date=await business_date() + dt.timedelta(days=1)
    ):
        await assert_named((Check.FUTURE_ENTRY, "LedgerEntry", str(row)))


async def _loose(account: str, amount: int, journal: str = "by-hand") -> dict[str, Any]:
    today = await business_date()
    return {
        "journal": journal,
        "event": "MANUAL",
        "account_code": account,
        "currency": "USD",
        "amount": amount,
        "value_date": today,
        "posting_date": today,
        "created_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    }


async def test_an_entry_of_no_loan_where_loans_are_kept(book: Book) -> None:
    async with (
        inserted("ledger_entry", **await _loose("1303", 7)) as row,
        inserted("ledger_entry", **await _loose("1002", -7)),
    ):
        await assert_named((Check.SUB_LEDGER, "LedgerEntry", str(row)))


async def test_entries_of_a_loan_that_is_not_there(book: Book) -> None:
    async with (
        inserted("ledger_entry", **{**await _loose("1303", 7), "loan_id": 987_654}) as row,
        inserted("ledger_entry", **{**await _loose("1002", -7), "loan_id": 987_654}) as other,
    ):
        await assert_named(
            (Check.SUB_LEDGER, "LedgerEntry", str(row)),
            (Check.SUB_LEDGER, "LedgerEntry", str(other)),
        )


async def test_a_journal_of_no_loan_that_does_not_balance(book: Book) -> None:
    async with inserted("ledger_entry", **await _loose("1002", 7)):
        await assert_named((Check.JOURNAL, "Journal", "by-hand"))


async def test_memo_accounts_that_do_not_balance_by_themselves(book: Book) -> None:
    async with (
        inserted("ledger_entry", **await _loose("8999", 7)),
        inserted("ledger_entry", **await _loose("1002", -7)),
    ):
        found = [
            fault for fault in (await verify_books()).faults if fault.check is Check.TRIAL_BALANCE
        ]
        assert [(fault.en, fault.found) for fault in found] == [
            ("the sum of the memo accounts", "0.07 USD")
        ]


async def test_entries_put_into_a_day_that_was_carried(book: Book) -> None:
    """The whole proof sees them; with what was carried, only that the sums are others."""
    if db.dialect() == "sqlite":
        pytest.skip("SQLite carries nothing")
    long_ago = book.loan.start_date
    whose = {"loan_id": book.loan.id, "posting_date": long_ago, "value_date": long_ago}
    async with (
        inserted("ledger_entry", **{**await _loose("6021", -9), **whose}),
        inserted("ledger_entry", **{**await _loose("1002", 9), **whose}),
    ):
        assert (Check.POSTINGS, "Loan", str(book.loan.id)) in names(await verify_books())
        assert (await verify_books(day=await closed_day())).holds  # it does not look there again


@pytest.mark.parametrize("column", ["amount", "by_place", "by_square"])
async def test_altered_carried_sums(book: Book, column: str) -> None:
    if db.dialect() == "sqlite":
        pytest.skip("SQLite carries nothing")
    row = await newest("ledger_carried", "account_code = '1303'")
    before = int(await value("ledger_carried", row, column))
    async with changed("ledger_carried", row, **{column: str(before + 1)}):
        proof = await verify_books(day=await closed_day())
        assert (Check.CARRIED, "LedgerCarried", "0") in names(proof)


@pytest.mark.parametrize(
    ("column", "altered"),
    [
        ("next_due_date", dt.date(2026, 1, 16)),
        ("maturity_date", dt.date(2027, 12, 31)),
        ("taxed_income", 1),
        ("written_off", 1),
        ("arrears_cleared_on", dt.date(2026, 1, 16)),
    ],
)
async def test_what_only_a_replay_shows_of_a_loan(book: Book, column: str, altered: Any) -> None:
    async with changed("loan", book.loan.id, **{column: altered}):
        proof = await verify_books(deep=True)
        assert names(proof) == {(Check.REPLAY, "Loan", str(book.loan.id))}
        assert any(column in fault.en for fault in proof.faults)


async def test_what_only_a_replay_shows_of_an_instalment(book: Book) -> None:
    row = (await Installment.get(loan_id=book.loan.id, number=2)).id
    for column, altered in (("due_date", dt.date(2026, 3, 1)), ("interest", 1), ("opening", 1)):
        async with changed("installment", row, **{column: altered}):
            proof = await verify_books(deep=True)
            assert (Check.REPLAY, "Loan", str(book.loan.id)) in names(proof)


async def test_only_the_loans_that_were_asked_for(book: Book) -> None:
    async with changed("loan", book.loan.id, vat=book.loan.vat + 1):
        proof = await verify_books(loans=range(book.other.id, book.other.id + 1), deep=True)
        assert (proof.faults, proof.loans, proof.replayed) == ([], 1, 1)
        assert proof.facilities == 0


async def test_nothing_is_carried_over_a_fault(book: Book) -> None:
    if db.dialect() == "sqlite":
        pytest.skip("SQLite carries nothing")
    today = await business_date()
    carried = await db.rows("SELECT * FROM ledger_carried ORDER BY id")
    async with changed("loan", book.loan.id, vat=book.loan.vat + 1):
        assert not (await verify_books(day=today)).holds
        assert await db.rows("SELECT * FROM ledger_carried ORDER BY id") == carried
    (shard,) = await shards()
    assert (await verify_books(day=today, loans=shard)).holds
    after = await db.rows("SELECT through FROM ledger_carried")
    assert {row["through"] for row in after} == {today}


async def test_the_book_is_whole_again(book: Book) -> None:
    """Each test above has put back what it damaged."""
    assert (await verify_books(deep=True)).faults == []
