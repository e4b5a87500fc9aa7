"""Human numbers: LN000001234 is written on paper and read over the phone, so it ends in a check
digit. They are derived from the row's id, which no two rows share and no sequence must hand out.
"""

from __future__ import annotations

from enum import StrEnum

_DIGITS_MAX = 19  # of a 64-bit id and its check digit


class NumberKind(StrEnum):
    """The two letters that say what a number names."""

    BORROWER = "BR"
    FACILITY = "CF"
    APPLICATION = "LA"
    CONTRACT = "LC"
    DRAWDOWN = "DD"
    LOAN = "LN"
    REPAYMENT = "RP"
    INCOMING_PAYMENT = "IP"
    PAYMENT_ORDER = "PO"
    PAYMENT_ORDER_FILE = "PF"


def human_number(kind: NumberKind, row_id: int) -> str:
    """Return the number of the row: two letters, the id, and its Luhn check digit."""
    return f"{kind}{row_id:08d}{_luhn(str(row_id))}"


def row_id(kind: NumberKind, number: str) -> int | None:
    """Return the id behind `number`, or None for another kind or a wrong check digit."""
    text = number.strip().upper()
    digits = text[2:]
    shaped = digits.isascii() and digits.isdigit() and 9 <= len(digits) <= _DIGITS_MAX
    if not (text.startswith(kind) and shaped):
        return None
    found = int(digits[:-1])
    return found if human_number(kind, found) == text else None


def _luhn(digits: str) -> int:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10
