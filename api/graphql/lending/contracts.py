"""Contracts and drawdowns: prepare, sign, request, cancel, disburse, read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node, row_id_of
from api.graphql.lending.borrowers import Borrower
from api.graphql.lending.facilities import CreditFacility
from api.graphql.nouns import Noun, column, computed, many, money, one, rate
from api.graphql.payloads import Payload, answer
from api.graphql.scalars import Money, MoneyInput, Rate
from domain.actor import Actor
from domain.models.lending.loan_terms import read_plan
from domain.operations.lending.disburse_drawdown import disburse_drawdown
from domain.operations.lending.drawdown_plan import PlanLine
from domain.operations.lending.prepare_contract import prepare_contract, sign_contract
from domain.operations.lending.request_drawdown import (
    PAYEE_ACCOUNT,
    DrawdownRequest,
    cancel_drawdown,
    request_drawdown,
)
from domain.queries.clear_text import clear_text
from domain.queries.select import Condition
from domain.queries.visibility import visible, visible_by_customer
from domain.rules.lending.schedule import RepaymentMethod
from domain.rules.lending.states import (
    ContractState,
    DrawdownState,
    PaymentMethod,
    SignatureState,
)
from domain.rules.money import format_minor
from domain.rules.numbers import NumberKind, human_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from api.graphql.lending.applications import LoanApplication
    from api.graphql.lending.loans import Loan


def _payee_account(actor: Actor, row: Mapping[str, Any]) -> str | None:
    tail: str = row["payee_account_tail"]
    if not tail or row["payee_account_cipher"] is None:
        return None
    return clear_text(actor, row["payee_account_cipher"], column=PAYEE_ACCOUNT) or f"****{tail}"


@strawberry.type(description="A row of a custom plan, as requested.")
class PlanRow:
    """One of `Drawdown.plan`: principal or total; the last may have neither."""

    due_date: dt.date = strawberry.field(description="Day the row falls due, before it rolls.")
    principal: Money | None = strawberry.field(description="Principal, paid beside the interest.")
    total: Money | None = strawberry.field(description="Principal and interest together.")


def _plan(_: Actor, row: Mapping[str, Any]) -> list[PlanRow]:
    def money_of(minor: int | None) -> Money | None:
        return None if minor is None else Money(format_minor(minor, row["currency"]))

    return [
        PlanRow(
            due_date=each.due_date,
            principal=money_of(each.principal),
            total=money_of(each.total),
        )
        for each in read_plan(row["plan"])
    ]


@strawberry.type(description="Drawdown (提款): money asked for under a contract.")
class Drawdown(Node):
    """A row of the drawdown table."""

    number: str = column(
        "id",
        "Human number, with a check digit.",
        read=lambda i: human_number(NumberKind.DRAWDOWN, i),
    )
    state: DrawdownState = column("state", "Its state.", read=DrawdownState)
    currency: str = column("currency", "ISO 4217 code of the amount.")
    amount: Money = money("amount", "The amount.")
    installments: int = column("installments", "Number of periods of the loan to be.")
    plan: list[PlanRow] = computed(
        ("plan", "currency"), "The custom plan that came with it; else empty.", _plan
    )
    payment_method: PaymentMethod = column("payment_method", "How it is paid.", read=PaymentMethod)
    payee_name: str = column("payee_name", "Payee of an entrusted payment; else empty.")
    payee_account: str | None = computed(
        ("payee_account_cipher", "payee_account_tail"),
        "Payee's account: in clear for those whose work needs it, else its last four characters.",
        _payee_account,
    )
    evidence_number: str = column(
        "evidence_number", "Number of the invoice or trade contract; may be empty."
    )
    requested_on: dt.date = column("requested_on", "Business date of the request.")
    facility: CreditFacility = one("facility_id", "The facility it reserves.")
    renews_loan: Annotated[Loan, strawberry.lazy("api.graphql.lending.loans")] | None = one(
        "renews_loan_id", "The loan that it settles in place of being paid out (续贷)."
    )


@strawberry.type(description="Loan contract (借款合同) of an approved application.")
class LoanContract(Node):
    """A row of the loan_contract table."""

    number: str = column(
        "id",
        "Human number, with a check digit.",
        read=lambda i: human_number(NumberKind.CONTRACT, i),
    )
    state: ContractState = column("state", "Its state.", read=ContractState)
    currency: str = column("currency", "ISO 4217 code of every amount here.")
    amount: Money = money("amount", "The most that may be drawn.")
    drawn: Money = money("drawn", "Requested or disbursed so far.")
    annual_rate: Rate = rate("annual_rate", "Contract rate a year.")
    method: RepaymentMethod = column("method", "How it is repaid.", read=RepaymentMethod)
    installments: int = column("installments", "Number of periods.")
    starts_on: dt.date = column("starts_on", "First day.")
    ends_on: dt.date = column("ends_on", "No loan under it matures after this day.")
    document_sha256: str = column("document_sha256", "SHA-256 of the document that is signed.")
    signature_state: SignatureState = column(
        "signature_state", "How far the signing has come.", read=SignatureState
    )
    signed_by: str = column("signed_by", "Who signed; empty before.")
    signed_on: dt.date | None = column("signed_on", "Business date of the signing.")
    borrower: Borrower = one("borrower_id", "Who borrows.")
    facility: CreditFacility = one("facility_id", "The facility it draws on.")
    application: Annotated[LoanApplication, strawberry.lazy("api.graphql.lending.applications")] = (
        one("application_id", "The application it came from.")
    )
    drawdowns: list[Drawdown] = many("contract_id", "Its drawdowns, oldest first.")
    loans: list[Annotated[Loan, strawberry.lazy("api.graphql.lending.loans")]] = many(
        "contract_id", "Its loans, oldest first."
    )


CONTRACTS = Noun(LoanContract, table="loan_contract", sight=visible)
DRAWDOWNS = Noun(Drawdown, table="drawdown", sight=visible_by_customer)


@strawberry.input(description="The application whose contract to prepare.")
class PrepareContractInput:
    """The form of `prepareContract`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    application_id: strawberry.ID = strawberry.field(
        description="Global id of an APPROVED application."
    )


