"""The audit trail and the books, for those who check."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import strawberry

from api.graphql.connections import PAGE_DEFAULT, After, Connection, First
from api.graphql.context import Info
from api.graphql.ids import Node, read_global_id
from api.graphql.lending import books_enums  # noqa: F401 - describes the enums used here
from api.graphql.nouns import Noun, column, money
from api.graphql.roles import ROLES
from api.graphql.scalars import Money
from domain.queries.select import Condition
from domain.queries.visibility import visible_to
from domain.rules.lending.postings import Event


@strawberry.type(description="Audit entry: who did, or was refused, what, when.")
class AuditEntry(Node):
    """A row of the audit_entry table."""

    at: dt.datetime = column("at", "When.")
    actor_kind: str = column("actor_kind", "EMPLOYEE, BORROWER_USER or SYSTEM.")
    actor_name: str = column("actor_name", "Who.")
    action: str = column("action", "What: the mutation's name.")
    outcome: str = column("outcome", "DONE or REFUSED.")
    noun: str = column("noun", "Type of the object; empty for a refusal.")
    noun_id: int = column("noun_id", "Row id of the object.")
    before: str = column("before", "JSON of what it was.")
    after: str = column("after", "JSON of what it became, or why it was refused.")
    request_id: str = column("request_id", "Id of the request, as in the logs.")


@strawberry.type(description="Ledger entry: one side of one money event.")
class LedgerEntry(Node):
    """A row of the ledger_entry table."""

    journal: str = column("journal", "The event; its entries sum to zero.")
    event: str = column("event", "What moved the money.")
    account_code: str = column("account_code", "Account of the chart.")
    currency: str = column("currency", "ISO 4217 code of the amount.")
    amount: Money = money("amount", "Debit positive, credit negative.")
    value_date: dt.date = column("value_date", "The day for which it counts.")
    posting_date: dt.date = column("posting_date", "The business date it was posted on.")
    created_at: dt.datetime = column("created_at", "When it was written.")


AUDIT_ENTRIES = Noun(AuditEntry, table="audit_entry", sight=visible_to(ROLES["Query.auditEntries"]))
LEDGER_ENTRIES = Noun(
    LedgerEntry, table="ledger_entry", sight=visible_to(ROLES["Query.ledgerEntries"])
)


@strawberry.input(description="Which audit entries to list.")
class AuditFilter:
    """Every given condition must hold."""

    object_id: strawberry.ID | None = strawberry.field(
        default=None, description="About the object with this global id."
    )
    action: str | None = strawberry.field(default=None, description="Of this mutation.")
    outcome: str | None = strawberry.field(default=None, description="DONE or REFUSED.")

    def conditions(self) -> list[Condition]:
        """The filter as SQL conditions."""
        found = []
        if self.object_id is not None:
            noun, row_id = read_global_id(self.object_id) or ("", 0)
            found.append(
                Condition("audit_entry.noun = %s AND audit_entry.noun_id = %s", (noun, row_id))
            )
        if self.action is not None:
            found.append(Condition("audit_entry.action = %s", (self.action,)))
        if self.outcome is not None:
            found.append(Condition("audit_entry.outcome = %s", (self.outcome,)))
        return found


@strawberry.input(description="Which ledger entries to list.")
class LedgerFilter:
    """Every given condition must hold."""

    loan_id: strawberry.ID | None = strawberry.field(default=None, description="Of this loan.")
    account_code: str | None = strawberry.field(default=None, description="On this account.")
    journal: str | None = strawberry.field(default=None, description="Of this journal.")
    event: Event | None = strawberry.field(default=None, description="About this.")
    currency: str | None = strawberry.field(default=None, description="In this currency.")
    posted_from: dt.date | None = strawberry.field(
        default=None, description="Posted on this day or later."
    )
    posted_to: dt.date | None = strawberry.field(
        default=None, description="Posted on this day or earlier."
    )

    def conditions(self) -> list[Condition]:
        """The filter as SQL conditions."""
        found = [
            Condition(f"ledger_entry.{condition} %s", (value,))
            for condition, value in (
                ("account_code =", self.account_code),
                ("journal =", self.journal),
                ("event =", None if self.event is None else str(self.event)),
                ("currency =", self.currency),
                ("posting_date >=", self.posted_from),
                ("posting_date <=", self.posted_to),
            )
            if value is not None
        ]
        if self.loan_id is not None:
            noun, row_id = read_global_id(self.loan_id) or ("", 0)
            found.append(Condition("ledger_entry.loan_id = %s", (row_id if noun == "Loan" else 0,)))
        return found


@strawberry.type
class AuditQueries:
    """Reading the audit trail and the books."""

    @strawberry.field(description="The audit trail, newest first.")
    async def audit_entries(
        self,
        info: Info,
        first: First = PAGE_DEFAULT,
        after: After = None,
        filter: Annotated[
            AuditFilter | None, strawberry.argument(description="Which to list.")
        ] = None,
    ) -> Connection[AuditEntry]:
        return await AUDIT_ENTRIES.page(
            info, first=first, after=after, where=filter.conditions() if filter else []
        )

    @strawberry.field(description="The entries of the books, newest first.")
    async def ledger_entries(
        self,
        info: Info,
        first: First = PAGE_DEFAULT,
        after: After = None,
        filter: Annotated[
            LedgerFilter | None, strawberry.argument(description="Which to list.")
        ] = None,
    ) -> Connection[LedgerEntry]:
        return await LEDGER_ENTRIES.page(
            info, first=first, after=after, where=filter.conditions() if filter else []
        )
