"""From the reference model's words to those of the rules, and both loans side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from domain.rules.lending.allocation import AllocationAxis, AllocationRule, Bucket
from domain.rules.lending.business_days import BusinessCalendar, RollConvention
from domain.rules.lending.day_count import DatedRate, DayCount
from domain.rules.lending.fees import Fee, FeeKind
from domain.rules.lending.overdue import CompoundBasis, OverdueTerms
from domain.rules.lending.periods import PeriodUnit
from domain.rules.lending.schedule_terms import PlanRow, RepaymentMethod, ScheduleTerms
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing.account import ServicingTerms
from domain.rules.money import Rounding
from tests.reference.loan import Act, Loan
from tests.reference.plan import RATE, Product

State = dict[str, Any]
"""A loan by names both sides use: its balances, its instalments, its charges, its ledger."""


def decimal(rate: int) -> Decimal:
    """A rate over `RATE` as a number."""
    return Decimal(rate) / RATE


def servicing_terms(product: Product) -> ServicingTerms:
    """The terms of the rules."""
    rounding, day_count = Rounding(product.rounding), DayCount(product.day_count)
    return ServicingTerms(
        schedule=ScheduleTerms(
            principal=product.principal,
            annual_rate=decimal(product.rate),
            method=RepaymentMethod(product.method),
            day_count=day_count,
            start_date=product.start,
            installments=product.installments,
            every=product.every,
            unit=PeriodUnit(product.unit),
            settlement_day=product.settlement_day,
            rounding=rounding,
            plan=tuple(PlanRow(day, principal=amount) for day, amount in product.plan),
            **_rolling(product),
        ),
        overdue=OverdueTerms(
            contract_rate=decimal(product.rate),
            penalty_rate=decimal(product.penalty_rate),
            day_count=day_count,
            maturity=product.start,
            grace_days=product.grace_days,
            compound_basis=CompoundBasis(product.compound_basis),
            rounding=rounding,
        ),
        allocation=AllocationRule(
            order=tuple(Bucket(bucket) for bucket in product.order),
            axis=AllocationAxis(product.axis),
            principal_first_beyond_days=product.principal_first_beyond,
        ),
        non_accrual_beyond_days=product.non_accrual_beyond,
        cure_days=product.cure_days,
        prepayment_fee_rate=Decimal(product.fee.numerator) / product.fee.denominator,
        fees=tuple(
            Fee(FeeKind(kind), amount=amount)
            if amount
            else Fee(FeeKind(kind), rate=Decimal(share.numerator) / share.denominator)
            for kind, amount, share in product.fees
        ),
        vat=tuple(DatedRate(day, Decimal(f.numerator) / f.denominator) for day, f in product.vat),
    )


def _rolling(of: Product | Act) -> dict[str, Any]:
    """How due dates roll, in the words of the rules."""
    calendar = BusinessCalendar(
        holidays=frozenset(day for kind, day in of.days if kind == "off"),
        working_days=frozenset(day for kind, day in of.days if kind == "worked"),
    )
    return {"roll": RollConvention(of.roll), "calendar": calendar}


def event_of(act: Act, *, sequence: int) -> e.Event:
    """The event of the rules."""
    common: dict[str, Any] = {"sequence": sequence, "on": act.on}
    rates = {"annual_rate": decimal(act.rate), "penalty_rate": decimal(act.penalty_rate)}
    due = act.due or act.on
    match act.kind:
        case "PAYMENT":
            return e.Payment(amount=act.amount, **common)
        case "PREPAYMENT":
            return e.Prepayment(amount=act.amount, keep=e.Keep(act.keep), **common)
        case "PAYOFF":
            return e.Payoff(amount=act.amount, **common)
        case "REFUND":
            return e.Refund(amount=act.amount, **common)
        case "CHARGE":
            return e.Levy(code=e.ChargeCode.NOTARY, amount=act.amount, due_date=due, **common)
        case "WAIVER":
            return e.Waiver(bucket=Bucket(act.bucket), amount=act.amount, **common)
        case "RATE_CHANGE":
            return e.RateChange(**rates, **common)
        case "DUE_DAY":
            return e.DueDayChange(next_due_date=due, **_rolling(act), **common)
        case "EXTENSION":
            return e.Extension(periods=act.periods, **rates, **_rolling(act), **common)
        case "RESTRUCTURING":
            method = RepaymentMethod(act.method)
            periods = act.periods
            rolling = _rolling(act)
            return e.Restructuring(method=method, periods=periods, **rates, **rolling, **common)
        case "MISUSE":
            markup = Decimal(act.markup.numerator) / act.markup.denominator
            since = act.since or act.on
            return e.Misuse(amount=act.amount, markup=markup, since=since, **common)
    return _PLAIN[act.kind](**common)


_PLAIN = {"ACCELERATION": e.Acceleration, "WRITE_OFF": e.WriteOff}


def state_of_reference(loan: Loan) -> State:
    """The reference's loan in common names."""
    state: State = {
        "state": loan.state,
        "book_status": loan.books.status,
        "principal_outstanding": loan.principal,
        "written_off": loan.written_off,
        "taxed_income": loan.taxed,
        "vat": loan.vat,
        "credit_balance": loan.credit,
        "maturity_date": loan.maturity,
        "next_due_date": loan.next_due(),
        "closed_on": loan.closed_on,
        "arrears_cleared_on": loan.cleared_on,
        "days_past_due": loan.days_past_due(),
    }
    names = {"INTEREST": "interest", "PENALTY": "penalty", "COMPOUND": "compound", "COSTS": "fee"}
    for bucket, name in names.items():
        state[f"{name}_receivable"] = loan.receivable(bucket)
        state[f"{name}_paid"] = loan.paid[bucket]
    for row in loan.rows:
        item: State = {
            "start_date": row.start,
            "end_date": row.due,
            "due_date": row.due,
            "opening": row.opening,
            "principal": row.principal,
            "interest": row.interest,
            "principal_paid": row.principal_paid,
            "principal_moved": row.moved,
            "settled_on": row.settled_on,
        }
        for bucket in ("INTEREST", "PENALTY", "COMPOUND"):
            for name in ("accrued", "paid", "waived"):
                item[f"{names[bucket]}_{name}"] = getattr(row, name)[bucket]
        state[f"installment {row.number}"] = item
    charges = sorted(loan.charges, key=lambda charge: charge.number)
    for count, charge in enumerate(charges, start=1):
        state[f"charge {count}"] = {
            "due_date": charge.due,
            "amount": charge.amount,
            "paid": charge.paid,
            "waived": charge.waived,
            "settled_on": charge.settled_on,
        }
    state["ledger"] = loan.books.held()
    return state


