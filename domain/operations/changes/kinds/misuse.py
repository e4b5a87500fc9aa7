"""挪用: principal that was not used as the contract says bears penalty interest."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.actor import Actor
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.changes.kinds.loan_case import about, loan_of, read_amount
from domain.operations.lending.account import open_loan
from domain.operations.lending.loan_event import do_event
from domain.operations.perform import Result, Step
from domain.queries.business_date import business_date
from domain.rules.form import Form
from domain.rules.lending.application import read_fraction
from domain.rules.lending.product import MARKUP_MAX
from domain.rules.lending.servicing.events import Misuse
from domain.rules.lending.states import LOAN, LoanState
from domain.rules.money import to_minor
from domain.rules.refusal import ErrorCode
from domain.rules.roles import Role
from domain.rules.states import require_state


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanMisuse:
    """How much of the principal outstanding is misused, in major units, and by what markup the
    contract charges it; an amount of 0 says that nothing is any more. `since` none: the day of the
    approval."""

    loan_id: int
    amount: Decimal
    currency: str
    reason: str
    markup: Decimal = Decimal(0)
    since: dt.date | None = None


async def _validate(actor: Actor, asked: LoanMisuse) -> Proposal[LoanMisuse]:
    loan = await loan_of(actor, asked.loan_id)
    require_state(LOAN, LoanState(loan.state), LoanState.ACTIVE)
    form = Form()
    read_amount(form, loan, asked.amount, asked.currency, zero=True)
    read_fraction(form, "markup", asked.markup, least=Decimal(0), most=MARKUP_MAX, decimals=4)
    if asked.amount and not asked.markup:
        form.add(
            ErrorCode.REQUIRED,
            "markup",
            "Say by how much the contract charges misuse above its rate: 0.5 is 50 %.",
            "请填写合同约定的挪用罚息加收比例：0.5 即 50%。",
        )
    if asked.since is not None:
        today = await business_date()
        form.date("since", asked.since, earliest=loan.start_date, latest=today)
    reason = form.text("reason", asked.reason, longest=500)
    form.refuse()
    en, zh = "no principal is misused any more", "不再有挪用本金"
    if asked.amount:
        sum_, above = (
            f"{asked.amount:f} {asked.currency}",
            f"{(asked.markup * 100).normalize():f} %",
        )
        en = f"{sum_} of principal is misused and charged {above} above the contract rate,"
        zh = f"挪用本金 {sum_}，在合同利率上加收 {above}"
    since_en = f"since {asked.since}" if asked.since else "from the day of the approval"
    since_zh = f"自 {asked.since} 起" if asked.since else "自批准之日起"
    return about(
        loan,
        replace(asked, reason=reason),
        en=f"{en} {since_en}. {reason}",
        zh=f"{since_zh}，{zh}。{reason}",
    )


async def _apply(step: Step, actor: Actor, asked: LoanMisuse) -> Result:
    today, loan = await open_loan(actor, asked.loan_id)
    event = Misuse(
        sequence=loan.next_sequence(),
        on=today,
        amount=to_minor(asked.amount, asked.currency),
        markup=asked.markup,
        since=asked.since or today,
    )
    event_id = await do_event(
        step, loan, event, actor=actor, today=today, reason=asked.reason, outbox="loan.misused"
    )
    return {"loan": loan.row.id, "loan_history_event": event_id}


MISUSE = Kind(
    name="MISUSE",
    en="Principal was misused, and bears penalty interest.",
    zh="挪用罚息",
    payload=LoanMisuse,
    propose=frozenset({Role.RELATIONSHIP_MANAGER, Role.RISK_OFFICER}),
    approve=frozenset({Role.APPROVER}),
    validate=_validate,
    apply=_apply,
)
