"""What may be done to a loan today, and how the rest is refused (docs/domain.md §4, §5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from domain.rules.lending.allocation import Bucket
from domain.rules.lending.business_days import MAX_ROLL_DAYS
from domain.rules.lending.periods import LAST_DATE, Period
from domain.rules.lending.schedule_terms import RepaymentMethod
from domain.rules.lending.servicing import events as e
from domain.rules.lending.servicing import replan
from domain.rules.lending.servicing.account import LoanAccount
from domain.rules.lending.servicing.apply import prepayment_parts
from domain.rules.lending.servicing.misused import lighter, standing_misuse
from domain.rules.lending.servicing.new_dates import (
    days_off,
    due_day_dates,
    due_day_periods,
    extended_dates,
    extended_periods,
    restructured_dates,
    restructured_periods,
)
from domain.rules.lending.servicing.settle import owed_to_close
from domain.rules.lending.servicing.waive import WAIVABLE, waivable
from domain.rules.lending.states import LOAN, LoanState
from domain.rules.money import format_minor
from domain.rules.refusal import ErrorCode, Problem
from domain.rules.states import require_state

_OPEN = (LoanState.ACTIVE, LoanState.WRITTEN_OFF)
_STATES: dict[type[e.Event], tuple[LoanState, ...]] = {
    e.Payment: _OPEN,
    e.Refund: (*_OPEN, LoanState.PAID_OFF),
    e.Levy: _OPEN,
    e.Waiver: _OPEN,
}


def problems_with(account: LoanAccount, event: e.Event, *, currency: str) -> list[Problem]:
    """Every reason why `event` cannot be done to a loan that was advanced to its day.

    Raises :class:`~domain.rules.refusal.Refused` when the loan's state alone rules it out.
    """
    require_state(LOAN, account.state, *_STATES.get(type(event), (LoanState.ACTIVE,)))
    return list(_problems(account, event, _Speaker(currency)))


def history_problems(account: LoanAccount, event: e.Event) -> list[Problem]:
    """What keeps a past event from having happened in a changed history: money that went out again
    must have come in first."""
    if isinstance(event, e.Refund) and event.amount > account.credit_balance:
        return [
            Problem(
                ErrorCode.ILLEGAL_STATE,
                ("id",),
                f"On {event.on} a credit balance was refunded that would not have been there. "
                "Reverse that refund first.",
                f"{event.on} 已退还的溢缴款将不复存在，请先冲销该笔退款。",
            )
        ]
    return []


class _Speaker:
    """Writes amounts in the loan's currency."""

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def __call__(self, minor: int) -> str:
        return f"{format_minor(minor, self.currency)} {self.currency}"


def _problems(account: LoanAccount, event: e.Event, say: _Speaker) -> Iterator[Problem]:
    match event:
        case e.Prepayment():
            yield from _prepayment(account, event, say)
        case e.Payoff():
            needed = sum(item.amount for item in owed_to_close(account, event.on))
            if event.amount + account.credit_balance < needed:
                full, given = say(max(needed - account.credit_balance, 0)), say(event.amount)
                yield Problem(
                    ErrorCode.OUT_OF_RANGE,
                    ("amount",),
                    f"Closing this loan takes {full}; {given} is not enough. "
                    "Pay that amount, or use repayLoan for a part.",
                    f"结清该借据需 {full}，{given} 不足；请足额支付，或用 repayLoan 部分还款。",
                )
        case e.Refund():
            if event.amount > account.credit_balance:
                yield Problem(
                    ErrorCode.OUT_OF_RANGE,
                    ("amount",),
                    f"The credit balance is {say(account.credit_balance)}; {say(event.amount)} "
                    "cannot be refunded.",
                    f"溢缴款余额为 {say(account.credit_balance)}，无法退还 {say(event.amount)}。",
                )
        case e.Waiver():
            yield from _waiver(account, event, say)
        case e.DueDayChange():
            yield from _due_day(account, event)
        case e.Extension():
            yield from _extension(account, event)
        case e.Restructuring():
            yield from _restructuring(account, event)
        case e.Misuse():
            yield from _misuse(account, event, say)
        case e.Acceleration() if not replan.future_rows(account, event.on):
            yield Problem(
                ErrorCode.ILLEGAL_STATE,
                ("id",),
                "All principal of this loan has fallen due already.",
                "该借据本金已全部到期，无需宣布提前到期。",
            )
        case _:
            pass


