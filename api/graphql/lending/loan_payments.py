"""Money back: repay what is due, prepay, pay off."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.graphql.context import Info
from api.graphql.ids import row_id_of
from api.graphql.lending.loans import Loan, Repayment
from api.graphql.payloads import Payload, answer
from api.graphql.scalars import MoneyInput
from domain.operations.lending.repay_loan import Payment, pay_off_loan, prepay_loan, repay_loan
from domain.operations.lending.take_payment import PayerRole
from domain.rules.lending.servicing.events import Keep


@strawberry.input(description="Money received for a loan.")
class RepayLoanInput:
    """The form of `repayLoan`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new payment.")
    loan_id: strawberry.ID = strawberry.field(description="Global id of an ACTIVE loan.")
    amount: MoneyInput = strawberry.field(description="What came in, above zero.")
    currency: str = strawberry.field(
        default="", description="ISO 4217 code; when given it must be the loan's."
    )
    payer_name: str = strawberry.field(default="", description="Who paid.")
    external_reference: str = strawberry.field(default="", description="The payer's reference.")
    payer_role: PayerRole = strawberry.field(
        default=PayerRole.BORROWER, description="Whose money it is."
    )
    value_date: dt.date | None = strawberry.field(
        default=None,
        description="The day from which it counts; the business date when left out. An earlier one "
        "replays the loan from that day and posts the difference today.",
    )


@strawberry.type(description="The loan as it is now, and the repayment.")
class RepayLoanPayload(Payload):
    """Answer of `repayLoan`."""

    loan: Loan | None = strawberry.field(default=None, description="The loan.")
    repayment: Repayment | None = strawberry.field(
        default=None, description="The repayment: `toCredit` says what was more than due."
    )


@strawberry.input(description="Money received ahead of time.")
class PrepayLoanInput(RepayLoanInput):
    """The form of `prepayLoan`."""

    keep: Keep = strawberry.field(
        default=Keep.TERM, description="What stays as it is: the instalment or the term."
    )


@strawberry.type(description="The loan with its new schedule, and the repayment.")
class PrepayLoanPayload(RepayLoanPayload):
    """Answer of `prepayLoan`."""


@strawberry.input(description="Money received to close a loan.")
class PayOffLoanInput(RepayLoanInput):
    """The form of `payOffLoan`."""


@strawberry.type(description="The loan that was paid off, and the repayment.")
class PayOffLoanPayload(RepayLoanPayload):
    """Answer of `payOffLoan`."""


def _payment(input: RepayLoanInput) -> Payment:
    return Payment(
        loan_id=row_id_of(input.loan_id, "Loan"),
        amount=input.amount,
        currency=input.currency,
        payer_name=input.payer_name,
        external_reference=input.external_reference,
        payer_role=input.payer_role,
        value_date=input.value_date,
    )


@strawberry.type
class LoanPaymentMutations:
    """Money back."""

    @strawberry.mutation(
        description="Record a payment: it settles what is due in the product's order; what is more "
        "is kept as a credit balance that pays the next due item on its due date."
    )
    async def repay_loan(
        self,
        info: Info,
        input: Annotated[RepayLoanInput, strawberry.argument(description="The money received.")],
    ) -> RepayLoanPayload:
        effect = repay_loan(
            actor=info.context.actor, key=input.idempotency_key, payment=_payment(input)
        )
        return await answer(info, RepayLoanPayload, effect, loan="Loan", repayment="Repayment")

    @strawberry.mutation(
        description="Repay principal ahead of time (提前还款): what is due, the fee and the "
        "interest so far are settled first, and the schedule is laid out anew for what remains."
    )
    async def prepay_loan(
        self,
        info: Info,
        input: Annotated[PrepayLoanInput, strawberry.argument(description="The money received.")],
    ) -> PrepayLoanPayload:
        effect = prepay_loan(
            actor=info.context.actor,
            key=input.idempotency_key,
            payment=_payment(input),
            keep=input.keep,
        )
        return await answer(info, PrepayLoanPayload, effect, loan="Loan", repayment="Repayment")

    @strawberry.mutation(
        description="Close a loan today: all principal, what is due, and interest to today. Less "
        "than that is refused with the amount; see `payoffQuote`."
    )
    async def pay_off_loan(
        self,
        info: Info,
        input: Annotated[PayOffLoanInput, strawberry.argument(description="The money received.")],
    ) -> PayOffLoanPayload:
        effect = pay_off_loan(
            actor=info.context.actor, key=input.idempotency_key, payment=_payment(input)
        )
        return await answer(info, PayOffLoanPayload, effect, loan="Loan", repayment="Repayment")
