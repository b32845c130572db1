"""Every number that a scenario file may claim something of, by name; a test holds it against the worlds."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping

from finsim.scenarios.variables import LAUNDERING, TYPOLOGIES, VARIABLES

ENDS = ("peak", "trough")
SUPERVISED = ("cards", "mortgage", "heloc", "cre", "corporate", "consumer")
OF_DRIVER = ("vol_mult", "corr_blend", "spread_mult", "depth_mult", "jump")
OF_BEHAVIOUR = ("late_payment", "cash_withdrawal")
OF_EQUITY = ("max_drawdown", "days_peak_to_trough", "vol21_peak", "corr63_peak", "quarter_error")
OF_BOOK = ("default_rate", "loss_rate", "dispersion", "expected_loss")
OF_CLASS = ("loss_rate_9q", "z_trough", "default_ratio_peak")
OF_TYPOLOGY = ("peak_over_base", "schemes")

CLOSED: frozenset[str] = frozenset(
    [
        *(f"macro.{name}.{end}" for name in VARIABLES for end in ENDS),
        *(f"driver.equity.{name}" for name in ("trough", "end", "trough_step")),
        *(f"driver.{name}.{end}" for name in OF_DRIVER for end in ENDS),
        *(f"behaviour.{name}.{end}" for name in OF_BEHAVIOUR for end in ENDS),
        *(f"equity.{name}" for name in OF_EQUITY),
        *(f"credit.{name}" for name in OF_BOOK),
        *(f"credit.{loan_class}.{name}" for loan_class in SUPERVISED for name in OF_CLASS),
        "fraud.branching_ratio",
        "fraud.loss_rate",
        "liquidity.shortfall_rate",
    ]
)
"""The names that stand whole."""

OPEN: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "behaviour.spend": (ENDS, ()),
    "behaviour.channel": (ENDS, ()),
    "credit.default_rate": ((), ()),
    "credit.dispersion": ((), ()),
    "fraud": (OF_TYPOLOGY, TYPOLOGIES),
    "aml": (OF_TYPOLOGY, LAUNDERING),
}
"""Beginnings that a name of the user follows, the ends behind that name, and the names that finsim ships."""


def pattern() -> str:
    """Return a regular expression of the metrics that stand, for editors; it forgives slips of user names."""
    closed = [re.escape(name) for name in sorted(CLOSED)]
    opened = [
        re.escape(begin) + r"\..+" + (rf"\.({'|'.join(ends)})" if ends else "")
        for begin, (ends, _) in OPEN.items()
    ]
    return rf"^({'|'.join([*closed, *opened])})$"


def is_measurable(metric: str, own: Collection[str] = ()) -> bool:
    """Tell whether some world can measure a metric; ``own`` are names that the file itself uses.

    A name of a user (a typology, a sector, a category of merchants) is taken as it stands, unless it is
    nearly a shipped one or one of the file's own: then it is a slip of the pen.
    """
    if metric in CLOSED:
        return True
    for begin, (ends, shipped) in OPEN.items():
        name, end = _parts(metric, begin, ends)
        if not name or (ends and end not in ends):
            continue
        if not _slipped(name, {*own, *shipped}):
            return True
    return False


def _slipped(name: str, known: Collection[str]) -> bool:
    """Tell whether a name is nearly a known one; one with a word before or behind is a name of its own."""
    if name in known or any(name.startswith(f"{one}_") or name.endswith(f"_{one}") for one in known if one):
        return False
    return bool(difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.8))


def nearest(metric: str, own: Collection[str] = ()) -> str:
    """Return what the author may have meant, as a remedy: the nearest names of the same world."""
    every = set(CLOSED)
    for begin, (ends, shipped) in OPEN.items():
        for name in (*shipped, *own):
            every |= {f"{begin}.{name}.{end}" for end in ends} if ends else {f"{begin}.{name}"}
    world = metric.partition(".")[0]
    same = sorted(name for name in every if name.partition(".")[0] == world)
    near = difflib.get_close_matches(metric, same or sorted(every), n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    shown = same or sorted({name.partition(".")[0] + "." for name in every})
    return "use one of: " + ", ".join(shown[:12]) + (", ..." if len(shown) > 12 else "")


def _parts(metric: str, begin: str, ends: tuple[str, ...]) -> tuple[str, str]:
    """Return the user's name and the end behind it; no name where the metric begins differently."""
    if not metric.startswith(f"{begin}."):
        return "", ""
    rest = metric.removeprefix(f"{begin}.")
    if not ends:
        return rest, ""
    name, _, end = rest.rpartition(".")
    return name, end
