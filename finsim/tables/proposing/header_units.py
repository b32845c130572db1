"""Units that a header names beside the thing itself: a currency, percent, cents."""

from __future__ import annotations

import re

SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
# codes that are no words of their own, as ALL, TOP or TRY are
_CODES = frozenset((
    "EUR", "USD", "GBP", "CHF", "JPY", "AUD", "CAD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "CNY",
    "INR", "BRL", "MXN", "ZAR", "SGD", "HKD", "KRW", "ILS", "AED",
))  # fmt: skip
_WORDS = frozenset(("ils", "cad"))  # codes that are words in small letters
_CENTS = re.compile(r"(?<![a-z])(cents?|pence|rappen|centimes|centimos|céntimos|minor units?)(?![a-z])", re.I)
_PERCENT = re.compile(r"%|(?<![a-z])(percent|pct|prozent|pourcent|porcentaje)(?![a-z])", re.I)

_UNIT_BEHIND = re.compile(
    r"[\s_.,/-]+(?:in|en|em|di)?[\s_.]*(?:%|€|\$|£|¥|p\.?\s?a\.?|percent|pct|prozent|pourcent|porcentaje"
    r"|por ciento|months?|mths|monaten?|mois|meses|mesi|maanden|" + "|".join(sorted(_CODES)) + r")[\s_.]*$",
    re.I,
)

# put together with the thing itself, told by its capital, or by small letters behind capitals: TermM, APRpct
_UNIT_JOINED = re.compile(
    r"(?<=[a-z])(?:M|Mo|Mos|Mths?|Months?|Pct|" + "|".join(sorted(_CODES)) + r")$|(?<=[A-Z]{2})pct$"
)

_CODE_JOINED = re.compile(r"(?<=[a-z])(" + "|".join(sorted(_CODES)) + r")(?![A-Za-z])")


def currency_in(header: str) -> str:
    """Return the currency that a header names beside what it holds; empty for none, or for two.

    Example:
        >>> currency_in("Betrag (€)"), currency_in("amount USD"), currency_in("EURUSD"), currency_in("USD")
        ('EUR', 'USD', '', '')
        >>> currency_in("BillUSD"), currency_in("usd_amount"), currency_in("amountUSDEUR")
        ('USD', 'USD', '')
        >>> currency_in("amount_ils"), currency_in("cad drawing")
        ('', '')

    """
    words = re.findall(r"[A-Za-z]+", re.sub(_CODE_JOINED, r" \1", header))
    named = {code for sign, code in SIGNS.items() if sign in header} | {one for one in words if one in _CODES}
    named |= {one.upper() for one in words if one.islower() and one.upper() in _CODES and one not in _WORDS}
    alone = len(words) == 1 and words[0].upper() in named
    return next(iter(named)) if len(named) == 1 and not alone else ""


def without_unit(header: str) -> str:
    """Return a header without the unit that it names behind the thing itself; as it is where nothing is left.

    Example:
        >>> without_unit("Balance (GBP)"), without_unit("Rate %"), without_unit("Importe en EUR")
        ('Balance', 'Rate', 'Importe')
        >>> without_unit("TermM"), without_unit("APRpct"), without_unit("TERM"), without_unit("FICO")
        ('Term', 'APR', 'TERM', 'FICO')

    """
    bare = re.sub(r"[\(\[][^\)\]]*[\)\]]", " ", header)
    while found := _UNIT_BEHIND.search(bare):
        bare = bare[: found.start()]
    bare = _UNIT_JOINED.sub("", bare.strip())
    return bare.strip() or header


def unit_doubt(header: str) -> str:
    """Return what a header says of the unit of its numbers, as a question; empty where it says nothing."""
    if _PERCENT.search(header):
        return f"`{header}`: percent, as the header says? declare type: ratio, unit: percent"
    if _CENTS.search(header):
        return f"`{header}`: cents, as the header says? declare type: money, unit: minor and its currency"
    if code := currency_in(header):
        return f"`{header}`: money, as the header says? declare type: money, ccy: {code}"
    return ""
