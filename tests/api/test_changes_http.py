"""Change requests through GraphQL, on both databases: proposed, read, decided, seen by role."""

from __future__ import annotations

import json
from typing import Any

from domain.models.reference import BenchmarkRate
from domain.models.staff import Branch
from domain.rules.roles import Role
from tests.lender import hire, key
from tests.over_http import Api, codes, gid
from tests.people import social_credit_code

REQUEST = (
    "change { id kind state subjectId summaryEn summaryZh payload contentSha256 reason proposedBy "
    "proposedOn expiresOn decidedBy decidedAt comment made }"
)
RATE = {"base": "EUR", "quotedOn": "2026-01-15", "rate": "1.0842", "citation": "ECB"}
PRODUCT = {
    "code": "HTTP-ONE",
    "profile": "GENERIC",
    "nameZh": "一号",
    "nameEn": "One",
    "currency": "USD",
    "method": "EQUAL_PRINCIPAL",
    "dayCount": "ACT_365",
    "principalMin": "1000.00",
    "principalMax": "90000.00",
    "installmentsMax": 24,
    "rateMin": "0.01",
    "rateMax": "0.2",
    "penaltyMarkup": "0.5",
}


async def propose(api: Api, role: str, **content: Any) -> dict[str, Any]:
    actor = getattr(api.lender, role)
    payload = await api.done(actor, "proposeChange", REQUEST, reason="Because.", content=content)
    change: dict[str, Any] = payload["change"]
    return change


async def approve(api: Api, role: str, change: dict[str, Any]) -> dict[str, Any]:
    actor = getattr(api.lender, role)
    form = {"id": change["id"], "contentSha256": change["contentSha256"]}
    payload = await api.done(actor, "approveChange", REQUEST, **form)
    found: dict[str, Any] = payload["change"]
    return found


async def test_a_product_is_proposed_read_approved_and_on_offer(api: Api) -> None:
    change = await propose(api, "risk_officer", loanProduct=PRODUCT)
    assert (change["kind"], change["state"], change["made"]) == ("LOAN_PRODUCT", "PROPOSED", [])
    assert change["proposedBy"] == api.lender.risk_officer.name
    assert (change["decidedBy"], change["decidedAt"]) == (None, None)
    stored = json.loads(change["payload"])
    assert {**stored, **PRODUCT, "rateMax": "0.2"} == stored
    listed = await api.data(
        api.lender.approver,
        "query($f: ChangeFilter) { changeRequests(filter: $f) { totalCount edges { node { id "
        "summaryZh contentSha256 } } } }",
        {"f": {"state": "PROPOSED", "kind": "LOAN_PRODUCT"}},
    )
    (edge,) = listed["changeRequests"]["edges"]
    assert edge["node"]["contentSha256"] == change["contentSha256"]
    assert "HTTP-ONE v1 一号" in edge["node"]["summaryZh"]
    applied = await approve(api, "approver", change)
    assert (applied["state"], applied["decidedBy"]) == ("APPLIED", api.lender.approver.name)
    (made,) = applied["made"]
    product = await api.data(
        api.lender.applicant,
        "query($id: ID!) { node(id: $id) { ... on LoanProduct { code version principalMax } } }",
        {"id": made},
    )
    assert product["node"] == {"code": "HTTP-ONE", "version": 1, "principalMax": "90000.00"}

    async def offered() -> list[tuple[str, int]]:
        answer = await api.data(
            api.lender.applicant, "{ loanProducts(first: 100) { edges { node { code version } } } }"
        )
        nodes = [edge["node"] for edge in answer["loanProducts"]["edges"]]
        return [(node["code"], node["version"]) for node in nodes if node["code"] == "HTTP-ONE"]

    assert await offered() == [("HTTP-ONE", 1)]
    change = await propose(api, "risk_officer", loanProduct={**PRODUCT, "every": 3})
    assert change["subjectId"] == made
    await approve(api, "approver", change)
    assert await offered() == [("HTTP-ONE", 2)]
    change = await propose(api, "risk_officer", loanProduct={**PRODUCT, "active": False})
    await approve(api, "approver", change)
    assert await offered() == []


