"""Files of incoming payments as banks send them, made by the tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

HEADER = (
    "external_reference",
    "value_date",
    "amount",
    "currency",
    "payer_name",
    "payer_account",
    "loan_number",
    "remittance",
)
DAY = "2026-01-15"


def row(reference: str, amount: str = "100.00", **changes: str) -> dict[str, str]:
    """A payment; what is not given is plain."""
    return {
        "external_reference": reference,
        "value_date": DAY,
        "amount": amount,
        "currency": "USD",
        "payer_name": "Acme Ltd",
        "payer_account": "6222000011112222",
        "loan_number": "",
        "remittance": "",
        **changes,
    }


def csv_text(rows: Sequence[dict[str, str]], *, trailers: Sequence[str] | None = None) -> str:
    """The CSV of the payments; its trailers tell the truth unless given."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(HEADER)
    sums: dict[str, tuple[int, Decimal]] = {}
    for each in rows:
        table.writerow([each[name] for name in HEADER])
        count, total = sums.get(each["currency"], (0, Decimal(0)))
        try:
            sums[each["currency"]] = (count + 1, total + Decimal(each["amount"]))
        except ArithmeticError:
            sums[each["currency"]] = (count + 1, total)
    if trailers is None:
        trailers = [f"TRAILER,{code},{count},{total}" for code, (count, total) in sums.items()]
    return out.getvalue() + "".join(f"{line}\n" for line in trailers)


def csv_bytes(rows: Sequence[dict[str, str]], **more: Any) -> bytes:
    return csv_text(rows, **more).encode()


def detail(reference: str, amount: str | None = None, **changes: str) -> str:
    """A TxDtls of version 08."""
    given = {"payer": "Acme Ltd", "account": "6222000011112222", "remittance": "", **changes}
    names = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    if order := given.get("order"):
        names += f"<EndToEndId>{order}</EndToEndId>"
    refs = f"<Refs>{names}</Refs>" if names else ""
    money = f'<Amt Ccy="{given.get("currency", "USD")}">{amount}</Amt>' if amount else ""
    remittance = (
        f"<RmtInf><Ustrd>{given['remittance']}</Ustrd></RmtInf>" if given["remittance"] else ""
    )
    reason = given.get("returned")
    returned = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""
    return (
        f"<TxDtls>{refs}{money}<CdtDbtInd>{given.get('direction', 'CRDT')}</CdtDbtInd>"
        f"<RltdPties><Dbtr><Pty><Nm>{given['payer']}</Nm></Pty></Dbtr><DbtrAcct><Id><Othr><Id>"
        f"{given['account']}</Id></Othr></Id></DbtrAcct></RltdPties>{remittance}{returned}"
        "</TxDtls>"
    )


def entry(amount: str, details: str = "", **changes: str) -> str:
    """An Ntry of version 08, booked and in credit unless told otherwise."""
    given = {
        "currency": "USD",
        "direction": "CRDT",
        "status": "<Sts><Cd>BOOK</Cd></Sts>",
        "reference": "",
        "reversal": "",
        "day": DAY,
        **changes,
    }
    reference = f"<AcctSvcrRef>{given['reference']}</AcctSvcrRef>" if given["reference"] else ""
    inner = f"<NtryDtls>{details}</NtryDtls>" if details else ""
    return (
        f'<Ntry><Amt Ccy="{given["currency"]}">{amount}</Amt>'
        f"<CdtDbtInd>{given['direction']}</CdtDbtInd>{given['reversal']}{given['status']}"
        f"<BookgDt><Dt>{given['day']}</Dt></BookgDt><ValDt><Dt>{given['day']}</Dt></ValDt>"
        f"{reference}<BkTxCd><Prtry><Cd>PMNT</Cd></Prtry></BkTxCd>{inner}</Ntry>"
    )


def summary(count: int, total: str) -> str:
    return (
        f"<TxsSummry><TtlNtries><NbOfNtries>{count}</NbOfNtries><Sum>{total}</Sum></TtlNtries>"
        "</TxsSummry>"
    )


def camt(*entries: str, summary: str = "", version: str = "08", head: str = "") -> bytes:
    """A camt.054 file of one notification; `head` goes before its root."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{head}'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.{version}">'
        "<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-01-15T18:00:00</CreDtTm>"
        "</GrpHdr><Ntfctn><Id>N1</Id><CreDtTm>2026-01-15T18:00:00</CreDtTm><Acct><Id><Othr><Id>"
        f"1002</Id></Othr></Id><Ccy>USD</Ccy></Acct>{summary}{''.join(entries)}</Ntfctn>"
        "</BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()
