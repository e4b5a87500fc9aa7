"""The deep proof: a loan's history, replayed from its disbursement, gives the loan as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from domain.db import at_one_moment, rows
from domain.models.lending.loan_account import (
    PROGRESS_COLUMNS,
    SCHEDULE_COLUMNS,
    STATE_COLUMNS,
    first_terms,
    stored_balance_changes,
    stored_matured,
    stored_misuse,
    stored_rate_changes,
)
from domain.models.lending.loan_rows import ChargeRow, InstallmentRow, LoanRow, columns_of
from domain.operations.lending.replay_loan import Past, account_of_history
from domain.queries.lending.loan_rows import vat_rates
from domain.queries.lending.proof_of_loans import Which
from domain.rules.lending.proof import Check, Fault
from domain.rules.lending.schedule import build_schedule
from domain.rules.lending.servicing.account import Charge, Installment
from domain.rules.lending.states import LoanState
from domain.rules.refusal import Refused

_REPLAYED = (LoanState.ACTIVE, LoanState.WRITTEN_OFF, LoanState.PAID_OFF)
# What of its limit a loan uses depends on the facility's states of then.
_PLANNED = tuple(name for name in SCHEDULE_COLUMNS if name != "balance_changes")
_STATE = tuple(name for name in STATE_COLUMNS if name != "limit_used")


async def history_faults(which: Which) -> tuple[int, list[Fault]]:
    """Replay the loans; return how many, and a fault for each column that comes out otherwise."""

    async def look() -> tuple[int, list[Fault]]:
        vat = await vat_rates()
        faults: list[Fault] = []
        found = await rows(
            f"SELECT {columns_of(LoanRow)} FROM loan WHERE {which.of('id')} AND state IN "
            "(%s, %s, %s) ORDER BY id",
            [*which.values, *_REPLAYED],
        )
        for each in found:
            row = LoanRow(**each)
            try:
                past = await account_of_history(
                    row, vat=vat.get(row.profile, ()), today=row.accrued_through
                )
            except Refused as refusal:
                faults.append(_fault(row, ("its history", "历史"), "can be replayed", str(refusal)))
            else:
                faults += _differences(row, past)
        return len(found), faults

    return await at_one_moment(look)


def _differences(row: LoanRow, past: Past) -> Iterator[Fault]:
    for name in _STATE:
        should, found = getattr(past.account, name), getattr(row, name)
        if should != found:
            yield _fault(row, (name, name), should, found)
    for name, text in (
        ("rate_changes", stored_rate_changes(past.account)),
        ("matured", stored_matured(past.account)),
        ("misuse", stored_misuse(past.account)),
    ):
        if text != _compact(getattr(row, name)):
            yield _fault(row, (name, name), text, getattr(row, name))
    method = past.account.terms.schedule.method
    if method != row.current_method:
        yield _fault(row, ("current_method", "current_method"), method, row.current_method)
    terms = first_terms(row, vat=())
    yield from _unlike_items(
        row,
        ("instalment of the disbursement's schedule", "放款时计划分期"),
        {each.number: _values(each, _PLANNED) for each in build_schedule(terms.schedule)},
        {each.number: _values(each, _PLANNED) for each in past.first_schedule},
    )
    yield from _unlike_items(
        row,
        ("instalment", "分期"),
        {each.number: _schedule_row(each) for each in past.account.installments},
        {each.number: _stored_row(each) for each in past.installments},
    )
    yield from _unlike_items(
        row,
        ("charge", "费用"),
        {each.number: _charge(each) for each in past.account.charges},
        {each.number: _charge(each) for each in past.charges},
    )


def _unlike_items(
    row: LoanRow,
    noun: tuple[str, str],
    should: dict[int, dict[str, Any]],
    stored: dict[int, dict[str, Any]],
) -> Iterator[Fault]:
    for number in sorted(should.keys() | stored.keys()):
        what = f"{noun[0]} {number}", f"{noun[1]} {number}"
        if number not in should or number not in stored:
            there = ("is there", "is not there")
            yield _fault(row, what, there[number not in should], there[number not in stored])
            continue
        for name, value in should[number].items():
            found = stored[number][name]
            if value != found:
                yield _fault(row, (f"{what[0]}, {name}", f"{what[1]} {name}"), value, found)


def _schedule_row(row: Installment) -> dict[str, Any]:
    return _values(row, (*SCHEDULE_COLUMNS, *PROGRESS_COLUMNS)) | {
        "balance_changes": stored_balance_changes(row)
    }


def _stored_row(row: InstallmentRow) -> dict[str, Any]:
    return _values(row, (*SCHEDULE_COLUMNS, *PROGRESS_COLUMNS)) | {
        "balance_changes": _compact(row.balance_changes)
    }


def _compact(text: str | None) -> str | None:
    """A JSON text as we write it: MySQL's JSON type puts spaces into it."""
    return text.replace(" ", "") if text else None


def _charge(row: Charge | ChargeRow) -> dict[str, Any]:
    return _values(row, ("code", "due_date", "amount", "paid", "waived", "settled_on"))


def _values(row: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _fault(row: LoanRow, what: tuple[str, str], expected: object, found: object) -> Fault:
    return Fault(
        check=Check.REPLAY,
        noun="Loan",
        row=str(row.id),
        en=f"{what[0]}, by a replay of its history",
        zh=f"{what[1]}（按历史重算）",
        expected=str(expected),
        found=str(found),
    )
