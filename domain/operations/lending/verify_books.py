"""Proving the books (docs/domain.md §6): on demand whole, at each close what the day moved.

The proof streams by ranges of loans, each seen at one moment, so it may run while others write and
needs no more memory at a million loans than at a thousand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from domain.db import at_one_moment, dialect, rows, transact
from domain.operations.lending.carry_books import (
    LOANS_A_SHARD,
    carried,
    carried_totals,
    carry,
    positions,
    posted_since,
)
from domain.operations.lending.verify_history import history_faults
from domain.queries.business_date import business_date
from domain.queries.lending.proof_of_loans import (
    Which,
    item_faults,
    journal_faults,
    paid_since,
    payment_faults,
    posting_faults_of,
)
from domain.queries.lending.proof_of_totals import (
    FACILITIES_A_RANGE,
    entry_faults,
    limit_faults,
    totals_faults,
    trial_balance_faults,
)
from domain.rules.lending.moments import Moments, added
from domain.rules.lending.proof import Check, Fault

FAULTS_LISTED_MAX: Final = 1_000
_LOANS_A_RANGE: Final = 1_000


@dataclass(slots=True)
class BooksProof:
    """What was proven, and what does not hold: `faults` lists the first of `fault_count`."""

    loans: int = 0
    facilities: int = 0
    replayed: int = 0
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether everything does."""
        return self.fault_count == 0

    def add(self, other: BooksProof) -> None:
        """Take in what another proof looked at and found."""
        self.loans += other.loans
        self.facilities += other.facilities
        self.replayed += other.replayed
        self.note(other.faults)
        self.fault_count += other.fault_count - len(other.faults)

    def note(self, faults: list[Fault]) -> None:
        """Count faults, and list them as long as there is room."""
        self.fault_count += len(faults)
        self.faults += faults[: max(FAULTS_LISTED_MAX - len(self.faults), 0)]


async def verify_books(
    *,
    day: dt.date | None = None,
    loans: range | None = None,
    deep: bool = False,
    said: Callable[[int], object] = lambda _: None,
) -> BooksProof:
    """Prove the books, and name every row that does not hold.

    Without `day`, everything is added up from the first entry. With it (a day whose entries are
    all there: one that was closed), what was proven and carried before is taken as it was, the
    rest is added to it, and carried through `day`.

    `loans` are the row ids to look at; then nothing is said of limits and totals, which
    :func:`verify_totals` proves. With `day` they are widened to whole shards: a close takes the
    ranges of :func:`shards`, side by side if it likes, and then the totals. `deep` replays each
    loan's history as well. `said` is told the loans looked at so far.
    """
    proof = BooksProof()
    chosen = range(0, await _last_id("loan") + 1) if loans is None else loans
    if day is not None and dialect() != "sqlite":  # whose sums would overflow
        for shard in _shards_of(chosen):
            await _prove_shard(proof, shard, day)
            said(proof.loans)
    else:
        for which in _ranges(chosen, _LOANS_A_RANGE):
            await _prove_range(proof, which)
            said(proof.loans)
    if deep:
        for which in _ranges(chosen, _LOANS_A_RANGE):
            count, faults = await history_faults(which)
            proof.replayed += count
            proof.note(faults)
    if loans is None:
        await _prove_totals(proof, day)
    return proof


async def verify_totals(*, day: dt.date | None = None) -> BooksProof:
    """Prove what is about no single loan: limits, the trial balance, entries of no loan or of a day
    to come. With `day`, the trial balance is that of what was carried."""
    proof = BooksProof()
    await _prove_totals(proof, day)
    return proof


async def shards() -> list[range]:
    """The ranges of loans that the daily proof takes one by one; they may run side by side."""
    last = await _last_id("loan")
    return [
        range(shard * LOANS_A_SHARD, (shard + 1) * LOANS_A_SHARD)
        for shard in _shards_of(range(0, last + 1))
    ]


async def _prove_range(proof: BooksProof, which: Which) -> None:
    """Everything about some loans, from the first entry."""

    async def look() -> None:
        proof.note(await journal_faults(which))
        proof.note(await posting_faults_of(which))
        proof.note(await item_faults(which))
        proof.note(await payment_faults(which))
        proof.loans += await _count(which)

    await at_one_moment(look)


