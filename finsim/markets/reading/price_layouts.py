"""Which column of a user's file means what: the four layouts of price files, and their bid and ask sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from finsim.errors import DataError, did_you_mean
from finsim.tables import HEADER_WORDS, plain, schema_remedy
from finsim.tables.role_words import BARS, ROLES, SIDES

LAYOUTS = ("long", "wide", "timegan", "bars")

SYNONYMS = HEADER_WORDS["prices"]
MEANINGS = ROLES["prices"]
"""What a column may be declared to be with ``role:`` in a schema of prices."""

_ADJUSTED_BARS = {"open": "adjopen", "high": "adjhigh", "low": "adjlow", "close": "adjclose"}
_LETTERS = {"open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}


@dataclass(frozen=True)
class Columns:
    """The columns of a file by meaning; ``fields`` maps open, high, low, close, volume to file columns.

    ``sides`` maps bid and ask to the columns of their open, high, low and close, or of the close alone.
    """

    layout: str
    date: str | None = None
    ticker: str | None = None
    path: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    adjusted: str | None = None
    assets: tuple[str, ...] = ()
    sides: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def recognise(
    names: Sequence[str], place: str, layout: str | None = None, roles: Mapping[str, str] | None = None
) -> Columns:
    """Find the layout of a file from its header, or check the one that is asked for.

    ``roles`` maps columns to what they are declared to be. Raises DataError when no layout fits, naming
    what is missing, and for a bid side without an ask side.
    """
    if layout is not None and layout not in LAYOUTS:
        raise DataError(
            f"no layout is called {layout!r}", place=place, remedy=did_you_mean(layout, list(LAYOUTS))
        )
    known = _known(names) | {role: name for name, role in (roles or {}).items() if role in MEANINGS}
    sides = _sides(names, known, place)
    fields = {name: known[name] for name in _LETTERS if name in known}
    if sides and "close" not in fields:
        fields = {name: known[name] for name in ("volume",) if name in known}
    wanted = layout or ("long" if sides and "date" in known and "path" not in known else _guess(names, known))
    found = Columns(wanted, known.get("date"), known.get("ticker"), known.get("path"), fields, sides=sides)
    if wanted == "wide":
        other = {name for name, role in (roles or {}).items() if role not in ("", "close")}
        assets = tuple(
            name for name in names if name != found.date and name not in other and not _is_index(name)
        )
        _refuse_quotes([name for name in assets if (roles or {}).get(name) != "close"], place)
        found = Columns("wide", found.date, assets=assets)
    elif wanted in ("long", "timegan"):
        date = found.date if wanted == "long" else None
        adjusted = None if fields.get("close") == known.get("adjusted") else known.get("adjusted")
        found = Columns(wanted, date, found.ticker, None, fields, adjusted, sides=sides)
    _complain(found, names, place)
    return found


def _sides(names: Sequence[str], known: Mapping[str, str], place: str) -> dict[str, dict[str, str]]:
    """Return the columns of the bid and the ask side: whole bars where both have them, else the closes."""
    letters = {plain(name): name for name in reversed(names) if plain(name)}
    found: dict[str, dict[str, str]] = {}
    for side in SIDES:
        words = (side, "offer") if side == "ask" else (side,)
        forms = {
            bar: [
                text
                for one in words
                for name in (bar, f"{bar}price", _LETTERS[bar])
                for text in (one + name, name + one)
            ]
            for bar in BARS
        }
        bars = {bar: letters[text] for bar, texts in forms.items() for text in texts if text in letters}
        bars |= {bar: known[f"{side}_{bar}"] for bar in BARS if f"{side}_{bar}" in known}
        if side in known:
            bars.setdefault("close", known[side])
        found[side] = bars
    if max(len(bars) for bars in found.values()) < len(BARS) - 1 and not all(
        "close" in bars for bars in found.values()
    ):
        return {}  # an asset may be called BID
    if "close" in found["bid"] and "close" in found["ask"]:
        whole = all(set(bars) == set(BARS) for bars in found.values())
        return found if whole else {side: {"close": bars["close"]} for side, bars in found.items()}
    given = [name for bars in found.values() for name in bars.values()]
    raise DataError(
        f"the columns {', '.join(given)} are one side of a quote",
        place=f"{place}:1",
        expected="the closing bid and ask of each row, or open, high, low and close of both sides",
        remedy="add the other side, or name the columns open, high, low and close to read them as prices",
    )


def _refuse_quotes(assets: Sequence[str], place: str) -> None:
    """Raise DataError where columns of a panel are the bid and the ask of one asset, not two assets."""
    letters = {plain(name): name for name in assets}
    for text, name in letters.items():
        stems = {text.removeprefix("bid"), text.removesuffix("bid")} - {text, ""}
        for other in (
            form for stem in stems for one in ("ask", "offer") for form in (one + stem, stem + one)
        ):
            if other in letters:
                raise DataError(
                    f"the columns {name} and {letters[other]} are the bid and the ask of one asset",
                    place=f"{place}:1",
                    expected="rows of date, ticker, bid and ask, or a column of closes per asset",
                    remedy="give each asset rows of its own; or declare `role: close` for such columns in a "
                    "schema (--schema S), and each is an asset",
                )


def _is_index(name: str) -> bool:
    """Tell whether a column is a nameless row index, as pandas writes it."""
    return not name.strip() or name.startswith("Unnamed:") or name == "index"


def _known(names: Sequence[str]) -> dict[str, str]:
    """Map meanings to columns; the earliest synonym of each list wins."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(plain(name), name)
    known = {
        meaning: found[words[0]]
        for meaning, listed in SYNONYMS.items()
        if (words := [word for word in listed if word in found])
    }
    found.pop("", None)
    if "open" not in known and all(word in found for word in _ADJUSTED_BARS.values()):
        known |= {meaning: found[word] for meaning, word in _ADJUSTED_BARS.items()}
    if all(_LETTERS[meaning] in found for meaning in ("open", "high", "low", "close")):
        known |= {meaning: found[word] for meaning, word in _LETTERS.items() if word in found}
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
        "long": (found.date, found.fields.get("close") or found.sides.get("bid", {}).get("close")),
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
            remedy=f"name the columns in the first row so; or {schema_remedy(place)}",
        )
