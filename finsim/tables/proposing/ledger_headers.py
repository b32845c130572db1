"""Words by which headers of ledgers are known, in the languages of western Europe and a few more.

Words stand without case, spaces and signs; accents do not count (``roles.folded``). A proposal reads a column
by them, each with its doubt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

# Role -> headers that may mean it; the first one wins.
_WORDS: Mapping[str, str] = {
    "id": "txid transactionid transaction paymentid eventid id txnid trxid buchungsnummer referenz"
    " referencia buchungsid umsatzid transaktionsid transaktionsnummer vorgangsnummer transaktion"
    " idoperation numerooperation idtransaction numerotransaction idoperacion numerooperacion numoperacion"
    " idtransaccion numtransaccion transaccion operacion idtransacao numerotransacao transacao operacao"
    " idoperazione numerooperazione idtransazione transazione operazione transactieid transactienummer"
    " transactie volgnr volgnummer umsatznr umsatznummer buchungsnr belegnr belegnummer vorgangsnr"
    " transaktionsnr"
    " numeroecriture numecriture necriture noecriture numeroasiento nasiento numeromovimento nmovimento"
    " numeromovimiento nmovimiento noperation boekingsnummer mutatienummer"
    " authid authorizationid authorisationid txnno transactionreference paymentreference transactionnumber",
    "date": "ts timestamp datetime time date txdatetime transactiondate bookingdate valuedate buchungstag"
    " buchungsdatum datum fecha data valuta dateoperation zeit zeitpunkt zeitstempel buchungszeit"
    " fechahora fechaoperacion horodatage dataora datahora 日付 交易日期 umsatzdatum wertstellung"
    " wertstellungsdatum datedoperation datecomptable datevaleur datedevaleur fechacontable fechavalor"
    " fechamovimiento datamovimento datalancamento datavalor dataoperacao dataoperazione datacontabile"
    " datavaluta boekdatum boekingsdatum transactiedatum rentedatum"
    " txntime txndate txndatetime transtime transdate transdatetime trxdate"
    " trxtime authtime authdate authdatetime authts postdate posteddate postingdate",
    "amount": "amount amt value txamount transactionamount betrag umsatz importe monto montant importo"
    " valor quantia 金額 金额 сумма betrageur umsatzbetrag montanteur montantoperation importeeur cantidad"
    " montante importoeur ammontare bedrag bedrageur transactiebedrag"
    " txnamount txnamt transamount transamt trxamount trxamt authamount authamt",
    "currency": "currency ccy curr iso wahrung waehrung moneda divisa devise valuta 通貨 货币 валюта moeda"
    " munt cur currencycode ccycode curcode txncurrency txncur txnccy transactioncurrency",
    "from_account": "fromaccount account accountid sender source senderaccount sourcenodeid debtor"
    " debtoraccount iban konto kontonummer cuenta compte conto cardid card customerid txcustomerid"
    " auftraggeber origaccount nameorig karte kartennummer kartennr tarjeta carte carta cartao cardno"
    " cardnumber kunde kundennummer kundennr customer customerno client clientid cliente originaccount"
    " fromiban ibanfrom senderiban quellkonto kontoinhaber numerodecompte numerocuenta numerodecuenta"
    " numeroconta numerodaconta numeroconto rekening rekeningnummer klant klantnummer kaartnummer"
    " numerotarjeta numerodetarjeta numerodecarte conta"
    " cardtoken cardhash cardref cardnum pan pantoken panhash maskedpan accounttoken accttoken acctno acctnum"
    " acctnumber accountno accountnum accountnumber accountref acct acctid customertoken custid custno",
    "to_account": "toaccount receiver target beneficiary targetnodeid creditor creditoraccount"
    " counterparty gegenkonto empfanger empfaenger beneficiario beneficiaire destaccount namedest"
    " destinationaccount toiban ibanto receiveriban counterpartyaccount beneficiaryaccount zielkonto"
    " gegenkontoiban gegenpartei zahlungsempfanger zahlungsempfaenger contrepartie contraparte controparte"
    " tegenrekening tegenpartij naamtegenpartij payee payeeid payeename payeeaccount recipient recipientname"
    " recipientaccount beneficiaryname counterpartyname counterpartyid counterpartyiban"
    " otheraccount otherparty paidto",
    "merchant": "merchant merchantid merchantname merchantno terminal terminalid txterminalid handler"
    " haendler handlernr haendlernr handlerid haendlerid comercio comerciante commercant esercente shop"
    " shopid enseigne magasin establecimiento tienda estabelecimento loja negozio winkel winkelier"
    " vendor vendorid vendorname merchname merchid merchno",
    "channel": "channel type transtype transactiontype kanal tipo paymentmethod canal canale kanaal"
    " zahlungsart zahlungsweg buchungsart umsatzart modedepaiement moyendepaiement typeoperation"
    " tipooperacion formadepago mediodepago formadepagamento meiodepagamento tipooperacao tipooperazione"
    " metododipagamento betaalwijze mutatiesoort entrymode posentrymode entrymethod posmode",
    "category": "category merchantcategory merchantcategorycode mcc merchantkind sector kategorie"
    " warengruppe branche handlerkategorie haendlerkategorie categoria categorie"
    " rubrique カテゴリ 类别 rubro mcccode merchcategory",
    "purpose": "purpose description memo verwendungszweck zweck concepto libelle causale 摘要"
    " buchungstext motif descripcion descricao descrizione historico omschrijving mededelingen mededeling"
    " reference",
    "direction": "direction debitcredit creditdebit drcr crdr debitcreditindicator creditdebitindicator"
    " cdtdbtind sollhaben inout sens debehaber signo debitocredito creditodebito dareavere segno afbij"
    " debetcredit",
    "balance": "balance balanceafter saldo solde kontostand 残高 余额 saldodisponible soldeapresoperation"
    " saldonamutatie saldocontabile saldocontabilistico saldonachbuchung",
    "fraud": "isfraud fraud txfraud fraudflag class betrug fraude label frode betrugsfall esfraude"
    " estfraude efraude",
}  # fmt: skip
_COUNTERPARTIES = (
    "counterparty contrepartie contraparte controparte contrapartida gegenpartei gegenseite tegenpartij"
)
"""Words of the other side that are headers of names and, beside a word for accounts, of accounts."""
FRAUD_PARTS = ("betrug", "fraud", "frode")  # of words put together: Betrugsverdacht, suspicion de fraude
_OPPOSITE = "gegen tegen partner counter other"
"""Words that make a header one of the other side only beside a word for accounts: Gegen-IBAN."""
_ACCOUNTS = "konto kontonummer cuenta compte conto conta rekening rekeningnummer iban account accountnumber"
_PARTIES: Mapping[str, str] = {
    "from_account": "auftraggeber auftraggebers absender sender ordenante origen emisor emisora source"
    " debiteur emetteur donneurdordre origem remetente mittente ordinante origine opdrachtgever afzender"
    " betaler",
    "to_account": "empfanger empfangers empfaenger empfaengers begunstigter beguenstigter beneficiario"
    " beneficiaria destino destinatario destinataria receptor receptora beneficiaire destinataire"
    " crediteur destination favorecido favorecida destinazione begunstigde ontvanger",
}  # fmt: skip
_BOTH: tuple[tuple[str, str], ...] = (
    ("auftraggeber absender zahlungspflichtiger einzahler",
     "empfanger empfaenger begunstigter beguenstigter zahlungsempfanger zahlungsempfaenger"),
    ("payer sender debtor", "payee recipient receiver beneficiary creditor"),
    ("ordenante emisor", "beneficiario destinatario"),
    ("donneurdordre emetteur debiteur", "beneficiaire destinataire crediteur"),
    ("ordinante mittente", "beneficiario destinatario"),
    ("remetente ordenante", "favorecido destinatario"),
    ("opdrachtgever betaler afzender", "begunstigde ontvanger"),
)  # fmt: skip
"""Payers and payees whose words stand together in a header: Auftraggeber/Empfänger, Payer/Payee."""
_LINKS = ("", "de", "del", "du", "des", "do", "da", "di", "van")


def _both() -> Iterator[str]:
    """Yield the headers of whoever is on the other side, in both orders, with and without a word for name."""
    for payers, payees in _BOTH:
        for payer, payee in product(payers.split(), payees.split()):
            for whole in (payer + payee, payee + payer):
                yield from (whole, f"name{whole}", f"{whole}name")


BOTH_PARTIES = frozenset((*_both(), "zahlungsbeteiligter", "namezahlungsbeteiligter", "buchungspartner"))
"""Headers, folded, of whoever is on the other side, payer or payee."""


def _accounts(role: str) -> Iterator[str]:
    """Yield the account of a party in every order of the words: cuenta del beneficiario, Empfängerkonto."""
    others = [*_COUNTERPARTIES.split(), *_OPPOSITE.split()] if role == "to_account" else []
    for party, account in product([*_PARTIES[role].split(), *others], _ACCOUNTS.split()):
        yield from (f"{account}{link}{party}" for link in _LINKS)
        yield f"{party}{account}"


def is_of_other_side(words: Sequence[str]) -> bool:
    """Tell whether the words of a header, folded, speak of who is paid, or who is on the other side."""
    return any(word in _OTHERS or word.startswith(_OTHER_BEGINNINGS) for word in words)


def is_of_account(words: Sequence[str]) -> bool:
    """Tell whether one of the words of a header, folded, is an account, alone or put together."""
    return any(word in _ACCOUNTS.split() or word.endswith(_ACCOUNT_ENDINGS) for word in words)


_ACCOUNT_ENDINGS = ("iban", "konto", "rekening", "kontonummer", "rekeningnummer", "account")
_OTHER_BEGINNINGS = ("gegen", "tegen", "empfanger", "empfaenger")  # of German and Dutch words put together
_OTHERS = frozenset((
    *_COUNTERPARTIES.split(), *_PARTIES["to_account"].split(), "beneficiary", "payee", "recipient",
    "creditor", "receiver", "counter", "other", "tiers", "tercero", "terceiro",
))  # fmt: skip


def ledger_words() -> dict[str, tuple[str, ...]]:
    """Return role -> words, folded; a party without its account comes last."""
    found = {role: tuple(words.split()) for role, words in _WORDS.items()}
    for role, parties in _PARTIES.items():
        found[role] = tuple(dict.fromkeys((*found[role], *_accounts(role), *parties.split())))
    found["to_account"] = tuple(dict.fromkeys((*found["to_account"], *sorted(BOTH_PARTIES))))
    return found
