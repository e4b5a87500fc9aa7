"""States of payment files, their lines, money that came in and orders to pay, and the legal moves.

A line or a payment that nobody can match is no failure: its money lies in suspense until a person
says whose it is or it is sent back.
"""

from __future__ import annotations

from enum import StrEnum

from domain.rules.states import Moves


class FileState(StrEnum):
    """A file of incoming payments. Nothing of it is posted before it is CHECKED whole."""

    RECEIVED = "RECEIVED"
    CHECKED = "CHECKED"
    POSTED = "POSTED"
    REFUSED = "REFUSED"


class LineFlow(StrEnum):
    """Which way the money of a line went."""

    INCOMING = "INCOMING"
    PAID_OUT = "PAID_OUT"
    RETURNED = "RETURNED"


class LineState(StrEnum):
    """A line of a payment file, and what became of it."""

    WAITING = "WAITING"
    MATCHED = "MATCHED"
    SUSPENSE = "SUSPENSE"
    ORDER_CONFIRMED = "ORDER_CONFIRMED"
    ORDER_BOUNCED = "ORDER_BOUNCED"
    DUPLICATE = "DUPLICATE"
    REFUSED = "REFUSED"


class IncomingState(StrEnum):
    """Money that came in: on a loan, in suspense, or sent back."""

    MATCHED = "MATCHED"
    SUSPENSE = "SUSPENSE"
    RETURNED = "RETURNED"


class OrderState(StrEnum):
    """An order to the bank to pay. It is exported once; what the bank sends back has BOUNCED."""

    CREATED = "CREATED"
    EXPORTED = "EXPORTED"
    CONFIRMED = "CONFIRMED"
    BOUNCED = "BOUNCED"


class OrderPurpose(StrEnum):
    """What an order pays for."""

    DISBURSEMENT = "DISBURSEMENT"
    SUSPENSE_RETURN = "SUSPENSE_RETURN"
    REFUND = "REFUND"


_F, _L, _I, _O = FileState, LineState, IncomingState, OrderState

FILE_MOVES: Moves = {
    _F.RECEIVED: frozenset({_F.CHECKED, _F.REFUSED}),
    _F.CHECKED: frozenset({_F.POSTED}),
    _F.POSTED: frozenset(),
    _F.REFUSED: frozenset(),
}
LINE_MOVES: Moves = {
    _L.WAITING: frozenset(set(_L) - {_L.WAITING}),
    _L.MATCHED: frozenset(),
    _L.SUSPENSE: frozenset(),
    _L.ORDER_CONFIRMED: frozenset(),
    _L.ORDER_BOUNCED: frozenset(),
    _L.DUPLICATE: frozenset(),
    _L.REFUSED: frozenset(),
}
INCOMING_MOVES: Moves = {
    _I.SUSPENSE: frozenset({_I.MATCHED, _I.RETURNED}),
    # Only the reversal of the repayment that it became.
    _I.MATCHED: frozenset({_I.SUSPENSE}),
    # Only the bounce of the order that sends it back.
    _I.RETURNED: frozenset({_I.SUSPENSE}),
}
ORDER_MOVES: Moves = {
    _O.CREATED: frozenset({_O.EXPORTED}),
    # A bank may return a payment days after it said that it was made.
    _O.EXPORTED: frozenset({_O.CONFIRMED, _O.BOUNCED}),
    _O.CONFIRMED: frozenset({_O.BOUNCED}),
    _O.BOUNCED: frozenset(),
}

FILE = ("payment file", "收款文件")
LINE = ("line of a payment file", "收款文件行")
INCOMING = ("incoming payment", "来款")
ORDER = ("payment order", "付款指令")


class PaymentFormat(StrEnum):
    """How a file of incoming payments is written."""

    CSV = "CSV"
    CAMT_054 = "CAMT_054"


class TextEncoding(StrEnum):
    """The encoding that whoever imports a CSV file says it has."""

    UTF_8 = "UTF_8"
    GB18030 = "GB18030"


class OrderFormat(StrEnum):
    """How payment orders are written for the bank."""

    CSV = "CSV"
    PAIN_001 = "PAIN_001"
