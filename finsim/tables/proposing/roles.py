"""What headers mean: the roles of columns in tables of prices, payments and loans, in several languages."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from finsim.tables.binding import plain
from finsim.tables.header_abbreviations import header_words, readings, written_out
from finsim.tables.header_words import HEADER_WORDS
from finsim.tables.proposing.header_units import without_unit
from finsim.tables.proposing.ledger_headers import is_of_account, is_of_other_side, ledger_words
from finsim.tables.proposing.loan_roles import LOAN_WORDS
from finsim.tables.role_words import ROLES
from finsim.tables.told_by_cells import INSTALMENT, NUMBERS, WORDS

KINDS = tuple(ROLES)

# Role -> further headers that may mean it, folded (NFKC, casefold, letters and digits); the first one wins.
_PRICES: Mapping[str, str] = {
    "date": "datum fecha data zeit 日付 日期 дата tag jour handelstag observationdate",
    "ticker": "cusip sedol wkn kürzel valor titre titolo 銘柄コード 股票代码 тикер",
    "open": "eröffnung erster apertura ouverture abertura 始値 开盘价 o",
    "high": "max hoch tageshoch máximo maximo plushaut massimo 高値 最高价 h",
    "low": "min tief tagestief mínimo minimo plusbas 安値 最低价 l",
    "close": "settlement schluss schlusskurs cierre clôture cloture chiusura fechamento último"
    " ultimo kurs 終値 收盘价 c nav",
    "adjusted": "cierreajustado bereinigt 調整後終値",
    "volume": "stück stuecke umsatz volumen volumenes 出来高 成交量 v",
    "bid": "pxbid geld bidclose closebid",
    "ask": "pxask brief askclose closeask",
    "bid_open": "bidopen openbid",
    "bid_high": "bidhigh highbid",
    "bid_low": "bidlow lowbid",
    "ask_open": "askopen openask",
    "ask_high": "askhigh highask",
    "ask_low": "asklow lowask",
}


def folded(header: str) -> str:
    """Return a header without case, spaces, signs and accents: ``Opération`` is ``operation``."""
    apart = unicodedata.normalize("NFD", plain(header))
    latin = "".join(sign for sign in apart if not "\u0300" <= sign <= "\u036f")
    return unicodedata.normalize("NFC", latin)


def _together(kind: str, further: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return role -> the words that are read without a declaration, folded, then the further ones."""
    known = HEADER_WORDS.get(kind, {})
    return {
        role: tuple(dict.fromkeys(folded(word) for word in (*known.get(role, ()), *further.get(role, ()))))
        for role in dict.fromkeys((*further, *known))
    }


def _split(listed: Mapping[str, str]) -> dict[str, list[str]]:
    return {role: words.split() for role, words in listed.items()}


SYNONYMS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "prices": _together("prices", _split(_PRICES)),
    "payments": _together("payments", ledger_words()),
    "loans": _together("loans", _split(LOAN_WORDS)),
    "table": {},
}
_NEEDED: Mapping[str, tuple[frozenset[str], ...]] = {
    "prices": (frozenset({"date", "close"}), frozenset({"open", "high", "low", "close"}),
               frozenset({"date", "bid", "ask"})),
    "payments": (frozenset({"date", "amount", "from_account"}), frozenset({"date", "amount", "fraud"}),
                 frozenset({"amount", "from_account", "to_account"})),
    "loans": (frozenset({"amount", "term"}), frozenset({"amount", "outcome"}), frozenset({"amount", "rate"}),
              frozenset({"balance", "pd"}), frozenset({"balance", "outcome", "opened"}),
              frozenset({"balance", "outcome", "rate"}), frozenset({"balance", "rate", "opened"})),
}  # fmt: skip
_IDS = frozenset(
    [
        "id",
        "ids",
        "nr",
        "no",
        "num",
        "number",
        "nummer",
        "key",
        "code",
        "account",
        "acct",
        "konto",
        "kontonr",
        "iban",
        "zip",
        "plz",
        "postcode",
        "postal",
        "phone",
        "invoice",
        "ref",
        "reference",
        "cusip",
        "isin",
        "bic",
        "ssn",
        "cuenta",
        "compte",
        "conto",
        "uuid",
        "rechnung",
        "rechnungsnr",
        "factura",
        "facture",
        "fattura",
    ]
)
_CODES = frozenset(["code", "zip", "plz", "postcode", "postal", "cusip", "isin", "bic", "ref", "reference"])
_ENTITIES = frozenset(
    [
        "card",
        "cards",
        "account",
        "acct",
        "customer",
        "cust",
        "client",
        "karte",
        "konto",
        "kunde",
        "tarjeta",
        "cuenta",
        "cliente",
        "carte",
        "compte",
        "carta",
        "conto",
        "cartão",
        "conta",
        "rekening",
        "klant",
        "kaart",
    ]
)
_ENTITY_BEGINNINGS = ("karten", "konto", "kunden")  # of German words that are put together
_TIMES = frozenset(
    [
        "date",
        "datetime",
        "timestamp",
        "zeitstempel",
        "horodatage",
        "time",
        "ts",
        "at",
        "on",
        "day",
        "dt",
        "datum",
        "zeit",
        "uhrzeit",
        "fecha",
        "data",
        "heure",
        "ora",
        "日付",
        "日期",
        "дата",
    ]
)


