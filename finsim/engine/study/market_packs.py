"""Which rule packs check the bars of a market: one for each kind of series that its history holds."""

from __future__ import annotations

from finsim.records.paths import DIFFERENCE, PRICE, RETURN, Paths

BARS, QUOTED = "ohlcv", "quote-bars"
"""The pack that a study names for bars, and the one in its place for bars with bid and ask."""

WORLD = "market"
PACKS = {PRICE: BARS, DIFFERENCE: "levels", RETURN: "return-series"}


def packs_of(pack: str, paths: Paths) -> dict[str, str]:
    """Return which packs the bars of a history are checked by: key in a plan -> name or path.

    A study that names ``ohlcv`` gets the pack of each kind of series that is there; any other pack is
    used for all bars.
    """
    if pack != BARS:
        return {WORLD: pack}
    own = {kind: name for kind, name in PACKS.items() if paths.where(kind)}
    if paths.has_quotes and PRICE in own:
        own[PRICE] = QUOTED
    return {key_of(kind): name for kind, name in own.items()}


def key_of(kind: str) -> str:
    """Return the name under which a plan keeps the pack of a kind of series."""
    return WORLD if kind == PRICE else f"{WORLD}.{kind}"
