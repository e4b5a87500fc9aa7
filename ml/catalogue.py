"""The feature catalogue: every feature a model may use, named for a working-capital lender.

A recipe maps a file's columns to these names, an application supplies them, a reason code speaks
of them. All are known on the decision date. What is learnt later (the term as it ran, amounts
disbursed or charged off, the bank that holds the loan today) has no entry, so no recipe can use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ml.features import Feature, FeatureKind, Unit

_LARGEST_AMOUNT = 1e13  # the Money scalar's bound, major units


def _number(
    name: str, unit: Unit, en: str, zh: str, meaning: str, least: float, most: float
) -> Feature:
    return Feature(
        name=name,
        kind=FeatureKind.NUMBER,
        unit=unit,
        en=en,
        zh=zh,
        meaning=meaning,
        least=least,
        most=most,
    )


def _money(name: str, en: str, zh: str, meaning: str) -> Feature:
    return _number(name, Unit.MONEY, en, zh, meaning, 0.0, _LARGEST_AMOUNT)


def _count(name: str, en: str, zh: str, meaning: str) -> Feature:
    return _number(name, Unit.COUNT, en, zh, meaning, 0.0, 1e7)


def _ratio(name: str, en: str, zh: str, meaning: str, least: float, most: float) -> Feature:
    return _number(name, Unit.SHARE, en, zh, meaning, least, most)


def _days(name: str, en: str, zh: str, meaning: str) -> Feature:
    return _number(name, Unit.DAYS, en, zh, meaning, 0.0, 36_000.0)


def _category(name: str, en: str, zh: str, meaning: str) -> Feature:
    return Feature(
        name=name, kind=FeatureKind.CATEGORY, unit=Unit.NONE, en=en, zh=zh, meaning=meaning
    )


def _boolean(name: str, en: str, zh: str, meaning: str) -> Feature:
    return Feature(
        name=name, kind=FeatureKind.BOOLEAN, unit=Unit.NONE, en=en, zh=zh, meaning=meaning
    )


_APPLICATION = (
    _money("requested_amount", "Requested amount", "申请金额", "principal asked for"),
    _number(
        "requested_term_months",
        Unit.MONTHS,
        "Requested term",
        "申请期限",
        "term asked for on the application, never the term as it later ran",
        0.0,
        600.0,
    ),
    _ratio(
        "amount_to_revenue",
        "Requested amount to revenue",
        "申请金额与营业收入之比",
        "requested amount ÷ last year's revenue",
        0.0,
        1e6,
    ),
    _ratio(
        "amount_to_need",
        "Requested amount to working-capital need",
        "申请金额与营运资金量之比",
        "requested amount ÷ estimated working-capital need",
        0.0,
        1e6,
    ),
    _ratio(
        "guaranteed_share",
        "Guaranteed share",
        "担保比例",
        "part of the principal that a guarantee scheme covers",
        0.0,
        1.0,
    ),
    _ratio(
        "collateral_coverage",
        "Collateral coverage",
        "押品覆盖率",
        "collateral value after haircut ÷ requested amount",
        0.0,
        1e4,
    ),
    _boolean("guarantor_present", "Guarantor", "有无保证人", "a guarantor backs the loan"),
    _category(
        "revolving_line",
        "Revolving line",
        "循环额度",
        "whether the credit may be drawn again: YES, NO, or a further code of the lender's own",
    ),
    _boolean("low_doc", "Simplified documents", "简化资料", "applied for on the short form"),
    _number(
        "application_year",
        Unit.CALENDAR_YEAR,
        "Application date",
        "申请时间",
        "decision date as a decimal year (1 July 2006 is about 2006.5); a stand-in for the cycle",
        1900.0,
        2200.0,
    ),
)

_BORROWER = (
    _number(
        "years_in_business",
        Unit.YEARS,
        "Years in business",
        "经营年限",
        "years from registration to the decision date",
        0.0,
        500.0,
    ),
    _boolean("new_business", "New business", "新设企业", "two years in business or fewer"),
    _count("employees", "Employees", "员工人数", "people employed on the decision date"),
    _count("jobs_created", "Jobs to be created", "拟新增就业", "jobs the loan is to create"),
    _count("jobs_retained", "Jobs to be kept", "拟保留就业", "jobs the loan is to keep"),
    _boolean("franchise", "Franchise", "特许经营", "the business runs under a franchise"),
    _category("urban_rural", "Urban or rural", "城乡类型", "where the business is"),
    _category("industry_code", "Industry", "行业", "code of the industry (GB/T 4754 or NAICS)"),
    _category("region", "Region", "地区", "administrative division of the registered address"),
    _category("enterprise_size", "Enterprise size", "企业规模", "MICRO, SMALL, MEDIUM or LARGE"),
    _money("registered_capital", "Registered capital", "注册资本", "capital as registered"),
    _number(
        "relationship_years",
        Unit.YEARS,
        "Years as a customer",
        "合作年限",
        "years since the first business with this lender",
        0.0,
        500.0,
    ),
    _count(
        "prior_overdue_count",
        "Earlier overdue instalments",
        "历史逾期次数",
        "instalments paid late in the 24 months before the decision",
    ),
    _count(
        "credit_enquiries_6m",
        "Credit enquiries in six months",
        "近六个月征信查询次数",
        "bureau enquiries by lenders in the six months before the decision",
    ),
    _ratio(
        "account_inflow_to_revenue",
        "Account inflow to revenue",
        "账户回款与营业收入之比",
        "credits on the collection account ÷ last year's revenue",
        0.0,
        1e4,
    ),
)

_STATEMENTS = (
    _money("annual_revenue", "Annual revenue", "年营业收入", "revenue of the last full year"),
    _ratio("revenue_growth", "Revenue growth", "营业收入增长率", "growth on a year", -1.0, 1e4),
    _ratio("profit_margin", "Profit margin", "销售利润率", "profit ÷ revenue", -1e4, 1e2),
    _ratio("gross_margin", "Gross margin", "毛利率", "gross profit ÷ revenue", -1e4, 1e2),
    _number(
        "current_ratio",
        Unit.TIMES,
        "Current ratio",
        "流动比率",
        "current assets ÷ current liabilities",
        0.0,
        1e5,
    ),
    _ratio("debt_ratio", "Debt ratio", "资产负债率", "liabilities ÷ assets", 0.0, 1e3),
    _number(
        "interest_cover",
        Unit.TIMES,
        "Interest cover",
        "利息保障倍数",
        "profit before interest and tax ÷ interest",
        -1e5,
        1e5,
    ),
    _ratio(
        "operating_cash_margin",
        "Operating cash margin",
        "经营现金流比率",
        "operating cash flow ÷ revenue",
        -1e4,
        1e4,
    ),
    _ratio(
        "loans_to_assets",
        "Loans to assets",
        "借款占总资产比例",
        "loans from all lenders ÷ total assets",
        0.0,
        1e3,
    ),
    _days("inventory_days", "Inventory days", "存货周转天数", "360 ÷ (cost ÷ inventory)"),
    _days(
        "receivable_days", "Receivable days", "应收账款周转天数", "360 ÷ (revenue ÷ receivables)"
    ),
    _days("payable_days", "Payable days", "应付账款周转天数", "360 ÷ (cost ÷ payables)"),
)

CATALOGUE: Mapping[str, Feature] = MappingProxyType(
    {feature.name: feature for feature in (*_APPLICATION, *_BORROWER, *_STATEMENTS)}
)
