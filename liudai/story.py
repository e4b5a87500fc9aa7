"""The borrower's story, told over HTTP: from the first model to the loan that is paid off."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rich.console import Console
from stdnum.cn import uscc

from api.auth import issue_local_token
from liudai.client import CallFailed, Client
from liudai.errors import LiudaiError
from liudai.following import train

_SERVED_SECONDS = 15.0
_DEADLINE_POLL_SECONDS = 0.3


class StepFailed(Exception):
    """A step of the story failed; `step` is its title."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(why)
        self.step = step


@dataclass(slots=True)
class People:
    """Tokens by role (`APPROVER_2` and `ADMIN_2` are second persons, `APPLICANT` the borrower's
    user)."""

    tokens: dict[str, str]


@dataclass(slots=True)
class _Stage:
    """The running story: who speaks to which API, and what the steps before found."""

    console: Console
    url: str
    people: People
    known: dict[str, Any] = field(default_factory=dict)

    def caller(self, role: str) -> Client:
        return Client(self.url, self.people.tokens[role])


def play(console: Console, url: str, people: People) -> None:
    """Play every step; raises :class:`StepFailed` at the first that fails."""
    stage = _Stage(console, url, people)
    for number, (title, step) in enumerate(_STEPS, start=1):
        console.print(f"[bold]{number:2d} {title}[/]")
        try:
            said = step(stage)
        except (LiudaiError, KeyError, TypeError) as error:
            console.print("   [red]failed[/]")
            raise StepFailed(title, str(error)) from error
        console.print(f"   [green]✓[/] {said}", soft_wrap=True)


def _train(stage: _Stage) -> str:
    health = stage.caller("OPERATOR").health()
    if health.get("model"):
        return f"model {health['model']} is in service already"
    operator = stage.caller("OPERATOR")
    model_id = train(
        operator,
        stage.console,
        name="pd",
        source="SYNTHETIC",
        algorithm="LOGISTIC_REGRESSION",
        syntheticRows=4000,
    )
    risk = stage.caller("RISK_OFFICER")
    risk.mutate("validateModel", "model { id }", modelId=model_id)
    promoted = risk.mutate("promoteModel", "model { name version metrics }", modelId=model_id)
    model = promoted["model"]
    deadline = time.monotonic() + _SERVED_SECONDS
    while not stage.caller("OPERATOR").health().get("model"):
        if time.monotonic() > deadline:
            raise CallFailed("the API did not take the promoted model into service")
        time.sleep(_DEADLINE_POLL_SECONDS)
    auc = model["metrics"]["test"]["auc"]
    return f"model {model['name']} v{model['version']} is champion, AUC {auc:.3f} on held-out rows"


def _invite(stage: _Stage) -> str:
    subject = f"demo-borrower-{secrets.token_hex(4)}"
    stage.caller("ADMIN").mutate(
        "registerBorrowerUser", "replayed", subject=subject, name="何老板 He (borrower)"
    )
    stage.people.tokens["APPLICANT"] = issue_local_token(subject, dt.timedelta(days=7))
    return f"user {subject}"


def _register(stage: _Stage) -> str:
    organisation = "91310000" + "".join(secrets.choice("0123456789") for _ in range(9))
    code = organisation + uscc.calc_check_digit(organisation)
    borrower = stage.caller("APPLICANT").mutate(
        "registerBorrower",
        "borrower { id number name }",
        name="上海晨光食品有限公司 Morning Foods",
        unifiedSocialCreditCode=code,
        industryCode="C14",
        enterpriseSize="SMALL",
        region="31",
        registeredOn="2015-05-06",
    )["borrower"]
    stage.known["borrower"] = borrower["id"]
    return f"{borrower['number']} {borrower['name']}, code {code}"


def _state(stage: _Stage) -> str:
    year = _today(stage).year - 1
    stage.caller("RELATIONSHIP_MANAGER").mutate(
        "recordFinancialStatement",
        "statement { id }",
        borrowerId=stage.known["borrower"],
        currency="CNY",
        periodStart=f"{year}-01-01",
        periodEnd=f"{year}-12-31",
        revenue="24000000.00",
        costOfSales="19200000.00",
        profit="1440000.00",
        inventoryOpening="3000000.00",
        inventoryClosing="3400000.00",
        receivablesOpening="3800000.00",
        receivablesClosing="4200000.00",
        payablesOpening="2300000.00",
        payablesClosing="2500000.00",
        prepaymentsOpening="800000.00",
        prepaymentsClosing="800000.00",
        advanceReceiptsOpening="400000.00",
        advanceReceiptsClosing="400000.00",
        currentAssets="9600000.00",
        totalAssets="14000000.00",
        currentLiabilities="4800000.00",
        totalLiabilities="6000000.00",
        equity="8000000.00",
    )
    return f"year {year}, revenue 24,000,000.00 CNY"