async def _prove_shard(proof: BooksProof, shard: int, day: dt.date) -> None:
    """What was posted to a shard's loans since it was carried, and carry it through `day`."""
    which = Which(shard * LOANS_A_SHARD, (shard + 1) * LOANS_A_SHARD - 1)

    async def look() -> _Seen:
        proof.loans += await _count(which)
        return await _see_shard(shard, which, day)

    seen = await at_one_moment(look)
    proof.note(seen.faults)
    if not seen.faults and seen.through is not None:
        # In a transaction of its own, which locks no more than the shard's rows.
        through, moments = seen.through, seen.moments
        await transact(lambda: carry(shard, moments, through=through))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What does not hold of a shard; else its entries' sums through a day that is to be carried."""

    faults: list[Fault]
    through: dt.date | None = None
    moments: Moments = field(default_factory=dict)


async def _see_shard(shard: int, which: Which, day: dt.date) -> _Seen:
    after, before = await carried(shard)
    through = day if after is None else max(after, day)
    until, later = await posted_since(shard, after=after, through=through)
    faults = await journal_faults(which, after=after)
    faults += await item_faults(which)
    if after is None:
        faults += await payment_faults(which)
    elif moved := await paid_since(which, after=after):
        for start in range(0, len(moved), _LOANS_A_RANGE):
            part = Which(ids=tuple(moved[start : start + _LOANS_A_RANGE]))
            faults += await payment_faults(part)
    if added(before, until, later) != await positions(shard):
        faults += await _name_the_loans(shard, which)
    return _Seen(faults, through if through != after else None, added(before, until))


async def _name_the_loans(shard: int, which: Which) -> list[Fault]:
    """The sums of a shard are not those of its loans: say of which, by adding up all of them."""
    faults: list[Fault] = []
    for part in _ranges(range(which.first, which.last + 1), _LOANS_A_RANGE):
        faults += await posting_faults_of(part)
    if faults:
        return faults
    return [
        Fault(
            check=Check.CARRIED,
            noun="LedgerCarried",
            row=str(shard),
            en=f"sums carried forward for the loans {which.first} to {which.last}: the entries, "
            "added up from the first, agree with the loans, so one was added to a day that had "
            "been carried, or the carried sums were altered",
            zh=f"借据 {which.first} 至 {which.last} 的结转合计：自首笔分录起重新累计与借据相符，"
            "说明已结转日期被补记分录，或结转合计被改动",
            expected="the sums of the entries",
            found="other sums",
        )
    ]


async def _prove_totals(proof: BooksProof, day: dt.date | None) -> None:
    last = await _last_id("credit_facility")
    for first in range(0, last + 1, FACILITIES_A_RANGE):
        end = first + FACILITIES_A_RANGE - 1

        async def limits(first: int = first, end: int = end) -> list[Fault]:
            return await limit_faults(first=first, last=end)

        proof.note(await at_one_moment(limits))
    proof.facilities = (await rows("SELECT COUNT(*) AS n FROM credit_facility"))[0]["n"]

    async def totals() -> list[Fault]:
        faults = await entry_faults(today=await business_date())
        if day is None or dialect() == "sqlite":
            return faults + await trial_balance_faults()
        return faults + totals_faults(await carried_totals())

    proof.note(await at_one_moment(totals))


async def _count(which: Which) -> int:
    found: int = (
        await rows(f"SELECT COUNT(*) AS n FROM loan WHERE {which.of('id')}", which.values)
    )[0]["n"]
    return found


async def _last_id(table: str) -> int:
    return (await rows(f"SELECT MAX(id) AS last FROM {table}"))[0]["last"] or 0


def _ranges(loans: range, size: int) -> Iterator[Which]:
    for first in range(loans.start, loans.stop, size):
        yield Which(first, min(first + size, loans.stop) - 1)


def _shards_of(loans: range) -> range:
    if not loans:
        return range(0)
    return range(loans.start // LOANS_A_SHARD, loans[-1] // LOANS_A_SHARD + 1)