def is_id(header: str) -> bool:
    """Tell whether a header names an identifier: its last word of up to three does, or its first of two."""
    words = header_words(header)
    first = len(words) == 2 and words[0] in _IDS - {"no", "nr", "num", "number"}
    return bool(words) and len(words) <= 3 and (words[-1] in _IDS or first)


def is_code(header: str) -> bool:
    """Tell whether a header's last word names a code that rows share: a place, a product, a reference."""
    words = header_words(header)
    return bool(words) and words[-1] in _CODES


def names_entity(header: str) -> bool:
    """Tell whether a header speaks of cards, accounts or customers: one of its words does."""
    return any(word in _ENTITIES or word.startswith(_ENTITY_BEGINNINGS) for word in header_words(header))


def is_entity(header: str) -> bool:
    """Tell whether a header is, as a whole, a word for a card, an account or a customer."""
    known = {*SYNONYMS["payments"]["from_account"], *SYNONYMS["loans"]["obligor"], *_ENTITIES}
    return names_entity(header) and (folded(header) in known or plain(header) in known)


def names_payee(header: str) -> bool:
    """Tell whether a header speaks of who is paid, or of whoever is on the other side."""
    known = folded(header) in SYNONYMS["payments"]["to_account"]
    return known or is_of_other_side(_written_out(header))


def names_account(header: str) -> bool:
    """Tell whether one of the words of a header is an account: compte, IBAN, Gegenkonto."""
    return is_of_account(_written_out(header))


def _written_out(header: str) -> list[str]:
    return [folded(written_out(word)) for word in header_words(header)]


def is_time(header: str) -> bool:
    """Tell whether a header names a time: its last word does."""
    words = header_words(header)
    return bool(words) and (words[-1] in _TIMES or folded(header) in SYNONYMS["prices"]["date"])


def roles(headers: Sequence[str], kind: str, types: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return header -> role by the header's name; each role once, the earliest synonym of its list wins.

    ``types``: header -> declared type, where known: a header such as Valuta means a day or a currency, and
    a column of dates is no currency and no sum, one of words no day.
    """
    there: dict[str, str] = {}
    for header in headers:
        there.setdefault(folded(header), header)
    if kind == "loans":  # amounts and rates of a tape carry their unit: Balance (GBP), Rate %, LTV in percent
        for header in headers:
            there.setdefault(folded(without_unit(header)), header)
    if kind in ("payments", "loans"):
        for header in headers:
            there.setdefault(_without_umlauts(folded(without_unit(header))), header)
            for reading in readings(without_unit(header)):
                there.setdefault(folded(reading), header)
    found: dict[str, str] = {}
    for role, words in SYNONYMS[kind].items():
        known = [
            there[word] for word in words
            if word in there and there[word] not in found
            and not (types and _is_other(word, role, types.get(there[word], "")))
        ]  # fmt: skip
        if known:
            found[known[0]] = role
    return found


def _without_umlauts(word: str) -> str:
    """Return a folded header with ae, oe and ue as ``folded`` leaves umlauts: Bonitaetsklasse, Hoehe."""
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def is_ambiguous(header: str) -> bool:
    """Tell whether a header may mean a currency or a sum and, of other tables, a day: Valuta, Valor."""
    known = SYNONYMS["payments"]
    return any(folded(header) in known[role] for role in ("currency", "amount", "balance"))


def _is_other(word: str, role: str, kind: str) -> bool:
    """Tell whether a column of a type plays another of the roles that its header may mean."""
    if kind in (INSTALMENT, WORDS):
        return role == "rate" if kind == INSTALMENT else role in NUMBERS
    if kind in ("date", "ts"):
        return role in ("currency", "amount", "balance")
    if role == "id" and kind == "cat":  # a reference whose values repeat is a text of the payer
        return word.endswith("reference")
    return role == "date" and kind == "cat" and word in SYNONYMS["payments"]["currency"]


def role_meant(word: str) -> str:
    """Return the one role that a word is a usual header of, "" where it is none, or could be several."""
    found = {role for listed in SYNONYMS.values() for role, words in listed.items() if folded(word) in words}
    return found.pop() if len(found) == 1 else ""


def kind_of(headers: Sequence[str]) -> str:
    """Return the kind of table that headers speak of, ``table`` where they fit none."""
    best, most = "table", 0
    for kind, needs in _NEEDED.items():
        found = set(roles(headers, kind).values())
        if any(need <= found for need in needs) and len(found) > most:
            best, most = kind, len(found)
    return best
