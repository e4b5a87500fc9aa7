"""Descriptions of the enums of the books."""

from __future__ import annotations

from api.graphql.payloads import described_enum
from domain.rules.lending.postings import Event
from domain.rules.lending.proof import Check

described_enum(
    Event,
    "What a journal of the books is about.",
    {
        Event.DISBURSEMENT: "Money paid out (放款).",
        Event.ACCRUAL: "Interest of a day (计提).",
        Event.DAY: "What a new day brought besides: a credit balance paid what fell due.",
        Event.REPAYMENT: "Money that came in (还款).",
        Event.REFUND: "A credit balance paid back (退款).",
        Event.CHARGE: "A fee or cost (费用).",
        Event.WAIVER: "A claim given up (减免).",
        Event.TERMS: "A change of terms: rate, dates, extension, restructuring, acceleration.",
        Event.WRITE_OFF: "Written off, the claim kept (核销).",
        Event.REPLAY: "A payment dated back or reversed: the difference it makes (冲销/补记).",
        Event.SUSPENSE: "Money that nobody could match, or its way out of suspense (待查).",
        Event.MANUAL: "A journal entered by hand (手工凭证).",
    },
    name="LedgerEventKind",
)
described_enum(
    Check,
    "What a proof of the books looks at.",
    {
        Check.JOURNAL: "The entries of a journal sum to zero in each currency.",
        Check.POSTINGS: "A loan's postings by account are what its balances say.",
        Check.ITEMS: "A loan's balances are the sums of its instalments and charges.",
        Check.PAYMENT: "What came in is what was allocated, kept as credit and refunded.",
        Check.LIMIT: "A facility is used and reserved by its loans and drawdowns.",
        Check.TRIAL_BALANCE: "All accounts sum to zero, and the memo accounts by themselves.",
        Check.SUB_LEDGER: "An account that loans are kept on has no entry of no loan.",
        Check.FUTURE_ENTRY: "No entry is posted after the business date.",
        Check.CARRIED: "The sums carried forward are those of the entries.",
        Check.ACCRUED: "Every living loan has the day behind it, or was set aside.",
        Check.REPLAY: "A loan's history, replayed, gives the loan as it is.",
    },
    name="BooksCheck",
)
