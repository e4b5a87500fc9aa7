"""Forms of many fields, filled in rightly."""

from __future__ import annotations

from typing import Any


def statement(borrower: str, **changes: Any) -> dict[str, Any]:
    """A financial statement of 2025 in USD that holds together."""
    amounts = {
        "revenue": "12000.00",
        "costOfSales": "9600.00",
        "profit": "720.00",
        "inventoryOpening": "1500.00",
        "inventoryClosing": "1700.00",
        "receivablesOpening": "1900.00",
        "receivablesClosing": "2100.00",
        "prepaymentsOpening": "400.00",
        "prepaymentsClosing": "400.00",
        "payablesOpening": "1200.00",
        "payablesClosing": "1200.00",
        "advanceReceiptsOpening": "150.00",
        "advanceReceiptsClosing": "250.00",
        "currentAssets": "5000.00",
        "totalAssets": "8000.00",
        "currentLiabilities": "2500.00",
        "totalLiabilities": "4000.00",
        "equity": "4000.00",
    }
    return {
        "borrowerId": borrower,
        "periodStart": "2025-01-01",
        "periodEnd": "2025-12-31",
        "currency": "USD",
        **amounts,
        **changes,
    }
