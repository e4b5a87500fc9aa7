"""Borrowers: their kinds and sizes, and what a registration must give (docs/domain.md §2)."""

from __future__ import annotations

import datetime as dt
import re
from enum import StrEnum

from domain.rules.form import Form
from domain.rules.refusal import ErrorCode

NOUN = ("borrower", "借款人")
_INDUSTRY = re.compile(r"[A-Z]?[0-9]{2,6}", re.ASCII)
_REGION = re.compile(r"[A-Za-z0-9-]{2,20}", re.ASCII)


class Profile(StrEnum):
    """Whose law and identifiers apply."""

    CN = "CN"
    GENERIC = "GENERIC"


class BorrowerKind(StrEnum):
    """A company, or a person who trades as one."""

    COMPANY = "COMPANY"
    SOLE_PROPRIETOR = "SOLE_PROPRIETOR"


class EnterpriseSize(StrEnum):
    """企业规模."""

    MICRO = "MICRO"
    SMALL = "SMALL"
    MEDIUM = "MEDIUM"
    LARGE = "LARGE"


def check_classification(form: Form, *, industry_code: str, region: str) -> None:
    """Note an industry code or region that has not the shape of one; empty ones are allowed."""
    if industry_code and not _INDUSTRY.fullmatch(industry_code):
        form.add(
            ErrorCode.INVALID_VALUE,
            "industryCode",
            f"{industry_code!r} is no industry code: use 2 to 6 digits, after a letter if any "
            "(GB/T 4754 or NAICS).",
            f"“{industry_code}”不是行业代码：应为 2 至 6 位数字，可带一位门类字母"
            "（GB/T 4754 或 NAICS）。",
        )
    if region and not _REGION.fullmatch(region):
        form.add(
            ErrorCode.INVALID_VALUE,
            "region",
            f"{region!r} is no region code: use 2 to 20 letters, digits or hyphens.",
            f"“{region}”不是地区代码：应为 2 至 20 位字母、数字或连字符。",
        )


def check_registered_on(form: Form, registered_on: dt.date | None, *, today: dt.date) -> None:
    """Note a registration date that is absurd or lies in the future."""
    if registered_on is not None:
        form.date("registeredOn", registered_on, latest=today)
