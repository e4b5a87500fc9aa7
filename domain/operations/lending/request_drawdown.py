"""Request a drawdown: its amount is reserved in the facility, under lock, until it is disbursed or
cancelled."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict, dataclass
from decimal import Decimal

from domain.actor import Actor
from domain.db import execute, execute_many, together
from domain.encryption import blind_index, encrypt
from domain.models.lending.contract import Drawdown, LoanContract
from domain.models.lending.facility import CreditFacility
from domain.models.lending.loan_terms import stored_plan
from domain.models.lending.product import LoanProduct
from domain.operations.lending.drawdown_plan import PlanLine, check_plan, read_lines
from domain.operations.lending.renew_loan import (
    approved_to_renew,
    refusals_to_renew,
    to_be_renewed,
)
from domain.operations.perform import Done, Result, Step, perform
from domain.queries.business_date import held_business_date
from domain.queries.lending.find import (
    find_contract,
    find_drawdown,
    find_facility,
    row_of,
)
from domain.rules.form import Form
from domain.rules.lending.limits import Limit, facility_usable, limit_problem
from domain.rules.lending.periods import PeriodUnit, due_date
from domain.rules.lending.schedule_terms import PlanRow
from domain.rules.lending.states import (
    CONTRACT,
    DRAWDOWN,
    ContractState,
    DrawdownState,
    FacilityState,
    PaymentMethod,
)
from domain.rules.refusal import ErrorCode, Refused
from domain.rules.states import require_state

PAYEE_ACCOUNT = "drawdown.payee_account"
# At least six, so that the last four shown to everybody are never all of it.
_ACCOUNT = re.compile(r"[0-9A-Za-z][0-9A-Za-z -]{4,38}[0-9A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawdownRequest:
    """What the form gives; `amount` in major units of the contract's currency. With
    `renews_loan_id` it settles that loan in place of being paid out (无还本续贷). `plan` is that of
    a contract repaid by CUSTOM_PLAN, whose rows are the instalments."""

    contract_id: int
    amount: Decimal
    installments: int | None = None
    payment_method: PaymentMethod
    payee_name: str = ""
    payee_account: str = ""
    evidence_number: str = ""
    renews_loan_id: int | None = None
    plan: tuple[PlanLine, ...] = ()


async def request_drawdown(*, actor: Actor, key: str, request: DrawdownRequest) -> Done:
    """Reserve the amount and create the drawdown as REQUESTED. One that renews a loan reserves
    nothing: it takes over what that loan uses.

    Result: `drawdown`, `facility`. Raises :class:`Refused`; a limit breach names the limit, its
    amount, what is used and what remains.
    """

    async def work(step: Step) -> Result:
        today, seen = await together(
            held_business_date(), find_contract(actor, request.contract_id)
        )
        facility, contract, product, renewed = await together(
            find_facility(actor, seen.facility_id, lock=True),
            find_contract(actor, request.contract_id, lock=True),
            row_of(LoanProduct, seen.product_id),
            to_be_renewed(seen.application_id),
        )
        require_state(CONTRACT, ContractState(contract.state), ContractState.SIGNED)
        if product is None:
            raise ValueError(f"contract {contract.id} has no product")
        if renewed is not None and request.renews_loan_id != renewed:
            raise Refused([approved_to_renew(renewed)])
        asked = await _read(actor, request, contract, facility, product, today=today)
        amount = asked.amount
        drawdown = await Drawdown.create(
            contract_id=contract.id,
            facility_id=facility.id,
            borrower_id=contract.borrower_id,
            branch_id=contract.branch_id,
            state=DrawdownState.REQUESTED,
            currency=contract.currency,
            amount=amount,
            installments=asked.installments,
            plan=stored_plan(asked.plan),
            payment_method=request.payment_method,
            payee_name=asked.payee_name,
            payee_account_cipher=encrypt(asked.payee_account, column=PAYEE_ACCOUNT),
            payee_account_tail=asked.payee_account[-4:],
            evidence_number=asked.evidence_number,
            requested_by_kind=actor.kind,
            requested_by_id=actor.id,
            requested_on=today,
            renews_loan_id=request.renews_loan_id,
        )
        # After the insert, so that both go with the commit: both rows are held since they were
        # read.
        await execute_many(
            "UPDATE credit_facility SET reserved = reserved + %s WHERE id = %s",
            [(drawdown.reserves, facility.id)],
        )
        await execute_many(
            "UPDATE loan_contract SET drawn = drawn + %s WHERE id = %s", [(amount, contract.id)]
        )
        step.changed(
            "Drawdown",
            drawdown.id,
            after={
                "state": drawdown.state,
                "amount": amount,
                "currency": drawdown.currency,
                **({"renews": drawdown.renews_loan_id} if drawdown.renews_loan_id else {}),
            },
            event="drawdown.requested",
        )
        if drawdown.reserves:
            step.changed(
                "CreditFacility",
                facility.id,
                before={"reserved": facility.reserved},
                after={"reserved": facility.reserved + drawdown.reserves},
            )
        return {"drawdown": drawdown.id, "facility": facility.id, "contract": contract.id}

    given = asdict(request)
    if request.renews_loan_id is None:
        del given["renews_loan_id"]
    if not request.plan:
        del given["plan"]
    given["payee_account"] = blind_index(request.payee_account, column=PAYEE_ACCOUNT)
    return await perform(actor=actor, action="requestDrawdown", key=key, arguments=given, work=work)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The form as read; amounts in minor units."""

    amount: int
    installments: int
    plan: list[PlanRow]
    payee_name: str
    payee_account: str
    evidence_number: str


