"""A synthetic portfolio of working-capital loans whose truth is known: the true PD of every row.

Sizes, ratios and payment habits are correlated through common causes (size, health), statements
are absent more often for small firms, region and registered capital tell nothing beyond what the
others do, and default is a coin thrown with the true PD. Numpy only.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

COLUMNS = (
    "application_no",
    "borrower_no",
    "decision_date",
    "requested_amount",
    "requested_term_months",
    "annual_revenue",
    "profit_margin",
    "current_ratio",
    "debt_ratio",
    "inventory_days",
    "receivable_days",
    "years_in_business",
    "employees",
    "prior_overdue_count",
    "credit_enquiries_6m",
    "collateral_coverage",
    "registered_capital",
    "industry_code",
    "region",
    "guarantor",
    "defaulted",
    "true_pd",
)
_FIRST_DAY, _DAYS = dt.date(2021, 1, 1), 4 * 365
_INDUSTRIES = {"C": 0.0, "F": 0.15, "E": 0.55, "G": 0.1, "H": 0.8, "I": -0.35, "L": -0.2, "A": 0.3}
_REGIONS = ("11", "31", "32", "33", "37", "44", "51", "42")
_STATEMENTS = ("profit_margin", "current_ratio", "debt_ratio", "inventory_days", "receivable_days")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Portfolio:
    """The file's rows as texts, in the order of COLUMNS, with truth and outcome beside them."""

    rows: tuple[tuple[str, ...], ...]
    true_pd: Floats
    bad: NDArray[np.int8]


def generate(*, rows: int = 4000, seed: int = 0) -> Portfolio:
    """Return `rows` loans; the same seed gives the same bytes. About one in eight defaults."""
    rng = np.random.default_rng(seed)
    values = _draw(rng, rows)
    true_pd = 1 / (1 + np.exp(-_log_odds(values)))
    bad = (rng.random(rows) < true_pd).astype(np.int8)
    texts = _texts(rng, values, rows)
    texts["defaulted"] = [str(b) for b in bad.tolist()]
    texts["true_pd"] = [f"{p:.9f}" for p in true_pd]
    return Portfolio(
        rows=tuple(zip(*(texts[name] for name in COLUMNS), strict=True)),
        true_pd=np.array([float(text) for text in texts["true_pd"]]),
        bad=bad,
    )


def csv_bytes(portfolio: Portfolio) -> bytes:
    """Return the portfolio as the UTF-8 CSV that the recipe `synthetic` reads."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(portfolio.rows)
    return out.getvalue().encode()


def write_csv(path: Path, *, rows: int = 4000, seed: int = 0) -> Portfolio:
    """Write a portfolio to `path` and return it."""
    portfolio = generate(rows=rows, seed=seed)
    path.write_bytes(csv_bytes(portfolio))
    return portfolio


def _draw(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Draw every feature; `health` and `size` are the common causes."""
    size, health = rng.normal(size=n), rng.normal(size=n)

    def mixed(of_size: float, of_health: float) -> Floats:
        rest = np.sqrt(1 - of_size**2 - of_health**2)
        drawn: Floats = of_size * size + of_health * health + rest * rng.normal(size=n)
        return drawn

    revenue = np.exp(15.6 + 1.1 * size)
    share = np.clip(np.exp(-1.7 + 0.6 * mixed(-0.2, -0.35)), 0.02, 2.5)
    debt = np.clip(0.55 + 0.17 * mixed(0.1, -0.65), 0.03, 1.6)
    inventory = np.exp(4.0 + 0.5 * mixed(0, -0.3))
    return {
        "size": size,
        "annual_revenue": revenue,
        "requested_amount": np.maximum(10_000.0, np.round(revenue * share, -4)),
        "requested_term_months": rng.choice([6, 12, 12, 12, 18, 24, 36], size=n),
        "profit_margin": 0.055 + 0.07 * mixed(0.1, 0.7),
        "current_ratio": np.exp(0.35 + 0.4 * mixed(0, 0.45) - 0.9 * (debt - 0.55)),
        "debt_ratio": debt,
        "inventory_days": inventory,
        "receivable_days": np.exp(3.9 + 0.55 * mixed(0, -0.4)),
        "years_in_business": np.clip(np.exp(1.7 + 0.7 * mixed(0.4, 0.1)), 0.3, 60),
        "employees": np.maximum(1, np.round(np.exp(2.6 + 0.95 * mixed(0.85, 0)))),
        "prior_overdue_count": rng.poisson(np.exp(-1.3 - 0.8 * health)),
        "credit_enquiries_6m": rng.poisson(np.exp(0.7 - 0.25 * health)),
        "collateral_coverage": np.where(
            rng.random(n) < 0.35, 0.0, np.exp(0.05 + 0.5 * mixed(0.2, 0.1))
        ),
        "registered_capital": np.round(np.exp(14.0 + 0.9 * mixed(0.6, 0)), -4) + 10_000,
        "industry_code": rng.choice(list(_INDUSTRIES), size=n, p=_shares(len(_INDUSTRIES))),
        "region": rng.choice(_REGIONS, size=n, p=_shares(len(_REGIONS))),
        "guarantor": rng.random(n) < 0.45,
        "no_statements": rng.random(n) < 1 / (1 + np.exp(2.6 + 1.2 * size)),
    }


