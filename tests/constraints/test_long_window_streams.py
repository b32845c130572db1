"""Windows of a long stream whose groups come back: rows that no window holds go, and nothing else changes."""

import numpy as np
import pyarrow as pa
import pytest

from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.packs.ruleset import RuleSet

PACK = """
finsim-rules: 1
pack: {id: t, version: "1"}
table: t
order: {group: [card], by: [at]}
columns:
  card: {type: int}
  at: {type: ts}
  x: {type: int}
rules:
  - {id: often, check: count_in(1h) <= 2}
  - {id: total, check: "sum_in(x, 1h) <= 12"}
  - {id: most, check: "max_in(x, 1h) < 9"}
"""
HOUR = 3_600 * 10**9


def stream(seed, rows=12_000):
    """Return rows in the order of time: a few cards that come often, many that come seldom."""
    draw = np.random.default_rng(seed)
    cards = np.where(draw.random(rows) < 0.5, draw.integers(0, 20, rows), draw.integers(20, 900, rows))
    at = 1_767_225_600 * 10**9 + np.cumsum(draw.exponential(HOUR / 150, rows)).astype(np.int64)
    return cards, at, draw.integers(0, 10, rows)


def counted(cards, at, x):
    """Return how many rows break each rule, from the definition of a window: (t - w, t], up to the row."""
    broken = dict.fromkeys(("often", "total", "most"), 0)
    for card in np.unique(cards):
        times, values = at[cards == card], x[cards == card]
        for row, now in enumerate(times):
            held = values[: row + 1][times[: row + 1] > now - HOUR]
            broken["often"] += len(held) > 2
            broken["total"] += held.sum() > 12
            broken["most"] += held.max() >= 9
    return broken


@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
@pytest.mark.parametrize("seed", range(3))
def test_a_stream_counts_what_the_definition_says(seed, tier):
    cards, at, x = stream(seed)
    table, rules = (
        pa.table({"card": cards, "at": pa.array(at, pa.timestamp("ns")), "x": x}),
        RuleSet.parse(PACK),
    )
    wanted = counted(cards, at, x)
    assert min(wanted.values()) > 100
    batches = [table.slice(low, 700) for low in range(0, table.num_rows, 700)]
    for found in (check_batches(batches, rules, tier=tier), check(table, rules, tier=tier)):
        assert {name: found[name].violations for name in wanted} == wanted
