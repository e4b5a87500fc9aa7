"""Taking money that came in: once only, for the loan that it names, or into suspense.

The row of (source, external reference) is inserted before anything is locked, as an idempotency
key is: of two that bring the same reference the second waits for the first to commit, and finds it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from tortoise.exceptions import IntegrityError

from domain.actor import Actor
from domain.db import execute, insert, rows
from domain.encryption import encrypt
from domain.operations.clock import now
from domain.operations.lending.cash_journal import move_cash
from domain.operations.lending.pay_loan import pay_loan
from domain.operations.perform import Step
from domain.queries.business_date import held_business_date
from domain.rules.lending.payment_line import loan_ids_named, value_date_problems
from domain.rules.lending.payment_states import IncomingState
from domain.rules.lending.postings import Account, Event
from domain.rules.money import format_minor
from domain.rules.refusal import ErrorCode, Problem, Refused, refuse_if

PAYER_ACCOUNT = "incoming_payment.payer_account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """Money that came in, as read: `amount` in minor units, above zero."""

    source: str
    external_reference: str
    currency: str
    amount: int
    value_date: dt.date
    payer_name: str = ""
    payer_account_cipher: str | None = None
    payer_account_tail: str = ""
    loan_number: str = ""
    remittance: str = ""
    file_id: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of it; `known` when this very payment had been taken before."""

    payment_id: int
    state: IncomingState
    loan_id: int | None = None
    repayment_id: int | None = None
    reasons: tuple[Problem, ...] = ()
    known: bool = False


