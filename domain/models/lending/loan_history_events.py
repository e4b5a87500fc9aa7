"""Between rows of a loan's history and the events that the rules replay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.models.lending.loan_terms import read_calendar, stored_calendar
from domain.rules.lending.allocation import Bucket
from domain.rules.lending.business_days import RollConvention
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing import events as e
from domain.stored_json import read_json

REPAYMENT, PREPAYMENT, PAYOFF = "REPAYMENT", "PREPAYMENT", "PAYOFF"
REVERSAL, DEMAND, PREPAYMENT_NOTICE = "REVERSAL", "DEMAND", "PREPAYMENT_NOTICE"
NOT_REPLAYED = (REVERSAL, DEMAND, PREPAYMENT_NOTICE)
"""Kinds of the loan_event table that leave a loan's money alone."""

EVENT_KINDS: dict[type[e.Event], str] = {
    e.Refund: "REFUND",
    e.Levy: "CHARGE",
    e.Waiver: "WAIVER",
    e.RateChange: "RATE_CHANGE",
    e.DueDayChange: "DUE_DAY_CHANGE",
    e.Extension: "EXTENSION",
    e.Restructuring: "RESTRUCTURING",
    e.Acceleration: "ACCELERATION",
    e.Misuse: "MISUSE",
    e.WriteOff: "WRITE_OFF",
}
"""The kinds of the loan_event table that a replay does again."""


def planned_on(data: Any) -> dt.date:
    """The day that the data of a PREPAYMENT_NOTICE names."""
    read = read_json(data)
    return dt.date.fromisoformat(read["planned_on"])


def stored_event(event: e.Event) -> tuple[str, int, dict[str, Any]]:
    """Kind, amount and data of an event that is no payment, as its row keeps them."""
    kind = EVENT_KINDS[type(event)]
    match event:
        case e.Refund():
            return kind, event.amount, {}
        case e.Levy():
            return kind, event.amount, {"code": event.code, "due_date": event.due_date.isoformat()}
        case e.Waiver():
            return kind, event.amount, {"bucket": str(event.bucket)}
        case e.RateChange():
            return kind, 0, _rates(event)
        case e.DueDayChange():
            return kind, 0, {"next_due_date": event.next_due_date.isoformat(), **_rolling(event)}
        case e.Extension():
            return kind, 0, {"periods": event.periods, **_rates(event), **_rolling(event)}
        case e.Restructuring():
            terms = {"method": str(event.method), "periods": event.periods}
            return kind, 0, {**terms, **_rates(event), **_rolling(event)}
        case e.Misuse():
            data = {"markup": str(event.markup), "since": event.since.isoformat()}
            return kind, event.amount, data
        case _:
            return kind, 0, {}


def event_of(row: Mapping[str, Any]) -> e.Event:
    """The event of a row of the loan_event table."""
    data = read_json(row["data"])
    sequence, on, amount = row["sequence"], row["value_date"], row["amount"]
    match row["kind"]:
        case "REFUND":
            return e.Refund(sequence=sequence, on=on, amount=amount)
        case "CHARGE":
            due = dt.date.fromisoformat(data["due_date"])
            return e.Levy(sequence=sequence, on=on, code=data["code"], amount=amount, due_date=due)
        case "WAIVER":
            bucket = Bucket(data["bucket"])
            return e.Waiver(sequence=sequence, on=on, bucket=bucket, amount=amount)
        case "RATE_CHANGE":
            return e.RateChange(sequence=sequence, on=on, **_read_rates(data))
        case "DUE_DAY_CHANGE":
            next_due = dt.date.fromisoformat(data["next_due_date"])
            return e.DueDayChange(
                sequence=sequence, on=on, next_due_date=next_due, **_read_rolling(data)
            )
        case "EXTENSION":
            return e.Extension(
                sequence=sequence,
                on=on,
                periods=data["periods"],
                **_read_rates(data),
                **_read_rolling(data),
            )
        case "RESTRUCTURING":
            return e.Restructuring(
                sequence=sequence,
                on=on,
                method=RepaymentMethod(data["method"]),
                periods=data["periods"],
                **_read_rates(data),
                **_read_rolling(data),
            )
        case "ACCELERATION":
            return e.Acceleration(sequence=sequence, on=on)
        case "MISUSE":
            since = dt.date.fromisoformat(data["since"])
            markup = Decimal(data["markup"])
            return e.Misuse(sequence=sequence, on=on, amount=amount, markup=markup, since=since)
        case "WRITE_OFF":
            return e.WriteOff(sequence=sequence, on=on)
        case kind:
            raise ValueError(f"not an event of a loan's history: {kind}")


def payment_of(row: Mapping[str, Any]) -> e.Event:
    """The event of a row of the repayment table."""
    sequence, on, amount = row["sequence"], row["value_date"], row["amount"]
    match row["kind"]:
        case "PREPAYMENT":
            keep = e.Keep(row["keep"])
            return e.Prepayment(sequence=sequence, on=on, amount=amount, keep=keep)
        case "PAYOFF":
            return e.Payoff(sequence=sequence, on=on, amount=amount)
        case _:
            return e.Payment(sequence=sequence, on=on, amount=amount)


def payment_kind(event: e.Payment | e.Prepayment | e.Payoff) -> str:
    """The kind of the repayment row of a payment."""
    match event:
        case e.Prepayment():
            return PREPAYMENT
        case e.Payoff():
            return PAYOFF
        case _:
            return REPAYMENT


def _rolling(event: e.NewDates) -> dict[str, Any]:
    if event.roll is RollConvention.NONE:
        return {}
    calendar = stored_calendar(event.calendar, since=event.on)
    return {"roll": str(event.roll), "calendar": calendar}


def _read_rolling(data: Mapping[str, Any]) -> dict[str, Any]:
    if "roll" not in data:
        return {}
    return {
        "roll": RollConvention(data["roll"]),
        "calendar": read_calendar(data["calendar"]),
    }


def _rates(event: e.RateChange | e.Extension | e.Restructuring) -> dict[str, str]:
    return {"annual_rate": str(event.annual_rate), "penalty_rate": str(event.penalty_rate)}


def _read_rates(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: Decimal(data[name]) for name in ("annual_rate", "penalty_rate")}