async def _read(
    actor: Actor,
    request: DrawdownRequest,
    contract: LoanContract,
    facility: CreditFacility,
    product: LoanProduct,
    *,
    today: dt.date,
) -> _Asked:
    form = Form()
    amount = form.money("amount", request.amount, contract.currency)
    form.extend(
        facility_usable(FacilityState(facility.state), expires_on=facility.expires_on, today=today)
    )
    if request.renews_loan_id is None:
        form.extend(limit_problem(_facility_limit(facility), amount))
    else:
        _pays_nobody(form, request)
        form.extend(
            await refusals_to_renew(actor, request.renews_loan_id, contract, amount, today=today)
        )
    form.extend(limit_problem(_contract_limit(contract), amount))
    entrusted = request.payment_method is PaymentMethod.ENTRUSTED
    payee = form.text("payeeName", request.payee_name, longest=200, needed=entrusted)
    account = _read_account(form, request.payee_account, needed=entrusted)
    evidence = form.text("evidenceNumber", request.evidence_number, longest=100, needed=entrusted)
    plan = read_lines(form, request.plan, contract)
    usual = len(plan) or contract.installments
    wanted = usual if request.installments is None else request.installments
    installments = form.whole(
        "installments", wanted, least=len(plan) or 1, most=len(plan) or contract.installments
    )
    if plan and not form.problems:
        await check_plan(form, plan, contract, product, amount=amount, today=today)
    elif not plan and 1 <= installments <= contract.installments:
        _check_maturity(form, contract, product, installments, today=today)
    form.refuse()
    return _Asked(amount, installments, plan, payee, account, evidence)


def _pays_nobody(form: Form, request: DrawdownRequest) -> None:
    if request.payment_method is PaymentMethod.SELF and not (
        request.payee_name or request.payee_account
    ):
        return
    form.add(
        ErrorCode.INVALID_VALUE,
        "paymentMethod",
        "A renewal pays nobody: leave out the payee, and let the payment method be SELF.",
        "续贷不向任何人付款：请勿填写收款人，支付方式请用 SELF。",
    )


def _read_account(form: Form, value: str, *, needed: bool) -> str:
    account = form.text("payeeAccount", value, longest=40, needed=needed)
    if 0 < len(account) <= 40 and not _ACCOUNT.fullmatch(account):
        form.add(
            ErrorCode.INVALID_VALUE,
            "payeeAccount",
            "An account number has 6 to 40 letters and digits, with blanks or hyphens between "
            "them. Copy it from the payee's bank details.",
            "账号须为 6 至 40 位字母或数字，中间可含空格或连字符，请按收款人开户信息填写。",
        )
    return account


def _check_maturity(
    form: Form,
    contract: LoanContract,
    product: LoanProduct,
    installments: int,
    *,
    today: dt.date,
) -> None:
    maturity = due_date(
        first=today,
        count=installments,
        every=product.every,
        unit=PeriodUnit(product.period_unit),
    )
    if maturity > contract.ends_on:
        form.add(
            ErrorCode.OUT_OF_RANGE,
            "installments",
            f"A loan drawn now over {installments} periods would mature on {maturity}, after the "
            f"contract ends on {contract.ends_on}. Choose fewer instalments.",
            f"现在提款分 {installments} 期将于 {maturity} 到期，"
            f"晚于合同到期日 {contract.ends_on}，请减少期数。",
        )


def _facility_limit(facility: CreditFacility) -> Limit:
    return Limit(
        "Credit facility limit",
        "授信额度",
        facility.currency,
        facility.limit_amount,
        facility.reserved,
        facility.used,
    )


def _contract_limit(contract: LoanContract) -> Limit:
    return Limit(
        "Contract amount", "合同金额", contract.currency, contract.amount, 0, contract.drawn
    )


async def cancel_drawdown(*, actor: Actor, key: str, drawdown_id: int) -> Done:
    """Cancel a REQUESTED drawdown and free what it reserved. Result: `drawdown`, `facility`."""

    async def work(step: Step) -> Result:
        await held_business_date()
        seen = await find_drawdown(actor, drawdown_id)
        facility = await find_facility(actor, seen.facility_id, lock=True)
        drawdown = await find_drawdown(actor, drawdown_id, lock=True)
        # What was disbursed is cancelled by the bounce of its payment order alone.
        require_state(DRAWDOWN, DrawdownState(drawdown.state), DrawdownState.REQUESTED)
        drawdown.state = DrawdownState.CANCELLED
        await drawdown.save(update_fields=["state"])
        # No column is read after it was set: MySQL sets them from left to right.
        await execute(
            "UPDATE credit_facility SET excess = CASE WHEN reserved + used - %s > limit_amount "
            "THEN reserved + used - %s - limit_amount ELSE 0 END, reserved = reserved - %s "
            "WHERE id = %s",
            [drawdown.reserves, drawdown.reserves, drawdown.reserves, facility.id],
        )
        await execute(
            "UPDATE loan_contract SET drawn = drawn - %s WHERE id = %s",
            [drawdown.amount, drawdown.contract_id],
        )
        step.changed(
            "Drawdown",
            drawdown.id,
            before={"state": DrawdownState.REQUESTED},
            after={"state": drawdown.state},
            event="drawdown.cancelled",
        )
        return {"drawdown": drawdown.id, "facility": facility.id}

    return await perform(
        actor=actor,
        action="cancelDrawdown",
        key=key,
        arguments={"drawdown": drawdown_id},
        work=work,
    )