@strawberry.input(description="The signing of a contract.")
class SignContractInput:
    """The form of `signContract`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    contract_id: strawberry.ID = strawberry.field(description="Global id of the contract.")
    document_sha256: str = strawberry.field(
        description="SHA-256 of the document that was signed, as the contract shows it."
    )
    signed_by: str = strawberry.field(description="Who signed for the borrower.")


@strawberry.type(description="The contract as it is now.")
class ContractPayload(Payload):
    """Answer of the contract mutations."""

    contract: LoanContract | None = strawberry.field(default=None, description="The contract.")


@strawberry.input(description="A row of a custom plan.")
class PlanRowInput:
    """One of `RequestDrawdownInput.plan`; principal or total, the last row may leave both out."""

    due_date: dt.date = strawberry.field(description="Day the row falls due.")
    principal: MoneyInput | None = strawberry.field(
        default=None, description="Principal, paid beside the interest."
    )
    total: MoneyInput | None = strawberry.field(
        default=None, description="Principal and interest together."
    )


@strawberry.input(description="A drawdown to request.")
class RequestDrawdownInput:
    """The form of `requestDrawdown`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    contract_id: strawberry.ID = strawberry.field(description="Global id of a SIGNED contract.")
    amount: MoneyInput = strawberry.field(description="Above zero, in the contract's currency.")
    installments: int | None = strawberry.field(
        default=None, description="Number of periods; the contract's, or the plan's, if left out."
    )
    plan: list[PlanRowInput] = strawberry.field(
        default_factory=list,
        description="The rows of a contract repaid by CUSTOM_PLAN, by due date, at most as many as "
        "its `installments`; the last falls due by its end. Held against today, and once more "
        "when the drawdown is disbursed.",
    )
    payment_method: PaymentMethod = strawberry.field(
        default=PaymentMethod.SELF, description="How it is paid."
    )
    payee_name: str = strawberry.field(
        default="", description="Payee; needed for an entrusted payment."
    )
    payee_account: str = strawberry.field(
        default="", description="Payee's account; needed for an entrusted payment."
    )
    evidence_number: str = strawberry.field(
        default="",
        description="Number of the invoice or trade contract; needed for an entrusted payment.",
    )
    renews_loan_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Global id of the loan that it settles in place of being paid out: renewal "
        "without repayment (无还本续贷). The amount is that loan's outstanding principal; the loan "
        "draws on the same facility, is not past due, and the contract was signed before its "
        "maturity.",
    )


