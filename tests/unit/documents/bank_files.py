"""Files as the bank sends them, for tests."""

from __future__ import annotations

#: A notice of one returned debit with its charges, and of one payment.
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><Ntfctn>
<Ntry><Amt Ccy="EUR">188.05</Amt><CdtDbtInd>DBIT</CdtDbtInd><BookgDt><Dt>2026-12-09</Dt></BookgDt>
<AcctSvcrRef>BANK-1</AcctSvcrRef><NtryDtls><TxDtls>
<Refs><AcctSvcrRef>BANK-1-1</AcctSvcrRef><EndToEndId>RE-2026-000042</EndToEndId><MndtId>M-2026-0001</MndtId></Refs>
<Amt Ccy="EUR">188.05</Amt><AmtDtls><InstdAmt><Amt Ccy="EUR">183.05</Amt></InstdAmt></AmtDtls>
<Chrgs><Rcrd><Amt Ccy="EUR">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>
<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">99.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<BookgDt><Dt>2026-12-10</Dt></BookgDt><NtryDtls><TxDtls><Refs>
<EndToEndId>OTHER</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>
</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"""

#: A statement as German banks write it: a file of debits as one sum, a return, a transfer.
MT940 = """:20:STARTUMSE
:25:DE93999999990000000001
:28C:00001/001
:60F:C261130EUR1000,00
:61:2612071207C183,12N192NONREF
:86:192?00SEPA-LASTSCHRIFT SAMMLER?20KREF+2026-12-07-core-1?21SVWZ+2 STUECK?109310
:61:2612091209D188,05N109NONREF//B-78
:86:109?00SEPA-DD SOLL RUECKBEL. CORE?1097186?20EREF+R2026-000042?21MREF+M-2026-00
01?22CRED+DE98ZZZ09999999999?23OAMT+183,05?24COAM+5,00?30ZZZZDEZZXXX?31DE6699999999
0000000002?32BEISPIEL BAECKEREI?34906
:61:2612101210C99,00N166NONREF
:86:166?00GUTSCHRIFT?20EREF+NOTPROVIDED?21SVWZ+Rechnung R2026-000007 v?22om 30.11.
2026?30ZZZZDEZZXXX?31DE66999999990000000002?32BEISPIEL AG?33 KOELN
:62F:C261210EUR1094,07
-
"""

#: A statement with a file of debits as one sum, two payments told one by one, and one not booked yet.
CAMT053 = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
<Acct><Id><IBAN>DE93999999990000000001</IBAN></Id></Acct>
<Bal><Tp><CdOrPrtry><Cd>PRCD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">203.12</Amt>
<CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Ntry><Amt Ccy="EUR">183.12</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-12-07</Dt></BookgDt><AcctSvcrRef>A-1</AcctSvcrRef><NtryDtls><Btch><PmtInfId>2026-12-07-core-1</PmtInfId><NbOfTxs>2</NbOfTxs>
</Btch></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
<BookgDt><Dt>2026-12-08</Dt></BookgDt>
<AcctSvcrRef>A-2</AcctSvcrRef><NtryDtls>
<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy="EUR">10.00</Amt>
<RltdPties><Dbtr><Pty><Nm>Beispiel
AG</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>DE66999999990000000002</IBAN></Id></DbtrAcct></RltdPties>
<RmtInf><Ustrd>Rechnung R2026-</Ustrd><Ustrd>000007</Ustrd></RmtInf></TxDtls>
<TxDtls><Refs><EndToEndId>X</EndToEndId></Refs><Amt Ccy="EUR">20.00</Amt></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">7.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts>
<BookgDt><Dt>2026-12-08</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>"""
