"""A word that repeated numbers tell is no function of the numbers that hardly repeat."""

import numpy as np
import pytest

from finsim.generators.tables.reduction.followers import find_followers
from finsim.records.mixed_table import NUMBER, WORD, MixedColumn, MixedTable


def table(fixed: int, seed: int = 0) -> MixedTable:
    """Return rates of trackers, often met, and those of ``fixed`` rows, each its own."""
    rng = np.random.default_rng(seed)
    rate = np.concatenate([rng.choice([11.0, 11.5, 12.0], 300), np.round(2 + 8 * rng.random(fixed), 2)])
    kind = np.repeat([0, 1], [300, fixed]).astype(np.int32)
    columns = {
        "rate": MixedColumn(NUMBER, rate, step=0.01),
        "type": MixedColumn(WORD, kind, ("tracker", "fixed")),
        "margin": MixedColumn(
            NUMBER, np.where(rate == 12.0, 3.0, np.where(rate == 11.5, 2.0, 1.0)), step=1.0
        ),
    }
    return MixedTable(columns, len(rate))


@pytest.mark.parametrize("fixed", [310, 330])
def test_rates_that_hardly_repeat_are_not_those_of_the_nearest_tracker(fixed):
    found = [one for one in find_followers(table(fixed), 5) if (one.target, one.source) == ("type", "rate")]
    for one in found:  # a step of the rate may tell the type, the nearest tracker may not
        whole = table(fixed)
        words = np.array(one.listed(), dtype=object)[one.places(whole["rate"])]
        assert (words == np.where(whole["type"].values == 0, "tracker", "fixed")).mean() > 0.9
