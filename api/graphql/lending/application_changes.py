"""What can be done to an application: save, submit, withdraw, approve, reject, return."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, cast

import strawberry

from api.graphql.context import Info
from api.graphql.ids import row_id_of
from api.graphql.lending.applications import LoanApplication
from api.graphql.payloads import Payload, answer
from api.graphql.risk.decisions import ApprovalTask, RiskDecision
from api.graphql.scalars import MoneyInput, Rate
from api.scoring import read_features, score
from domain.operations.lending.application_form import ApplicationFields, ApplicationForm
from domain.operations.lending.apply_for_loan import apply_for_loan
from domain.operations.lending.save_application import save_application
from domain.operations.lending.submit_application import submit_application
from domain.operations.lending.withdraw_application import withdraw_application
from domain.operations.risk.approve_application import (
    approve_application,
    reject_application,
    return_application,
)
from domain.rules.lending.application import Purpose
from domain.rules.lending.schedule import RepaymentMethod
from domain.rules.risk.approval import OverrideReason

_KEY = "A fresh key for each new request; the same key again gives the same answer."


@strawberry.input(
    description="One typed feature of the catalogue: its name and at most one value; none means "
    "that the value is known to be missing."
)
class FeatureInput:
    """A feature given with an application."""

    name: str = strawberry.field(description="Name in the catalogue, such as `current_ratio`.")
    number: float | None = strawberry.field(
        default=None, description="Value of a number; money in major units of the application."
    )
    text: str | None = strawberry.field(default=None, description="Value of a category.")
    flag: bool | None = strawberry.field(default=None, description="Value of a yes or no.")


@strawberry.input(
    description="The form of an application. A field left out stays as saved; null empties it."
)
class SaveApplicationInput:
    """The form of `saveApplication`."""

    idempotency_key: str = strawberry.field(description=_KEY)
    application_id: strawberry.ID | None = strawberry.field(
        default=None, description="The DRAFT or RETURNED application to change; none: a new one."
    )
    borrower_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who applies; a borrower's user may leave it out."
    )
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse with STALE_VERSION if it was changed since this version."
    )
    facility_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The facility to draw on."
    )
    product_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The product."
    )
    currency: str | None = strawberry.field(
        default=strawberry.UNSET, description="ISO 4217 code; else the product's."
    )
    amount: MoneyInput | None = strawberry.field(
        default=strawberry.UNSET, description="What is asked for, above zero."
    )
    annual_rate: Rate | None = strawberry.field(
        default=strawberry.UNSET, description="Rate a year, within the product's bounds."
    )
    installments: int | None = strawberry.field(
        default=strawberry.UNSET, description="Number of periods."
    )
    method: RepaymentMethod | None = strawberry.field(
        default=strawberry.UNSET, description="How it would be repaid."
    )
    purpose: Purpose | None = strawberry.field(
        default=strawberry.UNSET, description="What it is for."
    )
    purpose_note: str | None = strawberry.field(
        default=strawberry.UNSET, description="What it is for, in words; at most 500 characters."
    )
    own_funds: MoneyInput | None = strawberry.field(
        default=strawberry.UNSET, description="The borrower's own funds."
    )
    other_funding: MoneyInput | None = strawberry.field(
        default=strawberry.UNSET, description="Working-capital funding from elsewhere."
    )
    expected_growth: Rate | None = strawberry.field(
        default=strawberry.UNSET, description="Expected growth of revenue in the year."
    )
    renews_loan_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="The borrower's loan that it would renew (续贷): it counts neither as an "
        "existing loan nor against the facility.",
    )
    features: list[FeatureInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Typed features; they replace those saved before."
    )

    def form(self) -> ApplicationForm:
        """The form of the operations."""
        return ApplicationForm(
            fields=self._fields(),
            read_features=read_features,
            application_id=_row(self.application_id, "LoanApplication"),
            borrower_id=_row(self.borrower_id, "Borrower"),
            expected_version=self.expected_version,
        )

    def _fields(self) -> ApplicationFields:
        """What was given, by the operation's names."""
        given: dict[str, Any] = {
            name: value
            for name in (
                "currency",
                "amount",
                "annual_rate",
                "installments",
                "method",
                "purpose",
                "purpose_note",
                "own_funds",
                "other_funding",
                "expected_growth",
            )
            if (value := getattr(self, name)) is not strawberry.UNSET
        }
        for name, noun in (
            ("facility_id", "CreditFacility"),
            ("product_id", "LoanProduct"),
            ("renews_loan_id", "Loan"),
        ):
            value = getattr(self, name)
            if value is not strawberry.UNSET:
                given[name] = None if value is None else row_id_of(value, noun)
        if self.features is not strawberry.UNSET:
            given["features"] = _features(self.features or ())
        return cast(ApplicationFields, given)


