"""Which column of a user's file means what: the four layouts of price files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from finsim.errors import DataError, did_you_mean

LAYOUTS = ("long", "wide", "timegan", "bars")

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "datetime", "timestamp", "time", "day", "tradedate", "tradingdate", "sessiondate"),
    "ticker": ("ticker", "symbol", "asset", "instrument", "security", "name", "code", "ric", "isin"),
    "open": ("open", "openprice", "openingprice", "pxopen"),
    "high": ("high", "highprice", "pxhigh"),
    "low": ("low", "lowprice", "pxlow"),
    "close": ("close", "closeprice", "closingprice", "last", "lastprice", "price", "pxlast", "settle"),
    "adjusted": ("adjclose", "adjustedclose", "closeadj", "closeadjusted", "adjcloseprice", "adjprice"),
    "volume": ("volume", "vol", "shares", "sharevolume", "totalvolume", "tradedvolume", "pxvolume"),
    "path": ("path",),
}
_ADJUSTED_BARS = {"open": "adjopen", "high": "adjhigh", "low": "adjlow", "close": "adjclose"}
_LETTERS = {"open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}
TICKER_NAMES = SYNONYMS["ticker"]


@dataclass(frozen=True)
class Columns:
    """The columns of a file by meaning; ``fields`` maps open, high, low, close, volume to file columns."""

    layout: str
    date: str | None = None
    ticker: str | None = None
    path: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    adjusted: str | None = None
    assets: tuple[str, ...] = ()


def recognise(names: Sequence[str], place: str, layout: str | None = None) -> Columns:
    """Find the layout of a file from its header, or check the one that is asked for.

    Raises DataError when no layout fits, naming what is missing.
    """
    if layout is not None and layout not in LAYOUTS:
        raise DataError(
            f"no layout is called {layout!r}", place=place, remedy=did_you_mean(layout, list(LAYOUTS))
        )
    known = _known(names)
    fields = {name: known[name] for name in _LETTERS if name in known}
    wanted = layout or _guess(names, known)
    found = Columns(wanted, known.get("date"), known.get("ticker"), known.get("path"), fields)
    if wanted == "wide":
        assets = tuple(name for name in names if name != found.date and not _is_index(name))
        found = Columns("wide", found.date, assets=assets)
    elif wanted in ("long", "timegan"):
        date = found.date if wanted == "long" else None
        adjusted = None if fields.get("close") == known.get("adjusted") else known.get("adjusted")
        found = Columns(wanted, date, found.ticker, None, fields, adjusted)
    _complain(found, names, place)
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _is_index(name: str) -> bool:
    """Tell whether a column is a nameless row index, as pandas writes it."""
    return not name.strip() or name.startswith("Unnamed:") or name == "index"


def _known(names: Sequence[str]) -> dict[str, str]:
    """Map meanings to columns; the earliest synonym of each list wins."""
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(_plain(name), name)
    known = {
        meaning: plain[words[0]]
        for meaning, listed in SYNONYMS.items()
        if (words := [word for word in listed if word in plain])
    }
    if "open" not in known and all(word in plain for word in _ADJUSTED_BARS.values()):
        known |= {meaning: plain[word] for meaning, word in _ADJUSTED_BARS.items()}
    if all(_LETTERS[meaning] in plain for meaning in ("open", "high", "low", "close")):
        known |= {meaning: plain[word] for meaning, word in _LETTERS.items() if word in plain}
    if "close" not in known and "adjusted" in known:
        known["close"] = known["adjusted"]
    if "date" not in known and names and _is_index(names[0]):
        known["date"] = names[0]
    return known


def _guess(names: Sequence[str], known: Mapping[str, str]) -> str:
    has_bars = {"open", "high", "low", "close"} <= set(known)
    if {"path", "date", "ticker", "close"} <= set(known):
        return "bars"
    if "date" not in known or (has_bars and _is_index(known["date"])):
        return "timegan" if has_bars else ""
    if "close" in known and ("ticker" in known or has_bars or len(names) - 1 <= _listed(known)):
        return "long"
    return "wide" if len(names) > 1 and "ticker" not in known else ""


def _listed(known: Mapping[str, str]) -> int:
    """Return how many columns hold prices and volume of an asset without a ticker."""
    return len({known[name] for name in (*_LETTERS, "adjusted") if name in known})


def _complain(found: Columns, names: Sequence[str], place: str) -> None:
    needs: dict[str, tuple[str | None, ...]] = {
        "long": (found.date, found.fields.get("close")),
        "wide": (found.date, *found.assets[:1]),
        "timegan": tuple(found.fields.get(name) for name in ("open", "high", "low", "close")),
        "bars": (found.path, found.date, found.ticker, found.fields.get("close")),
    }
    if found.layout not in needs or None in needs[found.layout] or len(needs[found.layout]) < 2:
        shown = ", ".join(names[:12]) or "none"
        raise DataError(
            f"the columns are {shown}",
            place=f"{place}:1",
            expected="date[, ticker], open, high, low, close[, volume, adj close] in rows; or date and one "
            "column of closes per asset; or Open, High, Low, Close, Adj_Close, Volume without dates",
            remedy="name the columns in the first row so",
        )
