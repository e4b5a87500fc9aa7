"""Incoming payments as CSV: a header, a line a payment, and a trailer that proves it whole.

    external_reference,value_date,amount,currency,payer_name,payer_account,loan_number,remittance
    B-1,2026-01-15,1200.50,CNY,Acme,6222…,LN000000018,"rent, January"
    TRAILER,CNY,1,1200.50

The first four columns are needed, in any order; the others may be absent. A trailer line for each
currency says how many lines there are and what they sum to: without one, half a file would look
whole.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NoReturn

from domain.payment_files.stream import FileStream, refuse_file
from domain.rules.lending.payment_line import (
    ACCOUNT_MAX,
    PAYER_MAX,
    REMITTANCE_MAX,
    LineReader,
    PaymentLine,
    Totals,
    control_problems,
    shown_text,
)
from domain.rules.lending.payment_states import TextEncoding
from domain.rules.money import CURRENCIES
from domain.rules.refusal import ErrorCode, Problem, Refused

LINE_BYTES_MAX = 65_536
BAD_LINES_NAMED = 20
NEEDED = ("external_reference", "value_date", "amount", "currency")
OPTIONAL = ("payer_name", "payer_account", "loan_number", "remittance")
TRAILER = "TRAILER"

_CODECS = {TextEncoding.UTF_8: "utf-8", TextEncoding.GB18030: "gb18030"}
_COUNT = re.compile(r"[0-9]{1,9}")
_SUM = re.compile(r"-?[0-9]{1,24}(?:\.[0-9]{1,4})?")
_BEYOND_LATIN = "\u0800"


def read_csv(stream: FileStream, *, encoding: TextEncoding) -> Iterator[PaymentLine]:
    """Yield the payments of a CSV file, those that cannot be taken with their problems.

    Raises :class:`Refused` as soon as the file as a whole proves to be wrong: its encoding, its
    shape, or at its end its sums. So nothing is to be kept of a file that was not read to its end.
    """
    table = csv.reader(_text_lines(stream, encoding), strict=True)
    totals, named, unreadable = Totals(), list[Problem](), 0
    declared: dict[str, tuple[int, Decimal]] = {}
    try:
        places = _header(next(table, []))
        for cells in table:
            if not cells:
                continue
            if cells[0] == TRAILER:
                _read_trailer(cells, table.line_num, declared)
                continue
            if declared:
                _refuse_shape(table.line_num, "a line follows the trailer", "汇总行之后仍有数据")
            line = _read_line(cells, places, table.line_num)
            totals.add(line)
            if line.amount is None:
                unreadable += 1
                if len(named) < BAD_LINES_NAMED:
                    named += line.problems
            yield line
    except csv.Error as error:
        _refuse_shape(table.line_num, str(error), "引号或分隔符有误")
    if not declared:
        refuse_file(
            ErrorCode.REQUIRED,
            "The file has no TRAILER line with its count and sum: it may be half a file. "
            "Ask the bank for it anew.",
            "文件缺少 TRAILER 汇总行（行数与合计），可能不完整，请向银行重新索取。",
        )
    problems = control_problems(totals, declared=declared, unreadable=unreadable)
    if problems:
        raise Refused([*problems, *named])


def _text_lines(stream: FileStream, encoding: TextEncoding) -> Iterator[str]:
    """Decode line by line; in both encodings the byte of a line's end stands for nothing else."""
    codec, number = _CODECS[encoding], 0
    doubt = _Utf8Doubt() if encoding is TextEncoding.GB18030 else None
    while raw := stream.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(raw) > LINE_BYTES_MAX:
            _refuse_shape(number, f"it has more than {LINE_BYTES_MAX} bytes", "该行过长")
        if number == 1:
            raw = _without_mark(raw, encoding)
        if b"\0" in raw:
            _refuse_encoding(number, encoding)
        if doubt is not None:
            doubt.look_at(raw)
        try:
            yield raw.decode(codec)
        except UnicodeDecodeError:
            _refuse_encoding(number, encoding)
    if doubt is not None and doubt.is_utf8:
        _refuse_encoding(number, encoding)