def _facility(stage: _Stage) -> str:
    expires = _today(stage) + dt.timedelta(days=700)
    facility = stage.caller("RELATIONSHIP_MANAGER").mutate(
        "proposeFacility",
        "facility { id number }",
        borrowerId=stage.known["borrower"],
        limit="3000000.00",
        currency="CNY",
        revolving=True,
        expiresOn=expires.isoformat(),
    )["facility"]
    facility = stage.caller("APPROVER").mutate(
        "activateFacility",
        "facility { id number state limit currency }",
        facilityId=facility["id"],
    )["facility"]
    stage.known["facility"] = facility["id"]
    return f"{facility['number']} {facility['state']}, limit {facility['limit']} CNY"


def _apply(stage: _Stage) -> str:
    applicant = stage.caller("APPLICANT")
    edges = applicant.query("{ loanProducts { edges { node { id code } } } }")["loanProducts"]
    products = {edge["node"]["code"]: edge["node"]["id"] for edge in edges["edges"]}
    form = {"facilityId": stage.known["facility"], "productId": products["CN-EQUAL"]}
    draft = applicant.mutate("saveApplication", "application { id version }", **form)
    again = applicant.mutate(
        "saveApplication",
        "application { id number version }",
        applicationId=draft["application"]["id"],
        expectedVersion=draft["application"]["version"],
        amount="1200000.00",
        annualRate="0.0360",
        installments=12,
        purpose="RAW_MATERIALS",
        ownFunds="2000000.00",
        expectedGrowth="0.10",
        features=[{"name": "employees", "number": 86}, {"name": "industry_code", "text": "C"}],
    )["application"]
    stage.known["application"] = again["id"]
    return f"{again['number']} saved on a phone, resumed on another (version {again['version']})"


def _submit(stage: _Stage) -> str:
    applicant = stage.caller("APPLICANT")
    application = applicant.mutate(
        "submitApplication",
        "application { id state }",
        applicationId=stage.known["application"],
    )["application"]
    found = stage.caller("RISK_OFFICER").query(
        "query($id: ID!) { loanApplication(id: $id) { contentSha256 decisions { recommendation "
        "probabilityOfDefault grade reasons { en } workingCapitalNeed { capacity } } } }",
        id=stage.known["application"],
    )["loanApplication"]
    stage.known["content"] = found["contentSha256"]
    decision = found["decisions"][-1]
    pd = decision["probabilityOfDefault"]
    reasons = " ".join(reason["en"] for reason in decision["reasons"][:2])
    capacity = (decision["workingCapitalNeed"] or {}).get("capacity")
    return (
        f"{application['state']}, the machine says {decision['recommendation']}: PD {pd:.2%}, "
        f"grade {decision['grade']}, new loan capacity {capacity} CNY. {reasons}"
    )


def _approve(stage: _Stage) -> str:
    said = []
    for role in ("APPROVER", "APPROVER_2"):
        payload = stage.caller(role).mutate(
            "approveApplication",
            "application { state } task { level }",
            applicationId=stage.known["application"],
            contentSha256=stage.known["content"],
        )
        said.append(f"level {payload['task']['level']} by {role.lower()}")
        if payload["application"]["state"] == "APPROVED":
            return f"APPROVED: {', '.join(said)}"
    raise CallFailed("two approvals were not enough")


def _contract(stage: _Stage) -> str:
    contract = stage.caller("RELATIONSHIP_MANAGER").mutate(
        "prepareContract",
        "contract { id number documentSha256 }",
        applicationId=stage.known["application"],
    )["contract"]
    stage.known["contract"] = contract["id"]
    stage.caller("APPLICANT").mutate(
        "signContract",
        "contract { state }",
        contractId=contract["id"],
        documentSha256=contract["documentSha256"],
        signedBy="何老板",
    )
    return f"{contract['number']} signed, document {contract['documentSha256'][:12]}…"


