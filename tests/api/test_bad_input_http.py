"""Bad input over HTTP: a code, a path and a sentence in the caller's language; nothing written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http_story import Case, Story
from tests.lender import Lender
from tests.over_http import Api, codes, footprint, gid
from tests.people import resident_id, social_credit_code

LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])


@pytest.fixture(scope="module")
async def case(story: Story) -> Case:
    return await story.disbursed()


def proposal(case: Case, **changes: Any) -> dict[str, Any]:
    return {
        "borrowerId": case.borrower,
        "limit": "1.00",
        "currency": "USD",
        "expiresOn": "2027-01-01",
        **changes,
    }


@LANGUAGES
async def test_bad_checksums_and_all_else_of_the_form_at_once(
    api: Api, lender: Lender, language: str
) -> None:
    code, person = social_credit_code(), resident_id()
    errors = await api.refused(
        lender.relationship_manager,
        "registerBorrower",
        language=language,
        name=" \u3000 ",
        unifiedSocialCreditCode=code[:-1] + ("0" if code[-1] != "0" else "1"),
        ownerResidentId=person[:-1] + ("0" if person[-1] != "0" else "1"),
        industryCode="？？",
        region="a b",
        registeredOn="2027-01-01",
    )
    assert codes(errors) == {
        ("name", "REQUIRED"),
        ("unifiedSocialCreditCode", "CHECKSUM_INVALID"),
        ("ownerResidentId", "CHECKSUM_INVALID"),
        ("industryCode", "INVALID_VALUE"),
        ("region", "INVALID_VALUE"),
        ("registeredOn", "DATE_OUT_OF_RANGE"),
    }


async def test_a_duplicate_is_named_by_its_identifier(api: Api, lender: Lender) -> None:
    form = {"name": "Twin", "unifiedSocialCreditCode": social_credit_code()}
    await api.done(lender.relationship_manager, "registerBorrower", **form)
    errors = await api.refused(lender.manager2, "registerBorrower", **form, language="zh")
    assert codes(errors) == {("unifiedSocialCreditCode", "DUPLICATE")}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "\u200b",
            "\u2060\ufeff",
            "\u200d",
            "\u3164",
            "Pay\u200bPal",
            "a\u202egnp.exe",
            "a\u2066b",
        ),
        *("a\u0085b", "a\u2028b", "a\nb", "a\tb", "a\x00b", "a\x1bb", "a\U000e0041b", "x" * 201),
    ],
)
async def test_names_that_hide_something_are_refused(api: Api, lender: Lender, name: str) -> None:
    errors = await api.refused(
        lender.relationship_manager, "registerBorrower", profile="GENERIC", name=name
    )
    assert {path for path, _ in codes(errors)} == {"name"}


@pytest.mark.parametrize(
    "name", ["上海晨光食品有限公司", "E\u0301clair", "🏳️\u200d🌈 Café", "x" * 200]
)
async def test_names_people_have_are_taken(api: Api, lender: Lender, name: str) -> None:
    done = await api.done(
        lender.relationship_manager,
        "registerBorrower",
        "borrower { name }",
        profile="GENERIC",
        name=f" {name} ",
    )
    assert done["borrower"]["name"] == name


@LANGUAGES
@pytest.mark.parametrize(
    ("amount", "code"),
    [
        *(("-1.00", "OUT_OF_RANGE"), ("0.00", "OUT_OF_RANGE"), ("-0.00", "OUT_OF_RANGE")),
        *(("1.001", "WRONG_SCALE"), ("1.000", "WRONG_SCALE")),
    ],
)
async def test_amounts_that_are_none(
    api: Api, case: Case, lender: Lender, amount: str, code: str, language: str
) -> None:
    form = proposal(case, limit=amount)
    errors = await api.refused(
        lender.relationship_manager, "proposeFacility", language=language, **form
    )
    assert codes(errors) == {("limit", code)}
    errors = await api.refused(
        lender.cashier, "repayLoan", language=language, loanId=case.loan, amount=amount
    )
    assert codes(errors) == {("amount", code)}
    errors = await api.refused(
        case.user,
        "requestDrawdown",
        language=language,
        contractId=case.contract,
        amount=amount,
    )
    assert ("amount", code) in codes(errors)


@pytest.mark.parametrize(
    "amount",
    [
        *("NaN", "Infinity", "-Infinity", "1e5", "1_000", "+1", " 1", "1.", ".5", "", "0x1", "１"),
        *(5, 5.5, True, None, ["1"], "10000000000000.01", "-10000000000000.01", "9" * 65),
    ],
)
async def test_amounts_the_scalar_refuses(
    api: Api, case: Case, lender: Lender, amount: Any
) -> None:
    before = await footprint()
    for language in ("en", "zh"):
        answer = await api.try_mutate(
            lender.cashier, "repayLoan", loanId=case.loan, amount=amount, language=language
        )
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert "amount" in answer["errors"][0]["message"]
        assert "data" not in answer
    assert await footprint() == before


@LANGUAGES
@pytest.mark.parametrize("currency", ["usd", "XXX", "", "US", "USD ", "£££", "ＵＳＤ"])
async def test_currencies_that_are_none(
    api: Api, case: Case, lender: Lender, currency: str, language: str
) -> None:
    errors = await api.refused(
        lender.relationship_manager,
        "proposeFacility",
        language=language,
        **proposal(case, currency=currency),
    )
    assert codes(errors) == {("currency", "INVALID_VALUE")}


@LANGUAGES
async def test_another_currency_than_the_loans_is_refused(
    api: Api, story: Story, case: Case, lender: Lender, language: str
) -> None:
    for name in ("repayLoan", "payOffLoan"):
        errors = await api.refused(
            lender.cashier,
            name,
            language=language,
            loanId=case.loan,
            amount="1.00",
            currency="EUR",
        )
        assert codes(errors) == {("currency", "CURRENCY_MISMATCH")}
    errors = await api.refused(
        case.user,
        "saveApplication",
        language=language,
        productId=story.product,
        facilityId=case.facility,
        currency="EUR",
    )
    assert codes(errors) == {
        ("currency", "CURRENCY_MISMATCH"),
        ("facilityId", "CURRENCY_MISMATCH"),
    }


@LANGUAGES
@pytest.mark.parametrize("day", ["2026-01-15", "2026-01-14", "0001-01-01", "9999-12-31"])
async def test_dates_past_or_absurd(
    api: Api, case: Case, lender: Lender, day: str, language: str
) -> None:
    errors = await api.refused(
        lender.relationship_manager,
        "proposeFacility",
        language=language,
        **proposal(case, expiresOn=day),
    )
    assert codes(errors) == {("expiresOn", "DATE_OUT_OF_RANGE")}
    errors = await api.refused(lender.operator, "advanceBusinessDate", language=language, to=day)
    assert codes(errors) == {("to", "DATE_OUT_OF_RANGE")}


@pytest.mark.parametrize(
    "day", ["2026-02-30", "2027-02-29", "27-01-01", "+2027-01-01", "", 20270101]
)
async def test_dates_that_do_not_exist(api: Api, case: Case, lender: Lender, day: Any) -> None:
    answer = await api.try_mutate(
        lender.relationship_manager, "proposeFacility", **proposal(case, expiresOn=day)
    )
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@LANGUAGES
async def test_all_mistakes_of_an_application_at_once(
    api: Api, story: Story, case: Case, language: str
) -> None:
    before = await footprint()
    errors = await api.refused(
        case.user,
        "saveApplication",
        language=language,
        facilityId=gid("CreditFacility", 999_999),
        productId=story.product,
        amount="1.00",
        annualRate="0.99",
        installments=0,
        method="BULLET",
        ownFunds="-1.00",
        otherFunding="1.001",
        expectedGrowth="11",
        purposeNote="x" * 501,
        features=[
            {"name": "current_ratio", "number": -1},
            {"name": "nobody_knows", "number": 1},
            {"name": "franchise", "text": "PERHAPS"},
            {"name": "debt_ratio", "number": 1, "text": "2"},
            {"name": "region", "text": "x" * 65},
            {"name": "employees", "number": 1},
            {"name": "employees", "number": 2},
        ],
    )
    assert codes(errors) == {
        ("facilityId", "NOT_FOUND"),
        ("amount", "OUT_OF_RANGE"),
        ("annualRate", "OUT_OF_RANGE"),
        ("installments", "OUT_OF_RANGE"),
        ("method", "INVALID_VALUE"),
        ("ownFunds", "OUT_OF_RANGE"),
        ("otherFunding", "WRONG_SCALE"),
        ("expectedGrowth", "OUT_OF_RANGE"),
        ("purposeNote", "OUT_OF_RANGE"),
        ("features.current_ratio", "OUT_OF_RANGE"),
        ("features.nobody_knows", "NOT_FOUND"),
        ("features.franchise", "INVALID_VALUE"),
        ("features.debt_ratio", "INVALID_VALUE"),
        ("features.region", "INVALID_VALUE"),
        ("features.employees", "INVALID_VALUE"),
    }
    assert await footprint() == before


async def test_an_amount_needs_its_currency(api: Api, story: Story, case: Case) -> None:
    errors = await api.refused(case.user, "saveApplication", amount="1.00")
    assert codes(errors) == {("currency", "REQUIRED")}
    saved = await api.done(
        case.user,
        "saveApplication",
        "application { id }",
        productId=story.product,
        amount="500.00",
    )
    emptied = {"applicationId": saved["application"]["id"], "productId": None, "currency": None}
    errors = await api.refused(case.user, "saveApplication", **emptied)
    assert codes(errors) == {("currency", "REQUIRED")}


async def test_what_a_submission_lacks(api: Api, case: Case) -> None:
    saved = await api.done(case.user, "saveApplication", "application { id }")
    errors = await api.refused(
        case.user, "submitApplication", applicationId=saved["application"]["id"], language="zh"
    )
    needed = ("productId", "facilityId", "amount", "annualRate", "installments", "purpose")
    assert codes(errors) == {(name, "REQUIRED") for name in needed}


@pytest.mark.parametrize("literal", ["1e400", "-1e400"])
async def test_an_infinite_feature_is_refused(api: Api, case: Case, literal: str) -> None:
    before = await footprint()
    query = (
        'mutation { saveApplication(input: { idempotencyKey: "k", features: [{ name: '
        f'"current_ratio", number: {literal} }}] }}) {{ errors {{ code path }} }} }}'
    )
    data = await api.data(case.user, query)
    assert data["saveApplication"]["errors"] == [
        {"code": "INVALID_VALUE", "path": ["features", "current_ratio"]}
    ]
    answer = await api.client.post(
        "/graphql",
        content=b'{"query": "mutation($n: Float) { saveApplication(input: { idempotencyKey: \\"k\\"'
        b', features: [{ name: \\"current_ratio\\", number: $n }] }) { replayed } }",'
        b' "variables": {"n": NaN}}',
        headers={"content-type": "application/json"},
    )
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert await footprint() == before
