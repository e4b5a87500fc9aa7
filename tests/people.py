"""Identifiers that pass their checks and are nobody's."""

from __future__ import annotations

import secrets

from stdnum.cn import ric, uscc


def resident_id() -> str:
    """A resident ID with a right checksum."""
    body = f"11010119900307{secrets.randbelow(1000):03d}"
    return body + ric.calc_check_digit(body + "0")


def social_credit_code() -> str:
    """A unified social credit code with a right checksum."""
    body = "91310000" + "".join(secrets.choice("0123456789") for _ in range(9))
    return body + uscc.calc_check_digit(body)
