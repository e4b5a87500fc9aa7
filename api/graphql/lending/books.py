"""The books by account: trial balance, general ledger, a loan's sub-ledger, tax, periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import strawberry

from api.errors import bad_input
from api.graphql.connections import (
    PAGE_DEFAULT,
    After,
    Connection,
    Edge,
    First,
    Order,
    Page,
    PageInfo,
    connect,
)
from api.graphql.context import Info
from api.graphql.ids import Node, global_id, row_id_of
from api.graphql.lending import books_enums  # noqa: F401 - describes the enums used here
from api.graphql.nouns import Noun, column, computed
from api.graphql.payloads import Payload, answer
from api.graphql.roles import ROLES
from api.graphql.scalars import Money
from domain.operations.lending.close_period import close_period
from domain.queries.lending import general_ledger as query
from domain.queries.lending.own_accounts import own_accounts
from domain.queries.select import Condition, count
from domain.queries.visibility import visible_to
from domain.rules.lending.periods_of_books import last_day_of
from domain.rules.lending.posting_profile import OwnAccount
from domain.rules.lending.postings import Event
from domain.rules.lending.proof import account_name
from domain.rules.money import CURRENCIES, format_minor

From: TypeAlias = Annotated[
    dt.date | None,
    strawberry.argument(name="from", description="First posting date; left out: of the month."),
]
To: TypeAlias = Annotated[
    dt.date | None,
    strawberry.argument(name="to", description="Last posting date; left out: the business date."),
]


@strawberry.type(description="An account of the lender's own chart over a period.")
class OwnAccountBalance:
    """Balances are signed: debit positive, credit negative."""

    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name, in the language of Accept-Language.")
    opening: Money = strawberry.field(description="Balance before the first day.")
    debit: Money = strawberry.field(description="Sum of the debits of the period.")
    credit: Money = strawberry.field(description="Sum of the credits of the period.")
    closing: Money = strawberry.field(description="Balance after the last day.")


@strawberry.type(description="An account of the chart over a period.")
class AccountBalance(OwnAccountBalance):
    """The same of our chart, with what it is in the lender's own."""

    own_code: str = strawberry.field(
        description="What it is in the lender's own chart on the last day (`postingProfile`)."
    )


@strawberry.type(description="Trial balance (试算平衡) of one currency.")
class TrialBalance:
    """Every account that has entries."""

    currency: str = strawberry.field(description="ISO 4217 code of every amount here.")
    start: dt.date = strawberry.field(description="First posting date of the period.")
    end: dt.date = strawberry.field(description="Last posting date of the period.")
    accounts: list[AccountBalance] = strawberry.field(
        description="The accounts by their code.", metadata={"rows": 30}
    )
    own_accounts: list[OwnAccountBalance] = strawberry.field(
        description="The same by the lender's own chart, as the posting profile has it on the last "
        "day: what is one account there is added up.",
        metadata={"rows": 30},
    )
    difference: Money = strawberry.field(description="Sum of all closing balances: zero.")
    memo_difference: Money = strawberry.field(
        description="That of the memo accounts (表外) by themselves: zero."
    )


@strawberry.type(description="An entry of an account with the balance after it.")
class GeneralLedgerLine:
    """A row of the ledger_entry table."""

    journal: str = strawberry.field(description="The event; its entries sum to zero.")
    event: Event = strawberry.field(description="What moved the money.")
    loan_id: strawberry.ID | None = strawberry.field(
        description="Global id of the loan; null where the entry is about none."
    )
    value_date: dt.date = strawberry.field(description="The day for which it counts.")
    posting_date: dt.date = strawberry.field(description="The business date it was posted on.")
    amount: Money = strawberry.field(description="Debit positive, credit negative.")
    balance: Money = strawberry.field(description="Balance of the account after it.")


@strawberry.type(description="General ledger (总账) of one account and currency: a page of it.")
class GeneralLedger:
    """A connection of lines with the balances of the period."""

    account: str = strawberry.field(description="Account of the chart.")
    own_code: str = strawberry.field(
        description="What it is in the lender's own chart on the last day (`postingProfile`)."
    )
    name: str = strawberry.field(description="Its name, in the language of Accept-Language.")
    currency: str = strawberry.field(description="ISO 4217 code of every amount here.")
    start: dt.date = strawberry.field(description="First posting date of the period.")
    end: dt.date = strawberry.field(description="Last posting date of the period.")
    opening: Money = strawberry.field(description="Balance before the first day.")
    edges: list[Edge[GeneralLedgerLine]] = strawberry.field(
        description="The entries of the page by posting date."
    )
    page_info: PageInfo = strawberry.field(description="Where the page stands in the ledger.")
    total_count: int = strawberry.field(
        description="How many entries the period has; counted only when selected."
    )


