"""Date arithmetic on columns, in the dialect of the open database."""

from __future__ import annotations

from domain.db import dialect


def days_after(column: str, days: int) -> str:
    """Return the SQL of the date `days` after `column`."""
    if dialect() == "sqlite":
        return f"date({column}, '+{days} days')"
    return f"DATE_ADD({column}, INTERVAL {days} DAY)"


def months_after(column: str, months: int) -> str:
    """Return the SQL of the same day `months` later, the month's last where there is none such."""
    if dialect() == "sqlite":
        # SQLite's own overflows: 29 February + 12 months is 1 March there.
        return (
            f"min(date({column}, '+{months} months'), "
            f"date({column}, 'start of month', '+{months + 1} months', '-1 day'))"
        )
    return f"DATE_ADD({column}, INTERVAL {months} MONTH)"
