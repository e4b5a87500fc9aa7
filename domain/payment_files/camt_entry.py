"""An entry of a camt.054 file and its transactions, as lines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from lxml import etree

from domain.rules.lending.payment_line import (
    ACCOUNT_MAX,
    PAYER_MAX,
    REMITTANCE_MAX,
    LineReader,
    PaymentLine,
    shown_text,
)
from domain.rules.money import CURRENCIES, parse_decimal
from domain.rules.refusal import ErrorCode

BOOKED = "BOOK"
CREDIT = "CRDT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What an entry says before its details: texts as they stand; `status` is BOOK once booked."""

    currency: str
    amount_text: str
    direction: str
    reversal: bool
    status: str
    value_date: str
    reference: str

    @classmethod
    def read(cls, element: etree._Element) -> Entry:
        """Read an Ntry, whose details may not have come yet."""
        amount = child(element, "Amt")
        return cls(
            currency="" if amount is None else str(amount.get("Ccy") or ""),
            amount_text="" if amount is None else (amount.text or "").strip(),
            direction=text_at(element, "CdtDbtInd"),
            reversal=text_at(element, "RvslInd") in ("true", "1"),
            # A code by itself up to version 06, in a choice since.
            status=text_at(element, "Sts", "Cd") or text_at(element, "Sts"),
            value_date=(
                text_at(element, "ValDt", "Dt")
                or text_at(element, "ValDt", "DtTm")[:10]
                or text_at(element, "BookgDt", "Dt")
                or text_at(element, "BookgDt", "DtTm")[:10]
            ),
            reference=text_at(element, "AcctSvcrRef") or text_at(element, "NtryRef"),
        )

    @property
    def credit(self) -> bool:
        """Whether the money came in."""
        return self.direction == CREDIT

    @property
    def decimal(self) -> Decimal | None:
        """The amount in major units; None when it cannot be read."""
        return _decimal(self.amount_text, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A transaction of an entry; `amount` in major units, None where it names none."""

    currency: str
    amount_text: str
    direction: str
    reference: str
    payer_name: str
    payer_account: str
    loan_number: str
    remittance: str

    @property
    def amount(self) -> Decimal | None:
        """The amount in major units; None when there is none that can be read."""
        return _decimal(self.amount_text, self.currency)

    def alone_in(self, entry: Entry) -> Detail:
        """This as the only transaction of an entry, whose amount and reference are then its own."""
        own = bool(self.amount_text) and self.currency == entry.currency
        return replace(
            self,
            currency=entry.currency,
            amount_text=self.amount_text if own else entry.amount_text,
            reference=self.reference or entry.reference,
        )


def whole_entry(entry: Entry) -> Detail:
    """An entry without transactions, as the one that it is."""
    return Detail(
        currency=entry.currency,
        amount_text=entry.amount_text,
        direction=entry.direction,
        reference=entry.reference,
        payer_name="",
        payer_account="",
        loan_number="",
        remittance="",
    )


def read_detail(element: etree._Element, entry: Entry) -> Detail:
    """Read a TxDtls that has ended; what it does not say, its entry does."""
    amount = child(element, "Amt")
    if amount is None:  # up to version 02 it stands deeper
        amount = child(element, "AmtDtls", "TxAmt", "Amt")
    references = (text_at(element, "Refs", name) for name in ("AcctSvcrRef", "TxId", "UETR"))
    structured = child(element, "RmtInf", "Strd", "CdtrRefInf")
    return Detail(
        currency=entry.currency if amount is None else str(amount.get("Ccy") or ""),
        amount_text="" if amount is None else (amount.text or "").strip(),
        direction=text_at(element, "CdtDbtInd") or entry.direction,
        reference=next((text for text in references if text), ""),
        payer_name=(
            text_at(element, "RltdPties", "Dbtr", "Pty", "Nm")
            or text_at(element, "RltdPties", "Dbtr", "Nm")
        ),
        payer_account=(
            text_at(element, "RltdPties", "DbtrAcct", "Id", "IBAN")
            or text_at(element, "RltdPties", "DbtrAcct", "Id", "Othr", "Id")
        ),
        loan_number="" if structured is None else text_at(structured, "Ref"),
        remittance=" ".join(texts_at(element, "RmtInf", "Ustrd")),
    )


def detail_line(entry: Entry, detail: Detail, number: int) -> PaymentLine:
    """The line that a transaction is. One of several without a reference of its own has none: its
    entry's would be that of its neighbours too."""
    reader = LineReader(number)
    currency = reader.currency(detail.currency)
    line = PaymentLine(
        number=number,
        external_reference=reader.reference(detail.reference),
        currency=currency,
        amount=reader.amount(detail.amount_text, currency),
        value_date=reader.date(entry.value_date),
        payer_name=shown_text(detail.payer_name, longest=PAYER_MAX),
        payer_account=shown_text(detail.payer_account, longest=ACCOUNT_MAX),
        loan_number=shown_text(detail.loan_number, longest=ACCOUNT_MAX),
        remittance=shown_text(detail.remittance, longest=REMITTANCE_MAX),
    )
    if entry.status != BOOKED:
        reader.add(
            ErrorCode.ILLEGAL_STATE,
            "the bank has not booked it yet; it comes again when it has.",
            "银行尚未入账，入账后会再次通知。",
        )
    elif detail.direction != CREDIT or not entry.credit:
        reader.add(
            ErrorCode.INVALID_VALUE,
            "money went out, so it is no incoming payment. Confirm the payment order instead.",
            "该笔为支出，不是来款，请改为确认付款指令。",
        )
    elif entry.reversal:
        reader.add(
            ErrorCode.INVALID_VALUE,
            "a payment that was sent came back. Record the bounce of its payment order instead.",
            "该笔为退回的付款，请改为登记付款指令退票。",
        )
    return replace(line, problems=tuple(reader.problems))


def child(element: etree._Element, *path: str) -> etree._Element | None:
    """The first element at a path of local names, in the element's own namespace."""
    space = element.tag[: element.tag.index("}") + 1]
    found: etree._Element | None = element
    for name in path:
        if found is None:
            return None
        found = next(found.iterchildren(space + name), None)
    return found


def text_at(element: etree._Element, *path: str) -> str:
    """The text at a path; empty where there is none."""
    found = child(element, *path)
    return "" if found is None else (found.text or "").strip()


def texts_at(element: etree._Element, *path: str) -> list[str]:
    """All texts at a path."""
    above = child(element, *path[:-1])
    if above is None:
        return []
    space = element.tag[: element.tag.index("}") + 1]
    return [(each.text or "").strip() for each in above.iterchildren(space + path[-1])]


def _decimal(text: str, currency: str) -> Decimal | None:
    if currency not in CURRENCIES:
        return None
    try:
        return parse_decimal(text)
    except ValueError:
        return None
