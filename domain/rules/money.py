"""Money as integers of minor units: currencies and their scales, rounding, reading and writing.

Rules and tables hold an amount as an `int` of minor units beside its ISO 4217 currency (100 = 1.00
CNY = 100 JPY). Decimal text is read here, strictly, and written here, with exactly the scale of the
currency. Every division of money goes through :func:`round_half` or :func:`divide_rounded`, whose
caller names the rounding.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final

MAX_MAJOR_UNITS: Final = 10**13
"""No amount, in major units and either sign, is larger than this."""

_MAX_TEXT_CHARACTERS: Final = 64
_PLAIN_DECIMAL: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def _currencies() -> dict[str, int]:
    """ISO 4217 list one (active codes with a minor unit), as of 2026: code → decimals."""
    codes_by_scale = {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        2: (
            "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN "
            "BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD "
            "FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW "
            "KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR "
            "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG "
            "SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD "
            "USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
        ),
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }
    return {code: decimals for decimals, codes in codes_by_scale.items() for code in codes.split()}


CURRENCIES: Final = MappingProxyType(_currencies())
"""Every currency a loan may be in, and how many decimals its amounts have."""


class Rounding(StrEnum):
    """What happens to exactly half a minor unit; product data, HALF_UP is the custom in CNY."""

    HALF_UP = "HALF_UP"
    """Half goes away from zero: 0.5 → 1, -0.5 → -1."""
    HALF_EVEN = "HALF_EVEN"
    """Half goes to the even neighbour: 0.5 → 0, 1.5 → 2."""


class NotADecimal(ValueError):
    """The text is not a plain decimal number."""


class AmountOutOfRange(ValueError):
    """The number is beyond 10¹³ major units, either side of zero."""


class WrongScale(ValueError):
    """The amount has more decimals than its currency."""


class UnknownCurrency(ValueError):
    """The code is not an active ISO 4217 currency with a minor unit."""


def scale(currency: str) -> int:
    """Return how many decimals amounts in `currency` have; raise :class:`UnknownCurrency`."""
    try:
        return CURRENCIES[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency!r} is not an active ISO 4217 currency") from None


def round_half(value: Fraction | Decimal | int, rounding: Rounding) -> int:
    """Round `value` to the nearest integer, halves as `rounding` says."""
    exact = Fraction(value)
    return divide_rounded(exact.numerator, exact.denominator, rounding)


def divide_rounded(dividend: int, divisor: int, rounding: Rounding) -> int:
    """Divide by a positive `divisor` to the nearest integer, halves as `rounding` says."""
    if divisor <= 0:
        raise ValueError(f"the divisor must be positive, got {divisor}")
    quotient, remainder = divmod(abs(dividend), divisor)
    over_half = 2 * remainder - divisor
    if over_half > 0 or (over_half == 0 and (rounding is Rounding.HALF_UP or quotient % 2 == 1)):
        quotient += 1
    return -quotient if dividend < 0 else quotient


def parse_decimal(text: str) -> Decimal:
    """Read a plain decimal such as "1200.50" or "-0.036" exactly.

    Only ASCII digits, one leading minus and one decimal point between digits are read. Raises
    :class:`NotADecimal` for anything else (numbers that are not text, NaN, Infinity, exponents,
    underscores, a leading plus, blanks, more than 64 characters) and :class:`AmountOutOfRange`
    beyond 10¹³ either side of zero.
    """
    if not isinstance(text, str):
        raise NotADecimal(f"a decimal is written as a string, got {type(text).__name__}")
    if len(text) > _MAX_TEXT_CHARACTERS or not _PLAIN_DECIMAL.fullmatch(text):
        raise NotADecimal('a decimal is written with digits and one point, such as "1200.50"')
    value = Decimal(text)
    if value.is_zero():
        return value.copy_abs()
    if value.copy_abs() > MAX_MAJOR_UNITS:
        raise AmountOutOfRange(f"a number lies between -{MAX_MAJOR_UNITS} and {MAX_MAJOR_UNITS}")
    return value


def to_minor(amount: Decimal, currency: str) -> int:
    """Return `amount` (major units) as minor units of `currency`, exactly.

    Raises :class:`UnknownCurrency`, :class:`NotADecimal` for NaN and Infinity,
    :class:`AmountOutOfRange`, and :class:`WrongScale` when the amount is written with more decimals
    than the currency has, zeros included: "1.500" is no amount of CNY.
    """
    decimals = scale(currency)
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int):
        raise NotADecimal("an amount is a finite number")
    if amount.copy_abs() > MAX_MAJOR_UNITS:
        raise AmountOutOfRange(f"an amount lies between -{MAX_MAJOR_UNITS} and {MAX_MAJOR_UNITS}")
    if -exponent > decimals:
        raise WrongScale(f"{currency} has {decimals} decimals, got {-exponent}")
    return int(Fraction(amount) * 10**decimals)


def format_minor(minor: int, currency: str) -> str:
    """Write `minor` units with exactly the decimals of `currency`: 120050 CNY → "1200.50"."""
    decimals = scale(currency)
    sign = "-" if minor < 0 else ""
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"
