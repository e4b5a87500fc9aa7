"""The enums of money in and out, described."""

from __future__ import annotations

from api.graphql.payloads import described_enum
from domain.rules.lending.payment_states import (
    FileState,
    IncomingState,
    LineFlow,
    LineState,
    OrderFormat,
    OrderPurpose,
    OrderState,
    PaymentFormat,
    TextEncoding,
)
from domain.rules.lending.reconciliation import DifferenceKind

described_enum(
    FileState,
    "State of a file of incoming payments.",
    {
        FileState.RECEIVED: "Its lines are being stored; nothing is posted.",
        FileState.CHECKED: "Whole and proven; a worker posts its lines.",
        FileState.POSTED: "Every line was dealt with; the report says how.",
        FileState.REFUSED: "Given up; nothing of it was posted.",
    },
    name="PaymentFileState",
)
described_enum(
    LineFlow,
    "Which way the money of a line went.",
    {
        LineFlow.INCOMING: "It came in.",
        LineFlow.PAID_OUT: "It went out, for an order.",
        LineFlow.RETURNED: "It went out, and came back.",
    },
    name="PaymentLineFlow",
)
described_enum(
    LineState,
    "What became of a line of a payment file.",
    {
        LineState.WAITING: "Not posted yet.",
        LineState.MATCHED: "Taken for the loan that it names.",
        LineState.SUSPENSE: "Taken into suspense; the reasons say why.",
        LineState.ORDER_CONFIRMED: "Our order that it names was paid.",
        LineState.ORDER_BOUNCED: "Our order that it names came back, and was undone.",
        LineState.DUPLICATE: "The same was reported before; nothing was done again.",
        LineState.REFUSED: "Not taken; the reasons say why.",
    },
    name="PaymentLineState",
)
described_enum(
    IncomingState,
    "Where money that came in is.",
    {
        IncomingState.MATCHED: "On a loan.",
        IncomingState.SUSPENSE: "In suspense: nobody has said whose it is.",
        IncomingState.RETURNED: "Ordered to be paid back to the account that it came from.",
    },
    name="IncomingPaymentState",
)
described_enum(
    OrderState,
    "State of an order to the bank.",
    {
        OrderState.CREATED: "Waits to be exported.",
        OrderState.EXPORTED: "In a file for the bank, which has not answered.",
        OrderState.CONFIRMED: "The bank made it.",
        OrderState.BOUNCED: "It came back, and what it paid for was undone.",
    },
    name="PaymentOrderState",
)
described_enum(
    OrderPurpose,
    "What an order pays for.",
    {
        OrderPurpose.DISBURSEMENT: "A loan that was disbursed.",
        OrderPurpose.SUSPENSE_RETURN: "Money from suspense on its way back.",
        OrderPurpose.REFUND: "A borrower's credit balance paid back.",
    },
    name="PaymentOrderPurpose",
)
described_enum(
    PaymentFormat,
    "How a file of incoming payments is written.",
    {
        PaymentFormat.CSV: "CSV with a header and TRAILER lines (docs/payments.md).",
        PaymentFormat.CAMT_054: "ISO 20022 camt.054, versions 02 to 14.",
    },
)
described_enum(
    TextEncoding,
    "Encoding of a CSV file; camt.054 is UTF-8 always.",
    {
        TextEncoding.UTF_8: "UTF-8, with or without a byte order mark.",
        TextEncoding.GB18030: "GB18030, which GBK and GB 2312 are part of.",
    },
)
described_enum(
    OrderFormat,
    "How orders are written for the bank.",
    {
        OrderFormat.CSV: "CSV with a header and a TRAILER line (docs/payments.md).",
        OrderFormat.PAIN_001: "ISO 20022 pain.001.001.09.",
    },
    name="PaymentOrderFormat",
)
described_enum(
    DifferenceKind,
    "Why what the bank reported and what the books hold differ.",
    {
        DifferenceKind.WAITING: "Lines of a file that are not posted yet.",
        DifferenceKind.DUPLICATE: "Reported again, taken before: nothing to do.",
        DifferenceKind.REFUSED: "Refused lines; their reasons say why.",
        DifferenceKind.NOT_IN_LEDGER: "Taken, and yet not in the books.",
        DifferenceKind.UNKNOWN_ORDER: "Paid out or come back without an order of ours.",
        DifferenceKind.SUSPENSE_ACCOUNT: "The suspense account holds another sum than its "
        "payments.",
        DifferenceKind.CLEARING_ACCOUNT: "The clearing account holds another sum than the orders "
        "that the bank has not answered.",
        DifferenceKind.ORDER_FILE: "A file of orders says another sum than its orders.",
    },
    name="ReconciliationDifferenceKind",
)
