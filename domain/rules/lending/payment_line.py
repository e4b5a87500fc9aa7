"""A line of a payment file as read: what is wrong with it, which loan it names, what all sum to.

A line is judged apart from the others: one that cannot be taken is refused with its number and its
reason, and does not stop the file. What a file says of its whole (counts, sums) must be true, or no
line of it is taken.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from domain.rules.lending.payment_states import LineFlow
from domain.rules.money import CURRENCIES, AmountOutOfRange, WrongScale, parse_decimal, to_minor
from domain.rules.numbers import NumberKind, row_id
from domain.rules.refusal import ErrorCode, Problem

REFERENCE_MAX = 100
PAYER_MAX = 200
REMITTANCE_MAX = 500
ACCOUNT_MAX = 40
VALUE_DATE_DAYS_BACK = 3_660
VALUE_DATE_DAYS_AHEAD = 0

_LOAN_NUMBER = re.compile(r"(?<![A-Z0-9])LN[0-9]{9,19}(?![0-9])")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentLine:
    """A line as read; `amount` is minor units, None where it cannot be read.

    `number` is where it stands: the line of a CSV file, the place among the transactions of a
    camt.054 file. `order_number` is that of the order which was paid or came back. `problems` are
    why it cannot be taken.
    """

    number: int
    external_reference: str
    currency: str
    amount: int | None
    value_date: dt.date | None
    payer_name: str = ""
    payer_account: str = ""
    loan_number: str = ""
    remittance: str = ""
    flow: LineFlow = LineFlow.INCOMING
    order_number: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class LineReader:
    """Reads the texts of line `number`; notes every problem it meets with that number."""

    number: int
    problems: list[Problem] = field(default_factory=list)

    def add(self, code: ErrorCode, en: str, zh: str) -> None:
        """Note one problem of the line."""
        self.problems.append(
            Problem(
                code,
                ("line", str(self.number)),
                f"Line {self.number}: {en}",
                f"第 {self.number} 行：{zh}",
            )
        )

    def reference(self, text: str) -> str:
        """The bank's reference, by which a payment is taken once only."""
        found = text.strip()
        if not found:
            self.add(ErrorCode.REQUIRED, "the bank's reference is absent.", "缺少银行流水号。")
        elif len(found) > REFERENCE_MAX or _UNPRINTABLE.search(found):
            self.add(
                ErrorCode.INVALID_VALUE,
                f"the bank's reference must have at most {REFERENCE_MAX} printable characters.",
                f"银行流水号最多 {REFERENCE_MAX} 个可打印字符。",
            )
        return found[:REFERENCE_MAX]

    def currency(self, text: str) -> str:
        """An ISO 4217 code; empty when it is none."""
        if text in CURRENCIES:
            return text
        shown = text[:10]
        self.add(
            ErrorCode.INVALID_VALUE,
            f"{shown!r} is not an ISO 4217 currency code.",
            f"“{shown}”不是 ISO 4217 货币代码。",
        )
        return ""

    def amount(self, text: str, currency: str) -> int | None:
        """An amount above zero, in minor units; one that is zero or negative is read and noted."""
        if not currency:
            return None
        shown = text[:40]
        try:
            minor = to_minor(parse_decimal(text), currency)
        except WrongScale:
            decimals = CURRENCIES[currency]
            self.add(
                ErrorCode.WRONG_SCALE,
                f"{currency} amounts have at most {decimals} decimals; {shown} has more.",
                f"{currency} 金额最多 {decimals} 位小数，{shown} 超出。",
            )
            return None
        except AmountOutOfRange:
            self.add(
                ErrorCode.OUT_OF_RANGE, f"the amount {shown} is too large.", f"金额 {shown} 过大。"
            )
            return None
        except ValueError:
            self.add(
                ErrorCode.INVALID_VALUE,
                f"{shown!r} is not an amount such as 1200.50.",
                f"“{shown}”不是有效金额（例如 1200.50）。",
            )
            return None
        if minor <= 0:
            self.add(
                ErrorCode.OUT_OF_RANGE,
                f"an incoming amount is above zero; this is {shown}.",
                f"来款金额必须大于零，当前为 {shown}。",
            )
        return minor

    def date(self, text: str) -> dt.date | None:
        """A day written YYYY-MM-DD."""
        try:
            if len(text) == 10:
                return dt.date.fromisoformat(text)
        except ValueError:
            pass
        shown = text[:20]
        self.add(
            ErrorCode.INVALID_VALUE,
            f"{shown!r} is not a date such as 2026-01-31.",
            f"“{shown}”不是有效日期（例如 2026-01-31）。",
        )
        return None


