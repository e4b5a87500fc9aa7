"""Statement of account (对账单): every transaction of a loan, with running balances by bucket.

The lines are the loan's journals, so the statement and the books cannot differ. Balances are claims
(what the borrower owes), wherever the books keep them: a loan in non-accrual owes the same.
Accruals that follow each other within a month are one line unless every day is asked for; so a
running balance is right at every line. Changes of terms that moved no money have a line too.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from operator import add
from typing import Any, Final, NamedTuple

from domain.db import in_list, rows
from domain.models.lending.loan_history_events import REVERSAL
from domain.rules.lending.postings import CASH_ACCOUNTS, Account, Event

CHUNK: Final = 20_000
"""How many entries are read at a time."""


class Standing(NamedTuple):
    """What a borrower owes by bucket, and what the lender owes as `credit`; minor units."""

    principal: int = 0
    interest: int = 0
    penalty: int = 0
    compound: int = 0
    fees: int = 0
    credit: int = 0

    @property
    def owed(self) -> int:
        """All that is owed, the credit balance not taken off."""
        return self.principal + self.interest + self.penalty + self.compound + self.fees


class Place(NamedTuple):
    """How far a statement has been read: the last entry and silent event, and the standing then."""

    entry_id: int
    event_id: int
    standing: Standing


class Line(NamedTuple):
    """One transaction. `money` came in (below zero: went out); `moved` is what it changed, `place`
    holds the standing after it. An accrual's days run from `value_date` to `through`. `detail` is
    the kind of the loan's event behind it, where there is one."""

    event: Event
    detail: str
    reference: str
    value_date: dt.date
    through: dt.date
    posting_date: dt.date
    money: int
    moved: Standing
    place: Place


class _Transaction(NamedTuple):
    """A journal, or an event that moved no money, before it has its place; the other id is 0."""

    event: Event
    detail: str
    reference: str
    value_date: dt.date
    posting_date: dt.date
    money: int
    moved: Standing
    entry_id: int
    event_id: int


_BUCKETS: Final[dict[str, tuple[Sequence[Account], int]]] = {
    "principal": ((Account.LOANS, Account.MEMO_PRINCIPAL), 1),
    "interest": ((Account.INTEREST_RECEIVABLE, Account.MEMO_INTEREST), 1),
    "penalty": ((Account.PENALTY_RECEIVABLE, Account.MEMO_PENALTY), 1),
    "compound": ((Account.COMPOUND_RECEIVABLE, Account.MEMO_COMPOUND), 1),
    "fees": ((Account.FEE_RECEIVABLE, Account.MEMO_FEES), 1),
    "credit": ((Account.BORROWER_CREDIT,), -1),
    "money": (sorted(CASH_ACCOUNTS), 1),
}
"""Column of a line → its accounts, and the sign that makes a debt positive."""
_SUMS: Final = ", ".join(
    "CAST(SUM(CASE WHEN account_code IN ("
    + ", ".join(f"'{account}'" for account in accounts)
    + f") THEN {'-' if sign < 0 else ''}amount ELSE 0 END) AS SIGNED) AS {name}"
    for name, (accounts, sign) in _BUCKETS.items()
)
_COLUMNS: Final = "journal, event, value_date, posting_date"
_JOURNALS: Final = (
    f"SELECT MAX(id) AS last, COUNT(*) AS entries, {{columns}}, {_SUMS} FROM (SELECT id, "
    "account_code, amount, {columns} FROM ledger_entry WHERE loan_id = %s AND id > %s "
    "AND posting_date >= %s AND posting_date <= %s ORDER BY id LIMIT %s) e "
    "GROUP BY {columns} ORDER BY last"
)


async def standing_at(loan_id: int, *, before: dt.date) -> Standing:
    """What the loan's postings before a day come to."""
    (row,) = await rows(
        f"SELECT {_SUMS} FROM ledger_entry WHERE loan_id = %s AND posting_date < %s",
        [loan_id, before],
    )
    # The sum of no entries is NULL.
    return Standing(*(row[name] or 0 for name in Standing._fields))


async def statement_lines(
    loan_id: int,
    *,
    start: dt.date,
    end: dt.date,
    after: Place,
    daily: bool = False,
    chunk: int = CHUNK,
) -> AsyncIterator[Line]:
    """Yield the lines posted from `start` to `end`, both inclusive, after a place: that of a line
    read before, or the opening one. `daily` gives each day's accrual a line."""
    held: Line | None = None
    place = after
    async for found in _transactions(loan_id, start=start, end=end, after=after, chunk=chunk):
        if held is not None and not daily and _goes_on(held, found):
            held = _together(held, found)
        else:
            if held is not None:
                yield held
            held = _placed(found, place)
        place = held.place
    if held is not None:
        yield held