def _prepayment(account: LoanAccount, event: e.Prepayment, say: _Speaker) -> Iterator[Problem]:
    rows = replan.future_rows(account, event.on)
    if not rows:
        yield Problem(
            ErrorCode.ILLEGAL_STATE,
            ("id",),
            "All principal of this loan has fallen due: use repayLoan.",
            "该借据本金已全部到期，请使用 repayLoan 还款。",
        )
        return
    first, _, principal = prepayment_parts(account, event.amount, event.on)
    if principal <= 0:
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            ("amount",),
            f"{say(first)} is due or accrued and is settled first; a prepayment must be more than "
            "that. Use repayLoan for what is due.",
            f"须先结清已到期及已计提的 {say(first)}，提前还款金额须高于此数；"
            "到期款项请使用 repayLoan。",
        )
    elif principal >= replan.bearing(rows[0]):
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            ("amount",),
            "This repays the whole loan: use payOffLoan, and payoffQuote for the amount.",
            "该金额足以结清全部贷款，请使用 payOffLoan（金额见 payoffQuote）。",
        )


def _waiver(account: LoanAccount, event: e.Waiver, say: _Speaker) -> Iterator[Problem]:
    if event.bucket not in WAIVABLE:
        yield Problem(
            ErrorCode.INVALID_VALUE,
            ("bucket",),
            "Principal cannot be waived: write the loan off instead.",
            "本金不得减免，请走核销流程。",
        )
        return
    most = waivable(account, Bucket(event.bucket))
    if event.amount > most:
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            ("amount",),
            f"Of this only {say(most)} is owed; {say(event.amount)} cannot be waived.",
            f"该项目前仅欠 {say(most)}，无法减免 {say(event.amount)}。",
        )


def _due_day(account: LoanAccount, event: e.DueDayChange) -> Iterator[Problem]:
    rows = replan.future_rows(account, event.on)
    if not rows:
        yield _nothing_to_come()
    elif account.terms.schedule.method is RepaymentMethod.CUSTOM_PLAN:
        yield Problem(
            ErrorCode.ILLEGAL_STATE,
            ("id",),
            "This loan falls due on the days of its custom plan, which count from no due day: "
            "restructure it instead.",
            "该借据按自定义计划的日期还款，没有固定还款日，请改用重组。",
        )
    elif not event.on < event.next_due_date <= rows[0].due_date + dt.timedelta(days=31):
        latest = rows[0].due_date + dt.timedelta(days=31)
        yield Problem(
            ErrorCode.DATE_OUT_OF_RANGE,
            ("nextDueDate",),
            f"The next due date must be after {event.on} and by {latest}.",
            f"下一还款日须晚于 {event.on} 且不晚于 {latest}。",
        )
    else:
        yield from _dates(
            event,
            "nextDueDate",
            lambda: due_day_dates(account, event, len(rows)),
            lambda: due_day_periods(account, event, rows),
        )


def _extension(account: LoanAccount, event: e.Extension) -> Iterator[Problem]:
    if not replan.future_rows(account, event.on):
        yield Problem(
            ErrorCode.ILLEGAL_STATE,
            ("id",),
            f"This loan matured on {account.maturity_date}: an extension is agreed before that.",
            f"该借据已于 {account.maturity_date} 到期，展期须在到期前办理。",
        )
        return
    yield from _dates(
        event,
        "periods",
        lambda: extended_dates(account, event),
        lambda: extended_periods(account, event),
    )


