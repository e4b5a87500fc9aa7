"""Whether the books of a closing day prove right: what closes a day, or keeps it from closing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.db import in_list, rows
from domain.rules.lending.postings import CHART
from domain.rules.lending.states import LIVING_LOANS

NAMED_MAX = 20
_ACCOUNTS = [str(account) for account in CHART]


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that is not as it must be, in both languages."""

    en: str
    zh: str


async def verify_close(day: dt.date) -> list[Fault]:
    """Return what is wrong with the books of `day`, each by name, up to 20 of a kind.

    Every journal posted on it balances, every living loan has its end behind it or was set aside,
    and each facility's use is that of its loans.
    """
    crooked = await rows(
        f"SELECT journal, SUM(amount) AS off FROM ledger_entry WHERE account_code IN "
        f"{in_list(_ACCOUNTS)} AND posting_date = %s GROUP BY journal HAVING SUM(amount) <> 0 "
        f"LIMIT {NAMED_MAX}",
        [*_ACCOUNTS, day],
    )
    behind = await rows(
        "SELECT l.id, l.accrued_through FROM loan l WHERE l.state IN (%s, %s) "
        "AND l.accrued_through <= %s AND NOT EXISTS (SELECT 1 FROM loan_set_aside a "
        f"WHERE a.loan_id = l.id AND a.resolved_at IS NULL) LIMIT {NAMED_MAX}",
        [*LIVING_LOANS, day],
    )
    limits = await rows(
        "SELECT f.id, f.used, COALESCE(u.used, 0) AS by_loans FROM credit_facility f LEFT JOIN "
        "(SELECT facility_id, SUM(limit_used) AS used FROM loan GROUP BY facility_id) u "
        f"ON u.facility_id = f.id WHERE f.used <> COALESCE(u.used, 0) LIMIT {NAMED_MAX}"
    )
    return [
        *(
            Fault(
                f"Journal {row['journal']} is off by {row['off']}.",
                f"分录组 {row['journal']} 不平，差额 {row['off']}。",
            )
            for row in crooked
        ),
        *(
            Fault(
                f"Loan {row['id']} stands at {row['accrued_through']}.",
                f"借据 {row['id']} 仍停留在 {row['accrued_through']}。",
            )
            for row in behind
        ),
        *(
            Fault(
                f"Facility {row['id']} says {row['used']} is used, its loans {row['by_loans']}.",
                f"额度 {row['id']} 记录已用 {row['used']}，而借据合计 {row['by_loans']}。",
            )
            for row in limits
        ),
    ]