async def test_refusals_name_the_field_in_both_languages(api: Api) -> None:
    officer = api.lender.risk_officer
    for language in ("en", "zh"):
        errors = await api.refused(
            officer,
            "proposeChange",
            language=language,
            reason=" ",
            content={"loanProduct": {**PRODUCT, "code": "one", "rateMax": "0.001"}},
        )
        assert codes(errors) == {
            ("reason", "REQUIRED"),
            ("content.loanProduct.code", "INVALID_VALUE"),
            ("content.loanProduct.rateMax", "OUT_OF_RANGE"),
        }
    change = await propose(api, "accountant", exchangeRate={**RATE, "quote": "CHF"})
    for language in ("en", "zh"):
        form = {"id": change["id"], "contentSha256": "0" * 64}
        errors = await api.refused(officer, "approveChange", language=language, **form)
        assert codes(errors) == {("contentSha256", "STALE_VERSION")}
        errors = await api.refused(
            api.lender.operator, "withdrawChange", language=language, id=change["id"]
        )
        assert codes(errors) == {("id", "NOT_PERMITTED")}
        errors = await api.refused(
            officer, "rejectChange", language=language, id=change["id"], comment=""
        )
        assert codes(errors) == {("comment", "REQUIRED")}
    await api.done(officer, "rejectChange", REQUEST, id=change["id"], comment="Not today.")
    errors = await api.refused(officer, "approveChange", id=change["id"], contentSha256="")
    assert codes(errors) == {("id", "ILLEGAL_STATE")}


async def test_exactly_one_content_is_given(api: Api) -> None:
    both = {"exchangeRate": {**RATE, "quote": "SEK"}, "loanProduct": PRODUCT}
    for content in ({}, both, {"exchangeRate": None}):
        answer = await api.try_mutate(
            api.lender.accountant, "proposeChange", reason="Because.", content=content
        )
        assert answer.get("errors"), content
        assert answer.get("data") is None or answer["data"]["proposeChange"] is None


async def test_a_key_has_one_effect(api: Api) -> None:
    once = key()
    content = {"exchangeRate": {**RATE, "quote": "NOK"}}
    form = {"reason": "Because.", "content": content, "idempotency_key": once}
    first = await api.done(api.lender.accountant, "proposeChange", REQUEST, **form)
    second = await api.done(api.lender.accountant, "proposeChange", REQUEST, **form)
    assert (first["replayed"], second["replayed"]) == (False, True)
    assert second["change"]["id"] == first["change"]["id"]
    other = {"exchangeRate": {**RATE, "quote": "DKK"}}
    errors = await api.refused(api.lender.accountant, "proposeChange", **{**form, "content": other})
    assert codes(errors) == {("idempotencyKey", "IDEMPOTENCY_KEY_REUSED")}


async def test_roles_stand_before_the_domain(api: Api) -> None:
    content = {"exchangeRate": {**RATE, "quote": "CAD"}}
    for role in ("auditor", "analyst", "approver"):
        actor = getattr(api.lender, role)
        await api.forbidden(actor, "proposeChange", reason="Because.", content=content)
    for role in ("auditor", "analyst", "cashier", "operator", "relationship_manager"):
        actor = getattr(api.lender, role)
        await api.forbidden(actor, "approveChange", id="x", contentSha256="x")
    errors = await api.refused(
        api.lender.admin, "proposeChange", reason="Because.", content=content
    )
    assert codes(errors) == {("", "NOT_PERMITTED")}
    change = await propose(api, "accountant", **content)
    query = "query($id: ID!) { changeRequest(id: $id) { id } node(id: $id) { id } }"
    for role, sees in (
        ("auditor", True),
        ("operator", True),
        ("admin", False),
        ("approver", False),
    ):
        found = await api.data(getattr(api.lender, role), query, {"id": change["id"]})
        node = {"id": change["id"]} if sees else None
        assert found == {"changeRequest": node, "node": node}, role
    code, _ = await api.error(api.lender.analyst, query, {"id": change["id"]})
    assert code == "FORBIDDEN"