@strawberry.input(
    description="A whole form, as of `saveApplication`; with an application of its own it is what "
    "changes of it before it is submitted."
)
class ApplyForLoanInput(SaveApplicationInput):
    """The form of `applyForLoan`."""


def _features(given: Sequence[FeatureInput]) -> dict[str, object]:
    """Each feature's value by its name; a tuple where several values were given."""
    values: dict[str, list[object]] = {}
    for each in given:
        found = [v for v in (each.number, each.text, each.flag) if v is not None]
        values.setdefault(each.name, []).extend(found or [None])
    return {name: each[0] if len(each) == 1 else tuple(each) for name, each in values.items()}


@strawberry.input(description="An application to submit.")
class SubmitApplicationInput:
    """The form of `submitApplication`."""

    idempotency_key: str = strawberry.field(description=_KEY)
    application_id: strawberry.ID = strawberry.field(description="Global id of the application.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse with STALE_VERSION if it was changed since this version."
    )


@strawberry.input(description="An application to withdraw.")
class WithdrawApplicationInput:
    """The form of `withdrawApplication`."""

    idempotency_key: str = strawberry.field(description=_KEY)
    application_id: strawberry.ID = strawberry.field(description="Global id of the application.")


@strawberry.input(description="An approval of the lowest open level.")
class ApproveApplicationInput:
    """The form of `approveApplication`."""

    idempotency_key: str = strawberry.field(description=_KEY)
    application_id: strawberry.ID = strawberry.field(description="Global id of the application.")
    content_sha256: str | None = strawberry.field(
        default=None,
        name="contentSha256",
        description="Hash of the content that was read; another content is refused.",
    )
    comment: str = strawberry.field(default="", description="What to say about it.")


@strawberry.input(description="A rejection.")
class RejectApplicationInput:
    """The form of `rejectApplication`."""

    idempotency_key: str = strawberry.field(description=_KEY)
    application_id: strawberry.ID = strawberry.field(description="Global id of the application.")
    comment: str = strawberry.field(description="Why.")
    override_reason: OverrideReason | None = strawberry.field(
        default=None, description="Needed where the machine recommended to approve."
    )


@strawberry.input(description="A return for correction (补件).")
class ReturnApplicationInput:
    """The form of `returnApplication`."""

    idempotency_key: str = strawberry.field(description=_KEY)
    application_id: strawberry.ID = strawberry.field(description="Global id of the application.")
    comment: str = strawberry.field(description="What is needed.")


@strawberry.type(description="The application as it is now.")
class ApplicationPayload(Payload):
    """Answer of `saveApplication` and `withdrawApplication`."""

    application: LoanApplication | None = strawberry.field(
        default=None, description="The application."
    )


@strawberry.type(description="The application and the machine's decision on it.")
class SubmitApplicationPayload(Payload):
    """Answer of `submitApplication`."""

    application: LoanApplication | None = strawberry.field(
        default=None, description="The application."
    )
    decision: RiskDecision | None = strawberry.field(
        default=None, description="The decision; null for the borrower."
    )


@strawberry.type(description="The application and the task that was decided.")
class ApprovalPayload(Payload):
    """Answer of the approvers' mutations."""

    application: LoanApplication | None = strawberry.field(
        default=None, description="The application."
    )
    task: ApprovalTask | None = strawberry.field(default=None, description="The task.")


@strawberry.type(description="The application as it was saved.")
class SaveApplicationPayload(ApplicationPayload):
    """Answer of `saveApplication`."""


@strawberry.type(description="The application that was made, and the machine's decision on it.")
class ApplyForLoanPayload(SubmitApplicationPayload):
    """Answer of `applyForLoan`."""


@strawberry.type(description="The application that was withdrawn.")
class WithdrawApplicationPayload(ApplicationPayload):
    """Answer of `withdrawApplication`."""


@strawberry.type(description="The application and the task that was approved.")
class ApproveApplicationPayload(ApprovalPayload):
    """Answer of `approveApplication`."""


@strawberry.type(description="The application that was rejected, and its task.")
class RejectApplicationPayload(ApprovalPayload):
    """Answer of `rejectApplication`."""


@strawberry.type(description="The application that was returned, and its task.")
class ReturnApplicationPayload(ApprovalPayload):
    """Answer of `returnApplication`."""


