"""Headers written short, as banks' systems write them: ``cpty_acct`` is a counterparty account."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, permutations, product

# what a word written short may stand for; the first meaning is tried first
_MEANT = {
    "ac": "account", "acc": "account", "acct": "account", "act": "account actual", "amt": "amount",
    "ann": "annual", "bal": "balance", "ben": "beneficiary", "bene": "beneficiary", "benef": "beneficiary",
    "bk": "booking", "bkg": "booking", "ccy": "currency", "cd": "code", "chan": "channel", "chn": "channel",
    "chnl": "channel", "coll": "collateral", "contr": "contract", "cp": "counterparty",
    "cparty": "counterparty", "cpn": "coupon", "cpty": "counterparty", "ctpty": "counterparty",
    "ctrpty": "counterparty", "cur": "current currency", "curr": "current currency", "cust": "customer",
    "desc": "description", "descr": "description", "disb": "disbursement disbursed", "dt": "date",
    "dte": "date", "fac": "facility", "fin": "financed", "inc": "income", "ind": "indicator",
    "init": "initial", "int": "interest", "ln": "loan", "m": "months", "mcht": "merchant",
    "merch": "merchant", "mnth": "months", "mnths": "months", "mo": "months", "mon": "monthly",
    "mos": "months", "mrch": "merchant", "mth": "months monthly", "mths": "months", "nbr": "number",
    "nm": "name", "no": "number", "nom": "nominal", "nr": "number", "num": "number", "op": "operation",
    "orig": "original origination", "os": "outstanding", "outst": "outstanding", "prin": "principal",
    "princ": "principal", "prod": "product", "purp": "purpose", "rcv": "receiver", "rcvr": "receiver",
    "ref": "reference", "rem": "remaining", "rt": "rate", "sndr": "sender", "src": "source", "st": "status",
    "stat": "status", "sts": "status", "tm": "time", "tot": "total", "tran": "transaction",
    "trans": "transaction", "trn": "transaction", "trx": "transaction", "tx": "transaction",
    "txn": "transaction", "typ": "type", "val": "value valuation",
}  # fmt: skip
_MOST_WORDS, _MOST_READINGS = 4, 64


def header_words(header: str) -> list[str]:
    """Return the words of a header in small letters: parted by signs and by capitals after small letters."""
    words = [""]
    for before, sign in zip(" " + header, header, strict=False):
        if not sign.isalnum() or (sign.isupper() and before.islower()):
            words.append("")
        words[-1] += sign.casefold() if sign.isalnum() else ""
    return [word for word in words if word]


def written_out(word: str) -> str:
    """Return a word as it is written out, by its first meaning; one that is not short as it is."""
    return _MEANT.get(word, word).split()[0]


def readings(header: str) -> Iterator[str]:
    """Yield a header written out, in every meaning and order of its words; nothing where no word is short.

    A header of more than four words has none: what it means is not told by a list.

    Example:
        >>> next(readings("cpty_acct")), "currentbalance" in readings("BAL_CUR"), [*readings("balance")]
        ('counterpartyaccount', True, [])

    """
    words = header_words(header)
    if not any(word in _MEANT for word in words) or len(words) > _MOST_WORDS:
        return
    orders = (
        "".join(ordered)
        for meant in product(*(_MEANT.get(word, word).split() for word in words))
        for ordered in permutations(meant)
    )
    yield from islice(dict.fromkeys(orders), _MOST_READINGS)
