"""Loans: read, list, repay, pay off."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.errors import bad_input
from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node, row_id_of
from api.graphql.lending.borrowers import Borrower
from api.graphql.lending.contracts import LoanContract
from api.graphql.lending.fees import LoanFee, fees_of
from api.graphql.lending.loan_history import LoanCharge, LoanHistoryEvent, SupersededInstallment
from api.graphql.nouns import Noun, column, computed, many, money, one, rate
from api.graphql.scalars import Money, Rate
from domain.models.lending.loan_account import read_rate_changes, share_misused
from domain.operations.lending.take_payment import PayerRole
from domain.queries.lending.payoff import payoff_quote
from domain.queries.select import Condition
from domain.queries.visibility import visible, visible_by_loan
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.day_count import DayCount
from domain.rules.lending.schedule import RepaymentMethod
from domain.rules.lending.servicing.account import BookStatus
from domain.rules.lending.states import LoanState
from domain.rules.money import format_minor
from domain.rules.numbers import NumberKind, human_number, row_id
from domain.rules.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def _sum_of(*names: str) -> Any:
    def read(_: Any, row: Mapping[str, Any]) -> str:
        plus, *minus = names
        return format_minor(row[plus] - sum(row[name] for name in minus), row["currency"])

    return read


def _current_rate(_: Any, row: Mapping[str, Any]) -> Decimal:
    rate = Decimal(row["annual_rate"])
    for change in read_rate_changes(row["rate_changes"]):
        if change.effective_from <= row["accrued_through"]:
            rate = change.rate
    return _four_decimals(rate)


def _misused_share(_: Any, row: Mapping[str, Any]) -> Decimal | None:
    share = share_misused(row["misuse"])
    return _four_decimals(share) if share else None


def _four_decimals(value: Decimal) -> Decimal:
    """With four decimals, or as many more as it has."""
    return max(value.normalize(), value.quantize(Decimal("0.0001")), key=_decimals)


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


@strawberry.type(description="Instalment (分期): one row of a repayment schedule.")
class Installment(Node):
    """A row of the installment table; its amounts are in the loan's currency."""

    number: int = column("number", "Its place in the schedule, from 1.")
    start_date: dt.date = column("start_date", "First day that earns interest in it.")
    due_date: dt.date = column("due_date", "The day it falls due (does not earn in it).")
    days: int = column("days", "Days that earn under the day count.")
    principal: Money = money("principal", "Principal due.")
    interest: Money = money("interest", "Contract interest due.")
    principal_paid: Money = money("principal_paid", "Principal paid.")
    interest_paid: Money = money("interest_paid", "Contract interest paid.")
    interest_accrued: Money = money("interest_accrued", "Contract interest accrued so far.")
    penalty_due: Money = computed(
        ("penalty_accrued", "penalty_paid", "penalty_waived", "currency"),
        "Penalty interest (罚息) accrued and neither paid nor waived; before the due date, what "
        "misused principal bears.",
        _sum_of("penalty_accrued", "penalty_paid", "penalty_waived"),
    )
    compound_due: Money = computed(
        ("compound_accrued", "compound_paid", "compound_waived", "currency"),
        "Compound interest (复利) accrued and neither paid nor waived.",
        _sum_of("compound_accrued", "compound_paid", "compound_waived"),
    )
    settled_on: dt.date | None = column("settled_on", "When it was settled in full.")


@strawberry.type(description="What part of a repayment went where (冲账).")
class RepaymentAllocation(Node):
    """A row of the repayment_allocation table."""

    installment_number: int = column(
        "installment_number", "The instalment it settled; of COSTS the number of the charge."
    )
    bucket: Bucket = column("bucket", "What of the instalment it settled.", read=Bucket)
    amount: Money = money("amount", "How much.")


class RepaymentKind(Enum):
    """Why a repayment was recorded."""

    REPAYMENT = strawberry.enum_value("REPAYMENT", description="A payment of what was due.")
    PREPAYMENT = strawberry.enum_value(
        "PREPAYMENT", description="A payment of principal ahead of time."
    )
    PAYOFF = strawberry.enum_value("PAYOFF", description="A payment that closed the loan.")
    CREDIT_APPLIED = strawberry.enum_value(
        "CREDIT_APPLIED", description="An earlier overpayment that paid what fell due."
    )


strawberry.enum(RepaymentKind, description="Why a repayment was recorded.")


