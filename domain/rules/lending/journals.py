"""Manual journals (手工凭证): what may be posted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.rules.lending.postings import CHART, Account, Entry
from domain.rules.lending.proof import LOAN_ACCOUNTS
from domain.rules.money import format_minor
from domain.rules.refusal import ErrorCode, Problem

LINES_MAX = 50


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One side: account code, signed minor units (debit positive)."""

    account: str
    amount: int


def journal_problems(lines: Sequence[JournalLine], *, currency: str) -> list[Problem]:
    """Every reason why these lines are no journal: too few, unknown accounts, an account twice, one
    that loans are kept on, a zero, debits and credits that differ."""
    problems = []
    if not 2 <= len(lines) <= LINES_MAX:
        problems.append(
            Problem(
                ErrorCode.OUT_OF_RANGE,
                ("lines",),
                f"A journal has 2 to {LINES_MAX} lines; this has {len(lines)}.",
                f"凭证须有 2 至 {LINES_MAX} 条分录，当前为 {len(lines)} 条。",
            )
        )
    seen: set[str] = set()
    for place, line in enumerate(lines):
        problems += _line_problems(line, ("lines", str(place)), seen)
        seen.add(line.account)
    difference = sum(line.amount for line in lines)
    if difference:
        shown = f"{format_minor(difference, currency)} {currency}"
        problems.append(
            Problem(
                ErrorCode.INVALID_VALUE,
                ("lines",),
                f"Debits less credits are {shown}: a journal sums to zero.",
                f"借贷差额为 {shown}，凭证须借贷平衡。",
            )
        )
    return problems


def entries_of(lines: Sequence[JournalLine]) -> list[Entry]:
    """The entries of lines without problems."""
    return [Entry(Account(line.account), line.amount) for line in lines]


def _line_problems(line: JournalLine, path: tuple[str, str], seen: set[str]) -> list[Problem]:
    account = (*path, "account")
    if line.account not in CHART:
        return [
            Problem(
                ErrorCode.NOT_FOUND,
                account,
                f"The chart has no account {line.account!r}.",
                f"科目表中没有科目“{line.account}”。",
            )
        ]
    if line.account in LOAN_ACCOUNTS:
        name = CHART[Account(line.account)]
        return [
            Problem(
                ErrorCode.NOT_PERMITTED,
                account,
                f"Account {line.account} {name.en} is the sum of the loans' own postings: change "
                "the loan instead.",
                f"科目 {line.account} {name.zh} 由借据明细构成，请通过借据业务调整。",
            )
        ]
    problems = []
    if line.account in seen:
        problems.append(
            Problem(
                ErrorCode.DUPLICATE,
                account,
                f"Account {line.account} stands in an earlier line: put both together.",
                f"科目 {line.account} 已在前面分录中，请合并。",
            )
        )
    if line.amount == 0:
        problems.append(
            Problem(
                ErrorCode.OUT_OF_RANGE,
                (*path, "amount"),
                "A line of a journal cannot be zero.",
                "分录金额不能为零。",
            )
        )
    return problems
