"""Prepare the contract of an approved application, and record its signing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from decimal import Decimal

import orjson

from domain.actor import Actor
from domain.models.lending.application import LoanApplication
from domain.models.lending.borrower import Borrower
from domain.models.lending.contract import LoanContract
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan_terms import read_fees
from domain.models.lending.product import LoanProduct
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import business_date
from domain.queries.lending.find import find_application, find_contract
from domain.queries.policy import policy_value
from domain.rules.form import Form
from domain.rules.lending.fees import Fee
from domain.rules.lending.limits import facility_usable
from domain.rules.lending.periods import PeriodUnit, due_date
from domain.rules.lending.states import (
    APPLICATION,
    APPLICATION_MOVES,
    CONTRACT,
    CONTRACT_MOVES,
    ApplicationState,
    ContractState,
    FacilityState,
    SignatureState,
)
from domain.rules.money import format_minor
from domain.rules.refusal import ErrorCode, Problem, Refused
from domain.rules.states import move, require_state

_OVERTAKEN = Problem(
    ErrorCode.STALE_VERSION,
    ("contractId",),
    "The application was approved anew with other terms than this contract has. Prepare the "
    "contract again and sign that one.",
    "该申请已按其他条款重新审批，本合同条款已失效，请重新生成合同后再签署。",
)


async def prepare_contract(*, actor: Actor, key: str, application_id: int) -> Done:
    """Draw up the contract of an APPROVED application, with the hash of its document.

    Where the application was returned and approved anew with other terms, its unsigned contract is
    drawn up again. Result: `contract`. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        today = await business_date()
        application = await find_application(actor, application_id, lock=True)
        require_state(APPLICATION, ApplicationState(application.state), ApplicationState.APPROVED)
        form = Form()
        earlier = await LoanContract.get_or_none(application_id=application.id)
        if earlier is not None and _still_says(earlier, application):
            form.add(
                ErrorCode.DUPLICATE,
                "applicationId",
                "This application has its contract already. Sign that one.",
                "该申请已生成借款合同，请直接签署。",
            )
        form.refuse()
        facility = await CreditFacility.get(id=application.facility_id)
        form.extend(
            facility_usable(
                FacilityState(facility.state), expires_on=facility.expires_on, today=today
            )
        )
        form.refuse()
        before = {"documentSha256": earlier.document_sha256} if earlier is not None else None
        contract = await _draw_up(actor, application, earlier, today=today)
        step.changed(
            "LoanContract",
            contract.id,
            before=before,
            after={"state": contract.state, "documentSha256": contract.document_sha256},
            event="contract.prepared",
        )
        return {"contract": contract.id, "application": application.id}

    return await perform(
        actor=actor,
        action="prepareContract",
        key=key,
        arguments={"application": application_id},
        work=work,
    )


def _still_says(contract: LoanContract, application: LoanApplication) -> bool:
    """Whether the contract holds the terms that are approved now."""
    return (
        contract.facility_id == application.facility_id
        and contract.product_id == application.product_id
        and contract.currency == application.currency
        and contract.amount == application.amount
        and contract.annual_rate == application.annual_rate
        and contract.method == application.method
        and contract.installments == application.installments
    )