@strawberry.type(description="An account of a loan's sub-ledger.")
class LoanLedgerAccount:
    """Both figures are equal unless the books do not hold."""

    code: str = strawberry.field(description="Account of the chart; all cash accounts as one.")
    name: str = strawberry.field(description="Its name, in the language of Accept-Language.")
    posted: Money = strawberry.field(description="Sum of the loan's entries on it.")
    position: Money = strawberry.field(description="What the loan's balances say it must be.")


@strawberry.type(description="Sub-ledger (明细账) of a loan: what it has on which account.")
class LoanLedger:
    """`ledgerEntries(filter: {loanId})` lists the entries behind it."""

    currency: str = strawberry.field(description="ISO 4217 code of every amount here.")
    agrees: bool = strawberry.field(description="Whether postings and balances agree everywhere.")
    accounts: list[LoanLedgerAccount] = strawberry.field(
        description="The accounts by their code.", metadata={"rows": 20}
    )


@strawberry.type(description="Value-added tax (增值税) of a month in one currency.")
class VatMonth:
    """The movement of the tax account."""

    month: str = strawberry.field(description="Calendar month of posting, as 2026-01.")
    currency: str = strawberry.field(description="ISO 4217 code of its amounts.")
    charged: Money = strawberry.field(description="Output tax that arose.")
    taken_back: Money = strawberry.field(description="Tax reversed, or paid to the tax office.")
    net: Money = strawberry.field(description="Charged less taken back.")


@strawberry.type(description="Accounting period (会计期间): a month whose books were closed.")
class AccountingPeriod(Node):
    """A row of the accounting_period table; a month without one is open."""

    month: dt.date = column("month", "First day of the month.")
    last_day: dt.date = computed(
        ("month",), "Last day of the month.", lambda _, row: last_day_of(row["month"])
    )
    closed_on: dt.date = column("closed_on", "Business date on which it was closed.")
    created_at: dt.datetime = column("created_at", "When it was closed.")


PERIODS = Noun(
    AccountingPeriod,
    table="accounting_period",
    sight=visible_to(ROLES["Query.accountingPeriods"]),
)


@strawberry.input(description="Which month to close.")
class CloseAccountingPeriodInput:
    """The form of `closeAccountingPeriod`."""

    idempotency_key: str = strawberry.field(description="A fresh key for each new request.")
    month: dt.date = strawberry.field(description="First day of the month.")


@strawberry.type(description="The period that was closed.")
class CloseAccountingPeriodPayload(Payload):
    """Answer of `closeAccountingPeriod`."""

    period: AccountingPeriod | None = strawberry.field(default=None, description="The period.")


@strawberry.type
class BooksQueries:
    """Reading the books by account."""

    @strawberry.field(
        description="Trial balance by currency over a period of posting dates: by default from "
        "the first of the month to the business date."
    )
    async def trial_balance(
        self,
        info: Info,
        start: From = None,
        end: To = None,
        currency: Annotated[
            str | None, strawberry.argument(description="ISO 4217 code; left out: every one.")
        ] = None,
    ) -> list[TrialBalance]:
        period = await query.period_of(start, end)
        own = await own_accounts(period.end)
        return [
            _trial_balance(info, each, period, own)
            for each in await query.trial_balances(period, currency=currency)
        ]

    @strawberry.field(
        description="General ledger of an account in a currency over a period of posting dates, "
        "with the balance after each entry, right on every page."
    )
    async def general_ledger(
        self,
        info: Info,
        account: Annotated[str, strawberry.argument(description="Code of the account.")],
        currency: Annotated[str, strawberry.argument(description="ISO 4217 code.")],
        start: From = None,
        end: To = None,
        first: First = PAGE_DEFAULT,
        after: After = None,
    ) -> GeneralLedger:
        if not query.is_account(account):
            raise bad_input(
                f"The chart has no account {account!r}.", f"科目表中没有科目“{account}”。"
            )
        if currency not in CURRENCIES:
            raise bad_input(f"{currency!r} is no currency.", f"“{currency}”不是货币代码。")
        period = await query.period_of(start, end)
        return await _general_ledger(info, account, currency, period, first=first, after=after)

    @strawberry.field(
        description="Sub-ledger of a loan by account, beside what its balances say; null when you "
        "may see no such loan."
    )
    async def loan_ledger(
        self,
        info: Info,
        loan_id: Annotated[
            strawberry.ID, strawberry.argument(description="Global id of the loan.")
        ],
    ) -> LoanLedger | None:
        found = await query.sub_ledger(info.context.actor, row_id_of(loan_id, "Loan"))
        if found is None:
            return None
        return LoanLedger(
            currency=found.currency,
            agrees=all(each.posted == each.position for each in found.accounts),
            accounts=[
                LoanLedgerAccount(
                    code=each.code,
                    name=_name(info, each.code),
                    posted=_money(each.posted, found.currency),
                    position=_money(each.position, found.currency),
                )
                for each in found.accounts
            ],
        )

    @strawberry.field(description="Value-added tax by month of posting and currency.")
    async def vat_report(self, start: From = None, end: To = None) -> list[VatMonth]:
        period = await query.period_of(start, end)
        return [
            VatMonth(
                month=each.month,
                currency=each.currency,
                charged=_money(each.charged, each.currency),
                taken_back=_money(each.taken_back, each.currency),
                net=_money(each.charged - each.taken_back, each.currency),
            )
            for each in await query.vat_by_month(period)
        ]

    @strawberry.field(description="Closed accounting periods, last closed first.")
    async def accounting_periods(
        self, info: Info, first: First = PAGE_DEFAULT, after: After = None
    ) -> Connection[AccountingPeriod]:
        return await PERIODS.page(info, first=first, after=after)


