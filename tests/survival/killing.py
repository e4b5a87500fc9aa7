"""kill -9 at random points of day closes and repayments, and what must be true afterwards."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from domain.db import rows, transact
from domain.models.lending.loan import Loan
from domain.queries.business_date import business_date
from tests.books import books_hold
from tests.lender import Lender
from tests.survival.book import Book, each_key_had_one_effect, no_cent_is_lost
from tests.survival.crowd import Crowd, Told, Wish
from tests.survival.running import Up

PAYERS = 8
VICTIMS = (("worker",), ("api",), ("redis",), ("worker", "redis"), ("api", "worker"))
"""Who is killed at one point; each has its turn, in an order that the seed decides."""
_RECOVERY_SECONDS = 120.0
_LOANS_A_FACILITY = 3
_CREDIT_OF = 4
"""One loan in so many gets money ahead of its due date, which the close itself must use."""


@dataclass(slots=True)
class Points:
    """What was killed and when, and how long each close took to get to its end after it."""

    points: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    while_closing: int = 0
    days: int = 0
    recovered_seconds: list[float] = field(default_factory=list)
    effects: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    came_in: int = 0

    def __str__(self) -> str:
        slowest = max(self.recovered_seconds, default=0.0)
        return (
            f"{self.points} points, {self.while_closing} of them amid a close, killed "
            f"{dict(self.killed)}; {self.days} days closed, the slowest {slowest:.1f} s after its "
            f"kill; effects {dict(self.effects)}; {self.unanswered} requests lost and sent again; "
            f"{self.came_in} in"
        )


async def lend(lender: Lender, *, loans: int, seed: int) -> Book:
    """A book of `loans` loans, three to a revolving facility; some have money to their credit."""
    found: list[Loan] = []
    while len(found) < loans:
        facility_id = await lender.facility()
        for _ in range(min(_LOANS_A_FACILITY, loans - len(found))):
            found.append(await lender.loan(facility_id))
    return Book(lender, found, random.Random(seed))


async def kill_at_points(
    book: Book, up: Up, *, points: int, seed: int, said: Callable[[Points], object] = lambda _: None
) -> Points:
    """Close days and take repayments while processes are killed, `points` times; check after each
    that the close got to its end, and at the end that nothing is lost or doubled.

    `said` is told after each point what was survived so far.
    """
    crowd = Crowd([up.url], seed=seed, cut_share=0.02, patience_seconds=_RECOVERY_SECONDS)
    chance, found, ended = random.Random(seed), Points(), asyncio.Event()
    payers = [asyncio.create_task(_pay(book, crowd, ended)) for _ in range(PAYERS)]
    told: list[Told] = []
    try:
        for loan in book.loans[::_CREDIT_OF]:
            told.append(await crowd.fulfil(book.payment("repayLoan", loan, 1_500_000)))
        turns = chance.sample(VICTIMS, len(VICTIMS))
        for point in range(points):
            victims = turns[point % len(turns)]
            told.append(await _kill_amid_a_close(book, crowd, up, victims, chance, found))
            said(found)
    finally:
        ended.set()
        paid = await asyncio.gather(*payers)
    told += [each for one in paid for each in one]
    found.unanswered = sum(len(each.unfinished) for each in told)
    assert "INTERNAL" not in crowd.unfinished, crowd.unfinished
    found.effects = await each_key_had_one_effect(told)
    found.came_in = await no_cent_is_lost(book, told)
    return found


async def _kill_amid_a_close(
    book: Book,
    crowd: Crowd,
    up: Up,
    victims: Sequence[str],
    chance: random.Random,
    found: Points,
) -> Told:
    first = await business_date()
    last = first + dt.timedelta(days=chance.randint(0, 2))
    wish = Wish(
        name="closeBusinessDay",
        selected="businessDay { id day state } job { id }",
        actor=book.lender.operator,
        form={"through": last.isoformat(), "aheadOfCalendar": True},
    )
    closing = asyncio.create_task(crowd.fulfil(wish))
    await asyncio.sleep(chance.uniform(0.0, 1.5))
    under_way = await _closing()
    for kind in victims:
        assert up.kill(kind, chance.randrange(4)) is not None, up.log.read_text()[-3000:]
        found.killed[kind] += 1
    found.points += 1
    found.while_closing += under_way
    killed_at = time.monotonic()
    told = await closing
    assert told.done, told
    while not await _closed_through(last):
        assert up.process.poll() is None, up.log.read_text()[-3000:]
        assert time.monotonic() - killed_at < _RECOVERY_SECONDS, await _where_it_stands()
        await asyncio.sleep(0.1)
    found.recovered_seconds.append(time.monotonic() - killed_at)
    found.days += (last - first).days + 1
    await _each_day_ended_once(book, last, chance)
    return told


async def _pay(book: Book, crowd: Crowd, ended: asyncio.Event) -> list[Told]:
    """Pay, prepay, charge and reverse, one after another, until it is over."""
    told = []
    while not ended.is_set():
        wish: Wish | None = book.wish()
        while wish is not None:
            told.append(await crowd.fulfil(wish))
            wish = book.following(told[-1])
        await asyncio.sleep(book.random.uniform(0.0, 0.2))
    return told


async def _closing() -> bool:
    return bool(await rows("SELECT id FROM business_day WHERE state = 'CLOSING'"))


async def _closed_through(day: dt.date) -> bool:
    (row,) = await rows(
        "SELECT COALESCE(SUM(state LIKE 'CLOSED%%'), 0) AS closed, COUNT(*) AS days "
        "FROM business_day WHERE day <= %s",
        [day],
    )
    return await business_date() > day and int(row["closed"]) == row["days"]


async def _where_it_stands() -> str:
    days = await rows("SELECT * FROM business_day WHERE state <> 'CLOSED'")
    shards = await rows("SELECT * FROM close_shard WHERE state <> 'DONE'")
    jobs = await rows("SELECT id, kind, state, attempts, error FROM job ORDER BY id DESC LIMIT 3")
    return f"{days} {shards} {jobs}"


async def _each_day_ended_once(book: Book, last: dt.date, chance: random.Random) -> None:
    """No loan was left behind or set aside, no day was posted twice, and the books balance."""
    opens = last + dt.timedelta(days=1)
    behind = await rows(
        "SELECT id FROM loan WHERE state IN ('ACTIVE', 'WRITTEN_OFF') AND accrued_through < %s",
        [opens],
    )
    assert behind == []
    assert await rows("SELECT loan_id, reason FROM loan_set_aside") == []
    doubled = await rows(
        "SELECT loan_id, value_date, account_code FROM ledger_entry WHERE event = 'ACCRUAL' "
        "GROUP BY loan_id, value_date, account_code HAVING COUNT(*) > 1"
    )
    assert doubled == []
    for loan in chance.sample(book.loans, 3):
        await transact(partial(_held_books_hold, loan))


async def _held_books_hold(loan: Loan) -> None:
    """Payments go on meanwhile: so the loan is looked at under the locks that they would take."""
    await rows("SELECT id FROM credit_facility WHERE id = %s FOR UPDATE", [loan.facility_id])
    await rows("SELECT id FROM loan WHERE id = %s FOR UPDATE", [loan.id])
    await books_hold(loan.id)
