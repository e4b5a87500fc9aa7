"""Currencies, strict decimals, exact scales, named rounding."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.money import (
    CURRENCIES,
    AmountOutOfRange,
    NotADecimal,
    Rounding,
    UnknownCurrency,
    WrongScale,
    divide_rounded,
    format_minor,
    parse_decimal,
    round_half,
    scale,
    to_minor,
)


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [
        ("CNY", 2),
        ("USD", 2),
        ("JPY", 0),
        ("ISK", 0),
        ("KWD", 3),
        ("TND", 3),
        ("CLF", 4),
        ("XCG", 2),
    ],
)
def test_a_currency_has_the_scale_of_iso_4217(currency, decimals):
    assert scale(currency) == decimals


def test_every_active_currency_is_there():
    assert len(CURRENCIES) == 165
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)


@pytest.mark.parametrize("code", ["cny", "", "XAU", "XXX", "HRK", "ANG", "RMB", "CNY "])
def test_an_unknown_currency_is_refused(code):
    with pytest.raises(UnknownCurrency):
        scale(code)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("-0.00", "0.00"),
        ("1200.50", "1200.50"),
        ("-0.036", "-0.036"),
        ("007", "7"),
        ("10000000000000", "10000000000000"),
        ("-10000000000000.00", "-10000000000000.00"),
    ],
)
def test_a_plain_decimal_is_read_exactly(text, value):
    assert str(parse_decimal(text)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NaN",
        "sNaN",
        "Infinity",
        "-inf",
        "1e3",
        "1E-2",
        "1_000",
        "1,000",
        "١٢٣",
        "１２",
        "+1",
        " 1",
        "1 ",
        "1\n",
        "1.",
        ".5",
        "-",
        "--1",
        "0x10",
        "1.2.3",
        "²",
        "0." + "0" * 63,
    ],
)
def test_anything_else_is_no_decimal(text):
    with pytest.raises(NotADecimal):
        parse_decimal(text)


@pytest.mark.parametrize("value", [1, 1.5, None, True, b"1", Decimal(1)])
def test_only_text_is_read(value):
    with pytest.raises(NotADecimal):
        parse_decimal(value)


@pytest.mark.parametrize("text", ["10000000000000.01", "-10000000000001", "9" * 60])
def test_huge_numbers_are_refused(text):
    with pytest.raises(AmountOutOfRange):
        parse_decimal(text)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("1200.50", "CNY", 120050),
        ("1200.5", "CNY", 120050),
        ("-0.01", "CNY", -1),
        ("1200", "JPY", 1200),
        ("1.005", "KWD", 1005),
        ("1.0005", "CLF", 10005),
        ("10000000000000", "CNY", 10**15),
    ],
)
def test_an_amount_becomes_minor_units(amount, currency, minor):
    assert to_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency", "error"),
    [
        ("0.001", "CNY", WrongScale),
        ("1.500", "CNY", WrongScale),
        ("1.0", "JPY", WrongScale),
        ("1E-999999", "CNY", WrongScale),
        ("1E+999999", "CNY", AmountOutOfRange),
        ("10000000000000.01", "CNY", AmountOutOfRange),
        ("NaN", "CNY", NotADecimal),
        ("Infinity", "CNY", NotADecimal),
        ("1", "XXX", UnknownCurrency),
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused(amount, currency, error):
    with pytest.raises(error):
        to_minor(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (0, "CNY", "0.00"),
        (5, "CNY", "0.05"),
        (-5, "CNY", "-0.05"),
        (120050, "CNY", "1200.50"),
        (-7, "JPY", "-7"),
        (1, "KWD", "0.001"),
        (10**17, "CLF", "10000000000000.0000"),
    ],
)
def test_an_amount_is_written_with_its_currency_s_decimals(minor, currency, text):
    assert format_minor(minor, currency) == text


@given(st.integers(-(10**13), 10**13), st.sampled_from(sorted(CURRENCIES)))
def test_writing_and_reading_give_the_same_amount(minor, currency):
    assert to_minor(parse_decimal(format_minor(minor, currency)), currency) == minor


@pytest.mark.parametrize(
    ("value", "up", "even"),
    [
        ("0.5", 1, 0),
        ("1.5", 2, 2),
        ("2.5", 3, 2),
        ("-0.5", -1, 0),
        ("-2.5", -3, -2),
        ("2.4999999999999999999999999", 2, 2),
        ("2.5000000000000000000000001", 3, 3),
        ("-1.2", -1, -1),
        ("7", 7, 7),
    ],
)
def test_halves_go_where_the_rounding_says(value, up, even):
    assert round_half(Decimal(value), Rounding.HALF_UP) == up
    assert round_half(Fraction(value), Rounding.HALF_EVEN) == even


@given(st.integers(), st.integers(1, 10**20), st.sampled_from(Rounding))
def test_a_division_is_never_off_by_more_than_half(dividend, divisor, rounding):
    quotient = divide_rounded(dividend, divisor, rounding)
    assert 2 * abs(quotient * divisor - dividend) <= divisor
    assert divide_rounded(-dividend, divisor, rounding) == -quotient


@pytest.mark.parametrize("divisor", [0, -1])
def test_a_divisor_is_positive(divisor):
    with pytest.raises(ValueError, match="positive"):
        divide_rounded(1, divisor, Rounding.HALF_UP)
