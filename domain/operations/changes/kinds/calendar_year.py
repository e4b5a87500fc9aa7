"""The holidays and worked weekends of a year in a calendar, all at once.

A year may be given anew, say when its holidays are announced: days up to the business date stay as
they are, the later ones are replaced.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, replace

from domain.actor import Actor
from domain.db import for_update, rows
from domain.models.reference import CalendarDay
from domain.operations.changes.kind import Kind, Proposal
from domain.operations.perform import Result, Step
from domain.queries.business_date import business_date
from domain.rules.changes import ChangeState, refuse_changed_world
from domain.rules.form import Form
from domain.rules.reference import DayKind, read_code
from domain.rules.refusal import ErrorCode
from domain.rules.roles import Role

YEAR_MIN, YEAR_MAX = 1990, 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """A day that differs from what its weekday says."""

    date: dt.date
    kind: DayKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarYear:
    """All such days of a year. `replaces_sha256` is filled in: what the year holds before."""

    calendar: str
    year: int
    days: tuple[CalendarEntry, ...]
    replaces_sha256: str = ""


async def _validate(_: Actor, asked: CalendarYear) -> Proposal[CalendarYear]:
    form = Form()
    calendar = read_code(form, "calendar", asked.calendar, longest=20)
    form.whole("year", asked.year, least=YEAR_MIN, most=YEAR_MAX)
    days = _read_days(form, asked)
    form.refuse()
    before, today = await _year(calendar, asked.year), await business_date()
    _check_past(form, days, before, today=today)
    form.refuse()
    holidays = sum(day.kind is DayKind.HOLIDAY for day in days)
    worked, kept = len(days) - holidays, len(before)
    return Proposal(
        payload=replace(asked, calendar=calendar, days=days, replaces_sha256=_sha256(before)),
        en=f"Calendar {calendar} of {asked.year}: {holidays} holidays and {worked} worked days"
        + (f", in place of the {kept} days on record." if kept else "."),
        zh=f"{calendar} 日历 {asked.year} 年：假日 {holidays} 天，调休上班 {worked} 天"
        + (f"，替换已登记的 {kept} 天。" if kept else "。"),
    )


def _read_days(form: Form, asked: CalendarYear) -> tuple[CalendarEntry, ...]:
    if not asked.days:
        form.add(
            ErrorCode.REQUIRED,
            "days",
            "A calendar year needs its holidays. List them.",
            "请列出该年度的假日。",
        )
    seen: set[dt.date] = set()
    found = []
    for place, day in enumerate(asked.days):
        name = form.text(f"days.{place}.name", day.name, longest=60)
        if day.date.year != asked.year or day.date in seen:
            form.add(
                ErrorCode.DUPLICATE if day.date in seen else ErrorCode.DATE_OUT_OF_RANGE,
                f"days.{place}.date",
                f"Each day must be in {asked.year} and stand once; see {day.date}.",
                f"每个日期须在 {asked.year} 年内且不得重复，请核对 {day.date}。",
            )
        seen.add(day.date)
        found.append(replace(day, name=name))
    return tuple(sorted(found, key=lambda day: day.date))


def _check_past(
    form: Form, days: tuple[CalendarEntry, ...], before: list[CalendarDay], *, today: dt.date
) -> None:
    """A year on record keeps its days up to today."""
    if not before:
        return
    then = {(row.date, row.kind) for row in before if row.date <= today}
    now = {(day.date, str(day.kind)) for day in days if day.date <= today}
    for date in sorted({date for date, _ in then ^ now}):
        form.add(
            ErrorCode.DATE_OUT_OF_RANGE,
            "days",
            f"{date} has passed on the business date {today} and stays as it is on record.",
            f"{date} 已过（当前业务日期 {today}），须与已登记的内容一致。",
        )


async def _year(calendar: str, year: int) -> list[CalendarDay]:
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    return await CalendarDay.filter(calendar=calendar, date__range=(first, last)).order_by("date")


def _sha256(days: list[CalendarDay]) -> str:
    if not days:
        return ""
    text = "\n".join(f"{row.date} {row.kind} {row.name}" for row in days)
    return hashlib.sha256(text.encode()).hexdigest()


async def _alone() -> None:
    """Wait for every other approval of a calendar year: two that name no day in common would both
    be written. Two that wait for each other are a deadlock, which the transaction retries."""
    await rows(
        "SELECT id FROM change_request WHERE kind = %s AND state = %s ORDER BY id" + for_update(),
        [CALENDAR_YEAR.name, ChangeState.PROPOSED],
    )


async def _apply(step: Step, _: Actor, year: CalendarYear) -> Result:
    await _alone()
    today = await business_date()
    before = await _year(year.calendar, year.year)
    refuse_changed_world(year.replaces_sha256, _sha256(before))
    kept = {row.date for row in before if row.date <= today}
    gone = [row for row in before if row.date > today]
    await CalendarDay.filter(id__in=[row.id for row in gone]).delete()
    for row in gone:
        step.changed("CalendarDay", row.id, before={"date": row.date, "kind": row.kind}, after={})
    new = [day for day in year.days if day.date not in kept]
    await CalendarDay.bulk_create(
        [
            CalendarDay(calendar=year.calendar, date=day.date, kind=day.kind, name=day.name)
            for day in new
        ]
    )
    dates = {day.date for day in new}
    for row in await _year(year.calendar, year.year):
        if row.date in dates:
            step.changed(
                "CalendarDay",
                row.id,
                after={"calendar": row.calendar, "date": row.date, "kind": row.kind},
            )
    return {}


CALENDAR_YEAR = Kind(
    name="CALENDAR_YEAR",
    en="The holidays and worked weekends of a year.",
    zh="日历年度",
    payload=CalendarYear,
    propose=frozenset({Role.OPERATOR, Role.ACCOUNTANT}),
    approve=frozenset({Role.ACCOUNTANT, Role.RISK_OFFICER}),
    validate=_validate,
    apply=_apply,
)
