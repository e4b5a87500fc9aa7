"""Idempotency keys over HTTP: the second click, the reused key, two at once, and odd keys."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.graphql.ids import row_id_of
from domain.models.lending.loan import Repayment
from domain.models.records import IdempotencyRecord
from tests.http_story import Case, Story
from tests.lender import Lender, key
from tests.over_http import Api, codes, footprint


@pytest.fixture(scope="module")
async def case(story: Story) -> Case:
    return await story.disbursed()


async def paid(case: Case) -> int:
    return await Repayment.filter(loan_id=row_id_of(case.loan, "Loan")).count()


async def test_a_second_click_answers_with_the_first_and_does_nothing(
    api: Api, case: Case, lender: Lender
) -> None:
    form: dict[str, Any] = {"loanId": case.loan, "amount": "3.00", "idempotency_key": key()}
    selected = "repayment { id amount toCredit } loan { id }"
    first = await api.done(lender.cashier, "repayLoan", selected, **form)
    before = await footprint()
    second = await api.done(lender.cashier, "repayLoan", selected, **form)
    assert await footprint() == before
    assert (first.pop("replayed"), second.pop("replayed")) == (False, True)
    assert first == second


async def test_a_replay_shows_the_objects_as_they_are_now(
    api: Api, story: Story, lender: Lender
) -> None:
    case = await story.drawn()
    form: dict[str, Any] = {"drawdownId": case.drawdown, "idempotency_key": key()}
    done = await api.done(lender.cashier, "disburseDrawdown", "loan { id state }", **form)
    assert done["loan"]["state"] == "ACTIVE"
    await api.done(lender.cashier, "payOffLoan", loanId=done["loan"]["id"], amount="50000.00")
    again = await api.done(lender.cashier, "disburseDrawdown", "loan { id state }", **form)
    assert again["replayed"]
    assert again["loan"] == {"id": done["loan"]["id"], "state": "PAID_OFF"}


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_same_key_with_other_arguments_is_refused(
    api: Api, case: Case, lender: Lender, language: str
) -> None:
    used = key()
    form = {"loanId": case.loan, "amount": "3.00"}
    await api.done(lender.cashier, "repayLoan", idempotency_key=used, **form)
    for change in ({"amount": "3.01"}, {"payerName": "X"}, {"loanId": "x"}, {"currency": "USD"}):
        errors = await api.refused(
            lender.cashier,
            "repayLoan",
            language=language,
            idempotency_key=used,
            **(form | change),
        )
        assert codes(errors) == {("idempotencyKey", "IDEMPOTENCY_KEY_REUSED")}


async def test_a_key_belongs_to_its_caller_and_its_mutation(
    api: Api, story: Story, case: Case, lender: Lender
) -> None:
    used = key()
    other = await story.draft()
    form = {"loanId": case.loan, "amount": "3.00"}
    await api.done(lender.cashier, "repayLoan", idempotency_key=used, **form)
    for actor in (other.user, lender.relationship_manager):
        done = await api.done(
            actor,
            "saveApplication",
            idempotency_key=used,
            applicationId=other.application,
            amount="600.00",
        )
        assert not done["replayed"]
    done = await api.done(
        other.user, "submitApplication", idempotency_key=used, applicationId=other.application
    )
    assert not done["replayed"]


async def test_a_refused_try_leaves_the_key_free(api: Api, case: Case, lender: Lender) -> None:
    used = key()
    await api.refused(
        lender.cashier, "repayLoan", idempotency_key=used, loanId=case.loan, amount="0.00"
    )
    done = await api.done(
        lender.cashier, "repayLoan", idempotency_key=used, loanId=case.loan, amount="3.00"
    )
    assert not done["replayed"]


async def test_eight_at_once_with_one_key_give_one_effect(
    api: Api, case: Case, lender: Lender
) -> None:
    before, used = await paid(case), key()
    payloads = await asyncio.gather(
        *(
            api.done(
                lender.cashier,
                "repayLoan",
                "repayment { id }",
                idempotency_key=used,
                loanId=case.loan,
                amount="3.00",
            )
            for _ in range(8)
        )
    )
    assert sorted(payload["replayed"] for payload in payloads) == [False] + [True] * 7
    assert len({payload["repayment"]["id"] for payload in payloads}) == 1
    assert await paid(case) == before + 1


async def test_of_two_at_once_with_one_key_and_two_amounts_one_is_refused(
    api: Api, case: Case, lender: Lender
) -> None:
    used = key()
    payloads = await asyncio.gather(
        *(
            api.mutate(
                lender.cashier,
                "repayLoan",
                idempotency_key=used,
                loanId=case.loan,
                amount=amount,
            )
            for amount in ("1.00", "2.00")
        )
    )
    found = [error["code"] for payload in payloads for error in payload["errors"]]
    assert found == ["IDEMPOTENCY_KEY_REUSED"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("pay-a", "PAY-A"), ("pay-b", "pay-b "), ("pay-é", "pay-e"), ("😀", "😁"), ("ﬁ", "fi")],
)
async def test_keys_that_differ_are_two_payments(
    api: Api, case: Case, lender: Lender, one: str, other: str
) -> None:
    """MySQL's usual collations take these for one: the second payment would be lost."""
    for used in (one, other):
        done = await api.done(
            lender.cashier, "repayLoan", idempotency_key=used, loanId=case.loan, amount="1.00"
        )
        assert not done["replayed"], used


@pytest.mark.parametrize("bad", ["", "x" * 101, "a\nb", "a\x00b", "\u200b", "x" * 5_000])
async def test_keys_that_are_none(api: Api, case: Case, lender: Lender, bad: str) -> None:
    for language in ("en", "zh"):
        errors = await api.refused(
            lender.cashier,
            "repayLoan",
            language=language,
            idempotency_key=bad,
            loanId=case.loan,
            amount="1.00",
        )
        assert codes(errors) == {("idempotencyKey", "INVALID_VALUE")}


async def test_a_key_of_a_hundred_characters_of_any_script_is_one(
    api: Api, case: Case, lender: Lender
) -> None:
    for used in ("键" * 100, "😀" * 100):
        for replayed in (False, True):
            done = await api.done(
                lender.cashier, "repayLoan", idempotency_key=used, loanId=case.loan, amount="1.00"
            )
            assert done["replayed"] is replayed
    assert not await IdempotencyRecord.exists(result=None)


async def test_two_mutations_of_one_document_with_one_key(
    api: Api, case: Case, lender: Lender
) -> None:
    before = await paid(case)
    query = """mutation($input: RepayLoanInput!) {
      a: repayLoan(input: $input) { replayed repayment { id } }
      b: repayLoan(input: $input) { replayed repayment { amount id } } }"""
    form = {"idempotencyKey": key(), "loanId": case.loan, "amount": "1.00"}
    data = await api.data(lender.cashier, query, {"input": form})
    assert (data["a"]["replayed"], data["b"]["replayed"]) == (False, True)
    assert data["b"]["repayment"] == {"amount": "1.00", "id": data["a"]["repayment"]["id"]}
    assert await paid(case) == before + 1