def state_of(
    loan: Any,
    installments: Iterable[Any],
    charges: Iterable[Any],
    ledger: dict[str, int],
    *,
    like: State,
    today: dt.date,
) -> State:
    """An account of the rules, or rows of the database, in the names that `like` has."""
    found: State = {"ledger": ledger}
    late = 0 if loan.next_due_date is None else (today - loan.next_due_date).days
    found["days_past_due"] = max(late, 0)
    for name in like:
        if name not in found and not name.startswith(("installment ", "charge ")):
            found[name] = getattr(loan, name)
    row_names = next(v for k, v in like.items() if k.startswith("installment "))
    for row in installments:
        found[f"installment {row.number}"] = {n: getattr(row, n) for n in row_names}
    for count, charge in enumerate(charges, start=1):
        found[f"charge {count}"] = {
            name: getattr(charge, name)
            for name in ("due_date", "amount", "paid", "waived", "settled_on")
        }
    return found


def differences(reference: State, code: State) -> list[str]:
    """What is not the same, one line each."""
    found = []
    for name in sorted(reference.keys() | code.keys()):
        here, there = reference.get(name), code.get(name)
        if here == there:
            continue
        if isinstance(here, dict) and isinstance(there, dict):
            found += [
                f"{name} {part}: reference {here.get(part)}, code {there.get(part)}"
                for part in sorted(here.keys() | there.keys())
                if here.get(part) != there.get(part)
            ]
        else:
            found.append(f"{name}: reference {here}, code {there}")
    return found
