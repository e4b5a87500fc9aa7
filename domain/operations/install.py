"""What every database needs before its first loan: the chart of accounts, a head office, the
business date, products, policy and reference data. Safe to run again; it changes nothing that is
there."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from domain.models.lending.ledger import LedgerAccount
from domain.models.lending.loan_terms import stored_allocation_rule
from domain.models.lending.product import LoanProduct
from domain.models.records import BusinessDate
from domain.models.staff import Branch
from domain.operations.reference_seed import install_reference
from domain.operations.risk.policy_seed import install_policy
from domain.rules.lending.allocation import DEFAULT_RULE
from domain.rules.lending.borrower import Profile
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.overdue import CompoundBasis
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.postings import CHART
from domain.rules.lending.schedule import RepaymentMethod
from domain.rules.money import Rounding, scale

HEAD_OFFICE = "HO"


async def install(*, today: dt.date) -> None:
    """Write what is missing. `today` is the first business date of an empty database."""
    known = {account.code for account in await LedgerAccount.all()}
    await LedgerAccount.bulk_create(
        [
            LedgerAccount(code=code, name_zh=name.zh, name_en=name.en, side=name.side)
            for code, name in CHART.items()
            if code not in known
        ]
    )
    if not await Branch.exists(code=HEAD_OFFICE):
        office = await Branch.create(code=HEAD_OFFICE, name="总行 Head Office", path="/")
        office.path = f"/{office.id}/"
        await office.save(update_fields=["path"])
    if not await BusinessDate.exists(id=1):
        await BusinessDate.create(id=1, current=today)
    for product in _products():
        if not await LoanProduct.exists(code=product.code, version=product.version):
            await product.save()
    await install_policy(today=today)
    await install_reference(today=today)


def _products() -> list[LoanProduct]:
    """The seeded products: three for Chinese lenders, one each for a lender in USD and EUR."""
    return [
        _product("CN-EQUAL", Profile.CN, "流动资金贷款（等额本息）", "Working capital", "CNY"),
        _product(
            "CN-INTEREST",
            Profile.CN,
            "流动资金贷款（按季付息到期还本）",
            "Working capital, quarterly interest",
            "CNY",
            method=RepaymentMethod.INTEREST_ONLY,
            every=3,
            settlement_day=20,
        ),
        _product(
            "CN-BULLET",
            Profile.CN,
            "流动资金贷款（利随本清）",
            "Working capital, bullet",
            "CNY",
            method=RepaymentMethod.BULLET,
        ),
        _product("USD-LEVEL", Profile.GENERIC, "美元流动资金贷款", "Working capital, USD", "USD"),
        _product("EUR-LEVEL", Profile.GENERIC, "欧元流动资金贷款", "Working capital, EUR", "EUR"),
    ]


def _product(
    code: str,
    profile: Profile,
    name_zh: str,
    name_en: str,
    currency: str,
    *,
    method: RepaymentMethod = RepaymentMethod.EQUAL_INSTALLMENT,
    every: int = 1,
    settlement_day: int | None = None,
) -> LoanProduct:
    unit = 10 ** scale(currency)
    chinese = profile is Profile.CN
    return LoanProduct(
        code=code,
        profile=profile,
        name_zh=name_zh,
        name_en=name_en,
        currency=currency,
        method=method,
        day_count=DayCount.ACT_360 if chinese else DayCount.ACT_365,
        rounding=Rounding.HALF_UP,
        period_unit=PeriodUnit.MONTH,
        every=every,
        settlement_day=settlement_day,
        principal_min=100 * unit,
        principal_max=100_000_000 * unit,
        installments_max=60,
        rate_min=Decimal("0.0100"),
        rate_max=Decimal("0.2400") if chinese else Decimal("0.3600"),
        penalty_markup=Decimal("0.5000"),
        penalty_grace_days=0,
        compound_basis=CompoundBasis.PENALTY,
        allocation=stored_allocation_rule(DEFAULT_RULE),
    )