def shown_text(text: str, *, longest: int) -> str:
    """Return free text of a bank as it may be stored and shown: one line, cut at `longest`.

    What a payer wrote must not stop the payment, so nothing here is refused.
    """
    return " ".join(_UNPRINTABLE.sub(" ", text).split())[:longest]


def value_date_problems(
    value_date: dt.date, *, today: dt.date, path: tuple[str, ...] = ("valueDate",)
) -> list[Problem]:
    """Say when the day on which the money counts lies ahead of the business date or far back."""
    earliest = today - dt.timedelta(days=VALUE_DATE_DAYS_BACK)
    latest = today + dt.timedelta(days=VALUE_DATE_DAYS_AHEAD)
    if earliest <= value_date <= latest:
        return []
    return [
        Problem(
            ErrorCode.DATE_OUT_OF_RANGE,
            path,
            f"The value date {value_date} must be from {earliest} to {latest}, the business date.",
            f"起息日 {value_date} 须在 {earliest} 至营业日 {latest} 之间。",
        )
    ]


def loan_ids_named(loan_number: str, remittance: str) -> list[int]:
    """Return the loans that a payment names, each once: by the bank's own field for the number,
    else in what the payer wrote. A number with a wrong check digit names none."""
    text = loan_number.strip() or remittance
    plain = unicodedata.normalize("NFKC", text).upper()
    named = (row_id(NumberKind.LOAN, found) for found in _LOAN_NUMBER.findall(plain))
    return list(dict.fromkeys(loan_id for loan_id in named if loan_id is not None))


@dataclass(slots=True)
class Totals:
    """What the lines of a file come to: by currency, how many and their sum in minor units."""

    count: int = 0
    by_currency: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, line: PaymentLine) -> None:
        """Count one line; one whose amount cannot be read counts without a sum."""
        self.count += 1
        if line.amount is None:
            return
        lines, minor = self.by_currency.get(line.currency, (0, 0))
        self.by_currency[line.currency] = (lines + 1, minor + line.amount)


def control_problems(
    totals: Totals, *, declared: Mapping[str, tuple[int, Decimal]], unreadable: int
) -> list[Problem]:
    """Hold the lines of a file against its trailer: by currency, count and sum in major units.

    `unreadable` lines have no amount that a sum could be proven with, so any refuses the file.
    """
    problems: list[Problem] = []
    if unreadable:
        problems.append(
            Problem(
                ErrorCode.INVALID_VALUE,
                ("file",),
                f"{unreadable} lines have no readable amount, so the file's sum proves nothing. "
                "Ask the bank for the file anew.",
                f"有 {unreadable} 行金额无法读取，无法核对文件合计，请向银行重新索取文件。",
            )
        )
    for currency in sorted({*totals.by_currency, *declared}):
        count, minor = totals.by_currency.get(currency, (0, 0))
        said_count, said = declared.get(currency, (0, Decimal(0)))
        found = Decimal(minor).scaleb(-CURRENCIES.get(currency, 2))
        if (count, found) != (said_count, said):
            problems.append(
                Problem(
                    ErrorCode.CHECKSUM_INVALID,
                    ("file",),
                    f"The file says {said_count} lines and {said} {currency}; it holds {count} "
                    f"and {found}. It is not whole: ask the bank for it anew.",
                    f"文件声明 {currency} 共 {said_count} 行、合计 {said}，实际为 {count} 行、"
                    f"{found}；文件不完整，请向银行重新索取。",
                )
            )
    return problems
