"""Cells of margins and of levels against their plain twins, bit for bit."""

import numpy as np
import pytest
from naive import number_margin as naive

from finsim.generators.margins.number_margin import NumberMargin
from finsim.generators.tables.column_levels import ColumnLevels
from finsim.records.mixed_table import NUMBER, WORD, MixedColumn

ROWS = 1_500


def _columns(rng):
    """Return steps and cells: of money, counts, grains, endings, atoms, losses, and off any grid."""
    wide = rng.lognormal(7, 0.8, ROWS)
    hundreds = np.where(rng.random(ROWS) < 0.6, np.round(wide / 100) * 100, np.round(wide))
    prices = np.floor(wide) + rng.choice([0.99, 0.49, 0.0], ROWS)
    prices = np.where(rng.random(ROWS) < 0.5, prices, np.round(wide, 2))
    return {
        "amounts": (1.0, hundreds), "grain": (1.0, np.round(wide / 250) * 250), "prices": (0.01, prices),
        "some off a grain": (1.0, np.where(rng.random(ROWS) < 0.97, np.round(wide / 25) * 25, hundreds)),
        "counts": (1.0, rng.poisson(2.0, ROWS) * 1.0), "one value": (1.0, np.full(ROWS, 7.0)),
        "losses": (0.01, np.round(rng.normal(0, 40, ROWS), 2)), "none": (0.0, rng.normal(size=ROWS)),
        "quarters": (0.25, np.round(rng.normal(3, 2, ROWS) * 4) / 4),
        "atoms": (1.0, np.where(rng.random(ROWS) < 0.4, rng.choice([0, 500, 1e4], ROWS), np.round(wide))),
        "from -0.5": (1.0, np.round(np.abs(rng.normal(0, 300, ROWS))) - (rng.random(ROWS) < 0.002) * 0.5),
    }  # fmt: skip


NAMES = sorted(_columns(np.random.default_rng(0)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("smooth", [True, False])
def test_cells_are_those_of_the_twin(streams, name, smooth):
    step, cells = _columns(streams.at("cells"))[name]
    margin = NumberMargin.fit(cells, step, smooth)
    rng = streams.at("draws")
    edges = margin.pieces()
    places = np.concatenate([rng.random(ROWS), edges, np.nextafter(edges, 0), [0.0, 1e-9, 1.0 - 1e-9]])
    draws = np.concatenate([rng.random(len(places) - 40), np.repeat([0.0, 1.0 - 2.0**-53], 20)])
    found = margin.values(places, draws)
    assert found.tobytes() == naive.values(margin, places, draws).tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_cells_of_levels_are_those_of_the_twin_and_read_what_they_say(streams, name):
    step, cells = _columns(streams.at("cells"))[name]
    cells = np.where(streams.at("gaps").random(ROWS) < 0.1, np.nan, cells)
    one = ColumnLevels.fit(MixedColumn(NUMBER, cells, (), step), 24, smooth=True)
    rng = streams.at("levels")
    levels = rng.integers(0, one.count, 800).astype(np.uint8)
    inside, draws = rng.random(800), rng.random(800)
    found = one.cells(levels, inside, draws).values
    single = np.append([np.nan], _alone(one))
    assert np.array_equal(found, naive.levels(single, one.edges, levels, inside, draws, one.margin),
                          equal_nan=True)  # fmt: skip
    assert one.reads == (bool(np.isnan(single[1:]).any()),) * 2
    if not any(one.reads):
        assert np.array_equal(one.cells(levels, 0 * inside, 0 * draws).values, found, equal_nan=True)


def _alone(one):
    """Return the cell of each level that holds one atom and nothing else, NaN for others."""
    nearly = np.diff(one.edges) * 1e-6
    high = np.full(len(nearly), 0.999999)
    low, up = (naive.values(one.margin, at, high) for at in (one.edges[:-1] + nearly, one.edges[1:] - nearly))
    return np.where((low == up) & np.isin(low, one.margin.atoms), low, np.nan)


def test_words_read_their_place_only_where_rare_ones_share_a_level():
    codes = np.repeat(np.arange(3, dtype=np.int32), [20, 20, 20])
    assert ColumnLevels.fit(MixedColumn(WORD, codes, ("a", "b", "c")), 8).reads == (False, False)
    rare = np.append(codes, [3, 4]).astype(np.int32)
    assert ColumnLevels.fit(MixedColumn(WORD, rare, ("a", "b", "c", "d", "e")), 8).reads == (True, False)
