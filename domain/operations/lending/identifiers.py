"""Identifiers of the CN profile: USCC and resident ID, checksums by python-stdnum."""

from __future__ import annotations

from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from domain.rules.form import Form
from domain.rules.refusal import ErrorCode


def check_unified_social_credit_code(form: Form, value: str, *, needed: bool) -> str | None:
    """Read a 统一社会信用代码 (18 characters, the last a checksum); None when absent."""
    text = value.strip().upper()
    if not text:
        if needed:
            form.add(
                ErrorCode.REQUIRED,
                "unifiedSocialCreditCode",
                "A company of the CN profile needs its unified social credit code.",
                "企业借款人须提供统一社会信用代码。",
            )
        return None
    try:
        compact: str = uscc.validate(text)
    except ValidationError:
        form.add(
            ErrorCode.CHECKSUM_INVALID,
            "unifiedSocialCreditCode",
            "This unified social credit code is not valid: it has 18 characters and the last is "
            "a checksum of the others. Copy it from the business licence again.",
            "统一社会信用代码无效：应为 18 位且末位为校验码，请对照营业执照重新输入。",
        )
        return None
    return compact


def check_resident_id(form: Form, value: str, *, needed: bool) -> str | None:
    """Read a 公民身份号码 (18 characters, the last a checksum); None when absent."""
    text = value.strip().upper()
    if not text:
        if needed:
            form.add(
                ErrorCode.REQUIRED,
                "ownerResidentId",
                "A sole proprietor of the CN profile needs the owner's resident ID.",
                "个体工商户借款人须提供经营者公民身份号码。",
            )
        return None
    try:
        compact: str = ric.validate(text)
    except ValidationError:
        form.add(
            ErrorCode.CHECKSUM_INVALID,
            "ownerResidentId",
            "This resident ID is not valid: it has 18 characters and the last is a checksum of "
            "the others. Check it against the card.",
            "公民身份号码无效：应为 18 位且末位为校验码，请对照证件重新输入。",
        )
        return None
    return compact
