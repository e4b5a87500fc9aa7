"""What a person may not see does not exist for that person, by whichever way it is asked for."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest

from domain.actor import Actor
from domain.models.lending.application import ApprovalTask
from domain.models.lending.borrower import Borrower
from domain.models.lending.loan import Installment, Repayment, RepaymentAllocation
from domain.models.records import AuditEntry
from domain.models.risk.decision import RiskDecision
from domain.rules.roles import Role
from tests.application_story import model_version, staff
from tests.http_story import Case, Story, user_of
from tests.lender import Lender
from tests.over_http import Api, codes, gid

NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
LISTS = (
    *("borrowers", "creditFacilities", "loanApplications", "loanContracts", "loans"),
    "financialStatements",
)


@pytest.fixture(scope="module")
async def mine(story: Story) -> Case:
    case = await story.disbursed()
    await story.api.done(story.api.lender.cashier, "repayLoan", loanId=case.loan, amount="1.00")
    return case


@pytest.fixture(scope="module")
async def theirs(story: Story) -> Case:
    case = await story.disbursed()
    await story.api.done(story.api.lender.cashier, "repayLoan", loanId=case.loan, amount="2.00")
    return case


async def everything_of(case: Case) -> dict[str, str]:
    """The global id of a row of every type that is about the case."""
    from api.graphql.ids import row_id_of

    application = row_id_of(case.application, "LoanApplication")
    loan = row_id_of(case.loan, "Loan")
    task = await ApprovalTask.filter(application_id=application).first()
    instalment = await Installment.filter(loan_id=loan).first()
    repayment = await Repayment.filter(loan_id=loan).first()
    assert task
    assert instalment
    assert repayment
    found = {
        "Borrower": case.borrower,
        "CreditFacility": case.facility,
        "LoanApplication": case.application,
        "LoanContract": case.contract,
        "Drawdown": case.drawdown,
        "Loan": case.loan,
        "ApprovalTask": gid("ApprovalTask", task.id),
        "Installment": gid("Installment", instalment.id),
        "Repayment": gid("Repayment", repayment.id),
    }
    if allocation := await RepaymentAllocation.filter(loan_id=loan).first():
        found["RepaymentAllocation"] = gid("RepaymentAllocation", allocation.id)
    return found


async def seen(api: Api, actor: Actor, ids: dict[str, str]) -> set[str]:
    """Which of the ids the person may fetch, one by one and all at once."""
    one_by_one = {
        name for name, i in ids.items() if (await api.data(actor, NODE, {"id": i}))["node"]
    }
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename } }"
    at_once = (await api.data(actor, query, {"ids": list(ids.values())}))["nodes"]
    assert {node["__typename"] for node in at_once if node} == one_by_one
    return one_by_one


async def listed(api: Api, actor: Actor, case: Case) -> dict[str, tuple[int, int]]:
    """How many rows of the borrower each list shows and counts."""
    found = {}
    for name in LISTS:
        about = "borrowerId: $b" if name == "financialStatements" else ""
        if name not in ("borrowers", "financialStatements"):
            about = "filter: { borrowerId: $b }"
        declared = "($b: ID!)" if about else ""
        query = f"query{declared} {{ {name}{f'({about})' if about else ''} {{ totalCount "
        query += "edges { node { id } } } }"
        page = (await api.data(actor, query, {"b": case.borrower} if about else {}))[name]
        found[name] = (len(page["edges"]), page["totalCount"])
    return found


async def test_a_borrowers_user_sees_all_of_the_own_case_and_nothing_of_others(
    api: Api, mine: Case, theirs: Case
) -> None:
    own, foreign = await everything_of(mine), await everything_of(theirs)
    assert await seen(api, mine.user, own) == set(own)
    assert await seen(api, mine.user, foreign) == set()
    lists = await listed(api, mine.user, theirs)
    assert lists.pop("borrowers") == (1, 1)  # the own one: this list was not filtered
    assert set(lists.values()) == {(0, 0)}
    for query in ("loan(id: $id) { id }", "payoffQuote(loanId: $id) { total }"):
        data = await api.data(mine.user, f"query($id: ID!) {{ {query} }}", {"id": theirs.loan})
        assert list(data.values()) == [None]
    application = await api.data(
        mine.user,
        "query($id: ID!) { loanApplication(id: $id) { id } }",
        {"id": theirs.application},
    )
    assert application == {"loanApplication": None}


async def test_a_stranger_who_has_registered_nothing_sees_nothing(api: Api, mine: Case) -> None:
    stranger = await user_of(None)
    assert await seen(api, stranger, await everything_of(mine)) == set()
    assert set((await listed(api, stranger, mine)).values()) == {(0, 0)}
    me = await api.data(stranger, "{ me { borrowerId borrower { name } } }")
    assert me == {"me": {"borrowerId": None, "borrower": None}}


async def test_what_only_some_roles_may_list_nobody_else_fetches_by_id(
    api: Api, mine: Case, lender: Lender
) -> None:
    entry = await AuditEntry.all().first()
    assert entry is not None
    decision = await RiskDecision.all().first()
    assert decision is not None
    inside = {
        "AuditEntry": gid("AuditEntry", entry.id),
        "LedgerEntry": gid("LedgerEntry", 1),
        "Employee": gid("Employee", 1),
        "EmployeeRole": gid("EmployeeRole", 1),
        "ModelVersion": gid("ModelVersion", await model_version()),
        "TrainingJob": gid("TrainingJob", 1),
        "Branch": gid("Branch", 1),
        "RiskDecision": gid("RiskDecision", decision.id),
    }
    model_line, staff = {"ModelVersion", "TrainingJob", "Branch"}, {"Branch"}
    people = {"Employee", "EmployeeRole", "Branch"}
    assert await seen(api, mine.user, inside) == set()
    assert await seen(api, lender.manager2, inside) == staff
    assert await seen(api, lender.cashier, inside) == {"RiskDecision", *staff}
    assert await seen(api, lender.admin, inside) == people
    assert await seen(api, lender.operator, inside) == model_line
    assert await seen(api, lender.risk_officer, inside) == {"RiskDecision", *model_line}
    assert await seen(api, lender.accountant, inside) == {"LedgerEntry", "RiskDecision", *staff}
    assert await seen(api, lender.auditor, inside) == set(inside)


async def test_administrators_and_operators_see_no_case(
    api: Api, mine: Case, lender: Lender
) -> None:
    ids = await everything_of(mine)
    for actor in (lender.admin, lender.operator):
        assert await seen(api, actor, ids) == set()


async def test_a_manager_sees_the_own_customers_only(api: Api, mine: Case, lender: Lender) -> None:
    ids = await everything_of(mine)
    assert await seen(api, lender.relationship_manager, ids) == set(ids)
    assert await seen(api, lender.manager2, ids) == set()
    lists = await listed(api, lender.manager2, mine)
    assert set(lists.values()) == {(0, 0)}
    summary = await api.data(lender.manager2, "{ portfolioSummary { currencies { currency } } }")
    assert summary["portfolioSummary"]["currencies"] == []


async def test_nor_may_another_manager_touch_them(api: Api, story: Story, lender: Lender) -> None:
    case = await story.drawn()
    other = lender.manager2
    missing = await api.refused(other, "cancelDrawdown", drawdownId=case.drawdown)
    assert codes(missing) == {("drawdownId", "NOT_FOUND")}
    missing = await api.refused(
        other,
        "proposeFacility",
        borrowerId=case.borrower,
        limit="1.00",
        currency="USD",
        expiresOn="2027-01-01",
    )
    assert codes(missing) == {("borrowerId", "NOT_FOUND")}
    missing = await api.refused(
        other,
        "registerBorrowerUser",
        subject=f"mole-{secrets.token_hex(4)}",
        name="Mole",
        borrowerId=case.borrower,
    )
    assert codes(missing) == {("borrowerId", "NOT_FOUND")}
    missing = await api.refused(
        other, "requestDrawdown", contractId=case.contract, amount="1.00", language="zh"
    )
    assert codes(missing) == {("contractId", "NOT_FOUND")}
    missing = await api.refused(other, "withdrawApplication", applicationId=case.application)
    assert codes(missing) == {("applicationId", "NOT_FOUND")}
    own = await lender.borrower()
    await Borrower.filter(id=own).update(officer_id=other.id)
    missing = await api.refused(
        other, "saveApplication", borrowerId=gid("Borrower", own), facilityId=case.facility
    )
    assert codes(missing) == {("facilityId", "NOT_FOUND")}


async def test_a_manager_who_is_an_analyst_too_reads_all_and_touches_the_own(
    api: Api, story: Story, lender: Lender
) -> None:
    case = await story.drawn()
    both = await staff(lender, Role.RELATIONSHIP_MANAGER, roles=(Role.ANALYST,))
    assert await seen(api, both, {"Drawdown": case.drawdown}) == {"Drawdown"}
    errors = await api.refused(both, "cancelDrawdown", drawdownId=case.drawdown)
    assert codes(errors) == {("drawdownId", "NOT_FOUND")}
    errors = await api.refused(
        both, "saveApplication", applicationId=case.application, amount="700.00"
    )
    assert codes(errors) == {("applicationId", "NOT_FOUND")}


async def test_nested_fields_of_a_borrowers_user_stay_inside_the_case(
    api: Api, mine: Case, theirs: Case
) -> None:
    query = """query($id: ID!) { node(id: $id) { ... on Loan {
      borrower { id facilities { id borrower { id } } }
      contract { id facility { borrower { id } } application { id contracts { loans { id } }
        borrower { id } facility { id } decisions { probabilityOfDefault reasons { code } }
        approvalTasks { state } } drawdowns { id facility { borrower { id } } } }
      repayments { allocations { amount } } } } }"""
    text = str(await api.data(mine.user, query, {"id": mine.loan}))
    assert mine.borrower in text
    for foreign in (theirs.borrower, theirs.facility, theirs.loan, theirs.application):
        assert foreign not in text
    application = (await api.data(mine.user, query, {"id": mine.loan}))["node"]["contract"][
        "application"
    ]
    assert application["decisions"] == []
    assert application["approvalTasks"] != []
    staff = await api.data(api.lender.risk_officer, query, {"id": mine.loan})
    assert len(staff["node"]["contract"]["application"]["decisions"]) == 1


async def test_the_decision_is_hidden_from_the_borrower_in_the_payload_and_its_replay(
    api: Api, story: Story
) -> None:
    case = await story.draft()
    form: dict[str, Any] = {
        "applicationId": case.application,
        "idempotency_key": secrets.token_hex(8),
    }
    selected = (
        "decision { id recommendation probabilityOfDefault } "
        "application { state decisions { recommendation reasons { en } } }"
    )
    for replayed in (False, True):
        payload = await api.done(case.user, "submitApplication", selected, **form)
        assert payload == {
            "replayed": replayed,
            "errors": [],
            "decision": None,
            "application": {"state": "ASSESSED", "decisions": []},
        }


async def test_resident_id_and_account_are_masked_by_role(
    api: Api, story: Story, lender: Lender
) -> None:
    from tests.people import resident_id

    number = resident_id()
    case = await story.drawn(await story.fresh(owner_resident_id=number))
    query = """query($b: ID!, $d: ID!) {
      b: node(id: $b) { ... on Borrower { ownerResidentId } }
      d: node(id: $d) { ... on Drawdown { payeeAccount } } }"""
    given = {"b": case.borrower, "d": case.drawdown}
    clear = (number, "6222000012345678")
    masked = ("*" * 14 + number[-4:], "****5678")

    async def shown(actor: Actor) -> tuple[str, str]:
        data = await api.data(actor, query, given)
        return data["b"]["ownerResidentId"], data["d"]["payeeAccount"]

    who = (case.user, lender.relationship_manager, lender.risk_officer, lender.cashier)
    for actor in (*who, lender.auditor):
        assert await shown(actor) == clear
    for actor in (lender.approver, lender.accountant, lender.analyst):
        assert await shown(actor) == masked
    trail = await AuditEntry.filter(action__in=["registerBorrower", "requestDrawdown"])
    kept = " ".join(f"{entry.before} {entry.after}" for entry in trail)
    assert number not in kept
    assert clear[1] not in kept


async def test_an_applicants_live_updates_are_the_own_ones(
    api: Api, mine: Case, theirs: Case, environment: pytest.MonkeyPatch
) -> None:
    """The subscription's own source, without the socket: a first event comes for the own
    application, none for another's."""
    from graphql import subscribe

    from api.graphql.context import Context
    from api.graphql.schema import get_schema
    from domain.settings import get_settings
    from tests import servers

    if not servers.REDIS:
        pytest.skip("no Redis server can be reached")
    environment.setenv("LIUDAI_REDIS_URL", servers.REDIS_URL)
    get_settings.cache_clear()

    async def first(case: Case) -> Any:
        from graphql import parse

        source: Any = subscribe(
            get_schema()._schema,
            parse("subscription($id: ID!) { applicationUpdated(id: $id) { id decisions { id } } }"),
            variable_values={"id": case.application},
            context_value=Context(mine.user, "en"),
        )
        if asyncio.iscoroutine(source):
            source = await source
        async with asyncio.timeout(5):
            async for event in source:
                await source.aclose()
                return event.data
        return None

    own = {"applicationUpdated": {"id": mine.application, "decisions": []}}
    assert await first(mine) == own
    assert await first(theirs) is None
