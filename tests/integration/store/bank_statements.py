"""Statements of the bank (camt.053), for tests: files credited, debits that came back, payments."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from rating.money import Money

OURS = "DE93999999990000000001"


def camt(directory: Path, *entries: str, account: str = OURS, name: str = "camt.xml") -> Path:
    path = directory / name
    body = "".join(f"<Ntry>{each}</Ntry>" for each in entries)
    path.write_text(
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Acct><Id>'
        f"<IBAN>{account}</IBAN></Id></Acct>{body}</Stmt></BkToCstmrStmt></Document>"
    )
    return path


def credited(amount: Money, batch: str, day: str = "2026-12-07") -> str:
    return (
        f'<Amt Ccy="EUR">{amount.amount:.2f}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>C-{batch}</AcctSvcrRef><NtryDtls><Btch><PmtInfId>{batch}</PmtInfId></Btch></NtryDtls>"
    )


def returned(amount: Money, end_to_end: str, reason: str, charges: str = "3.00") -> str:
    whole = amount.amount + Decimal(charges)
    return (
        f'<Amt Ccy="EUR">{whole:.2f}</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
        "<BookgDt><Dt>2026-12-09</Dt></BookgDt>"
        f"<AcctSvcrRef>B-{end_to_end}</AcctSvcrRef><NtryDtls><TxDtls>"
        f'<Refs><EndToEndId>{end_to_end}</EndToEndId></Refs><Amt Ccy="EUR">{whole:.2f}</Amt>'
        f'<AmtDtls><InstdAmt><Amt Ccy="EUR">{amount.amount:.2f}</Amt></InstdAmt></AmtDtls>'
        f'<Chrgs><Rcrd><Amt Ccy="EUR">{charges}</Amt></Rcrd></Chrgs>'
        f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf></TxDtls></NtryDtls>"
    )


def paid(amount: str, purpose: str, day: str = "2026-12-15", iban: str = "") -> str:
    return (
        f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><BookgDt><Dt>{day}</Dt></BookgDt>'
        f'<NtryDtls><TxDtls><Amt Ccy="EUR">{amount}</Amt>'
        f"<RltdPties><DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct></RltdPties>"
        f"<RmtInf><Ustrd>{purpose}</Ustrd></RmtInf></TxDtls></NtryDtls>"
    )
