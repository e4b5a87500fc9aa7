"""Which version of a loan product is on offer: the latest of its code, if it is active."""

from __future__ import annotations

from domain.db import rows
from domain.models.lending.product import LoanProduct
from domain.queries.select import Condition

ON_OFFER = (
    Condition("loan_product.active = 1"),
    Condition(
        "NOT EXISTS (SELECT 1 FROM loan_product later WHERE later.code = loan_product.code "
        "AND later.version > loan_product.version)"
    ),
)
"""The rows of loan_product that may be applied for."""


async def is_on_offer(product: LoanProduct) -> bool:
    """Whether this version may be applied for."""
    later = await rows(
        "SELECT 1 AS is_there FROM loan_product WHERE code = %s AND version > %s LIMIT 1",
        [product.code, product.version],
    )
    return product.active and not later
