"""`nextInstallments`: what is owed next, on each of several loans at once."""

from __future__ import annotations

from typing import Any

from domain.models.lending.loan import Installment
from tests.lender import Lender
from tests.over_http import Api

QUERY = "{ loans { edges { node { id nextInstallments { number settledOn } } } } }"


async def numbers(api: Api) -> list[list[int]]:
    data = await api.data(api.lender.auditor, QUERY)
    nodes: list[Any] = [edge["node"] for edge in data["loans"]["edges"]]
    assert all(row["settledOn"] is None for node in nodes for row in node["nextInstallments"])
    return [[row["number"] for row in node["nextInstallments"]] for node in nodes]


async def test_the_first_three_that_are_not_settled(api: Api, lender: Lender) -> None:
    await lender.loan(installments=2)
    loan = await lender.loan(installments=12)
    assert await numbers(api) == [[1, 2, 3], [1, 2]]
    settled = Installment.filter(loan_id=loan.id, number__in=[1, 2])
    await settled.update(settled_on=loan.start_date)
    assert await numbers(api) == [[3, 4, 5], [1, 2]]
