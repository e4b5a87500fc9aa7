"""Reconciling a day: what the bank's files and orders say, held against the books.

Everything the bank reported must be in the books, or there is a line that says why not. Amounts are
minor units.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from domain.rules.money import format_minor

AGEING_DAYS = (7, 30, 90)


class DifferenceKind(StrEnum):
    """Why what the bank reported and what the books hold differ."""

    WAITING = "WAITING"
    DUPLICATE = "DUPLICATE"
    REFUSED = "REFUSED"
    NOT_IN_LEDGER = "NOT_IN_LEDGER"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    SUSPENSE_ACCOUNT = "SUSPENSE_ACCOUNT"
    CLEARING_ACCOUNT = "CLEARING_ACCOUNT"
    ORDER_FILE = "ORDER_FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An amount that the two sides do not share, and what it is; `subject` names the source,
    account or file. Only those that are `open` want somebody to do something."""

    kind: DifferenceKind
    subject: str
    currency: str
    amount: int
    open: bool
    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDay:
    """One source's day in one currency: what its files and calls reported as come in, by what
    became of it, and the cash that the books show for it. `unexplained` is what the files say was
    paid out or came back without an order of ours."""

    source: str
    currency: str
    file_lines: int
    file_total: int
    api_total: int
    taken: int
    duplicate: int
    refused: int
    waiting: int
    unexplained: int
    ledger: int

    @property
    def reported(self) -> int:
        """All that the bank reported."""
        return self.file_total + self.api_total

    def differences(self) -> list[Difference]:
        """What of the reported is not in the books, and why; what is left has no reason."""
        rest = self.reported - self.ledger - self.duplicate - self.refused - self.waiting
        parts = (
            (DifferenceKind.WAITING, self.waiting, True, "not posted yet", "尚未入账"),
            (
                DifferenceKind.DUPLICATE,
                self.duplicate,
                False,
                "reported again, taken before",
                "重复通知，此前已入账",
            ),
            (
                DifferenceKind.REFUSED,
                self.refused,
                True,
                "in refused lines: see the file's report",
                "属于被拒绝的行，详见文件报告",
            ),
            (
                DifferenceKind.NOT_IN_LEDGER,
                rest,
                True,
                "without an entry in the books: find out why at once",
                "账簿中没有对应分录，请立即查明",
            ),
            (
                DifferenceKind.UNKNOWN_ORDER,
                self.unexplained,
                True,
                "paid out or come back, which no order of ours explains: ask the bank",
                "付出或被退回，但无对应付款指令，请向银行查询",
            ),
        )
        return [
            _difference(kind, self.source, self.currency, amount, en, zh, open=open)
            for kind, amount, open, en, zh in parts
            if amount
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What an account holds by the books, and by the payments or orders that it is made of."""

    kind: DifferenceKind
    subject: str
    currency: str
    ledger: int
    expected: int

    def differences(self) -> list[Difference]:
        """The one difference, if there is any."""
        amount = self.ledger - self.expected
        if not amount:
            return []
        expected = format_minor(self.expected, self.currency)
        return [
            _difference(
                self.kind,
                self.subject,
                self.currency,
                amount,
                f"more than the {expected} that it should be",
                f"多于应有的 {expected}",
                open=True,
            )
        ]


def _difference(
    kind: DifferenceKind, subject: str, currency: str, amount: int, en: str, zh: str, *, open: bool
) -> Difference:
    shown = f"{format_minor(amount, currency)} {currency}"
    return Difference(
        kind=kind,
        subject=subject,
        currency=currency,
        amount=amount,
        open=open,
        en=f"{subject}: {shown} {en}.",
        zh=f"{subject}：{shown} {zh}。",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeBucket:
    """Money in suspense from `days_from` to `days_to` days old (None: and older)."""

    currency: str
    days_from: int
    days_to: int | None
    count: int
    total: int


def age_buckets(held: Iterable[tuple[str, int, int, int]]) -> list[AgeBucket]:
    """Put (currency, days, count, total) of what lies in suspense into buckets, every bucket of a
    currency that has any."""
    edges = [0, *(days + 1 for days in AGEING_DAYS)]
    bounds = [*((a, b - 1) for a, b in pairwise(edges)), (edges[-1], None)]
    sums: dict[str, list[tuple[int, int]]] = {}
    for currency, days, more, amount in held:
        found = sums.setdefault(currency, [(0, 0)] * len(bounds))
        place = sum(days >= edge for edge in edges[1:])
        count, total = found[place]
        found[place] = (count + more, total + amount)
    return [
        AgeBucket(currency=currency, days_from=low, days_to=high, count=count, total=total)
        for currency in sorted(sums)
        for (low, high), (count, total) in zip(bounds, sums[currency], strict=True)
    ]