@strawberry.input(description="A drawdown to disburse or cancel.")
class DrawdownInput:
    """The form of the mutations that only name a drawdown."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    drawdown_id: strawberry.ID = strawberry.field(description="Global id of the drawdown.")


@strawberry.type(description="The drawdown as it is now, and its facility.")
class DrawdownPayload(Payload):
    """Answer of `requestDrawdown` and `cancelDrawdown`."""

    drawdown: Drawdown | None = strawberry.field(default=None, description="The drawdown.")
    facility: CreditFacility | None = strawberry.field(
        default=None, description="The facility, with what remains of it."
    )


@strawberry.type(description="The loan that began with the disbursement.")
class DisburseDrawdownPayload(Payload):
    """Answer of `disburseDrawdown`."""

    drawdown: Drawdown | None = strawberry.field(default=None, description="The drawdown.")
    loan: Annotated[Loan, strawberry.lazy("api.graphql.lending.loans")] | None = strawberry.field(
        default=None, description="The loan, with its schedule."
    )
    facility: CreditFacility | None = strawberry.field(default=None, description="The facility.")


@strawberry.input(description="A drawdown to cancel.")
class CancelDrawdownInput(DrawdownInput):
    """The form of `cancelDrawdown`."""


@strawberry.input(description="A drawdown to disburse.")
class DisburseDrawdownInput(DrawdownInput):
    """The form of `disburseDrawdown`."""


@strawberry.type(description="The contract that was prepared.")
class PrepareContractPayload(ContractPayload):
    """Answer of `prepareContract`."""


@strawberry.type(description="The contract that was signed.")
class SignContractPayload(ContractPayload):
    """Answer of `signContract`."""


@strawberry.type(description="The drawdown that was requested, and its facility.")
class RequestDrawdownPayload(DrawdownPayload):
    """Answer of `requestDrawdown`."""


@strawberry.type(description="The drawdown that was cancelled, and its facility.")
class CancelDrawdownPayload(DrawdownPayload):
    """Answer of `cancelDrawdown`."""


@strawberry.input(description="Which contracts to list.")
class ContractFilter:
    """Every given condition must hold."""

    state: ContractState | None = strawberry.field(default=None, description="In this state.")
    borrower_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this borrower."
    )

    def conditions(self) -> list[Condition]:
        """The filter as SQL conditions."""
        found = []
        if self.state is not None:
            found.append(Condition("loan_contract.state = %s", (str(self.state),)))
        if self.borrower_id is not None:
            borrower = row_id_of(self.borrower_id, "Borrower")
            found.append(Condition("loan_contract.borrower_id = %s", (borrower,)))
        return found


@strawberry.type
class ContractQueries:
    """Reading contracts."""

    @strawberry.field(description="Loan contracts you may see, newest first.")
    async def loan_contracts(
        self,
        info: Info,
        first: First = PAGE_DEFAULT,
        after: After = None,
        filter: Annotated[
            ContractFilter | None, strawberry.argument(description="Which to list.")
        ] = None,
    ) -> Connection[LoanContract]:
        return await CONTRACTS.page(
            info, first=first, after=after, where=filter.conditions() if filter else []
        )


@strawberry.type
class ContractMutations:
    """Changing contracts and drawdowns."""

    @strawberry.mutation(description="Draw up the contract of an APPROVED application.")
    async def prepare_contract(
        self,
        info: Info,
        input: Annotated[
            PrepareContractInput, strawberry.argument(description="Which application.")
        ],
    ) -> PrepareContractPayload:
        effect = prepare_contract(
            actor=info.context.actor,
            key=input.idempotency_key,
            application_id=row_id_of(input.application_id, "LoanApplication"),
        )
        return await answer(info, PrepareContractPayload, effect, contract="LoanContract")

    @strawberry.mutation(
        description="Record that the borrower signed the contract's document of this hash."
    )
    async def sign_contract(
        self,
        info: Info,
        input: Annotated[SignContractInput, strawberry.argument(description="The signing.")],
    ) -> SignContractPayload:
        effect = sign_contract(
            actor=info.context.actor,
            key=input.idempotency_key,
            contract_id=row_id_of(input.contract_id, "LoanContract"),
            document_sha256=input.document_sha256,
            signed_by=input.signed_by,
        )
        return await answer(info, SignContractPayload, effect, contract="LoanContract")

    @strawberry.mutation(
        description="Ask for money under a SIGNED contract; the amount is reserved in the "
        "facility. With `renewsLoanId` nothing is reserved: the new loan takes over what the old "
        "one uses."
    )
    async def request_drawdown(
        self,
        info: Info,
        input: Annotated[
            RequestDrawdownInput, strawberry.argument(description="The drawdown to request.")
        ],
    ) -> RequestDrawdownPayload:
        request = DrawdownRequest(
            contract_id=row_id_of(input.contract_id, "LoanContract"),
            amount=input.amount,
            installments=input.installments,
            plan=tuple(
                PlanLine(due_date=row.due_date, principal=row.principal, total=row.total)
                for row in input.plan
            ),
            payment_method=input.payment_method,
            payee_name=input.payee_name,
            payee_account=input.payee_account,
            evidence_number=input.evidence_number,
            renews_loan_id=row_id_of(input.renews_loan_id, "Loan")
            if input.renews_loan_id is not None
            else None,
        )
        effect = request_drawdown(
            actor=info.context.actor, key=input.idempotency_key, request=request
        )
        return await answer(
            info, RequestDrawdownPayload, effect, drawdown="Drawdown", facility="CreditFacility"
        )

    @strawberry.mutation(description="Cancel a REQUESTED drawdown and free what it reserved.")
    async def cancel_drawdown(
        self,
        info: Info,
        input: Annotated[CancelDrawdownInput, strawberry.argument(description="Which drawdown.")],
    ) -> CancelDrawdownPayload:
        effect = cancel_drawdown(
            actor=info.context.actor,
            key=input.idempotency_key,
            drawdown_id=row_id_of(input.drawdown_id, "Drawdown"),
        )
        return await answer(
            info, CancelDrawdownPayload, effect, drawdown="Drawdown", facility="CreditFacility"
        )

    @strawberry.mutation(
        description="Pay a REQUESTED drawdown out, as a person who neither asked for, handled nor "
        "approved it; the loan begins today. One that renews a loan is not paid out: it settles "
        "that loan's principal, and the borrower has paid its interest and fees before."
    )
    async def disburse_drawdown(
        self,
        info: Info,
        input: Annotated[DisburseDrawdownInput, strawberry.argument(description="Which drawdown.")],
    ) -> DisburseDrawdownPayload:
        effect = disburse_drawdown(
            actor=info.context.actor,
            key=input.idempotency_key,
            drawdown_id=row_id_of(input.drawdown_id, "Drawdown"),
        )
        return await answer(
            info,
            DisburseDrawdownPayload,
            effect,
            drawdown="Drawdown",
            loan="Loan",
            facility="CreditFacility",
        )
