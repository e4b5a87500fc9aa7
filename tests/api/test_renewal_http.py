"""A loan renewed without repayment over HTTP, from the application to the new loan."""

from __future__ import annotations

import pytest

from tests.http_story import Case, Story
from tests.lender import Lender
from tests.over_http import Api, codes


@pytest.fixture(scope="module")
async def story(api: Api) -> Story:
    return await Story.open(api)


async def test_a_full_facility_is_renewed_from_the_application_on(
    api: Api, story: Story, lender: Lender
) -> None:
    case = await story.disbursed(await story.fresh(limit="50000.00"))
    old = case.loan
    renewal = Case(user=case.user, borrower=case.borrower, facility=case.facility)
    # Unless it is said that the old loan goes, nothing remains of the facility.
    await story.submitted(renewal)
    assert "AMOUNT_ABOVE_AVAILABLE_LIMIT" in await fired(api, lender, renewal)
    await story.signed(renewal, renewsLoanId=old)
    assert "AMOUNT_ABOVE_AVAILABLE_LIMIT" not in await fired(api, lender, renewal)
    form = {"contractId": renewal.contract, "amount": "50000.00"}
    errors = await api.refused(case.user, "requestDrawdown", **form)
    assert codes(errors) == {("renewsLoanId", "NOT_PERMITTED")}
    done = await api.done(
        case.user,
        "requestDrawdown",
        "drawdown { id renewsLoan { id } } facility { available reserved }",
        renewsLoanId=old,
        **form,
    )
    assert done["drawdown"]["renewsLoan"] == {"id": old}
    assert done["facility"] == {"available": "0.00", "reserved": "0.00"}
    done = await api.done(
        lender.cashier,
        "disburseDrawdown",
        "drawdown { state renewsLoan { state principalOutstanding } } "
        "loan { state principalOutstanding } facility { used available }",
        drawdownId=done["drawdown"]["id"],
    )
    assert done["drawdown"] == {
        "state": "DISBURSED",
        "renewsLoan": {"state": "PAID_OFF", "principalOutstanding": "0.00"},
    }
    assert done["loan"] == {"state": "ACTIVE", "principalOutstanding": "50000.00"}
    assert done["facility"] == {"used": "50000.00", "available": "0.00"}


async def test_only_ones_own_loan_under_that_facility_is_renewed(
    api: Api, story: Story, lender: Lender
) -> None:
    stranger, case = await story.disbursed(), await story.fresh()
    manager = lender.relationship_manager
    form = story.form(case, renewsLoanId=stranger.loan)
    for actor, code in ((case.user, "NOT_FOUND"), (manager, "INVALID_VALUE")):
        errors = await api.refused(actor, "saveApplication", **form)
        assert codes(errors) == {("renewsLoanId", code)}


async def fired(api: Api, lender: Lender, case: Case) -> set[str]:
    """The reasons of the application's last decision."""
    found = await api.data(
        lender.relationship_manager,
        "query($id: ID!) { node(id: $id) { ... on LoanApplication { "
        "decisions { reasons { code } } } } }",
        {"id": case.application},
    )
    return {reason["code"] for reason in found["node"]["decisions"][-1]["reasons"]}