def _without_mark(raw: bytes, encoding: TextEncoding) -> bytes:
    if not raw.startswith(codecs.BOM_UTF8):
        return raw
    if encoding is not TextEncoding.UTF_8:
        _refuse_encoding(1, encoding)
    return raw.removeprefix(codecs.BOM_UTF8)


class _Utf8Doubt:
    """Whether bytes said to be GB18030 are UTF-8: most of UTF-8's Chinese decodes as GB18030 too,
    into other characters. A text of characters beyond Latin that is UTF-8 throughout is no chance.
    """

    def __init__(self) -> None:
        self._possible, self._beyond_latin = True, False

    def look_at(self, raw: bytes) -> None:
        if not self._possible or raw.isascii():
            return
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            self._possible = False
        else:
            self._beyond_latin = self._beyond_latin or max(text) >= _BEYOND_LATIN

    @property
    def is_utf8(self) -> bool:
        return self._possible and self._beyond_latin


def _header(cells: list[str]) -> dict[str, int]:
    names = [cell.strip().lower() for cell in cells]
    known = set(NEEDED) | set(OPTIONAL)
    if len(set(names)) == len(names) and set(NEEDED) <= set(names) <= known:
        return {name: place for place, name in enumerate(names)}
    columns = ", ".join(NEEDED)
    also = ", ".join(OPTIONAL)
    refuse_file(
        ErrorCode.INVALID_VALUE,
        f"The first line must name the columns: {columns}, and optionally {also}; none else, none "
        "twice, separated by commas.",
        f"首行须为列名：{columns}，可选 {also}；不得有其他列或重复列，以逗号分隔。",
    )


def _read_line(cells: list[str], places: dict[str, int], number: int) -> PaymentLine:
    reader = LineReader(number)
    if len(cells) != len(places):
        reader.add(
            ErrorCode.INVALID_VALUE,
            f"it has {len(cells)} fields, the header {len(places)}.",
            f"该行有 {len(cells)} 个字段，表头有 {len(places)} 个。",
        )
        return PaymentLine(
            number=number,
            external_reference="",
            currency="",
            amount=None,
            value_date=None,
            problems=tuple(reader.problems),
        )

    def cell(name: str) -> str:
        place = places.get(name)
        return "" if place is None else cells[place]

    currency = reader.currency(cell("currency").strip())
    return PaymentLine(
        number=number,
        external_reference=reader.reference(cell("external_reference")),
        currency=currency,
        amount=reader.amount(cell("amount").strip(), currency),
        value_date=reader.date(cell("value_date").strip()),
        payer_name=shown_text(cell("payer_name"), longest=PAYER_MAX),
        payer_account=shown_text(cell("payer_account"), longest=ACCOUNT_MAX),
        loan_number=shown_text(cell("loan_number"), longest=ACCOUNT_MAX),
        remittance=shown_text(cell("remittance"), longest=REMITTANCE_MAX),
        problems=tuple(reader.problems),
    )


def _read_trailer(cells: list[str], number: int, declared: dict[str, tuple[int, Decimal]]) -> None:
    shaped = (
        len(cells) == 4
        and cells[1] in CURRENCIES
        and cells[1] not in declared
        and _COUNT.fullmatch(cells[2])
        and _SUM.fullmatch(cells[3])
    )
    if not shaped:
        _refuse_shape(
            number,
            'a trailer is written "TRAILER,CNY,2,1500.00", once for each currency',
            "汇总行格式为“TRAILER,CNY,2,1500.00”，每个币种一行",
        )
    declared[cells[1]] = (int(cells[2]), Decimal(cells[3]))


def _refuse_encoding(number: int, encoding: TextEncoding) -> NoReturn:
    name = "UTF-8" if encoding is TextEncoding.UTF_8 else "GB18030"
    refuse_file(
        ErrorCode.INVALID_VALUE,
        f"Line {number}: this is not {name} text. Say which encoding the bank uses, "
        "or ask it for the file anew.",
        f"第 {number} 行：不是 {name} 编码文本，请确认银行所用编码，或重新索取文件。",
    )


def _refuse_shape(number: int, en: str, zh: str) -> NoReturn:
    refuse_file(
        ErrorCode.INVALID_VALUE,
        f"Line {number}: {en}. The file cannot be read; ask the bank for it anew.",
        f"第 {number} 行：{zh}，文件无法读取，请向银行重新索取。",
    )
