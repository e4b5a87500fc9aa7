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
from domain.rules.lending.payment_states import LineFlow
from domain.rules.money import CURRENCIES, parse_decimal
from domain.rules.numbers import NumberKind, row_id
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
    end_to_end: str = ""
    returned: bool = False
    return_reason: str = ""

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
        end_to_end=text_at(element, "Refs", "EndToEndId"),
        returned=child(element, "RtrInf") is not None,
        return_reason=" ".join(
            text
            for text in (
                text_at(element, "RtrInf", "Rsn", "Cd"),
                *texts_at(element, "RtrInf", "AddtlInf"),
            )
            if text
        ),
    )


def detail_line(entry: Entry, detail: Detail, number: int) -> PaymentLine:
    """The line that a transaction is. One of several without a reference of its own has none: its
    entry's would be that of its neighbours too."""
    reader = LineReader(number)
    currency = reader.currency(detail.currency)
    flow = _flow(entry, detail)
    order = detail.end_to_end if row_id(NumberKind.PAYMENT_ORDER, detail.end_to_end) else ""
    line = PaymentLine(
        number=number,
        external_reference=reader.reference(detail.reference),
        currency=currency,
        amount=reader.amount(detail.amount_text, currency),
        value_date=reader.date(entry.value_date),
        payer_name=shown_text(detail.payer_name, longest=PAYER_MAX),
        payer_account=shown_text(detail.payer_account, longest=ACCOUNT_MAX),
        loan_number=shown_text(detail.loan_number, longest=ACCOUNT_MAX),
        remittance=shown_text(
            detail.return_reason if flow is LineFlow.RETURNED else detail.remittance,
            longest=REMITTANCE_MAX,
        ),
        flow=flow,
        order_number=order,
    )
    if entry.status != BOOKED:
        reader.add(
            ErrorCode.ILLEGAL_STATE,
            "the bank has not booked it yet; it comes again when it has.",
            "银行尚未入账，入账后会再次通知。",
        )
    elif flow is not LineFlow.INCOMING and not order:
        way_en, way_zh = _WAYS[flow]
        reader.add(
            ErrorCode.NOT_FOUND,
            f"money {way_en}, and its EndToEndId is no payment order of ours.",
            f"款项{way_zh}，但其 EndToEndId 不是本方付款指令编号。",
        )
    return replace(line, problems=tuple(reader.problems))


_WAYS = {LineFlow.PAID_OUT: ("went out", "已付出"), LineFlow.RETURNED: ("came back", "被退回")}


def _flow(entry: Entry, detail: Detail) -> LineFlow:
    """A return is a credit that says so: as the reversal of a debit, or by its reason."""
    if detail.direction != CREDIT or not entry.credit:
        return LineFlow.PAID_OUT
    return LineFlow.RETURNED if entry.reversal or detail.returned else LineFlow.INCOMING


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