async def test_an_employees_roles_take_two_persons(api: Api) -> None:
    branches = await api.data(api.lender.admin, "{ branches { edges { node { id } } } }")
    payload = await api.done(
        api.lender.admin,
        "registerEmployee",
        "employee { id roles { role } } change { id state contentSha256 summaryEn }",
        subject=f"http-{key()}",
        name="Wang Fang",
        branchId=branches["branches"]["edges"][0]["node"]["id"],
        roles=["CASHIER"],
    )
    assert payload["employee"]["roles"] == []
    assert "→ CASHIER" in payload["change"]["summaryEn"]
    applied = await approve(api, "risk_officer", payload["change"])
    assert applied["made"] == [payload["employee"]["id"]]
    roles = {"employeeId": payload["employee"]["id"], "roles": ["ACCOUNTANT", "ANALYST"]}
    change = await propose(api, "admin", employeeRoles=roles)
    assert change["subjectId"] == payload["employee"]["id"]
    await approve(api, "risk_officer", change)
    found = await api.data(
        api.lender.admin,
        "query($id: ID!) { node(id: $id) { ... on Employee { roles { role } } } }",
        {"id": payload["employee"]["id"]},
    )
    assert {role["role"] for role in found["node"]["roles"]} == {"ACCOUNTANT", "ANALYST"}


async def test_a_borrower_registers_an_account_and_follows_its_request(api: Api) -> None:
    applicant = api.lender.applicant
    borrower = await api.done(
        applicant,
        "registerBorrower",
        "borrower { id }",
        name="Morning Foods",
        unifiedSocialCreditCode=social_credit_code(),
    )
    payload = await api.done(
        applicant,
        "registerBankAccount",
        "account { id state usableFrom } change { id state contentSha256 payload }",
        borrowerId=borrower["borrower"]["id"],
        bankName="工商银行",
        accountName="Morning Foods",
        number="6222 0000 1234 5678",
    )
    assert (payload["account"]["state"], payload["account"]["usableFrom"]) == ("PENDING", None)
    assert "6222" not in payload["change"]["payload"]
    listed = await api.data(applicant, "{ changeRequests { edges { node { id } } } }")
    assert [edge["node"]["id"] for edge in listed["changeRequests"]["edges"]] == [
        payload["change"]["id"]
    ]
    await approve(api, "risk_officer", payload["change"])
    found = await api.data(
        applicant,
        "query($id: ID!) { node(id: $id) { ... on BankAccount { state approvedOn usableFrom } } }",
        {"id": payload["account"]["id"]},
    )
    assert found["node"] == {
        "state": "APPROVED",
        "approvedOn": "2026-01-15",
        "usableFrom": "2026-01-18",
    }