async def _transactions(
    loan_id: int, *, start: dt.date, end: dt.date, after: Place, chunk: int
) -> AsyncIterator[_Transaction]:
    """Journals in the order of their posting, and between them the events that have none."""
    events = {
        f"{'reversal' if row['kind'] == REVERSAL else 'event'}:{row['id']}": row
        for row in await rows(
            "SELECT id, kind, value_date, posting_date, created_at FROM loan_event "
            "WHERE loan_id = %s AND posting_date >= %s AND posting_date <= %s ORDER BY id",
            [loan_id, start, end],
        )
    }
    silent = deque(
        (reference, row)
        for reference, row in (await _without_journal(events)).items()
        if row["id"] > after.event_id
    )
    # Reading 5,000 moments costs a tenth of the whole: only where something is to be put between.
    sql = _JOURNALS.format(columns=f"{_COLUMNS}, created_at" if silent else _COLUMNS)
    async for row in _journals(
        sql, loan_id, start=start, end=end, after=after.entry_id, chunk=chunk
    ):
        while silent and silent[0][1]["created_at"] < row["created_at"]:
            yield _silent(*silent.popleft())
        event = events.get(row["journal"])
        moved, money = _standing(row), row["money"]
        if event or money or any(moved):  # else tax, or where the books keep the claims
            yield _Transaction(
                Event(row["event"]),
                event["kind"] if event else "",
                row["journal"],
                row["value_date"],
                row["posting_date"],
                money,
                moved,
                row["last"],
                0,
            )
    for reference, row in silent:
        yield _silent(reference, row)


async def _journals(
    sql: str, loan_id: int, *, start: dt.date, end: dt.date, after: int, chunk: int
) -> AsyncIterator[Mapping[str, Any]]:
    """The loan's journals, each once and whole."""
    while True:
        found = await rows(sql, [loan_id, after, start, end, chunk])
        full = sum(row["entries"] for row in found) == chunk
        for row in found[:-1] if full else found:  # the last may go on in the next chunk
            yield row
            after = row["last"]
        if not full:
            return


async def _without_journal(events: Mapping[str, Any]) -> dict[str, Any]:
    """Those events that posted nothing: a change of terms, a reversal that made no difference."""
    if not events:
        return {}
    posted = await rows(
        f"SELECT DISTINCT journal FROM ledger_entry WHERE journal IN {in_list(list(events))}",
        list(events),
    )
    journals = {row["journal"] for row in posted}
    return {name: row for name, row in events.items() if name not in journals}


def _silent(reference: str, row: Mapping[str, Any]) -> _Transaction:
    reversal = row["kind"] == REVERSAL
    return _Transaction(
        Event.REPLAY if reversal else Event.TERMS,
        row["kind"],
        reference,
        row["value_date"],
        row["posting_date"],
        0,
        Standing(),
        0,
        row["id"],
    )


def _placed(found: _Transaction, place: Place) -> Line:
    return Line(
        found.event,
        found.detail,
        found.reference,
        found.value_date,
        found.value_date,
        found.posting_date,
        found.money,
        found.moved,
        Place(
            found.entry_id or place.entry_id,
            found.event_id or place.event_id,
            _sum(place.standing, found.moved),
        ),
    )


def _goes_on(held: Line, found: _Transaction) -> bool:
    """Whether both are accruals of days in one month, with nothing between them."""
    return (
        held.event is Event.ACCRUAL
        and found.event is Event.ACCRUAL
        and (held.through.year, held.through.month)
        == (found.value_date.year, found.value_date.month)
    )


def _together(held: Line, found: _Transaction) -> Line:
    return held._replace(
        through=found.value_date,
        posting_date=found.posting_date,
        money=held.money + found.money,
        moved=_sum(held.moved, found.moved),
        place=Place(found.entry_id, held.place.event_id, _sum(held.place.standing, found.moved)),
    )


def _sum(one: Standing, other: Standing) -> Standing:
    return Standing(*map(add, one, other))


def _standing(row: Mapping[str, Any]) -> Standing:
    return Standing(
        row["principal"],
        row["interest"],
        row["penalty"],
        row["compound"],
        row["fees"],
        row["credit"],
    )
