"""The currency codes of ISO 4217: those in use, those that other codes replaced, and metals."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from finsim.document_numbers import Meaning, Misfit
from finsim.editor_schemas import reads
from finsim.errors import did_you_mean

_IN_USE = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP
LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB
PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XDR XOF XPF
XSU XUA YER ZAR ZMW ZWG
"""
_REPLACED = """
ADP ANG ATS AZM BEF BYR CSD CUC CYP DEM EEK ESP FIM FRF GHC GRD HRK IEP ITL LTL LUF LVL MRO MTL MXP MZM NLG
PLZ PTE ROL SDD SIT SKK SLL SRG STD TMM TRL VEB VEF XEU YUM ZMK ZWD ZWL
"""
_METALS_AND_NONE = "XAU XAG XPT XPD XXX XTS"
CURRENCIES = tuple(sorted(f"{_IN_USE} {_REPLACED} {_METALS_AND_NONE}".split()))
"""Every code that money may be in; XXX stands for no stated currency."""
_NAMES = {
    "EURO": "EUR", "EUROS": "EUR", "€": "EUR", "DOLLAR": "USD", "US DOLLAR": "USD",
    "DOLLARS": "USD", "$": "USD", "US$": "USD",
    "POUND": "GBP", "POUNDS": "GBP", "£": "GBP", "STG": "GBP", "YEN": "JPY", "¥": "JPY", "FRANC": "CHF",
    "SFR": "CHF", "RMB": "CNY", "CNH": "CNY", "YUAN": "CNY", "RUPEE": "INR", "MARK": "DEM",
}  # fmt: skip


@reads({"enum": list(CURRENCIES)})
def known_currency(value: Any) -> Any:
    """Return a code of ISO 4217, and what is no text as it is.

    Raises Misfit, with a suggestion, for other text.
    """
    if not isinstance(value, str) or value in CURRENCIES:
        return value
    meant = _NAMES.get(value.strip().upper(), value.strip().upper())
    near = f"did you mean {meant!r}?" if meant in CURRENCIES else did_you_mean(meant, CURRENCIES)
    remedy = near if near.startswith("did you") else "write USD, EUR, GBP or another code of three capitals"
    raise Misfit(f"{value!r} is no currency", "", remedy)


@reads({"enum": ["", *CURRENCIES]})
def _known_or_none(value: Any) -> Any:
    return value if value == "" else known_currency(value)


Currency = Annotated[
    str, BeforeValidator(known_currency), Meaning("a currency code of ISO 4217, three capitals", "EUR")
]
OptionalCurrency = Annotated[
    str, BeforeValidator(_known_or_none), Meaning("a currency code of ISO 4217, three capitals", "EUR")
]
