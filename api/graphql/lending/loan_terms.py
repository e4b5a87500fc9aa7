"""Changing a loan's terms: extension, restructuring, acceleration, rate, due day, charges."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.ids import row_id_of
from api.graphql.lending.loan_history import LoanHistoryEvent
from api.graphql.lending.loans import Loan
from api.graphql.payloads import Payload, answer
from api.graphql.scalars import MoneyInput, Rate
from domain.operations.lending import change_terms as operations
from domain.operations.lending.announce_prepayment import PrepaymentNotice, announce_prepayment
from domain.operations.lending.change_terms import ChargeOrder, TermsChange
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing.events import ChargeCode

_KEY = "A fresh key for each new request."
_LOAN = "Global id of an ACTIVE loan."
_REASON = "Why; the loan's history keeps it."
_RATE = "Contract rate a year from today on; the present one when left out."


@strawberry.input(description="An extension (展期).")
class ExtendLoanInput:
    """The form of `extendLoan`."""

    idempotency_key: str = strawberry.field(description=_KEY)
    loan_id: strawberry.ID = strawberry.field(description=_LOAN)
    periods: int = strawberry.field(description="How many instalments to add, 1 to 120.")
    annual_rate: Rate | None = strawberry.field(default=None, description=_RATE)
    consent: str = strawberry.field(
        description="The written consent of guarantors and pledgors: its document number."
    )
    reason: str = strawberry.field(description=_REASON)


@strawberry.input(description="A restructuring (重组).")
class RestructureLoanInput:
    """The form of `restructureLoan`."""

    idempotency_key: str = strawberry.field(description=_KEY)
    loan_id: strawberry.ID = strawberry.field(description=_LOAN)
    periods: int = strawberry.field(description="Instalments of the new schedule, 1 to 120.")
    method: RepaymentMethod | None = strawberry.field(
        default=None, description="Its method; the present one when left out."
    )
    annual_rate: Rate | None = strawberry.field(default=None, description=_RATE)
    reason: str = strawberry.field(description=_REASON)


@strawberry.input(description="A declaration that all principal is due (宣布提前到期).")
class AccelerateLoanInput:
    """The form of `accelerateLoan`."""

    idempotency_key: str = strawberry.field(description=_KEY)
    loan_id: strawberry.ID = strawberry.field(description=_LOAN)
    notice: str = strawberry.field(description="The notice to the borrower: its document number.")
    reason: str = strawberry.field(description=_REASON)


@strawberry.input(description="A change of the contract rate.")
class ChangeLoanRateInput:
    """The form of `changeLoanRate`."""

    idempotency_key: str = strawberry.field(description=_KEY)
    loan_id: strawberry.ID = strawberry.field(description=_LOAN)
    annual_rate: Rate = strawberry.field(description="Contract rate a year from today on.")
    reason: str = strawberry.field(description=_REASON)


@strawberry.input(description="A change of the due day.")
class ChangeDueDayInput:
    """The form of `changeDueDay`."""

    idempotency_key: str = strawberry.field(description=_KEY)
    loan_id: strawberry.ID = strawberry.field(description=_LOAN)
    next_due_date: dt.date = strawberry.field(
        description="When the running period ends and falls due; later ones count from it."
    )
    reason: str = strawberry.field(description=_REASON)


@strawberry.input(description="A fee or cost to levy.")
class ChargeLoanInput:
    """The form of `chargeLoan`."""

    idempotency_key: str = strawberry.field(description=_KEY)
    loan_id: strawberry.ID = strawberry.field(description="Global id of an open loan.")
    code: ChargeCode = strawberry.field(description="What it is for.")
    amount: MoneyInput = strawberry.field(description="How much, above zero.")
    due_date: dt.date | None = strawberry.field(
        default=None, description="When it falls due; today when left out."
    )
    reason: str = strawberry.field(description=_REASON)


@strawberry.input(description="A notice that a loan will be repaid ahead of time (提前还款通知).")
class AnnouncePrepaymentInput:
    """The form of `announcePrepayment`."""

    idempotency_key: str = strawberry.field(description=_KEY)
    loan_id: strawberry.ID = strawberry.field(description=_LOAN)
    planned_on: dt.date = strawberry.field(
        description="The day of the prepayment: `prepaymentNoticeDays` from today, or later. An "
        "approver may agree to an earlier one."
    )
    note: str = strawberry.field(default="", description="What else is said; the history keeps it.")


@strawberry.type(description="The loan as it is now, and the event in its history.")
class LoanEventPayload(Payload):
    """Answer of every change of a loan's terms."""

    loan: Loan | None = strawberry.field(default=None, description="The loan.")
    event: LoanHistoryEvent | None = strawberry.field(default=None, description="The event.")


@strawberry.type(description="The loan that was extended, and the event.")
class ExtendLoanPayload(LoanEventPayload):
    """Answer of `extendLoan`."""


@strawberry.type(description="The loan that was restructured, and the event.")
class RestructureLoanPayload(LoanEventPayload):
    """Answer of `restructureLoan`."""


@strawberry.type(description="The loan that was accelerated, and the event.")
class AccelerateLoanPayload(LoanEventPayload):
    """Answer of `accelerateLoan`."""


@strawberry.type(description="The loan whose rate changed, and the event.")
class ChangeLoanRatePayload(LoanEventPayload):
    """Answer of `changeLoanRate`."""


@strawberry.type(description="The loan whose due day moved, and the event.")
class ChangeDueDayPayload(LoanEventPayload):
    """Answer of `changeDueDay`."""