async def test_the_other_kinds_and_what_they_wrote(api: Api) -> None:
    year = {
        "calendar": "CN",
        "year": 2026,
        "days": [
            {"date": "2026-10-01", "kind": "HOLIDAY", "name": "国庆节"},
            {"date": "2026-10-10", "kind": "WORKDAY", "name": "调休"},
        ],
    }
    value = {
        "profile": "CN",
        "name": "bank_account_cooling_days",
        "value": "5",
        "effectiveFrom": "2026-02-01",
        "citation": "Board",
        "confirmed": True,
    }
    rule = {
        "profile": "CN",
        "code": "PD_REFER",
        "condition": "PD_AT_LEAST",
        "threshold": "0.1",
        "outcome": "REFER",
        "effectiveFrom": "2026-02-01",
        "citation": "Board",
        "confirmed": True,
        "textZh": "违约概率偏高。",
        "textEn": "High.",
    }
    fixing = {
        "name": "LPR",
        "tenor": "5Y",
        "publishedOn": "2026-01-15",
        "rate": "0.0345",
        "citation": "chinamoney",
        "confirmed": True,
    }
    line = {
        "role": "PENALTY_INCOME",
        "accountCode": "6051.1",
        "nameZh": "罚息收入",
        "nameEn": "Default interest",
        "effectiveFrom": "2026-02-01",
    }
    for proposer, approver, content in (
        ("operator", "accountant", {"calendarYear": year}),
        ("accountant", "approver", {"policyValue": value}),
        ("risk_officer", "approver", {"policyRule": rule}),
        ("operator", "risk_officer", {"benchmarkRate": fixing}),
        ("accountant", "risk_officer", {"postingProfile": line}),
        ("operator", "accountant", {"exchangeRate": {**RATE, "quote": "GBP"}}),
    ):
        change = await approve(api, approver, await propose(api, proposer, **content))
        nodes = await api.data(
            api.lender.accountant,
            "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }",
            {"ids": change["made"]},
        )
        assert [node["id"] for node in nodes["nodes"]] == change["made"]
        assert change["made"]
    found = await api.data(
        api.lender.accountant,
        """{ benchmarkRates(first: 1, name: "LPR", tenor: "5Y") { edges { node {
               publishedOn rate confirmed } } }
             calendarDays(calendar: "CN", year: 2026) { edges { node { date kind name } } }
             exchangeRates(first: 1) { edges { node { base quote rate } } }
             postingProfile(first: 1) { edges { node {
               role accountCode nameZh nameEn effectiveFrom } } }
             policyValues(first: 1) { edges { node { profile name value effectiveFrom } } }
             policyRules(first: 1) { edges { node { code threshold outcome } } } }""",
    )
    shown = {name: [edge["node"] for edge in each["edges"]] for name, each in found.items()}
    assert shown == {
        "benchmarkRates": [{"publishedOn": "2026-01-15", "rate": "0.0345", "confirmed": True}],
        "calendarDays": year["days"],
        "exchangeRates": [{"base": "EUR", "quote": "GBP", "rate": "1.0842"}],
        "postingProfile": [line],
        "policyValues": [
            {key: value[key] for key in ("profile", "name", "value", "effectiveFrom")}
        ],
        "policyRules": [{"code": "PD_REFER", "threshold": "0.1", "outcome": "REFER"}],
    }
    rates = await api.data(
        api.lender.applicant,
        '{ benchmarkRates(first: 100) { totalCount } calendarDays(calendar: "CN", year: -5) '
        "{ totalCount } }",
    )
    assert rates["benchmarkRates"]["totalCount"] == await BenchmarkRate.all().count()
    assert rates["calendarDays"]["totalCount"] == 0
    code, _ = await api.error(api.lender.cashier, "{ postingProfile { totalCount } }")
    assert code == "FORBIDDEN"


async def test_a_request_of_another_branchs_case_is_out_of_sight(api: Api) -> None:
    """A risk officer of a branch sees the accounts of that branch's customers alone."""
    office = await Branch.get(parent_id=None)
    branch = await Branch.create(code=f"B{key()[:6]}", name="West", parent_id=office.id, path="/")
    branch.path = f"{office.path}{branch.id}/"
    await branch.save()
    officer = await hire("west-risk", Role.RISK_OFFICER, branch_id=branch.id)
    payload = await api.done(
        api.lender.relationship_manager,
        "registerBankAccount",
        "account { id } change { id contentSha256 }",
        borrowerId=gid("Borrower", await api.lender.borrower()),
        bankName="工商银行",
        accountName="East",
        number="6222000099998888",
    )
    form = {"id": payload["change"]["id"], "contentSha256": payload["change"]["contentSha256"]}
    errors = await api.refused(officer, "approveChange", **form)
    assert codes(errors) == {("id", "NOT_FOUND")}
    listed = await api.data(officer, "{ changeRequests { edges { node { id kind } } } }")
    assert payload["change"]["id"] not in str(listed)
    await approve(api, "risk_officer", payload["change"])
