"""The fees that a product agrees with its loans."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import strawberry

from api.graphql.lending import schedule_enums  # noqa: F401 - describes the enum used here
from api.graphql.scalars import Money, Rate
from domain.models.lending.loan_terms import read_fees
from domain.rules.lending.fees import FeeKind
from domain.rules.money import format_minor


@strawberry.type(description="A fee that the terms of a loan charge: an amount, or a rate.")
class LoanFee:
    """One of a product's or loan's fees."""

    kind: FeeKind = strawberry.field(description="When it is charged, and on what.")
    amount: Money | None = strawberry.field(
        description="The fixed amount each time it is charged, in the product's currency."
    )
    rate: Rate | None = strawberry.field(
        description="The fraction of the principal, or of the balance a row opens with."
    )


def fees_of(_: object, row: Mapping[str, Any]) -> list[LoanFee]:
    """The fees of a row of a product or loan."""
    return [
        LoanFee(
            kind=fee.kind,
            amount=None if fee.amount is None else Money(format_minor(fee.amount, row["currency"])),
            rate=None if fee.rate is None else Rate(Decimal(fee.rate)),
        )
        for fee in read_fees(row["fees"])
    ]
