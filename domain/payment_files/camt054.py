"""Incoming payments as ISO 20022 camt.054 (bank to customer debit credit notification).

The file is never held whole: elements are read as they end and thrown away, so memory does not grow
with it. No DTD, no entity, no other file is read on its behalf. Of each booked credit entry every
transaction is one line; an entry that names none is one itself.

What is read, in the versions 02 to 14 (the paths are ISO's):
GrpHdr/MsgId · Ntfctn/TxsSummry (counts and sums, held against the entries) · Ntry: Amt, CdtDbtInd,
RvslInd, Sts, ValDt, AcctSvcrRef, NtryRef · NtryDtls/TxDtls: Refs, Amt, RltdPties/Dbtr, DbtrAcct,
RmtInf.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NoReturn

from lxml import etree

from domain.payment_files.camt_entry import (
    Detail,
    Entry,
    child,
    detail_line,
    read_detail,
    text_at,
    whole_entry,
)
from domain.payment_files.stream import FileStream, refuse_file
from domain.rules.lending.payment_line import PaymentLine
from domain.rules.money import parse_decimal
from domain.rules.refusal import ErrorCode

VERSIONS = tuple(f"{number:02d}" for number in range(2, 15))
# No element that is read as one piece is near as long; more without one is an attack or a mistake.
PIECE_BYTES_MAX = 8 * 2**20

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.054\.001\.([0-9]{2})")
_COUNT = re.compile(r"[0-9]{1,15}")
_TAGS = ("GrpHdr", "TxsSummry", "TxDtls", "Ntry", "Ntfctn")


def read_camt054(stream: FileStream) -> Iterator[PaymentLine]:
    """Yield the payments of a camt.054 file, those that cannot be taken with their problems.

    Raises :class:`Refused` as soon as the file as a whole proves to be wrong: not XML to its end,
    another message or version, a DTD, or sums that differ. So nothing is to be kept of a file that
    was not read to its end.
    """
    reading = _Reading()
    try:
        yield from reading.lines(stream)
    except etree.XMLSyntaxError as error:
        refuse_file(
            ErrorCode.INVALID_VALUE,
            f"The file is not whole XML: {_short(error)}. Ask the bank for it anew.",
            f"文件不是完整的 XML（{_short(error)}），请向银行重新索取。",
        )
    if not reading.notifications:
        refuse_file(
            ErrorCode.INVALID_VALUE,
            "The file holds no notification (Ntfctn). Ask the bank for a camt.054 file.",
            "文件中没有通知（Ntfctn），请向银行索取 camt.054 文件。",
        )


@dataclass(slots=True)
class _Sum:
    """How many entries there are and what they come to, in major units."""

    count: int = 0
    total: Decimal = Decimal(0)

    def add(self, amount: Decimal) -> None:
        self.count += 1
        self.total += amount


@dataclass(slots=True)
class _Reading:
    """Where the reader stands: transactions so far, and the entry and notification under way."""

    notifications: int = 0
    number: int = 0
    entries: _Sum = field(default_factory=_Sum)
    credits: _Sum = field(default_factory=_Sum)
    summary: dict[str, tuple[str, str]] = field(default_factory=dict)
    entry: Entry | None = None
    details: int = 0
    details_total: Decimal = Decimal(0)
    waiting: Detail | None = None

    def lines(self, stream: FileStream) -> Iterator[PaymentLine]:
        source = _Bounded(stream)
        # libxml2 keeps its own bounds too: depth, length of a text, growth by entities.
        events = etree.iterparse(
            source,
            events=("end",),
            tag=[f"{{*}}{tag}" for tag in _TAGS],
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        checked = False
        for _, element in events:
            if not checked:
                _check_document(element)
                checked = True
            stream.mark()
            tag = element.tag.rpartition("}")[2]
            if tag == "TxsSummry":
                self._summarise(element)
            elif tag == "TxDtls":
                yield from self._end_of_detail(element)
                _forget(element)
            elif tag == "Ntry":
                yield from self._end_of_entry(element)
                _forget(element)
            elif tag == "Ntfctn":
                self._end_of_notification()
                _forget(element)
        if not checked:
            _check_document(events.root)

    def _end_of_detail(self, element: etree._Element) -> Iterator[PaymentLine]:
        parent = element.getparent()
        if parent is None or (above := parent.getparent()) is None:
            _refuse_structure()
        if self.entry is None:
            self.entry = Entry.read(above)
        detail = read_detail(element, self.entry)
        self.details += 1
        if self.details == 1:
            self.waiting = detail  # it may be all of its entry: its end tells
            return
        if self.waiting is not None:
            yield self._line(self.entry, self.waiting)
            self.waiting = None
        yield self._line(self.entry, detail)

    def _end_of_entry(self, element: etree._Element) -> Iterator[PaymentLine]:
        entry = self.entry or Entry.read(element)
        amount = entry.decimal
        if amount is None:
            _refuse_amount(entry)
        self.entries.add(amount)
        if entry.credit:
            self.credits.add(amount)
        if self.details == 0:
            yield self._line(entry, whole_entry(entry))
        elif self.waiting is not None:
            yield self._line(entry, self.waiting.alone_in(entry))
        if self.details_total != amount:
            refuse_file(
                ErrorCode.CHECKSUM_INVALID,
                f"Entry {self.entries.count} says {amount} {entry.currency}; its transactions "
                f"come to {self.details_total}. Ask the bank for the file anew.",
                f"第 {self.entries.count} 笔分录金额为 {amount} {entry.currency}，其明细合计为 "
                f"{self.details_total}，请向银行重新索取文件。",
            )
        self.entry, self.details, self.waiting = None, 0, None
        self.details_total = Decimal(0)

    def _line(self, entry: Entry, detail: Detail) -> PaymentLine:
        self.number += 1
        if detail.amount is not None and detail.currency == entry.currency:
            self.details_total += detail.amount
        return detail_line(entry, detail, self.number)

    def _summarise(self, element: etree._Element) -> None:
        for name in ("TtlNtries", "TtlCdtNtries"):
            found = child(element, name)
            if found is not None:
                self.summary[name] = (text_at(found, "NbOfNtries"), text_at(found, "Sum"))

    def _end_of_notification(self) -> None:
        self.notifications += 1
        for name, found in (("TtlNtries", self.entries), ("TtlCdtNtries", self.credits)):
            count, total = self.summary.get(name, ("", ""))
            if not _agrees(count, total, found):
                refuse_file(
                    ErrorCode.CHECKSUM_INVALID,
                    f"The notification says {count or '?'} entries and {total or '?'} in {name}; "
                    f"it holds {found.count} and {found.total}. It is not whole: ask the bank for "
                    "it anew.",
                    f"通知的 {name} 声明 {count or '?'} 笔、合计 {total or '?'}，实际 "
                    f"{found.count} 笔、{found.total}；文件不完整，请向银行重新索取。",
                )
        self.entries, self.credits, self.summary = _Sum(), _Sum(), {}


def _agrees(count: str, total: str, found: _Sum) -> bool:
    """Whether a summary, each part of which may be absent, says what was found."""
    if count and (not _COUNT.fullmatch(count) or int(count) != found.count):
        return False
    try:
        return not total or parse_decimal(total) == found.total
    except ValueError:
        return False


class _Bounded:
    """What the parser reads from: it stops when a piece grows beyond all measure."""

    def __init__(self, stream: FileStream) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        if self._stream.since_mark > PIECE_BYTES_MAX:
            refuse_file(
                ErrorCode.OUT_OF_RANGE,
                f"The file has more than {PIECE_BYTES_MAX} bytes without an entry. "
                "It is no camt.054 file.",
                f"文件连续 {PIECE_BYTES_MAX} 字节没有分录，不是 camt.054 文件。",
            )
        return self._stream.read(size)


def _check_document(element: etree._Element | None) -> None:
    """Refuse a DTD, another encoding, another message and another version."""
    if element is None:
        _refuse_structure()
    tree = element.getroottree()
    root = tree.getroot()
    if tree.docinfo.internalDTD is not None:
        refuse_file(
            ErrorCode.INVALID_VALUE,
            "The file has a DOCTYPE, which no payment file has. It was not read further.",
            "文件含有 DOCTYPE 声明，收款文件不应有此内容，已停止读取。",
        )
    if (tree.docinfo.encoding or "UTF-8").upper() not in ("UTF-8", "ASCII", "US-ASCII"):
        refuse_file(
            ErrorCode.INVALID_VALUE,
            f"The file is in {tree.docinfo.encoding}; a camt.054 file is UTF-8.",
            f"文件编码为 {tree.docinfo.encoding}，camt.054 文件须为 UTF-8。",
        )
    name = etree.QName(root)
    version = _NAMESPACE.fullmatch(name.namespace or "")
    if name.localname != "Document" or version is None or version[1] not in VERSIONS:
        shown = (name.namespace or name.localname)[-80:]
        refuse_file(
            ErrorCode.INVALID_VALUE,
            f"This is not camt.054 in a version from {VERSIONS[0]} to {VERSIONS[-1]} but {shown}.",
            f"文件为 {shown}，不是 camt.054（支持版本 {VERSIONS[0]} 至 {VERSIONS[-1]}）。",
        )


def _refuse_structure() -> NoReturn:
    refuse_file(
        ErrorCode.INVALID_VALUE,
        "The file's elements do not stand as camt.054 has them. Ask the bank for it anew.",
        "文件结构不符合 camt.054，请向银行重新索取。",
    )


def _refuse_amount(entry: Entry) -> NoReturn:
    refuse_file(
        ErrorCode.INVALID_VALUE,
        f"An entry's amount cannot be read: {entry.amount_text[:40]!r} {entry.currency[:10]!r}. "
        "The file's sum proves nothing; ask the bank for it anew.",
        f"分录金额无法读取：“{entry.amount_text[:40]}” {entry.currency[:10]!r}，"
        "无法核对合计，请向银行重新索取文件。",
    )


def _forget(element: etree._Element) -> None:
    """Free an element that was read, and what stands before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _short(error: etree.XMLSyntaxError) -> str:
    return str(error.msg or "")[:120]