@strawberry.type(description="Repayment (还款): money received for a loan.")
class Repayment(Node):
    """A row of the repayment table."""

    number: str = column(
        "id",
        "Human number, with a check digit.",
        read=lambda i: human_number(NumberKind.REPAYMENT, i),
    )
    kind: RepaymentKind = column("kind", "Why it was recorded.", read=RepaymentKind)
    currency: str = column("currency", "ISO 4217 code of its amounts.")
    amount: Money = money("amount", "What came in; 0 when an earlier credit was used.")
    to_credit: Money = money(
        "to_credit",
        "The part above what was due: kept as a credit balance that pays the next due item.",
    )
    value_date: dt.date = column("value_date", "The day from which it counts.")
    posting_date: dt.date = column("posting_date", "The business date on which it was posted.")
    reversed: bool = column(
        "reversed_by", "Whether it was reversed (冲销).", read=lambda by: by is not None
    )
    payer_role: PayerRole = column("payer_role", "Whose money it was.", read=PayerRole)
    payer_name: str = column("payer_name", "Who paid; may be empty.")
    external_reference: str = column("external_reference", "The payer's reference; may be empty.")
    created_at: dt.datetime = column("created_at", "When it was recorded.")
    allocations: list[RepaymentAllocation] = many(
        "repayment_id",
        "Where it went; where a back-dated or reversed payment changed that, where it goes now.",
        where=(Condition("superseded_by IS NULL"),),
    )


@strawberry.type(description="Loan (借据): money drawn under a contract, and its way back.")
class Loan(Node):
    """A row of the loan table."""

    number: str = column(
        "id", "Human number, with a check digit.", read=lambda i: human_number(NumberKind.LOAN, i)
    )
    state: LoanState = column("state", "Its state.", read=LoanState)
    currency: str = column("currency", "ISO 4217 code of every amount here.")
    principal: Money = money("principal", "What was disbursed.")
    annual_rate: Rate = rate("annual_rate", "Contract rate a year.")
    penalty_rate: Rate = rate("penalty_rate", "Rate a year on overdue principal instead.")
    method: RepaymentMethod = column("method", "How it is repaid.", read=RepaymentMethod)
    day_count: DayCount = column("day_count", "How days become interest.", read=DayCount)
    start_date: dt.date = column("start_date", "First day that earns interest.")
    maturity_date: dt.date = column("maturity_date", "Due date of the last instalment.")
    principal_outstanding: Money = money("principal_outstanding", "Principal not yet repaid.")
    interest_receivable: Money = money(
        "interest_receivable", "Contract interest accrued and not yet paid."
    )
    penalty_receivable: Money = money(
        "penalty_receivable", "Penalty interest accrued and not yet paid."
    )
    compound_receivable: Money = money(
        "compound_receivable", "Compound interest accrued and not yet paid."
    )
    credit_balance: Money = money(
        "credit_balance", "Overpayment that will pay the next item on its due date."
    )
    next_due_date: dt.date | None = column(
        "next_due_date", "Due date of the oldest instalment with anything unpaid."
    )
    days_past_due: int = computed(
        ("accrued_through", "next_due_date", "state"),
        "Days past due (逾期天数) at the business date: the 21st unpaid is 1 on the 22nd.",
        lambda _, row: (
            max((row["accrued_through"] - row["next_due_date"]).days, 0)
            if row["next_due_date"] and row["state"] == LoanState.ACTIVE
            else 0
        ),
    )
    prepayment_notice_days: int = column(
        "prepayment_notice_days",
        "How many days before a prepayment is announced (`announcePrepayment`); 0: not at all.",
    )
    benchmark: str = column("benchmark", "The benchmark its rate follows; empty: a fixed rate.")
    spread: Rate = rate("spread", "What its rate is above the benchmark's fixing.")
    next_reset_date: dt.date | None = column(
        "next_reset_date", "When its rate is set anew (重定价日) next."
    )
    book_status: BookStatus = column(
        "book_status", "Where the books keep its claims.", read=BookStatus
    )
    current_rate: Rate = computed(
        ("annual_rate", "rate_changes", "accrued_through"),
        "Contract rate a year at the business date: `annualRate` until an event changed it.",
        _current_rate,
    )
    misused_share: Rate | None = computed(
        ("misuse",),
        "Which share of its principal is misused (挪用) and bears the penalty for that.",
        _misused_share,
    )
    fees: list[LoanFee] = computed(
        ("fees", "currency"),
        "What its terms charge besides interest, as agreed when it was disbursed.",
        fees_of,
    )
    fee_receivable: Money = money("fee_receivable", "Fees and costs levied and not yet paid.")
    written_off: Money = money("written_off", "Principal that was written off (账销案存).")
    closed_on: dt.date | None = column("closed_on", "Business date on which it was repaid.")
    created_at: dt.datetime = column("created_at", "When it was disbursed.")
    borrower: Borrower = one("borrower_id", "Who borrowed.")
    contract: LoanContract = one("contract_id", "The contract it was drawn under.")
    installments: list[Installment] = many("loan_id", "Its schedule.", order="number")
    next_installments: list[Installment] = many(
        "loan_id",
        "The first three instalments not settled yet: what is owed next, but for fees: those "
        "billed are in `charges`, and a PERIODIC one comes with each due date.",
        order="number",
        where=(Condition("settled_on IS NULL"),),
        most=3,
    )
    repayments: list[Repayment] = many("loan_id", "What was received, oldest first.")
    charges: list[LoanCharge] = many("loan_id", "Fees and costs levied on it.", order="number")
    events: list[LoanHistoryEvent] = many(
        "loan_id", "What else happened to it, in the order it was recorded.", order="sequence"
    )
    superseded_installments: list[SupersededInstallment] = many(
        "loan_id", "Its former schedules, each under the event that replaced it."
    )


