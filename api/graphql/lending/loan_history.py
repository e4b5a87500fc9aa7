"""What happened to a loan besides payments: events, charges, the schedules it had before."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import Any

import strawberry

from api.graphql.ids import Node
from api.graphql.nouns import Noun, column, computed, money
from api.graphql.scalars import Money, Rate
from domain.queries.visibility import visible_by_loan
from domain.stored_json import read_json


class LoanEventKind(Enum):
    """What happened."""

    REVERSAL = strawberry.enum_value("REVERSAL", description="A payment was reversed (冲销).")
    REFUND = strawberry.enum_value("REFUND", description="A credit balance was paid back.")
    CHARGE = strawberry.enum_value("CHARGE", description="A fee or cost was levied.")
    WAIVER = strawberry.enum_value("WAIVER", description="Part of a claim was waived (减免).")
    RATE_CHANGE = strawberry.enum_value("RATE_CHANGE", description="Another rate holds from then.")
    DUE_DAY_CHANGE = strawberry.enum_value("DUE_DAY_CHANGE", description="The due day moved.")
    EXTENSION = strawberry.enum_value("EXTENSION", description="The loan was extended (展期).")
    RESTRUCTURING = strawberry.enum_value(
        "RESTRUCTURING", description="The loan got a new schedule (重组)."
    )
    ACCELERATION = strawberry.enum_value(
        "ACCELERATION", description="All principal was declared due (宣布提前到期)."
    )
    MISUSE = strawberry.enum_value(
        "MISUSE", description="Principal was found to be misused (挪用), or no longer is."
    )
    PREPAYMENT_NOTICE = strawberry.enum_value(
        "PREPAYMENT_NOTICE", description="A prepayment was announced (提前还款通知)."
    )
    DEMAND = strawberry.enum_value(
        "DEMAND", description="The borrower was asked to pay, or acknowledged the debt."
    )
    WRITE_OFF = strawberry.enum_value("WRITE_OFF", description="It was written off (核销).")


strawberry.enum(LoanEventKind, description="What happened to a loan.")


def _data(name: str) -> Any:
    def read(_: Any, row: Any) -> Any:
        stored = row["data"]
        data = read_json(stored)
        return data.get(name)

    return read


def _day(name: str) -> Any:
    text = _data(name)

    def read(noun: Any, row: Any) -> dt.date | None:
        day = text(noun, row)
        return dt.date.fromisoformat(day) if day else None

    return read


@strawberry.type(description="An event of a loan's history that is no payment.")
class LoanHistoryEvent(Node):
    """A row of the loan_event table."""

    kind: LoanEventKind = column("kind", "What happened.", read=LoanEventKind)
    sequence: int = column("sequence", "Its place in the loan's history, payments included.")
    value_date: dt.date = column("value_date", "The day from which it counts.")
    posting_date: dt.date = column("posting_date", "The business date on which it was posted.")
    amount: Money = money("amount", "How much it was about; 0 for a change of terms.")
    annual_rate: Rate | None = computed(
        ("data",), "The contract rate from then on, where it changed.", _data("annual_rate")
    )
    markup: Rate | None = computed(
        ("data",),
        "What misused principal is charged above the contract rate, a fraction of it.",
        _data("markup"),
    )
    since: dt.date | None = computed(("data",), "The day the misuse began.", _day("since"))
    planned_on: dt.date | None = computed(
        ("data",), "The day announced for a prepayment.", _day("planned_on")
    )
    periods: int | None = computed(
        ("data",), "How many instalments were added, or the new schedule has.", _data("periods")
    )
    reason: str = column("reason", "Why, as whoever recorded it wrote.")
    created_at: dt.datetime = column("created_at", "When it was recorded.")


@strawberry.type(description="A fee or cost (费用) that the borrower owes besides interest.")
class LoanCharge(Node):
    """A row of the loan_charge table."""

    number: int = column(
        "number",
        "What allocations of the bucket COSTS name it by: the event that levied it; of a fee of "
        "the loan's terms 0, or the instalment's number, negative.",
    )
    code: str = column("code", "What it is for: LITIGATION, PREPAYMENT_FEE, UPFRONT_FEE, …")
    due_date: dt.date = column("due_date", "The day it falls due.")
    amount: Money = money("amount", "How much was levied.")
    paid: Money = money("paid", "How much of it was paid.")
    waived: Money = money("waived", "How much of it was waived.")


@strawberry.type(description="An instalment as it stood before an event replaced the schedule.")
class SupersededInstallment(Node):
    """A row of the superseded_installment table."""

    event_sequence: int = column("event_sequence", "The event that replaced it.")
    number: int = column("number", "Its place in the schedule, from 1.")
    start_date: dt.date = column("start_date", "First day that earned interest in it.")
    due_date: dt.date = column("due_date", "The day it was to fall due.")
    opening: Money = money("opening", "The balance at its start.")
    principal: Money = money("principal", "Principal it asked for.")
    interest: Money = money("interest", "Contract interest it asked for.")


LOAN_EVENTS = Noun(LoanHistoryEvent, table="loan_event", sight=visible_by_loan)
LOAN_CHARGES = Noun(LoanCharge, table="loan_charge", sight=visible_by_loan)
SUPERSEDED = Noun(SupersededInstallment, table="superseded_installment", sight=visible_by_loan)
