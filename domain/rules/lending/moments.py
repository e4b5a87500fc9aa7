"""Power sums of loans' balances: a proof that costs no row a loan.

Entries are append-only, so what they sum to can be carried forward. A single sum over many loans
would not show that one has a cent too much and another a cent too little; three sums do, in which
the loan at place k (from 1) counts 1, k and k² times. A difference that touches at most three loans
cannot make all three zero (their matrix is Vandermonde's), and to hide among more it would have to
fit on purpose. The sums of positions are the position of the sums, since for one book status
:func:`~domain.rules.lending.servicing.position.position` is linear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from domain.rules.lending.postings import CASH_ACCOUNTS, Account
from domain.rules.lending.servicing.position import position

POWERS: Final = 3

Moments = dict[tuple[str, str], tuple[int, int, int]]
"""Account and currency → the sums weighted by 1, k and k², in minor units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """The balances of a loan, or the sums of many of one book status."""

    book_status: str
    principal_outstanding: int
    interest_receivable: int
    penalty_receivable: int
    compound_receivable: int
    fee_receivable: int
    interest_paid: int
    penalty_paid: int
    compound_paid: int
    fee_paid: int
    vat: int
    credit_balance: int
    written_off: int = 0


SUMMED: Final = (
    "principal_outstanding",
    "interest_receivable",
    "penalty_receivable",
    "compound_receivable",
    "fee_receivable",
    "interest_paid",
    "penalty_paid",
    "compound_paid",
    "fee_paid",
    "vat",
    "credit_balance",
)
"""The columns of a loan that its position is made of, besides book status and principal."""


def position_moments(currency: str, powers: Iterable[tuple[Balances, int]]) -> Moments:
    """The moments of the positions of loans of one book status: `powers` are the three sums of
    their balances, each with that of the principal disbursed."""
    found: dict[Account, list[int]] = {}
    for power, (balances, disbursed) in enumerate(powers):
        for account, amount in position(balances, disbursed=disbursed).items():
            found.setdefault(account, [0] * POWERS)[power] += amount
    return {(account, currency): (m[0], m[1], m[2]) for account, m in found.items()}


def added(*many: Mapping[tuple[str, str], tuple[int, int, int]]) -> Moments:
    """The sum of moments, the cash accounts together under BANK, without what is zero."""
    total: Moments = {}
    for moments in many:
        for (account, currency), (one, k, kk) in moments.items():
            key = (Account.BANK if account in CASH_ACCOUNTS else account, currency)
            a, b, c = total.get(key, (0, 0, 0))
            total[key] = (a + one, b + k, c + kk)
    return {key: sums for key, sums in total.items() if any(sums)}