INSTALLMENTS = Noun(Installment, table="installment", sight=visible_by_loan)
ALLOCATIONS = Noun(RepaymentAllocation, table="repayment_allocation", sight=visible_by_loan)
REPAYMENTS = Noun(Repayment, table="repayment", sight=visible_by_loan)
LOANS = Noun(Loan, table="loan", sight=visible)


@strawberry.type(description="What closing a loan takes on the business date.")
class PayoffQuote:
    """The payoff by bucket, in the loan's currency."""

    business_date: dt.date = strawberry.field(description="The day for which it holds.")
    currency: str = strawberry.field(description="ISO 4217 code of its amounts.")
    principal: Money = strawberry.field(description="All principal not yet repaid.")
    interest: Money = strawberry.field(description="Contract interest due or accrued.")
    penalty: Money = strawberry.field(description="Penalty interest.")
    compound: Money = strawberry.field(description="Compound interest.")
    costs: Money = strawberry.field(description="Fees and costs.")
    credit: Money = strawberry.field(description="Credit balance that is taken off.")
    total: Money = strawberry.field(description="What must be paid: the sum less the credit.")


class LoanOrder(Enum):
    """In which order loans are listed."""

    NEWEST_FIRST = strawberry.enum_value("NEWEST_FIRST", description="Last disbursed first.")
    OLDEST_FIRST = strawberry.enum_value("OLDEST_FIRST", description="First disbursed first.")


strawberry.enum(LoanOrder, description="In which order loans are listed.")


@strawberry.input(description="Which loans to list.")
class LoanFilter:
    """Every given condition must hold."""

    state: LoanState | None = strawberry.field(default=None, description="In this state.")
    borrower_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this borrower."
    )
    number: str | None = strawberry.field(default=None, description="The whole loan number.")
    due_by: dt.date | None = strawberry.field(
        default=None,
        description="With principal or interest unpaid that falls due by this day; fees alone do "
        "not count.",
    )

    def conditions(self) -> list[Condition]:
        """The filter as SQL conditions."""
        found = []
        if self.state is not None:
            found.append(Condition("loan.state = %s", (str(self.state),)))
        if self.borrower_id is not None:
            borrower = row_id_of(self.borrower_id, "Borrower")
            found.append(Condition("loan.borrower_id = %s", (borrower,)))
        if self.number is not None:
            found.append(Condition("loan.id = %s", (row_id(NumberKind.LOAN, self.number) or 0,)))
        if self.due_by is not None:
            found.append(
                Condition("loan.state = 'ACTIVE' AND loan.next_due_date <= %s", (self.due_by,))
            )
        return found


@strawberry.type
class LoanQueries:
    """Reading loans."""

    @strawberry.field(description="The loan with this global id, or null when you may see none.")
    async def loan(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the loan.")],
    ) -> Loan | None:
        return await LOANS.get(info, id)

    @strawberry.field(description="Loans you may see.")
    async def loans(
        self,
        info: Info,
        first: First = PAGE_DEFAULT,
        after: After = None,
        filter: Annotated[
            LoanFilter | None, strawberry.argument(description="Which to list.")
        ] = None,
        order_by: Annotated[
            LoanOrder, strawberry.argument(description="In which order.")
        ] = LoanOrder.NEWEST_FIRST,
    ) -> Connection[Loan]:
        return await LOANS.page(
            info,
            first=first,
            after=after,
            where=filter.conditions() if filter else [],
            newest_first=order_by is LoanOrder.NEWEST_FIRST,
        )

    @strawberry.field(
        description="What closing this loan takes on a day if nothing happens until then, or null "
        "when you may see no such loan or it is not ACTIVE."
    )
    async def payoff_quote(
        self,
        info: Info,
        loan_id: Annotated[
            strawberry.ID, strawberry.argument(description="Global id of the loan.")
        ],
        on: Annotated[
            dt.date | None,
            strawberry.argument(
                description="The business date when left out, or up to 366 days on."
            ),
        ] = None,
    ) -> PayoffQuote | None:
        try:
            quote = await payoff_quote(info.context.actor, row_id_of(loan_id, "Loan"), on=on)
        except Refused as refusal:
            problem = refusal.problems[0]
            raise bad_input(problem.en, problem.zh) from refusal
        if quote is None:
            return None

        def shown(minor: int) -> Money:
            return Money(format_minor(minor, quote.currency))

        return PayoffQuote(
            business_date=quote.on,
            currency=quote.currency,
            principal=shown(quote.parts.principal),
            interest=shown(quote.parts.interest),
            penalty=shown(quote.parts.penalty),
            compound=shown(quote.parts.compound),
            costs=shown(quote.parts.costs),
            credit=shown(quote.credit),
            total=shown(quote.total),
        )
