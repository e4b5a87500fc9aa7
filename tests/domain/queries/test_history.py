"""The lender's own history as training rows."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.db import execute
from domain.models.lending.application import LoanApplication
from domain.models.lending.contract import LoanContract
from domain.models.lending.loan import Installment, Loan
from domain.models.risk.decision import RiskDecision
from domain.queries.risk.history import DecidedCase, decided_cases
from domain.rules.lending.states import LoanState
from domain.rules.refusal import Refused
from ml.training_data import history_dataset
from tests.lender import Lender

DECIDED = dt.date(2026, 1, 15)


async def decided(loan: Loan, *, round_: int, revenue: float | None) -> None:
    contract = await LoanContract.get(id=loan.contract_id)
    await RiskDecision.create(
        application_id=contract.application_id,
        round=round_,
        recommendation="REFER",
        features={"annual_revenue": revenue, "industry_code": "C"},
        terms={},
        reasons=[],
        fired_rules=[],
        limits={},
        content_sha256="",
        business_date=DECIDED,
        elapsed_us=1,
    )


async def test_known_outcomes_with_the_features_of_the_last_round(lender: Lender) -> None:
    late, paid, running = [await lender.loan() for _ in range(3)]
    for loan in (late, paid, running):
        await decided(loan, round_=1, revenue=1.0)
    await decided(late, round_=2, revenue=None)
    await Installment.filter(loan_id__in=[paid.id, running.id]).update(settled_on=DECIDED)
    await Loan.filter(id=paid.id).update(
        state=LoanState.PAID_OFF, closed_on=dt.date(2026, 2, 1), principal_outstanding=0
    )
    await execute("UPDATE business_date SET current = %s WHERE id = 1", [dt.date(2026, 7, 1)])
    cases = await decided_cases(currency="USD")
    await execute("UPDATE business_date SET current = %s WHERE id = 1", [DECIDED])
    assert [(case.bad, case.features) for case in cases] == [
        (False, {"annual_revenue": 1.0, "industry_code": "C"}),
        (True, {"industry_code": "C"}),
    ]
    assert cases[1].decided_on == DECIDED
    application = await LoanApplication.get(
        id=(await LoanContract.get(id=late.contract_id)).application_id
    )
    assert cases[1].borrower_id == application.borrower_id
    assert await decided_cases(currency="CNY") == []


def case(number: int) -> DecidedCase:
    features = {"annual_revenue": 1e6 + number, "debt_ratio": 1e-05 * number, "region": "31"}
    return DecidedCase(
        decision_id=number,
        borrower_id=number % 50,
        decided_on=DECIDED + dt.timedelta(days=number),
        features=features if number % 3 else {"annual_revenue": -5.0},
        bad=number % 5 == 0,
    )


def test_history_becomes_a_dataset_as_it_is() -> None:
    data = history_dataset([case(i) for i in range(300)], currency="USD", profile="GENERIC")
    assert (len(data), int(data.bad.sum())) == (300, 60)
    found = data.features_of(7)
    assert found.pop("region") == "31"
    assert found == pytest.approx({"annual_revenue": 1e6 + 7, "debt_ratio": 7e-05}, rel=1e-6)
    assert data.features_of(3) == {}  # a negative revenue is out of the catalogue's bounds
    assert data.groups is not None
    assert len(set(data.groups.tolist())) == 50
    assert data.dates is not None


def test_too_few_outcomes_are_refused_politely() -> None:
    with pytest.raises(Refused, match="at least 200"):
        history_dataset([], currency="USD", profile="GENERIC")
    with pytest.raises(Refused, match="at least 20 of each"):
        history_dataset([case(i * 5 + 1) for i in range(250)], currency="USD", profile="GENERIC")
