"""Payment orders as a bank takes them: CSV, and ISO 20022 pain.001 (customer credit transfer
initiation) in version 09."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree
from stdnum import iban

from domain.rules.lending.payment_states import OrderFormat
from domain.rules.money import format_minor

PAIN_001 = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
COLUMNS = ("order_number", "execution_date", "amount", "currency", "payee_name", "payee_account")
_NAME_MAX, _ACCOUNT_MAX, _NOTE_MAX = 140, 34, 140


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One order; `number` is its human number, by which the bank names it too."""

    number: str
    amount: int
    payee_name: str
    payee_account: str
    remittance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFileHead:
    """What all orders of a file share; `number` is the file's, `debtor_account` whence it goes."""

    number: str
    currency: str
    created_at: dt.datetime
    execution_date: dt.date
    debtor_name: str
    debtor_account: str


def write_orders(format: OrderFormat, head: OrderFileHead, orders: Sequence[OrderLine]) -> str:
    """Return the text of the file; its count and sum stand in it for the bank to check."""
    if format is OrderFormat.CSV:
        return _csv(head, orders)
    return _pain001(head, orders)


def _csv(head: OrderFileHead, orders: Sequence[OrderLine]) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow([*COLUMNS, "remittance"])
    for order in orders:
        table.writerow(
            [
                order.number,
                head.execution_date.isoformat(),
                format_minor(order.amount, head.currency),
                head.currency,
                order.payee_name,
                order.payee_account,
                order.remittance,
            ]
        )
    table.writerow(["TRAILER", head.currency, len(orders), _total(head, orders)])
    return out.getvalue()


def _pain001(head: OrderFileHead, orders: Sequence[OrderLine]) -> str:
    root = etree.fromstring(f'<Document xmlns="{PAIN_001}"/>')
    message = _add(root, "CstmrCdtTrfInitn")
    group = _add(message, "GrpHdr")
    _add(group, "MsgId", head.number)
    _add(group, "CreDtTm", head.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    _add_totals(group, head, orders)
    _add(_add(group, "InitgPty"), "Nm", head.debtor_name[:_NAME_MAX])
    payment = _add(message, "PmtInf")
    _add(payment, "PmtInfId", head.number)
    _add(payment, "PmtMtd", "TRF")
    _add_totals(payment, head, orders)
    _add(_add(payment, "ReqdExctnDt"), "Dt", head.execution_date.isoformat())
    _add(_add(payment, "Dbtr"), "Nm", head.debtor_name[:_NAME_MAX])
    account = _add(payment, "DbtrAcct")
    _add_account(account, head.debtor_account)
    _add(account, "Ccy", head.currency)
    # The bank that gets the file knows itself.
    agent = _add(_add(_add(payment, "DbtrAgt"), "FinInstnId"), "Othr")
    _add(agent, "Id", "NOTPROVIDED")
    for order in orders:
        _add_transfer(payment, head, order)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True).decode()


def _add_transfer(payment: etree._Element, head: OrderFileHead, order: OrderLine) -> None:
    transfer = _add(payment, "CdtTrfTxInf")
    name = _add(transfer, "PmtId")
    _add(name, "InstrId", order.number)
    _add(name, "EndToEndId", order.number)
    amount = _add(_add(transfer, "Amt"), "InstdAmt", format_minor(order.amount, head.currency))
    amount.set("Ccy", head.currency)
    _add(_add(transfer, "Cdtr"), "Nm", order.payee_name[:_NAME_MAX])
    _add_account(_add(transfer, "CdtrAcct"), order.payee_account)
    _add(_add(transfer, "RmtInf"), "Ustrd", order.remittance[:_NOTE_MAX])


def _add_account(parent: etree._Element, number: str) -> None:
    place = _add(parent, "Id")
    plain = "".join(number.split()).replace("-", "")
    if iban.is_valid(plain):
        _add(place, "IBAN", plain.upper())
    else:
        _add(_add(place, "Othr"), "Id", plain[:_ACCOUNT_MAX])


def _add_totals(parent: etree._Element, head: OrderFileHead, orders: Sequence[OrderLine]) -> None:
    _add(parent, "NbOfTxs", str(len(orders)))
    _add(parent, "CtrlSum", _total(head, orders))


def _total(head: OrderFileHead, orders: Sequence[OrderLine]) -> str:
    return format_minor(sum(order.amount for order in orders), head.currency)


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{PAIN_001}}}{name}")
    element.text = text
    return element
