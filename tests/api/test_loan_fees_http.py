"""A product's fees over HTTP: proposed, approved, and seen on the product and its loans."""

from __future__ import annotations

from api.graphql.ids import row_id_of
from tests.books import books_hold
from tests.http_story import Story
from tests.over_http import Api, codes

PRODUCT = {
    "code": "HTTP-FEES",
    "profile": "GENERIC",
    "nameZh": "收费产品",
    "nameEn": "With fees",
    "currency": "USD",
    "method": "EQUAL_INSTALLMENT",
    "dayCount": "ACT_365",
    "principalMin": "1000.00",
    "principalMax": "900000.00",
    "installmentsMax": 36,
    "rateMin": "0.01",
    "rateMax": "0.20",
    "penaltyMarkup": "0.5",
}
FEES = [
    {"kind": "UPFRONT_DUE", "amount": None, "rate": "0.005"},
    {"kind": "PERIODIC", "amount": "15.00", "rate": None},
]


async def test_fees_are_proposed_approved_and_seen(api: Api) -> None:
    deducted = {"kind": "UPFRONT_DEDUCTED", "rate": "0.01"}
    both = {"kind": "PERIODIC", "rate": "0.01", "amount": "1.00"}
    errors = await api.refused(
        api.lender.risk_officer,
        "proposeChange",
        reason="Because.",
        content={"loanProduct": PRODUCT | {"fees": [deducted, both]}},
    )
    assert codes(errors) == {
        ("content.loanProduct.fees.0.kind", "INVALID_VALUE"),
        ("content.loanProduct.fees.1", "INVALID_VALUE"),
    }
    change = await api.changed(loanProduct=PRODUCT | {"fees": FEES})
    assert "UPFRONT_DUE 0.005, PERIODIC 15.00 USD" in change["summaryZh"]
    found = await api.data(
        api.lender.cashier,
        "{ loanProducts { edges { node { code fees { kind amount rate } } } } }",
    )
    shown = {e["node"]["code"]: e["node"]["fees"] for e in found["loanProducts"]["edges"]}
    assert shown["HTTP-FEES"] == FEES
    assert shown["USD-LEVEL"] == []
    story = await Story.open(api, "HTTP-FEES")
    case = await story.signed()
    await story.draw(case, "50000.00")
    done = await api.done(
        api.lender.cashier, "disburseDrawdown", "loan { id }", drawdownId=case.drawdown
    )
    loan = done["loan"]["id"]
    data = await api.data(
        case.user,
        "query($id: ID!) { node(id: $id) { ... on Loan { fees { kind amount rate } feeReceivable "
        "charges { number code amount paid dueDate } startDate } } }",
        {"id": loan},
    )
    assert data["node"] == {
        "fees": FEES,
        "feeReceivable": "250.00",
        "startDate": data["node"]["startDate"],
        "charges": [
            {
                "number": 0,
                "code": "UPFRONT_FEE",
                "amount": "250.00",
                "paid": "0.00",
                "dueDate": data["node"]["startDate"],
            }
        ],
    }
    await books_hold(row_id_of(loan, "Loan"))