class LoanRefuses(Exception):
    """The loan named takes no such payment: everything is rolled back, the money is for suspense.

    No :class:`Refused`, since the payment is not refused.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.en for problem in problems))


async def take_incoming(
    step: Step, actor: Actor, incoming: Incoming, *, suspend: Sequence[Problem] = ()
) -> Taken:
    """Take the payment in the running transaction; with `suspend`, into suspense for that reason.

    Raises :class:`Refused` for a value date that cannot be, and for a reference known with another
    amount; :class:`LoanRefuses` when the loan does, upon which the caller tries again with
    `suspend`.
    """
    payment_id = await _claim(incoming, actor)
    if payment_id is None:
        return await _known(incoming)
    today = await held_business_date()
    refuse_if(value_date_problems(incoming.value_date, today=today))
    named = loan_ids_named(incoming.loan_number, incoming.remittance)
    reasons = tuple(suspend) or _unclear(named)
    if reasons:
        await _suspend(step, payment_id, incoming, reasons, today=today)
        return Taken(payment_id, IncomingState.SUSPENSE, reasons=reasons)
    try:
        repayment_id = await pay_loan(
            step,
            actor,
            loan_id=named[0],
            currency=incoming.currency,
            amount=incoming.amount,
            value_date=incoming.value_date,
            payer_name=incoming.payer_name,
            external_reference=incoming.external_reference,
        )
    except Refused as refusal:
        raise LoanRefuses(refusal.problems) from refusal
    await execute(
        "UPDATE incoming_payment SET state = %s, received_on = %s, loan_id = %s, "
        "repayment_id = %s, cash_journal = %s, settled_on = %s WHERE id = %s",
        [
            IncomingState.MATCHED,
            today,
            named[0],
            repayment_id,
            f"repayment:{repayment_id}",
            today,
            payment_id,
        ],
    )
    step.changed(
        "IncomingPayment",
        payment_id,
        after=_shown(incoming) | {"state": IncomingState.MATCHED, "loan": named[0]},
        event="incoming_payment.matched",
    )
    return Taken(payment_id, IncomingState.MATCHED, named[0], repayment_id)


async def _claim(incoming: Incoming, actor: Actor) -> int | None:
    try:
        return await insert(
            "incoming_payment",
            {
                "source": incoming.source,
                "external_reference": incoming.external_reference,
                "file_id": incoming.file_id,
                "state": IncomingState.SUSPENSE,
                "currency": incoming.currency,
                "amount": incoming.amount,
                "value_date": incoming.value_date,
                "received_on": incoming.value_date,  # until the business date is held
                "payer_name": incoming.payer_name,
                "payer_account_cipher": incoming.payer_account_cipher,
                "payer_account_tail": incoming.payer_account_tail,
                "loan_number": incoming.loan_number,
                "remittance": incoming.remittance,
                "cash_journal": "",
                "received_by_kind": actor.kind,
                "received_by_id": actor.id,
                "created_at": now(),
            },
        )
    except IntegrityError:
        return None


async def _known(incoming: Incoming) -> Taken:
    """Return what was made of the payment with this reference, if it is the same payment."""
    found = await rows(
        "SELECT id, state, currency, amount, loan_id, repayment_id, received_on "
        "FROM incoming_payment WHERE source = %s AND external_reference = %s",
        [incoming.source, incoming.external_reference],
    )
    if not found:
        raise RuntimeError("the reference of an incoming payment is taken, and yet not there")
    first = found[0]
    if (first["currency"], first["amount"]) == (incoming.currency, incoming.amount):
        return Taken(
            first["id"],
            IncomingState(first["state"]),
            first["loan_id"],
            first["repayment_id"],
            known=True,
        )
    was = f"{format_minor(first['amount'], first['currency'])} {first['currency']}"
    given = f"{format_minor(incoming.amount, incoming.currency)} {incoming.currency}"
    raise Refused(
        [
            Problem(
                ErrorCode.DUPLICATE,
                ("externalReference",),
                f"{incoming.source} reported {incoming.external_reference} before, on "
                f"{first['received_on']}, as {was}; now it is {given}. Nothing was taken again: "
                "ask the bank which is right.",
                f"{incoming.source} 的流水号 {incoming.external_reference} 已于 "
                f"{first['received_on']} 登记为 {was}，本次为 {given}；未重复入账，请向银行核实。",
            )
        ]
    )


async def _suspend(
    step: Step,
    payment_id: int,
    incoming: Incoming,
    reasons: Sequence[Problem],
    *,
    today: dt.date,
) -> None:
    journal = f"suspense:{payment_id}"
    await execute(
        "UPDATE incoming_payment SET received_on = %s, suspended_on = %s, cash_journal = %s, "
        "reasons = %s WHERE id = %s",
        [today, today, journal, stored_reasons(reasons), payment_id],
    )
    await move_cash(
        journal=journal,
        event=Event.SUSPENSE,
        currency=incoming.currency,
        amounts={Account.BANK: incoming.amount, Account.SUSPENSE: -incoming.amount},
        value_date=incoming.value_date,
        today=today,
    )
    step.changed(
        "IncomingPayment",
        payment_id,
        after=_shown(incoming) | {"state": IncomingState.SUSPENSE},
        event="incoming_payment.suspended",
    )


def _unclear(named: Sequence[int]) -> tuple[Problem, ...]:
    if len(named) == 1:
        return ()
    if named:
        en, zh = "names several loans", "涉及多笔借据"
    else:
        en, zh = "names no loan", "未注明借据编号"
    return (
        Problem(
            ErrorCode.NOT_FOUND,
            ("loanNumber",),
            f"The payment {en}. Match it by hand.",
            f"该来款{zh}，请人工认领。",
        ),
    )


def _shown(incoming: Incoming) -> dict[str, Any]:
    return {
        "source": incoming.source,
        "reference": incoming.external_reference,
        "amount": incoming.amount,
        "currency": incoming.currency,
    }


def sealed_account(account: str, *, column: str = PAYER_ACCOUNT) -> tuple[str | None, str]:
    """Return cipher (for `column`) and last characters of a payer's account; None and empty
    without one."""
    plain = "".join(account.split())
    if not plain:
        return None, ""
    return encrypt(plain, column=column), plain[-4:] if len(plain) > 5 else ""


def stored_reasons(problems: Sequence[Problem]) -> str:
    """Return problems as the JSON columns keep them."""
    return orjson.dumps(
        [{"code": p.code, "path": list(p.path), "en": p.en, "zh": p.zh} for p in problems]
    ).decode()