async def _draw_up(
    actor: Actor,
    application: LoanApplication,
    earlier: LoanContract | None,
    *,
    today: dt.date,
) -> LoanContract:
    borrower = await Borrower.get(id=application.borrower_id)
    product = await LoanProduct.get(id=application.product_id)
    if application.amount is None or application.installments is None:
        raise ValueError("an approved application has an amount and a term")
    # The contract leaves room to draw some days after signing; no note may mature after it.
    room = int(await policy_value("drawdown_availability_days", profile=borrower.profile, on=today))
    maturity = due_date(
        first=today,
        count=application.installments,
        every=product.every,
        unit=PeriodUnit(product.period_unit),
    )
    contract = earlier or LoanContract()
    contract.update_from_dict(
        {
            "application_id": application.id,
            "borrower_id": application.borrower_id,
            "facility_id": application.facility_id,
            "product_id": application.product_id,
            "branch_id": application.branch_id,
            "officer_id": application.officer_id,
            "state": ContractState.PREPARED,
            "currency": application.currency,
            "amount": application.amount,
            "annual_rate": Decimal(application.annual_rate or 0),
            "method": application.method,
            "installments": application.installments,
            "starts_on": today,
            "ends_on": maturity + dt.timedelta(days=room),
            "signature_state": SignatureState.UNSIGNED,
            "prepared_by_id": actor.id,
        }
    )
    contract.document_sha256 = document_sha256(
        contract, borrower_name=borrower.name, fees=read_fees(product.fees)
    )
    await contract.save()
    return contract


def document_sha256(contract: LoanContract, *, borrower_name: str, fees: Sequence[Fee] = ()) -> str:
    """Return the hash of the contract's document: its terms in canonical JSON."""
    terms: dict[str, object] = {
        "borrower": borrower_name,
        "application": contract.application_id,
        "amount": format_minor(contract.amount, contract.currency),
        "currency": contract.currency,
        "annualRate": str(Decimal(contract.annual_rate).normalize()),
        "method": contract.method,
        "installments": contract.installments,
        "startsOn": contract.starts_on.isoformat(),
        "endsOn": contract.ends_on.isoformat(),
    }
    if fees:
        terms["fees"] = [
            {
                "kind": fee.kind,
                "amount": None
                if fee.amount is None
                else format_minor(fee.amount, contract.currency),
                "rate": None if fee.rate is None else str(fee.rate.normalize()),
            }
            for fee in fees
        ]
    return hashlib.sha256(orjson.dumps(terms, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def sign_contract(
    *, actor: Actor, key: str, contract_id: int, document_sha256: str, signed_by: str
) -> Done:
    """Record that the borrower signed the document of this hash; the application is CONTRACTED.

    Result: `contract`, `application`. Raises :class:`Refused`.
    """

    async def work(step: Step) -> Result:
        today = await business_date()
        contract = await find_contract(actor, contract_id)
        application = await find_application(actor, contract.application_id, lock=True)
        contract = await find_contract(actor, contract_id, lock=True)
        form = Form()
        signer = form.text("signedBy", signed_by, longest=200)
        if document_sha256.lower() != contract.document_sha256:
            form.add(
                ErrorCode.STALE_VERSION,
                "documentSha256",
                "This is not the hash of the contract's present document. Fetch the contract "
                "again and let the borrower sign that text.",
                "该哈希与合同当前文本不符，请重新获取合同文本后再签署。",
            )
        form.refuse()
        move(CONTRACT_MOVES, CONTRACT, ContractState(contract.state), ContractState.SIGNED)
        move(
            APPLICATION_MOVES,
            APPLICATION,
            ApplicationState(application.state),
            ApplicationState.CONTRACTED,
        )
        if not _still_says(contract, application):
            raise Refused([_OVERTAKEN])
        before = {"state": contract.state}
        contract.state, application.state = ContractState.SIGNED, ApplicationState.CONTRACTED
        contract.signature_state = SignatureState.SIGNED
        contract.signed_by, contract.signed_on = signer, today
        await contract.save(update_fields=["state", "signature_state", "signed_by", "signed_on"])
        await application.save(update_fields=["state"])
        step.changed(
            "LoanContract",
            contract.id,
            before=before,
            after={"state": contract.state, "signedBy": signer},
            event="contract.signed",
        )
        step.changed(
            "LoanApplication",
            application.id,
            before={"state": ApplicationState.APPROVED},
            after={"state": application.state},
            event="application.contracted",
        )
        return {"contract": contract.id, "application": application.id}

    return await perform(
        actor=actor,
        action="signContract",
        key=key,
        arguments={"contract": contract_id, "document": document_sha256, "by": signed_by},
        work=work,
    )
