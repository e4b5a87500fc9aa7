"""Eight loans of three borrowers, what a crowd wants of them, and what must have come of it."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.db import in_list, rows
from domain.models.lending.loan import Loan
from domain.operations.lending.verify_books import verify_books
from tests.lender import Lender
from tests.over_http import gid
from tests.survival.crowd import Told, Wish

REPAYMENT = "repayment { id amount }"
MONEY_IN = ("repayLoan", "prepayLoan", "payOffLoan")


@dataclass(slots=True)
class Book:
    """The loans, and what is known of their repayments so far."""

    lender: Lender
    loans: list[Loan]
    random: random.Random
    repayments: list[str] = field(default_factory=list)

    def wish(self, loan: Loan | None = None) -> Wish:
        """Something to do to a loan: mostly a repayment."""
        loan = loan or self.random.choice(self.loans)
        chance = self.random.random()
        if chance < 0.55:
            return self.payment("repayLoan", loan, self.random.randint(1, 300_000))
        if chance < 0.67:
            return self.payment("prepayLoan", loan, self.random.randint(100_000, 500_000))
        if chance < 0.69:
            return self.payment("payOffLoan", loan, 6_000_000)
        if chance < 0.82 or not self.repayments:
            return self.charge(loan)
        return self.reversal()

    def payment(self, name: str, loan: Loan, minor: int) -> Wish:
        """Money for a loan; its key is its reference."""
        wish = Wish(
            name=name,
            selected=REPAYMENT,
            actor=self.lender.cashier,
            form={"loanId": gid("Loan", loan.id), "amount": f"{minor // 100}.{minor % 100:02d}"},
            loan_id=loan.id,
            minor=minor,
        )
        wish.form["externalReference"] = wish.key
        return wish

    def charge(self, loan: Loan) -> Wish:
        """A cost on a loan; its key is its reason."""
        minor = self.random.randint(1, 5_000)
        wish = Wish(
            name="chargeLoan",
            selected="event { id }",
            actor=self.lender.accountant,
            form={
                "loanId": gid("Loan", loan.id),
                "code": "COLLECTION",
                "amount": f"{minor // 100}.{minor % 100:02d}",
            },
            loan_id=loan.id,
            minor=minor,
        )
        wish.form["reason"] = wish.key
        return wish

    def reversal(self) -> Wish:
        """The proposal to reverse one of the repayments; its key is its reason."""
        wish = Wish(
            name="proposeChange",
            selected="change { id contentSha256 }",
            actor=self.lender.cashier,
            form={},
        )
        asked = {"repaymentId": self.random.choice(self.repayments), "reason": wish.key}
        wish.form = {"reason": wish.key, "content": {"reverseRepayment": asked}}
        return wish

    def following(self, told: Told) -> Wish | None:
        """What an answer leads to: a proposal to its approval; a repayment is known from now on."""
        if not told.done:
            return None
        if told.wish.name in MONEY_IN:
            self.repayments.append(told.done[0]["repayment"]["id"])
        if told.wish.name != "proposeChange":
            return None
        change = told.done[0]["change"]
        return Wish(
            name="approveChange",
            selected="change { id state }",
            actor=self.lender.approver,
            form={"id": change["id"], "contentSha256": change["contentSha256"]},
        )


async def open_book(lender: Lender, *, seed: int) -> Book:
    """Eight loans of 50,000.00: three and three share a revolving facility, two one that is not."""
    loans = []
    for count, revolving in ((3, True), (3, True), (2, False)):
        facility_id = await lender.facility(revolving=revolving)
        loans += [await lender.loan(facility_id) for _ in range(count)]
    return Book(lender, loans, random.Random(seed))


async def each_key_had_one_effect(all_told: Sequence[Told]) -> Counter[str]:
    """Every wish that was answered as done has one effect, every other none, but for what was cut
    off and came through after all. Returns how many took effect, by mutation."""
    effects: Counter[str] = Counter()
    for told in all_told:
        there = await _effects(told.wish)
        fresh = [answer for answer in told.done if not answer["replayed"]]
        assert len(fresh) <= 1, told
        assert len({str(_nouns(answer)) for answer in told.done}) <= 1, told
        if told.done:
            assert there == 1, told
            if not told.cuts and not told.unfinished:
                assert len(fresh) == 1, told
        elif told.cuts or told.unfinished:
            assert there <= 1, told
        else:
            assert there == 0, told
        assert await _remembered(told.wish) == there, told
        effects[told.wish.name] += there
    return effects


async def no_cent_is_lost(book: Book, all_told: Sequence[Told]) -> int:
    """What the loans took is what was answered as done, and what was cut off and is there; the
    books hold. Returns what came in, in minor units."""
    ids = [loan.id for loan in book.loans]
    paid = await rows(
        "SELECT external_reference, amount FROM repayment "
        f"WHERE amount > 0 AND loan_id IN {in_list(ids)}",
        ids,
    )
    by_key = {told.wish.key: told for told in all_told if told.wish.name in MONEY_IN}
    for row in paid:
        assert by_key[row["external_reference"]].wish.minor == row["amount"]
    answered = {wish_key for wish_key, told in by_key.items() if told.done}
    unheard = {row["external_reference"] for row in paid} - answered
    assert all(by_key[each].cuts or by_key[each].unfinished for each in unheard)
    came_in = sum(int(row["amount"]) for row in paid)
    assert came_in == sum(by_key[each].wish.minor for each in answered | unheard)
    await all_books_hold()
    return came_in


async def all_books_hold() -> None:
    """Every loan, facility and total proves right, and every loan is what its history makes it."""
    proof = await verify_books(deep=True)
    assert proof.holds, proof.faults
    assert proof.replayed > 0


def _nouns(answer: dict[str, object]) -> object:
    found = next(
        value for name, value in answer.items() if name not in ("replayed", "errors") and value
    )
    assert isinstance(found, dict)
    return found["id"]


async def _effects(wish: Wish) -> int:
    """How many rows the wish has left behind."""
    if wish.name in MONEY_IN:
        sql = "SELECT COUNT(*) AS n FROM repayment WHERE external_reference = %s"
    elif wish.name == "chargeLoan":
        sql = "SELECT COUNT(*) AS n FROM loan_event WHERE kind = 'CHARGE' AND reason = %s"
    elif wish.name == "proposeChange":
        sql = "SELECT COUNT(*) AS n FROM change_request WHERE reason = %s"
    else:
        return await _remembered(wish)
    return int((await rows(sql, [wish.key]))[0]["n"])


async def _remembered(wish: Wish) -> int:
    found = await rows(
        "SELECT COUNT(*) AS n FROM idempotency_record "
        "WHERE action = %s AND `key` = %s AND result IS NOT NULL",
        [wish.name, hashlib.sha256(wish.key.encode()).hexdigest()],
    )
    return int(found[0]["n"])