def _log_odds(v: dict[str, Any]) -> Floats:
    """Return the log odds of default: bends, one interaction, nothing of region or capital."""
    industry = np.array([_INDUSTRIES[code] for code in v["industry_code"]])
    heavy = np.log(v["requested_amount"] / v["annual_revenue"]) + 1.7
    odds: Floats = (
        -2.6
        + 2.0 * (v["debt_ratio"] - 0.55)
        + 4.0 * np.maximum(0.0, v["debt_ratio"] - 0.75)
        - 3.5 * np.minimum(v["profit_margin"], 0.12)
        - 0.3 * np.log(v["current_ratio"])
        + 0.45 * np.maximum(0.0, np.log(v["receivable_days"] / 60))
        + 0.25 * np.log(v["inventory_days"] / 55)
        + 0.4 * np.minimum(v["prior_overdue_count"], 5)
        + 0.12 * np.minimum(v["credit_enquiries_6m"], 8)
        - 0.35 * np.log(v["years_in_business"] / 5)
        + 0.45 * heavy * (1 + 0.6 * (v["collateral_coverage"] == 0))
        - 0.45 * np.minimum(v["collateral_coverage"], 1.5)
        - 0.3 * v["guarantor"]
        + 0.012 * (v["requested_term_months"] - 12)
        - 0.15 * v["size"]
        + industry
        + 0.5 * v["no_statements"]
    )
    return odds


def _texts(rng: np.random.Generator, v: dict[str, Any], n: int) -> dict[str, list[str]]:
    """Write the values as a file would hold them, with gaps."""
    borrowers = np.sort(rng.integers(0, max(1, int(n * 0.92)), size=n))
    days = rng.integers(0, _DAYS, size=n)
    texts = {
        "application_no": [f"A{i + 1:07d}" for i in range(n)],
        "borrower_no": [f"B{b + 1:07d}" for b in borrowers.tolist()],
        "decision_date": [(_FIRST_DAY + dt.timedelta(days=d)).isoformat() for d in days.tolist()],
        "industry_code": v["industry_code"].tolist(),
        "region": v["region"].tolist(),
        "guarantor": ["Y" if g else "N" for g in v["guarantor"]],
    }
    decimals = {
        "requested_amount": 2,
        "requested_term_months": 0,
        "annual_revenue": 2,
        "profit_margin": 4,
        "current_ratio": 3,
        "debt_ratio": 4,
        "inventory_days": 1,
        "receivable_days": 1,
        "years_in_business": 1,
        "employees": 0,
        "prior_overdue_count": 0,
        "credit_enquiries_6m": 0,
        "collateral_coverage": 3,
        "registered_capital": 2,
    }
    for name, places in decimals.items():
        texts[name] = [f"{x:.{places}f}" for x in v[name].tolist()]
    gone = dict.fromkeys(_STATEMENTS, v["no_statements"])
    gone["inventory_days"] = gone["inventory_days"] | (rng.random(n) < 0.05)
    gone["credit_enquiries_6m"] = rng.random(n) < 0.04
    gone["employees"] = rng.random(n) < 0.03
    gone["industry_code"] = rng.random(n) < 0.02
    for name, mask in gone.items():
        texts[name] = ["" if m else t for t, m in zip(texts[name], mask, strict=True)]
    return texts


def _shares(n: int) -> Floats:
    falling = 1 / np.arange(2, n + 2)
    shares: Floats = falling / falling.sum()
    return shares