@strawberry.type
class ApplicationMutations:
    """Changing applications."""

    @strawberry.mutation(
        description="Save the form: any field may still be absent, but one that is there must be "
        "right. Use a new key for each save."
    )
    async def save_application(
        self,
        info: Info,
        input: Annotated[SaveApplicationInput, strawberry.argument(description="The form.")],
    ) -> SaveApplicationPayload:
        effect = save_application(
            actor=info.context.actor, key=input.idempotency_key, form=input.form()
        )
        return await answer(info, SaveApplicationPayload, effect, application="LoanApplication")

    @strawberry.mutation(
        description="Save a form that is whole and submit it, as `saveApplication` and "
        "`submitApplication` do one after the other: one request, one transaction, both or nothing."
    )
    async def apply_for_loan(
        self,
        info: Info,
        input: Annotated[ApplyForLoanInput, strawberry.argument(description="The form.")],
    ) -> ApplyForLoanPayload:
        effect = apply_for_loan(
            actor=info.context.actor, key=input.idempotency_key, form=input.form(), score=score
        )
        return await answer(
            info,
            ApplyForLoanPayload,
            effect,
            application="LoanApplication",
            decision="RiskDecision",
        )

    @strawberry.mutation(
        description="Submit a DRAFT or RETURNED application; it is assessed at once, then waits "
        "for its approvers, or is rejected by policy."
    )
    async def submit_application(
        self,
        info: Info,
        input: Annotated[
            SubmitApplicationInput, strawberry.argument(description="Which application.")
        ],
    ) -> SubmitApplicationPayload:
        effect = submit_application(
            actor=info.context.actor,
            key=input.idempotency_key,
            application_id=row_id_of(input.application_id, "LoanApplication"),
            score=score,
            expected_version=input.expected_version,
        )
        return await answer(
            info,
            SubmitApplicationPayload,
            effect,
            application="LoanApplication",
            decision="RiskDecision",
        )

    @strawberry.mutation(description="Withdraw an open application, for its borrower.")
    async def withdraw_application(
        self,
        info: Info,
        input: Annotated[
            WithdrawApplicationInput, strawberry.argument(description="Which application.")
        ],
    ) -> WithdrawApplicationPayload:
        effect = withdraw_application(
            actor=info.context.actor,
            key=input.idempotency_key,
            application_id=row_id_of(input.application_id, "LoanApplication"),
        )
        return await answer(info, WithdrawApplicationPayload, effect, application="LoanApplication")

    @strawberry.mutation(
        description="Approve the lowest open level of an ASSESSED application, as a person of that "
        "level who stands on no other side of the case."
    )
    async def approve_application(
        self,
        info: Info,
        input: Annotated[ApproveApplicationInput, strawberry.argument(description="The approval.")],
    ) -> ApproveApplicationPayload:
        effect = approve_application(
            actor=info.context.actor,
            key=input.idempotency_key,
            application_id=row_id_of(input.application_id, "LoanApplication"),
            signed_sha256=input.content_sha256,
            comment=input.comment,
        )
        return await answer(
            info,
            ApproveApplicationPayload,
            effect,
            application="LoanApplication",
            task="ApprovalTask",
        )

    @strawberry.mutation(description="Reject an ASSESSED application.")
    async def reject_application(
        self,
        info: Info,
        input: Annotated[RejectApplicationInput, strawberry.argument(description="The rejection.")],
    ) -> RejectApplicationPayload:
        effect = reject_application(
            actor=info.context.actor,
            key=input.idempotency_key,
            application_id=row_id_of(input.application_id, "LoanApplication"),
            comment=input.comment,
            override_reason=input.override_reason,
        )
        return await answer(
            info,
            RejectApplicationPayload,
            effect,
            application="LoanApplication",
            task="ApprovalTask",
        )

    @strawberry.mutation(
        description="Return an application to its borrower for correction; approvals already given "
        "are void."
    )
    async def return_application(
        self,
        info: Info,
        input: Annotated[
            ReturnApplicationInput, strawberry.argument(description="What is needed.")
        ],
    ) -> ReturnApplicationPayload:
        effect = return_application(
            actor=info.context.actor,
            key=input.idempotency_key,
            application_id=row_id_of(input.application_id, "LoanApplication"),
            comment=input.comment,
        )
        return await answer(
            info,
            ReturnApplicationPayload,
            effect,
            application="LoanApplication",
            task="ApprovalTask",
        )


def _row(text: str | None, noun: str) -> int | None:
    return None if text is None else row_id_of(text, noun)
