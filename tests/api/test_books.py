"""The books through GraphQL: every figure is the sum of the entries behind it, page by page."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from api.graphql.context import Context
from api.graphql.ids import global_id
from api.graphql.schema import get_schema
from domain import db
from domain.actor import Actor
from domain.models.lending.loan import Installment, Loan
from domain.models.staff import BorrowerUser
from domain.operations.changes.kinds.posting_profile import POSTING_PROFILE, PostingLine
from domain.queries.business_date import business_date
from domain.rules.lending.servicing import events as e
from domain.rules.money import format_minor, to_minor
from tests.changes import approve, propose
from tests.lender import Lender, key
from tests.servicing import days_pass, happens, pays


async def ask(actor: Actor, query: str, language: str = "en", **variables: Any) -> dict[str, Any]:
    answered = await get_schema().execute(
        query, variable_values=variables, context_value=Context(actor, language)
    )
    assert answered.errors is None, answered.errors
    assert answered.data is not None
    return answered.data


async def refused(actor: Actor, query: str, **variables: Any) -> str:
    answered = await get_schema().execute(
        query, variable_values=variables, context_value=Context(actor, "en")
    )
    assert answered.errors
    return str(answered.errors[0])


@pytest.fixture(scope="module")
async def loan(lender: Lender) -> Loan:
    """A Chinese loan (with tax) that paid, was late, and went into non-accrual; another in USD."""
    usd = await lender.loan()
    made = await lender.loan(
        await lender.facility(currency="CNY"), product="CN-EQUAL", amount=100_000_00
    )
    due = await Installment.get(loan_id=made.id, number=1)
    await days_pass(lender, (due.due_date - await business_date()).days)
    await pays(lender, made.id, 12_000_00)
    await pays(lender, usd.id, 1_000_00)
    await days_pass(lender, 160)
    await happens(
        lender,
        made.id,
        lambda n, day: e.Levy(sequence=n, on=day, code="LEGAL", amount=300_00, due_date=day),
    )
    return await Loan.get(id=made.id)


async def entries(**where: Any) -> list[dict[str, Any]]:
    conditions = " AND ".join(f"{name} = %s" for name in where) or "1 = 1"
    return await db.rows(
        f"SELECT * FROM ledger_entry WHERE {conditions} ORDER BY posting_date, id",
        list(where.values()),
    )


def minor(text: str, currency: str) -> int:
    return to_minor(Decimal(text), currency)


TRIAL_BALANCE = """
query ($from: Date, $to: Date, $currency: String) {
  trialBalance(from: $from, to: $to, currency: $currency) {
    currency start end difference memoDifference
    accounts { code name opening debit credit closing }
  }
}
"""


async def test_the_trial_balance_is_the_sum_of_the_entries(lender: Lender, loan: Loan) -> None:
    start, end = dt.date(2026, 3, 1), dt.date(2026, 7, 10)
    data = await ask(lender.accountant, TRIAL_BALANCE, **{"from": str(start), "to": str(end)})
    assert [row["currency"] for row in data["trialBalance"]] == ["CNY", "USD"]
    for balance in data["trialBalance"]:
        currency = balance["currency"]
        assert balance["difference"] == balance["memoDifference"] == format_minor(0, currency)
        for account in balance["accounts"]:
            found = [
                row
                for row in await entries(account_code=account["code"], currency=currency)
                if row["posting_date"] <= end
            ]
            before = sum(row["amount"] for row in found if row["posting_date"] < start)
            within = [row["amount"] for row in found if row["posting_date"] >= start]
            assert minor(account["opening"], currency) == before
            assert minor(account["debit"], currency) == sum(a for a in within if a > 0)
            assert minor(account["credit"], currency) == -sum(a for a in within if a < 0)
            assert minor(account["closing"], currency) == before + sum(within)
    cny = data["trialBalance"][0]["accounts"]
    assert {"8002", "8999", "2221"} <= {account["code"] for account in cny}


async def test_names_of_accounts_are_in_the_callers_language(lender: Lender, loan: Loan) -> None:
    for language, name in (("en", "Loans"), ("zh", "贷款")):
        data = await ask(lender.auditor, TRIAL_BALANCE, language, currency="CNY")
        (balance,) = data["trialBalance"]
        names = {account["code"]: account["name"] for account in balance["accounts"]}
        assert names["1303"] == name


GENERAL_LEDGER = """
query ($account: String!, $from: Date, $to: Date, $first: Int!, $after: String) {
  generalLedger(account: $account, currency: "CNY", from: $from, to: $to, first: $first,
    after: $after) {
    name opening totalCount
    edges { node { journal event loanId valueDate postingDate amount balance } }
    pageInfo { hasNextPage endCursor }
  }
}
"""


@pytest.mark.parametrize("size", [7, 50])
@pytest.mark.parametrize("account", ["1132", "1002", "8002"])
async def test_the_general_ledger_runs_on_over_its_pages(
    lender: Lender, loan: Loan, account: str, size: int
) -> None:
    start, end = dt.date(2026, 2, 10), dt.date(2026, 7, 20)
    period = {"from": str(start), "to": str(end), "account": account, "first": size}
    found = await entries(account_code=account, currency="CNY")
    expected = [row for row in found if start <= row["posting_date"] <= end]
    balance = sum(row["amount"] for row in found if row["posting_date"] < start)
    shown: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await ask(lender.accountant, GENERAL_LEDGER, **period, after=after))[
            "generalLedger"
        ]
        assert minor(page["opening"], "CNY") == balance
        assert page["totalCount"] == len(expected)
        shown += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert [line["journal"] for line in shown] == [row["journal"] for row in expected]
    for line, row in zip(shown, expected, strict=True):
        balance += row["amount"]
        assert minor(line["amount"], "CNY") == row["amount"]
        assert minor(line["balance"], "CNY") == balance
        assert line["loanId"] == global_id("Loan", row["loan_id"])


async def test_a_wrong_account_or_currency_is_refused(lender: Lender, loan: Loan) -> None:
    query = "{ generalLedger(account: %s, currency: %s) { name } }"
    said = await refused(lender.accountant, query % ('"0000"', '"CNY"'))
    assert "no account '0000'" in said
    assert "no currency" in await refused(lender.accountant, query % ('"1002"', '"QQ"'))


async def test_a_period_that_ends_before_it_begins_is_refused(lender: Lender, loan: Loan) -> None:
    said = await refused(
        lender.accountant, TRIAL_BALANCE, **{"from": "2026-05-01", "to": "2026-04-01"}
    )
    assert "before it begins" in said


async def test_the_sub_ledger_of_a_loan_agrees_with_it(lender: Lender, loan: Loan) -> None:
    query = """query ($id: ID!) {
      loanLedger(loanId: $id) { currency agrees accounts { code name posted position } }
    }"""
    ledger = (await ask(lender.accountant, query, id=global_id("Loan", loan.id)))["loanLedger"]
    assert ledger["agrees"] is True
    by_code = {account["code"]: account for account in ledger["accounts"]}
    assert by_code["8002"]["posted"] == format_minor(loan.interest_receivable, "CNY")
    assert by_code["1303"]["posted"] == format_minor(loan.principal_outstanding, "CNY")
    assert (await ask(lender.accountant, query, id=global_id("Loan", 999)))["loanLedger"] is None
    before = loan.principal_outstanding
    await Loan.filter(id=loan.id).update(principal_outstanding=before + 1)
    ledger = (await ask(lender.accountant, query, id=global_id("Loan", loan.id)))["loanLedger"]
    await Loan.filter(id=loan.id).update(principal_outstanding=before)
    assert ledger["agrees"] is False


async def test_tax_by_month_is_what_the_loans_owe(lender: Lender, loan: Loan) -> None:
    query = '{ vatReport(from: "2026-01-01") { month currency charged takenBack net } }'
    months = (await ask(lender.accountant, query))["vatReport"]
    assert sum(minor(row["net"], "CNY") for row in months if row["currency"] == "CNY") == loan.vat
    assert loan.vat > 0
    assert all(len(row["month"]) == 7 for row in months)


STATEMENT = """
query ($id: ID!, $from: Date, $to: Date, $daily: Boolean, $first: Int!, $after: String) {
  loanStatement(loanId: $id, from: $from, to: $to, daily: $daily, first: $first, after: $after) {
    number currency start end totalCount
    opening { principal owed } closing { principal interest owed credit }
    edges { node {
      event detail reference valueDate through postingDate money
      change { principal interest penalty compound fees credit }
      balance { principal interest penalty compound fees credit owed }
    } }
    pageInfo { hasNextPage endCursor }
  }
}
"""


async def test_a_statement_closes_with_what_is_owed(lender: Lender, loan: Loan) -> None:
    arguments = {"id": global_id("Loan", loan.id), "first": 100}
    whole = (await ask(lender.relationship_manager, STATEMENT, **arguments))["loanStatement"]
    assert whole["opening"]["owed"] == "0.00"
    assert whole["closing"]["principal"] == format_minor(loan.principal_outstanding, "CNY")
    assert whole["closing"]["interest"] == format_minor(loan.interest_receivable, "CNY")
    last = whole["edges"][-1]["node"]
    assert (last["event"], last["detail"]) == ("CHARGE", "CHARGE")
    assert last["balance"]["owed"] == whole["closing"]["owed"]
    assert whole["totalCount"] == len(whole["edges"])
    pages: list[dict[str, Any]] = []
    after = None
    while True:
        page = (
            await ask(
                lender.relationship_manager, STATEMENT, **{**arguments, "first": 4}, after=after
            )
        )["loanStatement"]
        pages += page["edges"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert pages == whole["edges"]


async def test_a_cursor_of_another_statement_is_refused(lender: Lender, loan: Loan) -> None:
    arguments = {"id": global_id("Loan", loan.id), "first": 2}
    page = (await ask(lender.accountant, STATEMENT, **arguments))["loanStatement"]
    said = await refused(
        lender.accountant,
        STATEMENT,
        **{**arguments, "daily": True},
        after=page["pageInfo"]["endCursor"],
    )
    assert "cursor" in said


async def test_a_borrower_reads_no_other_borrowers_statement(lender: Lender, loan: Loan) -> None:
    arguments = {"id": global_id("Loan", loan.id), "first": 1}
    assert (await ask(lender.applicant, STATEMENT, **arguments))["loanStatement"] is None
    await BorrowerUser.filter(id=lender.applicant.id).update(borrower_id=loan.borrower_id)
    own = (await ask(lender.applicant, STATEMENT, **arguments))["loanStatement"]
    await BorrowerUser.filter(id=lender.applicant.id).update(borrower_id=None)
    assert own["edges"][0]["node"]["event"] == "DISBURSEMENT"


VERIFY = """
query ($ids: [ID!], $deep: Boolean) {
  verifyBooks(loanIds: $ids, deep: $deep) {
    holds loans facilities replayed faultCount
    faults { check noun row what expected found }
  }
}
"""


async def test_the_books_are_proven_on_request(lender: Lender, loan: Loan) -> None:
    for actor in (lender.accountant, lender.auditor, lender.operator):
        whole = (await ask(actor, VERIFY))["verifyBooks"]
        assert (whole["holds"], whole["loans"], whole["facilities"]) == (True, 2, 2)
    one = await ask(lender.operator, VERIFY, ids=[global_id("Loan", loan.id)], deep=True)
    assert one["verifyBooks"] == {
        "holds": True,
        "loans": 1,
        "facilities": 0,
        "replayed": 1,
        "faultCount": 0,
        "faults": [],
    }
    await Loan.filter(id=loan.id).update(vat=loan.vat + 1)
    for language, word in (("en", "postings on"), ("zh", "科目")):
        found = (await ask(lender.auditor, VERIFY, language))["verifyBooks"]
        assert not found["holds"]
        assert {(f["check"], f["noun"], f["row"]) for f in found["faults"]} == {
            ("POSTINGS", "Loan", str(loan.id))
        }
        assert all(word in fault["what"] for fault in found["faults"])
    await Loan.filter(id=loan.id).update(vat=loan.vat)


async def test_a_proof_too_large_for_a_request_is_refused(lender: Lender, loan: Loan) -> None:
    assert "needs `loanIds`" in await refused(lender.auditor, VERIFY, deep=True)
    many = [global_id("Loan", number) for number in range(1, 52)]
    assert "at most 50" in await refused(lender.auditor, VERIFY, ids=many)


async def test_entries_are_found_by_what_they_are(lender: Lender, loan: Loan) -> None:
    query = """query ($filter: LedgerFilter) {
      ledgerEntries(filter: $filter, first: 100) { totalCount edges { node { journal event } } }
    }"""
    for filter_, where in (
        ({"event": "REPAYMENT"}, {"event": "REPAYMENT"}),
        ({"currency": "CNY", "accountCode": "2221"}, {"currency": "CNY", "account_code": "2221"}),
        ({"journal": "disbursement:1"}, {"journal": "disbursement:1"}),
    ):
        found = (await ask(lender.auditor, query, filter=filter_))["ledgerEntries"]
        assert found["totalCount"] == len(await entries(**where)) > 0
    day = await business_date() - dt.timedelta(days=1)
    period = {"postedFrom": str(day), "postedTo": str(day)}
    found = (await ask(lender.auditor, query, filter=period))["ledgerEntries"]
    assert found["totalCount"] == len(await entries(posting_date=day)) > 0


async def test_a_month_is_closed_by_an_accountant(lender: Lender, loan: Loan) -> None:
    mutation = """mutation ($key: String!, $month: Date!) {
      closeAccountingPeriod(input: { idempotencyKey: $key, month: $month }) {
        replayed period { month lastDay closedOn } errors { code message }
      }
    }"""
    arguments = {"key": key(), "month": "2026-01-01"}
    for replayed in (False, True):
        done = (await ask(lender.accountant, mutation, **arguments))["closeAccountingPeriod"]
        assert done["replayed"] is replayed
        assert done["period"]["lastDay"] == "2026-01-31"
    again = await ask(lender.accountant, mutation, key=key(), month="2026-01-01")
    assert again["closeAccountingPeriod"]["errors"][0]["code"] == "ILLEGAL_STATE"
    listed = await ask(
        lender.auditor, "{ accountingPeriods(first: 5) { edges { node { month } } } }"
    )
    assert listed["accountingPeriods"]["edges"] == [{"node": {"month": "2026-01-01"}}]


OWN_BALANCE = """
query ($to: Date!) {
  trialBalance(from: "2026-01-01", to: $to, currency: "CNY") {
    difference
    accounts { code ownCode closing }
    ownAccounts { code name opening debit credit closing }
  }
  generalLedger(account: "1133", currency: "CNY", to: $to, first: 1) { ownCode }
}
"""


async def test_reports_are_by_the_lenders_own_chart_from_the_day_it_was_said(
    lender: Lender, loan: Loan
) -> None:
    """Two accounts of ours are one there; a report up to the day before stays as it was."""
    today = await business_date()
    tomorrow = today + dt.timedelta(days=1)

    async def report(to: dt.date) -> dict[str, Any]:
        return await ask(lender.accountant, OWN_BALANCE, to=str(to))

    before = await report(today)
    (balance,) = before["trialBalance"]
    assert all(each["ownCode"] == each["code"] for each in balance["accounts"])
    for role in ("PENALTY_RECEIVABLE", "COMPOUND_RECEIVABLE"):
        line = PostingLine(
            role=role,
            account_code="1501.9",
            name_zh="应收罚息及复利",
            name_en="Default interest receivable",
            effective_from=tomorrow,
        )
        await approve(lender.risk_officer, await propose(lender.accountant, POSTING_PROFILE, line))
    assert await report(today) == before
    after = await report(tomorrow)
    assert after["generalLedger"]["ownCode"] == "1501.9"
    (balance,) = after["trialBalance"]
    closing = {each["code"]: minor(each["closing"], "CNY") for each in balance["accounts"]}
    own = {each["code"]: each for each in balance["ownAccounts"]}
    assert {"1133", "1134"}.isdisjoint(own)
    assert own["1501.9"]["name"] == "Default interest receivable"
    together = closing["1133"] + closing["1134"]
    assert minor(own["1501.9"]["closing"], "CNY") == together
    assert balance["difference"] == format_minor(0, "CNY")
    assert sum(minor(each["closing"], "CNY") for each in own.values()) == 0