@strawberry.type
class BooksMutations:
    """Closing the books."""

    @strawberry.mutation(
        description="Close a month's books, in order, once it has ended and every loan has accrued "
        "it: nothing is posted into it again, and it does not open again."
    )
    async def close_accounting_period(
        self,
        info: Info,
        input: Annotated[
            CloseAccountingPeriodInput, strawberry.argument(description="Which month.")
        ],
    ) -> CloseAccountingPeriodPayload:
        effect = close_period(
            actor=info.context.actor, key=input.idempotency_key, month=input.month
        )
        return await answer(info, CloseAccountingPeriodPayload, effect, period="AccountingPeriod")


def _trial_balance(
    info: Info, found: query.TrialBalance, period: query.Period, own: Mapping[str, OwnAccount]
) -> TrialBalance:
    currency = found.currency
    names = {each.code: _own_name(info, each) for each in own.values()}
    return TrialBalance(
        currency=currency,
        start=period.start,
        end=period.end,
        accounts=[
            AccountBalance(
                **_balances(each, _name(info, each.code), currency),
                own_code=own[each.code].code,
            )
            for each in found.accounts
        ],
        own_accounts=[
            OwnAccountBalance(**_balances(each, names[each.code], currency))
            for each in query.by_own_account(found.accounts, own)
        ],
        difference=_money(found.difference, currency),
        memo_difference=_money(found.memo_difference, currency),
    )


def _balances(total: query.AccountTotal, name: str, currency: str) -> dict[str, Any]:
    return {
        "code": total.code,
        "name": name,
        "opening": _money(total.opening, currency),
        "debit": _money(total.debit, currency),
        "credit": _money(total.credit, currency),
        "closing": _money(total.closing, currency),
    }


async def _general_ledger(
    info: Info,
    account: str,
    currency: str,
    period: query.Period,
    *,
    first: int,
    after: str | None,
) -> GeneralLedger:
    opening = await query.balance_before(account, currency, day=period.start)

    async def fetch(page: Page) -> list[query.LedgerLine]:
        place, balance = None, opening
        if page.after is not None:
            day, entry_id, balance = page.after
            place = (day, entry_id)
        return await query.ledger_lines(
            account, currency, period, after=place, balance=balance, limit=page.limit
        )

    async def total() -> int:
        where = Condition(
            "account_code = %s AND currency = %s AND posting_date BETWEEN %s AND %s",
            (account, currency, period.start, period.end),
        )
        return await count("ledger_entry", where=[where])

    # A cursor carries the balance at its place, so that a page need not add up those before it.
    of = f"{account}:{currency}:{period.start}:{period.end}"
    page = await connect(
        info,
        first=first,
        after=after,
        order=Order(f"GeneralLedger:{of}", (dt.date, int, int)),
        fetch=fetch,
        key=lambda line: (line.posting_date, line.entry_id, line.balance),
        node=lambda line: _ledger_line(line, currency),
        count=total,
    )
    return GeneralLedger(
        account=account,
        own_code=(await own_accounts(period.end))[account].code,
        name=_name(info, account),
        currency=currency,
        start=period.start,
        end=period.end,
        opening=_money(opening, currency),
        edges=page.edges,
        page_info=page.page_info,
        total_count=page.total_count,
    )


def _ledger_line(line: query.LedgerLine, currency: str) -> GeneralLedgerLine:
    return GeneralLedgerLine(
        journal=line.journal,
        event=Event(line.event),
        loan_id=global_id("Loan", line.loan_id) if line.loan_id is not None else None,
        value_date=line.value_date,
        posting_date=line.posting_date,
        amount=_money(line.amount, currency),
        balance=_money(line.balance, currency),
    )


def _money(minor: int, currency: str) -> Money:
    return Money(format_minor(minor, currency))


def _own_name(info: Info, own: OwnAccount) -> str:
    return own.name_zh if info.context.language == "zh" else own.name_en


def _name(info: Info, code: str) -> str:
    en, zh = account_name(code)
    return zh if info.context.language == "zh" else en
