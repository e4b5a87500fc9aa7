"""Reading a form: every mistake is collected, then all are refused together."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal

from domain.rules.money import CURRENCIES, format_minor, to_minor
from domain.rules.refusal import ErrorCode, Problem, refuse_if

# Control characters, and those that show nothing or turn the text around them: two names that look
# the same must be the same. Joiners stay, since scripts and emoji need them.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b"
    r"\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_LINES = re.compile(r"[\t\n\r]")
_JOINERS = "\u200c\u200d"
EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2200, 1, 1)


class Form:
    """Collects :class:`Problem`s while values are read; `refuse` raises them all."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, code: ErrorCode, path: str, en: str, zh: str) -> None:
        """Note one problem at the field `path` (dots separate nested fields)."""
        self.problems.append(Problem(code, tuple(path.split(".")), en, zh))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Note the problems another rule found."""
        self.problems.extend(problems)

    def refuse(self) -> None:
        """Raise :class:`Refused` with everything noted, if anything was."""
        refuse_if(self.problems)

    def text(
        self,
        path: str,
        value: str | None,
        *,
        longest: int,
        needed: bool = True,
        lines: bool = False,
    ) -> str:
        """Read a text of 1 to `longest` characters without control characters, trimmed; on several
        lines if `lines`. Store what is returned, not what was given."""
        text = (value or "").strip()
        if not text.strip(_JOINERS):
            text = ""
            if needed:
                self.add(ErrorCode.REQUIRED, path, f"{path} is required.", f"{path} 为必填项。")
        elif len(text) > longest:
            self.add(
                ErrorCode.OUT_OF_RANGE,
                path,
                f"{path} may have at most {longest} characters; this has {len(text)}.",
                f"{path} 最多 {longest} 个字符，当前为 {len(text)} 个。",
            )
        elif _CONTROL.search(text) or (not lines and _LINES.search(text)):
            self.add(
                ErrorCode.INVALID_VALUE,
                path,
                f"{path} has a control character. Retype it as plain text.",
                f"{path} 含有控制字符，请重新输入纯文本。",
            )
        return text

    def currency(self, path: str, value: str) -> str:
        """Read an ISO 4217 code."""
        if value not in CURRENCIES:
            self.add(
                ErrorCode.INVALID_VALUE,
                path,
                f"{value!r} is not an ISO 4217 currency code. Use three letters such as CNY.",
                f"“{value}”不是 ISO 4217 货币代码，请使用如 CNY 的三位字母代码。",
            )
        return value

    def money(
        self,
        path: str,
        value: Decimal,
        currency: str,
        *,
        zero: bool = False,
        negative: bool = False,
        most: int | None = None,
    ) -> int:
        """Read an amount as minor units: positive unless `zero` or `negative` allow more."""
        if currency not in CURRENCIES:
            return 0  # the currency's own problem is noted already
        try:
            minor = to_minor(value, currency)
        except ValueError:
            digits = CURRENCIES[currency]
            self.add(
                ErrorCode.WRONG_SCALE,
                path,
                f"{currency} amounts have at most {digits} decimals; {value} has more.",
                f"{currency} 金额最多 {digits} 位小数，{value} 超出。",
            )
            return 0
        if minor < 0 and not negative:
            self.add(
                ErrorCode.OUT_OF_RANGE,
                path,
                f"{path} must not be negative; this is {value}.",
                f"{path} 不得为负数，当前为 {value}。",
            )
        elif minor == 0 and not zero:
            self.add(
                ErrorCode.OUT_OF_RANGE, path, f"{path} must be above zero.", f"{path} 必须大于零。"
            )
        elif most is not None and minor > most:
            shown = format_minor(most, currency)
            self.add(
                ErrorCode.OUT_OF_RANGE,
                path,
                f"{path} may be at most {shown} {currency}; this is {value}.",
                f"{path} 最多为 {shown} {currency}，当前为 {value}。",
            )
        return minor

    def whole(self, path: str, value: int, *, least: int, most: int) -> int:
        """Read a whole number from `least` to `most`."""
        if not least <= value <= most:
            self.add(
                ErrorCode.OUT_OF_RANGE,
                path,
                f"{path} must be from {least} to {most}; this is {value}.",
                f"{path} 须在 {least} 至 {most} 之间，当前为 {value}。",
            )
        return value

    def date(
        self,
        path: str,
        value: dt.date,
        *,
        earliest: dt.date = EARLIEST,
        latest: dt.date = LATEST,
    ) -> dt.date:
        """Read a date from `earliest` to `latest`, both inclusive."""
        if not earliest <= value <= latest:
            self.add(
                ErrorCode.DATE_OUT_OF_RANGE,
                path,
                f"{path} must be from {earliest} to {latest}; this is {value}.",
                f"{path} 须在 {earliest} 至 {latest} 之间，当前为 {value}。",
            )
        return value
