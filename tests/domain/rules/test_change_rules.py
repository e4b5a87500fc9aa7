"""Change requests' rules: every move, the hash that covers all that is read, canonical JSON."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.changes import (
    CHANGE,
    CHANGE_MOVES,
    ChangeState,
    Content,
    canonical_json,
    refuse_changed_world,
    refuse_expired,
    refuse_other_content,
    refuse_other_roles,
)
from domain.rules.form import Form
from domain.rules.lending.bank_account import (
    BANK_ACCOUNT,
    BANK_ACCOUNT_MOVES,
    BankAccountState,
    refuse_unusable,
)
from domain.rules.lending.posting_profile import (
    OwnAccount,
    ProfileLine,
    check_line,
    in_force,
)
from domain.rules.lending.postings import CHART
from domain.rules.reference import (
    read_code,
    read_later_day,
    read_past_day,
    read_policy_value,
    read_positive,
)
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.risk.policy import CONDITIONS
from domain.rules.risk.policy_check import is_readable
from domain.rules.roles import Role
from domain.rules.states import move

TODAY = dt.date(2026, 1, 15)
CONTENT = Content(
    kind="POLICY_VALUE",
    subject=("", 0),
    payload='{"a":1}',
    summary_en="One.",
    summary_zh="一。",
    reason="Because.",
)

LEGAL = {
    (ChangeState.PROPOSED, ChangeState.APPLIED),
    (ChangeState.PROPOSED, ChangeState.REJECTED),
    (ChangeState.PROPOSED, ChangeState.WITHDRAWN),
    (ChangeState.PROPOSED, ChangeState.EXPIRED),
}
LEGAL_OF_ACCOUNT = {
    (BankAccountState.PENDING, BankAccountState.APPROVED),
    (BankAccountState.PENDING, BankAccountState.REJECTED),
    (BankAccountState.REJECTED, BankAccountState.PENDING),
}


@pytest.mark.parametrize(("now", "to"), [*itertools.product(ChangeState, repeat=2)])
def test_only_a_proposed_request_moves(now: ChangeState, to: ChangeState) -> None:
    if (now, to) in LEGAL:
        move(CHANGE_MOVES, CHANGE, now, to)
        return
    with pytest.raises(Refused) as refused:
        move(CHANGE_MOVES, CHANGE, now, to)
    assert refused.value.problems[0].code is ErrorCode.ILLEGAL_STATE


@pytest.mark.parametrize(("now", "to"), [*itertools.product(BankAccountState, repeat=2)])
def test_the_moves_of_a_bank_account(now: BankAccountState, to: BankAccountState) -> None:
    if (now, to) in LEGAL_OF_ACCOUNT:
        move(BANK_ACCOUNT_MOVES, BANK_ACCOUNT, now, to)
        return
    with pytest.raises(Refused):
        move(BANK_ACCOUNT_MOVES, BANK_ACCOUNT, now, to)


def test_the_hash_covers_every_part() -> None:
    changed = {"subject": ("Employee", 1)}
    seen = {CONTENT.sha256}
    for each in fields(CONTENT):
        other = changed.get(each.name, f"{getattr(CONTENT, each.name)}x")
        seen.add(replace(CONTENT, **{each.name: other}).sha256)
    assert len(seen) == len(fields(CONTENT)) + 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), _JSON))
def test_equal_values_have_one_canonical_text(value: dict[str, object]) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(dict(reversed(value.items()))) == text


@pytest.mark.parametrize("value", [{"a": 0.1}, {"a": [{"b": 1e300}]}, {"a": Decimal(1)}, {1: "a"}])
def test_what_json_cannot_hold_exactly_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


def test_another_hash_is_stale() -> None:
    refuse_other_content(CONTENT, CONTENT.sha256)
    for other in ("", "0" * 64, CONTENT.sha256.upper()):
        with pytest.raises(Refused) as refused:
            refuse_other_content(CONTENT, other)
        assert refused.value.problems[0].path == ("contentSha256",)


def test_another_world_is_stale() -> None:
    refuse_changed_world("{}", "{}")
    with pytest.raises(Refused, match="STALE_VERSION"):
        refuse_changed_world("{}", '{"version":2}')


def test_the_last_day_still_counts() -> None:
    refuse_expired(TODAY, today=TODAY)
    with pytest.raises(Refused, match="ILLEGAL_STATE"):
        refuse_expired(TODAY, today=TODAY + dt.timedelta(days=1))


def test_roles_are_one_of_those_allowed() -> None:
    allowed = {Role.ADMIN, Role.RISK_OFFICER}
    refuse_other_roles({Role.ADMIN, Role.ANALYST}, allowed, ("approve", "批准"))
    for held in (set(), {Role.CASHIER}):
        with pytest.raises(Refused) as refused:
            refuse_other_roles(held, allowed, ("approve", "批准"))
        assert "ADMIN or RISK_OFFICER" in refused.value.problems[0].en


def test_an_account_is_usable_from_its_day_on() -> None:
    approved, day = BankAccountState.APPROVED, dt.timedelta(days=1)
    refuse_unusable(approved, TODAY, today=TODAY, path="accountId")
    for state, usable_from in (
        (approved, TODAY + day),
        (approved, None),
        (BankAccountState.PENDING, TODAY),
        (BankAccountState.REJECTED, TODAY - day),
    ):
        with pytest.raises(Refused) as refused:
            refuse_unusable(state, usable_from, today=TODAY, path="accountId")
        assert refused.value.problems[0].path == ("accountId",)


def codes(form: Form) -> list[ErrorCode]:
    return [problem.code for problem in form.problems]


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("LPR", True),
        ("CN-EQUAL", True),
        ("A_1", True),
        ("lpr", False),
        ("1Y", False),
        ("A B", False),
    ],
)
def test_a_code_is_capitals(value: str, good: bool) -> None:
    form = Form()
    read_code(form, "code", value, longest=20)
    assert codes(form) == ([] if good else [ErrorCode.INVALID_VALUE])


def test_a_row_begins_after_today() -> None:
    for days, good in ((-1, False), (0, False), (1, True), (400, True)):
        form = Form()
        read_later_day(form, "effectiveFrom", TODAY + dt.timedelta(days=days), today=TODAY)
        assert codes(form) == ([] if good else [ErrorCode.DATE_OUT_OF_RANGE])


def test_a_publication_is_not_in_the_future_and_follows_the_last() -> None:
    last = TODAY - dt.timedelta(days=2)
    for days, found in (
        (1, [ErrorCode.DATE_OUT_OF_RANGE]),
        (0, []),
        (-1, []),
        (-2, [ErrorCode.DUPLICATE]),
        (-3, [ErrorCode.DATE_OUT_OF_RANGE]),
    ):
        form = Form()
        day = TODAY + dt.timedelta(days=days)
        read_past_day(form, "publishedOn", day, today=TODAY, last=last)
        assert codes(form) == found


@pytest.mark.parametrize(
    ("name", "before", "value", "good"),
    [
        ("draft_validity_days", "180", "90", True),
        ("draft_validity_days", "180", "9.5", False),
        ("draft_validity_days", "180", "-1", False),
        ("vat_rate", "0.06", "0.0300", True),
        ("vat_rate", "0.06", "3%", False),
        ("vat_rate", "0.06", "1e3", False),
        ("zero_person_band", "false", "true", True),
        ("zero_person_band", "false", "yes", False),
        ("master_scale", "A:0.1,B:1", "A:0.2,B:0.5,C:1", True),
        ("master_scale", "A:0.1,B:1", "A:0.2,B:0.5", False),
        ("compound_basis", "PENALTY", "CONTRACT_UNTIL_MATURITY", True),
    ],
)
def test_a_policy_value_keeps_its_form(name: str, before: str, value: str, good: bool) -> None:
    form = Form()
    read_policy_value(form, "value", name=name, value=value, before=before)
    assert codes(form) == ([] if good else [ErrorCode.INVALID_VALUE])


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("0.0300", True),
        ("1", True),
        ("0.000000000001", True),
        ("0", False),
        ("-0.01", False),
        ("1.01", False),
        ("0.0000000000001", False),
        ("NaN", False),
        ("Infinity", False),
        ("0." + "1" * 40, False),
    ],
)
def test_a_rate_is_positive_and_exact(text: str, good: bool) -> None:
    form = Form()
    read_positive(form, "rate", Decimal(text), most=Decimal(1))
    assert codes(form) == ([] if good else [ErrorCode.OUT_OF_RANGE])


def test_every_condition_reads_its_own_kind_of_threshold() -> None:
    for condition in CONDITIONS:
        good = {
            "PURPOSE_IN": "DIVIDENDS, FIXED_ASSETS",
            "NEED_STATUS_IN": "NO_STATEMENT",
        }.get(condition, "0.5")
        assert is_readable(condition, good)
        for bad in ("", "much", "NaN", "Infinity", "-1", "1e3"):
            assert not is_readable(condition, bad), (condition, bad)
    assert not is_readable("PD_ABOVE", "0.5")


def test_by_default_each_account_of_ours_is_itself() -> None:
    own = in_force([], on=dt.date(2026, 1, 1))
    assert own.keys() == {str(account) for account in CHART}
    assert all(each.code == code for code, each in own.items())


def line(role: str, code: str, day: int, *, name: str = "Fees") -> ProfileLine:
    return ProfileLine(
        role, OwnAccount(code=code, name_zh="费用", name_en=name), dt.date(2026, 1, day)
    )


def test_the_latest_line_that_has_begun_holds_whatever_the_order() -> None:
    lines = [line("INTEREST_INCOME", "B", 20), line("INTEREST_INCOME", "A", 10)]
    for day, code in ((9, "6011"), (10, "A"), (19, "A"), (20, "B"), (31, "B")):
        for listed in (lines, lines[::-1]):
            assert in_force(listed, on=dt.date(2026, 1, day))["6011"].code == code


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        (line("INTEREST_INCOME", "5001", 10), None),
        (line("LUNCH", "5001", 10), "role"),
        (line("INTEREST_INCOME", "", 10), "accountCode"),
        (line("INTEREST_INCOME", "-1", 10), "accountCode"),
        (line("INTEREST_INCOME", "1" * 21, 10), "accountCode"),
        (line("INTEREST_INCOME", "5001", 10, name=""), "nameEn"),
        (line("INTEREST_INCOME", "5001", 10, name="n" * 101), "nameEn"),
        (line("INTEREST_INCOME", "5009", 10), None),  # with PENALTY_INCOME on one account
        (line("INTEREST_INCOME", "5009", 10, name="Other"), "nameEn"),
        (line("BANK", "5009", 10), "accountCode"),  # which grows on the other side
        (line("PENALTY_INCOME", "5009", 10, name="New"), None),  # only its own name changes
    ],
)
def test_a_line_of_the_profile_is_checked(asked: ProfileLine, path: str | None) -> None:
    form = Form()
    others = in_force([line("PENALTY_INCOME", "5009", 1)], on=dt.date(2026, 1, 10))
    check_line(form, asked, others=others)
    assert [problem.path for problem in form.problems] == ([(path,)] if path else [])