def _draw(stage: _Stage) -> str:
    payload = stage.caller("APPLICANT").mutate(
        "requestDrawdown",
        "drawdown { id number } facility { reserved available }",
        contractId=stage.known["contract"],
        amount="1200000.00",
        paymentMethod="ENTRUSTED",
        payeeName="无锡面粉厂 Wuxi Flour Mill",
        payeeAccount="6222000012345678",
        evidenceNumber="INV-2026-0042",
    )
    stage.known["drawdown"] = payload["drawdown"]["id"]
    facility = payload["facility"]
    return f"reserved {facility['reserved']}, {facility['available']} CNY remain available"


def _disburse(stage: _Stage) -> str:
    loan = stage.caller("CASHIER").mutate(
        "disburseDrawdown",
        "loan { id number principal maturityDate "
        "installments { number dueDate principal interest } }",
        drawdownId=stage.known["drawdown"],
    )["loan"]
    stage.known["loan"] = loan
    first = loan["installments"][0]
    return (
        f"{loan['number']}: {loan['principal']} CNY out, {len(loan['installments'])} instalments "
        f"to {loan['maturityDate']}; the first: {first['principal']} + {first['interest']} on "
        f"{first['dueDate']}"
    )


def _first_due(stage: _Stage) -> str:
    first = stage.known["loan"]["installments"][0]
    stage.caller("OPERATOR").mutate("advanceBusinessDate", "businessDate", to=first["dueDate"])
    due = Decimal(first["principal"]) + Decimal(first["interest"])
    payload = stage.caller("CASHIER").mutate(
        "repayLoan",
        "repayment { number allocations { bucket amount } } loan { principalOutstanding }",
        loanId=stage.known["loan"]["id"],
        amount=f"{due:.2f}",
        payerName="上海晨光食品有限公司",
    )
    parts = ", ".join(
        f"{part['amount']} {part['bucket'].lower()}" for part in payload["repayment"]["allocations"]
    )
    return f"{due:.2f} CNY: {parts}; {payload['loan']['principalOutstanding']} outstanding"


def _payoff(stage: _Stage) -> str:
    later = _today(stage) + dt.timedelta(days=10)
    stage.caller("OPERATOR").mutate("advanceBusinessDate", "businessDate", to=later.isoformat())
    cashier = stage.caller("CASHIER")
    quote = cashier.query(
        "query($id: ID!) { payoffQuote(loanId: $id) { principal interest total } }",
        id=stage.known["loan"]["id"],
    )["payoffQuote"]
    loan = cashier.mutate(
        "payOffLoan",
        "loan { state closedOn }",
        loanId=stage.known["loan"]["id"],
        amount=quote["total"],
    )["loan"]
    return (
        f"{quote['principal']} + {quote['interest']} interest for 10 days = {quote['total']} CNY; "
        f"the loan is {loan['state']}"
    )


def _look_back(stage: _Stage) -> str:
    auditor = stage.caller("AUDITOR")
    trail = auditor.query(
        "query($id: ID!) { auditEntries(filter: {objectId: $id}) { totalCount edges { node { "
        "action } } } ledgerEntries(filter: {loanId: $id}, first: 100) { edges { node { amount } "
        "} } }",
        id=stage.known["loan"]["id"],
    )
    entries = [Decimal(edge["node"]["amount"]) for edge in trail["ledgerEntries"]["edges"]]
    if sum(entries) != 0:
        raise CallFailed(f"the books do not balance: {sum(entries)}")
    return (
        f"{trail['auditEntries']['totalCount']} audit entries on the loan, {len(entries)} ledger "
        "entries that sum to 0.00"
    )


def _today(stage: _Stage) -> dt.date:
    answer = stage.caller("OPERATOR").query("{ businessDate }")
    return dt.date.fromisoformat(answer["businessDate"])


_STEPS: tuple[tuple[str, Callable[[_Stage], str]], ...] = (
    ("A first model is trained by the worker, validated and promoted", _train),
    ("The administrator lets a borrower's user in", _invite),
    ("The borrower registers the company", _register),
    ("The relationship manager records last year's statement", _state),
    ("A facility is proposed, and activated by another person", _facility),
    ("The borrower fills in an application", _apply),
    ("The borrower submits it; model and rules assess it", _submit),
    ("The approvers decide, each a different person", _approve),
    ("The contract is prepared and signed", _contract),
    ("The borrower asks for the money", _draw),
    ("The cashier pays it out", _disburse),
    ("The first instalment falls due and is repaid", _first_due),
    ("Ten days on the borrower pays the loan off", _payoff),
    ("The auditor looks back", _look_back),
)
