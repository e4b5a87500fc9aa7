"""Renewal without repayment (无还本续贷): a new loan settles the principal of an old one, and no
money moves (docs/domain.md §4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from domain.rules.lending.servicing.account import BookStatus, LoanAccount
from domain.rules.lending.servicing.settle import owed_to_close
from domain.rules.lending.states import LoanState
from domain.rules.money import format_minor
from domain.rules.refusal import ErrorCode, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """The new loan as far as a renewal depends on it; `amount` in minor units, `signed_on` of its
    contract."""

    borrower_id: int
    facility_id: int
    contract_id: int
    currency: str
    amount: int
    signed_on: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OldLoan:
    """The loan to be renewed as it stands; `principal` is what is outstanding, in minor units."""

    borrower_id: int
    facility_id: int
    contract_id: int
    currency: str
    state: str
    book_status: str
    principal: int
    maturity_date: dt.date
    next_due_date: dt.date | None
    misused: bool


def renewal_problems(
    new: Renewal, old: OldLoan, *, today: dt.date, path: str = "renewsLoanId"
) -> list[Problem]:
    """Every reason why `new` does not renew `old` today: of another borrower, facility or currency,
    or not in good standing; or its amount (at `amount` of a request) is not the old principal."""
    found = [
        *_other_case(new, old),
        *_bad_standing(old, today),
        *_misused(old),
        *_late_contract(new, old),
    ]
    problems = [Problem(code, (path,), en, zh) for code, en, zh in found]
    if new.currency == old.currency and new.amount != old.principal:
        owed, asked = (
            f"{format_minor(minor, old.currency)} {old.currency}"
            for minor in (old.principal, new.amount)
        )
        problems.append(
            Problem(
                ErrorCode.OUT_OF_RANGE,
                ("amount" if path == "renewsLoanId" else path,),
                f"A renewal is over the old loan's outstanding principal, {owed}; {asked} is not. "
                "Request exactly that, or let the difference be repaid first.",
                f"续贷金额须等于原借据本金余额 {owed}，而申请为 {asked}；"
                "请按该金额申请，或先归还差额。",
            )
        )
    return problems


_Said = tuple[ErrorCode, str, str]


def _other_case(new: Renewal, old: OldLoan) -> Iterator[_Said]:
    if new.borrower_id != old.borrower_id:
        yield (
            ErrorCode.NOT_PERMITTED,
            "The loan to be renewed is another borrower's. Choose one of this borrower's loans.",
            "拟续贷的借据属于其他借款人，请选择本借款人的借据。",
        )
    if new.currency != old.currency:
        yield (
            ErrorCode.CURRENCY_MISMATCH,
            f"The loan to be renewed is in {old.currency}, the contract in {new.currency}. A "
            "renewal keeps the currency.",
            f"原借据币种为 {old.currency}，合同币种为 {new.currency}；续贷不得变更币种。",
        )
    if new.facility_id != old.facility_id:
        yield (
            ErrorCode.NOT_PERMITTED,
            "The loan to be renewed draws on another facility. A renewal stays under its facility.",
            "原借据占用其他授信额度；续贷须在同一额度项下办理。",
        )
    if new.contract_id == old.contract_id:
        yield (
            ErrorCode.NOT_PERMITTED,
            "The loan to be renewed is one of this very contract. A renewal takes a new contract.",
            "原借据即在本合同项下；续贷须另行签订借款合同。",
        )


def _bad_standing(old: OldLoan, today: dt.date) -> Iterator[_Said]:
    if old.state != LoanState.ACTIVE:
        yield (
            ErrorCode.ILLEGAL_STATE,
            f"The loan to be renewed is {old.state}; only an ACTIVE one is renewed.",
            f"拟续贷的借据状态为 {old.state}，仅 ACTIVE 的借据可续贷。",
        )
        return
    if old.book_status != BookStatus.ACCRUING:
        yield (
            ErrorCode.ILLEGAL_STATE,
            f"The loan to be renewed is {old.book_status}; only one that performs is renewed.",
            f"拟续贷的借据核算状态为 {old.book_status}，仅正常计息的借据可续贷。",
        )
    if today > old.maturity_date:
        yield (
            ErrorCode.DATE_OUT_OF_RANGE,
            f"The loan to be renewed matured on {old.maturity_date}. A renewal is made by that "
            "day; a matured loan is repaid or restructured.",
            f"原借据已于 {old.maturity_date} 到期；续贷须在到期日前办理，到期后请还款或重组。",
        )
    elif old.next_due_date is not None and old.next_due_date < today:
        yield (
            ErrorCode.ILLEGAL_STATE,
            f"The loan to be renewed has been past due since {old.next_due_date}. Collect what is "
            "due first.",
            f"原借据自 {old.next_due_date} 起逾期，请先收回逾期款项。",
        )


def _misused(old: OldLoan) -> Iterator[_Said]:
    """Source, to be confirmed: Yinjianfa [2014] 36, on renewals for small enterprises."""
    if old.misused:
        yield (
            ErrorCode.ILLEGAL_STATE,
            "Principal of the loan to be renewed is misused. Let that be put right and recorded (a "
            "change MISUSE of 0) first.",
            "原借据存在挪用本金，不得续贷；请先整改并登记终止（金额为 0 的 MISUSE 变更）。",
        )


def _late_contract(new: Renewal, old: OldLoan) -> Iterator[_Said]:
    if new.signed_on is None or new.signed_on >= old.maturity_date:
        signed = new.signed_on or "-"
        yield (
            ErrorCode.DATE_OUT_OF_RANGE,
            f"The contract was signed on {signed}, not before the old loan's maturity on "
            f"{old.maturity_date}. A renewal is agreed before maturity.",
            f"合同签署日 {signed} 不早于原借据到期日 {old.maturity_date}；续贷须在到期前签订合同。",
        )


def uncovered(
    account: LoanAccount, renewed: int, *, today: dt.date, currency: str, path: str
) -> list[Problem]:
    """Say what is missing where `renewed` principal and the credit balance do not close the loan.

    Interest, fees and costs are never renewed: the borrower pays them before.
    """
    owed = sum(item.amount for item in owed_to_close(account, today))
    missing = owed - renewed - account.credit_balance
    if missing <= 0:
        return []
    needed = f"{format_minor(missing, currency)} {currency}"
    return [
        Problem(
            ErrorCode.OUT_OF_RANGE,
            (path,),
            f"A renewal pays the old loan's principal alone, and {needed} of interest and fees is "
            "not covered. Let the borrower pay that with repayLoan, then disburse.",
            f"续贷仅结清原借据本金，尚缺利息及费用 {needed}；"
            "请借款人先通过 repayLoan 缴足后再放款。",
        )
    ]