def _restructuring(account: LoanAccount, event: e.Restructuring) -> Iterator[Problem]:
    if event.method is RepaymentMethod.CUSTOM_PLAN:
        yield Problem(
            ErrorCode.INVALID_VALUE,
            ("method",),
            "A restructured loan is repaid by one of the other methods, not by a custom plan.",
            "重组后的还款方式不能为自定义计划，请选择其他方式。",
        )
    if not account.principal_outstanding:
        yield Problem(
            ErrorCode.ILLEGAL_STATE,
            ("id",),
            "All principal of this loan is repaid: there is nothing to restructure.",
            "该借据本金已全部还清，无可重组。",
        )
    yield from _dates(
        event,
        "periods",
        lambda: restructured_dates(account, event),
        lambda: restructured_periods(account, event),
    )


def _misuse(account: LoanAccount, event: e.Misuse, say: _Speaker) -> Iterator[Problem]:
    present = standing_misuse(account)
    if event.amount > account.principal_outstanding:
        most, asked = say(account.principal_outstanding), say(event.amount)
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            ("amount",),
            f"Of this loan {most} of principal is outstanding; {asked} cannot be misused.",
            f"该借据尚欠本金 {most}，挪用金额不得为 {asked}。",
        )
    elif not event.amount and not present.share:
        yield Problem(
            ErrorCode.OUT_OF_RANGE,
            ("amount",),
            "No misuse is on record for this loan: there is nothing to end.",
            "该借据没有挪用记录，无需终止。",
        )
    elif event.since < present.effective_from:
        yield Problem(
            ErrorCode.DATE_OUT_OF_RANGE,
            ("since",),
            f"Misuse is on record since {present.effective_from}: what comes now counts from that "
            "day at the earliest.",
            f"自 {present.effective_from} 起已有挪用记录，新的起始日不得早于该日。",
        )
    elif event.since < event.on and lighter(account, event):
        yield Problem(
            ErrorCode.DATE_OUT_OF_RANGE,
            ("since",),
            "A smaller misuse counts from the day it is recorded: leave `since` out, and waive "
            "what was charged too much.",
            "挪用金额减少自记录当日起生效：请勿填写 since，多收部分请走减免流程。",
        )


def _dates(
    event: e.NewDates,
    field: str,
    dates: Callable[[], list[dt.date]],
    periods: Callable[[], Sequence[Period]],
) -> Iterator[Problem]:
    """What is wrong with the due dates that an event makes: as counted, and as they roll."""
    try:
        off = days_off(event, dates())
    except OverflowError:
        yield Problem(
            ErrorCode.DATE_OUT_OF_RANGE,
            (field,),
            f"The loan would run past {LAST_DATE}. Choose fewer periods.",
            f"贷款到期日将晚于 {LAST_DATE}，请减少期数。",
        )
        return
    if off:
        yield Problem(
            ErrorCode.DATE_OUT_OF_RANGE,
            (field,),
            f"The due date {off[0]} has no business day within {MAX_ROLL_DAYS} days. Check the "
            "holidays of the product's calendar, or choose other dates.",
            f"到期日 {off[0]} 前后 {MAX_ROLL_DAYS} 天内没有工作日，请检查产品所用日历的节假日，"
            "或选择其他日期。",
        )
    elif not (rolled := periods()) or rolled[0].end <= event.on:
        yield Problem(
            ErrorCode.DATE_OUT_OF_RANGE,
            (field,),
            f"Rolled to a business day, the next due date would not be after {event.on}. Choose a "
            "later one.",
            f"顺延至工作日后，下一还款日将不晚于 {event.on}，请选择更晚的日期。",
        )


def _nothing_to_come() -> Problem:
    return Problem(
        ErrorCode.ILLEGAL_STATE,
        ("id",),
        "No instalment of this loan is still to fall due.",
        "该借据已无未到期分期。",
    )