@strawberry.type(description="The loan that was charged, and the event.")
class ChargeLoanPayload(LoanEventPayload):
    """Answer of `chargeLoan`."""


@strawberry.type(description="The loan that will be repaid ahead of time, and the notice.")
class AnnouncePrepaymentPayload(LoanEventPayload):
    """Answer of `announcePrepayment`."""


@strawberry.type
class LoanTermsMutations:
    """Changes of a loan's terms."""

    @strawberry.mutation(
        description="Add instalments before the loan matures. All its extensions together stay "
        "within the caps of the policy. Whoever handles the loan does not decide it."
    )
    async def extend_loan(
        self,
        info: Info,
        input: Annotated[ExtendLoanInput, strawberry.argument(description="The extension.")],
    ) -> ExtendLoanPayload:
        change = TermsChange(
            loan_id=row_id_of(input.loan_id, "Loan"),
            reason=input.reason,
            periods=input.periods,
            annual_rate=input.annual_rate,
            consent=input.consent,
        )
        effect = operations.extend_loan(
            actor=info.context.actor, key=input.idempotency_key, change=change
        )
        return await answer(info, ExtendLoanPayload, effect, loan="Loan", event="LoanHistoryEvent")

    @strawberry.mutation(
        description="Repay all principal, overdue or not, by a new schedule from today. The "
        "interest owed so far stays due; the old schedule stays in the history."
    )
    async def restructure_loan(
        self,
        info: Info,
        input: Annotated[RestructureLoanInput, strawberry.argument(description="The new terms.")],
    ) -> RestructureLoanPayload:
        change = TermsChange(
            loan_id=row_id_of(input.loan_id, "Loan"),
            reason=input.reason,
            periods=input.periods,
            method=input.method,
            annual_rate=input.annual_rate,
        )
        effect = operations.restructure_loan(
            actor=info.context.actor, key=input.idempotency_key, change=change
        )
        return await answer(
            info, RestructureLoanPayload, effect, loan="Loan", event="LoanHistoryEvent"
        )

    @strawberry.mutation(description="Let all principal fall due today, with interest to today.")
    async def accelerate_loan(
        self,
        info: Info,
        input: Annotated[AccelerateLoanInput, strawberry.argument(description="The notice.")],
    ) -> AccelerateLoanPayload:
        change = TermsChange(
            loan_id=row_id_of(input.loan_id, "Loan"), reason=input.reason, consent=input.notice
        )
        effect = operations.accelerate_loan(
            actor=info.context.actor, key=input.idempotency_key, change=change
        )
        return await answer(
            info, AccelerateLoanPayload, effect, loan="Loan", event="LoanHistoryEvent"
        )

    @strawberry.mutation(
        description="Let another contract rate hold from today on, and the penalty rate follow it. "
        "What is past stays; the equal instalment is worked out anew from the next period."
    )
    async def change_loan_rate(
        self,
        info: Info,
        input: Annotated[ChangeLoanRateInput, strawberry.argument(description="The rate.")],
    ) -> ChangeLoanRatePayload:
        change = TermsChange(
            loan_id=row_id_of(input.loan_id, "Loan"),
            reason=input.reason,
            annual_rate=input.annual_rate,
        )
        effect = operations.change_loan_rate(
            actor=info.context.actor, key=input.idempotency_key, change=change
        )
        return await answer(
            info, ChangeLoanRatePayload, effect, loan="Loan", event="LoanHistoryEvent"
        )

    @strawberry.mutation(
        description="Let the running period end on another day, at most 31 days later than it "
        "would; later due dates count from that day."
    )
    async def change_due_day(
        self,
        info: Info,
        input: Annotated[ChangeDueDayInput, strawberry.argument(description="The day.")],
    ) -> ChangeDueDayPayload:
        change = TermsChange(
            loan_id=row_id_of(input.loan_id, "Loan"),
            reason=input.reason,
            next_due_date=input.next_due_date,
        )
        effect = operations.change_due_day(
            actor=info.context.actor, key=input.idempotency_key, change=change
        )
        return await answer(
            info, ChangeDueDayPayload, effect, loan="Loan", event="LoanHistoryEvent"
        )

    @strawberry.mutation(
        description="Announce a prepayment or a payoff ahead of time. Where the loan asks for "
        "notice, either is possible from the planned day on, within 10 days."
    )
    async def announce_prepayment(
        self,
        info: Info,
        input: Annotated[AnnouncePrepaymentInput, strawberry.argument(description="The notice.")],
    ) -> AnnouncePrepaymentPayload:
        notice = PrepaymentNotice(
            loan_id=row_id_of(input.loan_id, "Loan"), planned_on=input.planned_on, note=input.note
        )
        effect = announce_prepayment(
            actor=info.context.actor, key=input.idempotency_key, notice=notice
        )
        return await answer(
            info, AnnouncePrepaymentPayload, effect, loan="Loan", event="LoanHistoryEvent"
        )

    @strawberry.mutation(description="Levy a fee or cost. Payments settle it before anything else.")
    async def charge_loan(
        self,
        info: Info,
        input: Annotated[ChargeLoanInput, strawberry.argument(description="The charge.")],
    ) -> ChargeLoanPayload:
        order = ChargeOrder(
            loan_id=row_id_of(input.loan_id, "Loan"),
            code=input.code,
            amount=input.amount,
            due_date=input.due_date,
            reason=input.reason,
        )
        effect = operations.charge_loan(
            actor=info.context.actor, key=input.idempotency_key, order=order
        )
        return await answer(info, ChargeLoanPayload, effect, loan="Loan", event="LoanHistoryEvent")
