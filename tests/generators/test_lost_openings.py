"""Openings far from all trades are found, told and not learned; wild days and sound bars stay as they are."""

import numpy as np
import pandas as pd
import pytest

from finsim.generators.channel_layout import Layout
from finsim.generators.daily.daily_flow import DailyFlow
from finsim.generators.daily.day_encoding import DayEncoding
from finsim.generators.daily.history.lost_openings import with_openings_mended
from finsim.generators.generator import Budget, Sequences
from finsim.kernels.markets.lost_openings import lost_openings
from finsim.markets.prices import prices_from_pandas
from finsim.randomness import Streams

BARS = Layout(2, ("move", "gap", "upper", "lower", "other"), np.full((2, 2), 0.004))
WRONG = 700


def naive(gaps, moves):
    returns, found = np.abs(gaps + moves), []
    for day in range(len(gaps)):
        around = np.concatenate([returns[max(day - 33, 0) : day], returns[day + 1 : day + 34]])
        far = min(abs(gaps[day]), abs(moves[day])) > 12 * around.mean() > 0
        found.append(far and gaps[day] * moves[day] < 0 and returns[day] <= 0.25 * abs(gaps[day]))
    return np.array(found)


@pytest.fixture(scope="module")
def bars():
    """Bars of five years of two series; the second opens 20 % off on one day, and closes where it was."""
    draw = np.random.default_rng(3)
    scale = np.array([0.01, 0.005, 0.3, 0.3, 0.3] * 2)
    found = draw.standard_normal((1_300, 10)) * scale + np.array([0, 0, 1.0, 1.0, 0] * 2)
    found[WRONG, 5:7] = -0.19, 0.2
    return found[None]


def test_an_opening_is_lost_where_it_is_far_alone_and_given_back():
    draw = np.random.default_rng(1)
    gaps, moves = 0.005 * draw.standard_normal(400), 0.01 * draw.standard_normal(400)
    plants = {0: (0.2, -0.19), 60: (-0.2, 0.17), 150: (0.3, -0.2), 220: (0.2, 0.01), 399: (-0.25, 0.26)}
    for day, (gap, move) in plants.items():
        gaps[day], moves[day] = gap, move
    assert np.flatnonzero(lost_openings(gaps, moves)).tolist() == [0, 60, 399]
    # A wild fortnight is one: 20 % are not far from what is around them.
    moves[45:80] *= 8.0
    moves[60] /= 8.0
    assert np.flatnonzero(lost_openings(gaps, moves)).tolist() == [0, 399]
    told = 0
    for _ in range(300):
        gaps, moves = 0.005 * draw.standard_normal(90), 0.01 * draw.standard_normal(90)
        gap = 12 * np.abs(gaps + moves).mean() * draw.uniform(0.8, 1.4)
        gaps[45], moves[45] = gap, -gap * draw.uniform(0.7, 1.3)
        assert np.array_equal(lost_openings(gaps, moves), naive(gaps, moves))
        told += lost_openings(gaps, moves)[45]
    assert 60 < told < 240
    assert not lost_openings(np.array([0.2, 0.0]), np.array([-0.2, 0.0])).any()
    assert not len(lost_openings(np.empty(0), np.empty(0)))


def test_the_day_is_learned_as_opening_at_the_close_before(bars, monkeypatch):
    seen = np.ones((1, 1_300), dtype=bool)
    mended = with_openings_mended(bars, seen, BARS)
    wanted = bars.copy()
    wanted[0, WRONG, 5:7] = bars[0, WRONG, 5:7].sum(), 0.0
    assert np.array_equal(mended, wanted)
    assert bars[0, WRONG, 6] == 0.2
    # Steps that are not observed are no neighbours.
    holes = seen.copy()
    holes[0, WRONG - 20 : WRONG] = holes[0, WRONG + 1 : WRONG + 20] = False
    wild = bars.copy()
    wild[0, ~holes[0]] = 5.0
    assert with_openings_mended(wild, holes, BARS)[0, WRONG, 6] == 0.0
    met = []
    fit = DayEncoding.fit.__func__
    monkeypatch.setattr(
        DayEncoding,
        "fit",
        classmethod(lambda cls, data, *rest: met.append(data.values) or fit(cls, data, *rest)),
    )
    settings = DailyFlow.Settings(width=16, layers=1, pool=512, settling=4)
    body = DailyFlow.fit(Sequences(bars, layout=BARS), settings, Streams(1), Budget(steps=5), lambda *_: None)
    assert np.array_equal(met[0], mended)
    # The tail of gaps on paths is that of the other days.
    made = body.sample(4, 300, Streams(2))
    assert np.abs(made[..., 6]).max() < 0.1


def test_a_history_without_gaps_is_learned_as_it_is():
    values = np.random.default_rng(2).standard_normal((1, 100, 3))
    assert np.array_equal(
        with_openings_mended(values, np.ones((1, 100), dtype=bool), Layout.plain(3)), values
    )


def test_a_file_with_a_lost_opening_is_told_so():
    draw = np.random.default_rng(4)
    close = 50 * np.exp(np.cumsum(0.01 * draw.standard_normal(300)))
    opened = np.concatenate([[50.0], close[:-1]]) * np.exp(0.002 * draw.standard_normal(300))
    opened[150] = 2.0 * close[149]
    table = pd.DataFrame({"date": pd.bdate_range("2015-01-01", periods=300), "open": opened})
    table["high"], table["low"] = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    table["close"], table["volume"] = close, 1_000
    told = [one for one in prices_from_pandas(table).notes["remarks"] if "wrong opening" in one]
    assert len(told) == 1
    assert f"{table.date[150]:%Y-%m-%d} opens +100.0% from the close before and closes " in told[0]
    assert f" closes {close[150] / close[149] - 1:+.1%} from it" in told[0]
