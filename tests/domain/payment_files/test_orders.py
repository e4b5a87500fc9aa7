"""Orders as files: CSV that reads back, and pain.001 held against ISO's own schema."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pytest
import sepaxml
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from domain.payment_files.orders import PAIN_001, OrderFileHead, OrderLine, write_orders
from domain.rules.lending.payment_states import OrderFormat

HEAD = OrderFileHead(
    number="PF000000018",
    currency="USD",
    created_at=dt.datetime(2026, 1, 15, 9, 30, tzinfo=dt.UTC),
    execution_date=dt.date(2026, 1, 15),
    debtor_name="Example Lending Co",
    debtor_account="1002000011112222",
)
ORDERS = [
    OrderLine(
        number="PO000000018",
        amount=50_000_00,
        payee_name="供应商有限公司",
        payee_account="6222 0000-1111 2222",
        remittance="LN000000018",
    ),
    OrderLine(
        number="PO000000026",
        amount=1,
        payee_name='Smith & <Sons>, "the best"',
        payee_account="DE89 3704 0044 0532 0130 00",
        remittance="LN000000026",
    ),
]


@pytest.fixture(scope="module")
def iso_schema() -> etree.XMLSchema:
    folder = Path(sepaxml.__file__).parent / "schemas"
    return etree.XMLSchema(etree.parse(folder / "pain.001.001.09.xsd"))


def test_pain001_obeys_the_schema_and_says_what_it_holds(iso_schema: etree.XMLSchema) -> None:
    document = etree.fromstring(write_orders(OrderFormat.PAIN_001, HEAD, ORDERS).encode())
    iso_schema.assertValid(document)

    def said(path: str) -> list[str]:
        return document.xpath(f"//p:{path}/text()", namespaces={"p": PAIN_001})

    assert said("NbOfTxs") == ["2", "2"]
    assert said("CtrlSum") == ["50000.01", "50000.01"]
    assert said("EndToEndId") == ["PO000000018", "PO000000026"]
    assert said("InstdAmt") == ["50000.00", "0.01"]
    assert said("IBAN") == ["DE89370400440532013000"]
    assert said("CdtrAcct/p:Id/p:Othr/p:Id") == ["6222000011112222"]
    assert said("Cdtr/p:Nm") == ["供应商有限公司", 'Smith & <Sons>, "the best"']


@given(
    st.lists(st.integers(min_value=1, max_value=10**15), min_size=1, max_size=5),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1).filter(
        str.strip
    ),
)
def test_any_order_obeys_the_schema(amounts: list[int], name: str) -> None:
    folder = Path(sepaxml.__file__).parent / "schemas"
    schema = etree.XMLSchema(etree.parse(folder / "pain.001.001.09.xsd"))
    orders = [
        OrderLine(
            number=f"PO{place}",
            amount=amount,
            payee_name=name[:200],
            payee_account="6222000011112222",
            remittance="LN000000018",
        )
        for place, amount in enumerate(amounts)
    ]
    document = etree.fromstring(write_orders(OrderFormat.PAIN_001, HEAD, orders).encode())
    schema.assertValid(document)


def test_csv_reads_back_and_proves_its_sum() -> None:
    text = write_orders(OrderFormat.CSV, HEAD, ORDERS)
    header, first, second, trailer = csv.reader(io.StringIO(text))
    assert header[0] == "order_number"
    assert first[2:6] == ["50000.00", "USD", "供应商有限公司", "6222 0000-1111 2222"]
    assert second[4] == 'Smith & <Sons>, "the best"'
    assert trailer == ["TRAILER", "USD", "2", "50000.01"]
    assert Decimal(first[2]) + Decimal(second[2]) == Decimal(trailer[3])
