"""A level that is stationary in the data is stationary on paths, and no random walk is taken for one."""

import dataclasses

import numpy as np
import pytest

from finsim.generators.channel_layout import Layout
from finsim.generators.daily import settling
from finsim.generators.daily.daily_flow import DailyFlow
from finsim.generators.daily.day_encoding import DayEncoding
from finsim.generators.daily.error_correction import MONTH, ErrorCorrection, distances
from finsim.generators.daily.settling import settle
from finsim.generators.generator import Sequences

BARS = Layout(2, ("gap", "move", "upper"), np.ones((2, 2)))


def coming_back(draw, days, *, pull, series=1, skew=0.0):
    """Moves float64[days, series] of levels that come back; ``skew``: larger moves when they are up."""
    level, moves = np.zeros(series), []
    for _ in range(days):
        size = np.exp(skew * np.clip(level, -1.0, 1.0))
        moves.append(-pull * level + 0.1 * size * draw.standard_normal(series))
        level = level + moves[-1]
    return np.array(moves)


def test_levels_are_parted_from_random_walks(streams):
    draw, layout, seen = streams.at("walks"), Layout.plain(150), np.ones((1, 700), dtype=bool)
    for pull, few, many in ((0.0, 0, 2), (0.08, 145, 150)):
        moves = coming_back(draw, 700, pull=pull, series=150)
        home = ErrorCorrection.fit(10.0 * moves[None], moves[None], seen, layout)
        found = home.pull[:, 0] < 0.0
        assert few <= found.sum() <= many
        assert not home.pull[~found].any()
    assert home.pull[found].sum(axis=1).mean() == pytest.approx(-10.0 * 0.08, rel=0.2)
    still = ErrorCorrection.fit(np.zeros((1, 700, 150)), np.zeros((1, 700, 150)), seen, layout)
    assert not still.pull.any()


def test_a_month_counts_only_where_it_adds_to_the_level(streams):
    """Half of each move is taken back within days: more than the distance from the mean says."""
    draw, seen = streams.at("month"), np.ones((1, 3_000), dtype=bool)
    slow = coming_back(draw, 3_000, pull=0.03, series=30)
    blips = 0.1 * draw.standard_normal(3_001)
    for moves, counts in ((slow, False), (slow + np.diff(blips)[:, None], True)):
        pull = ErrorCorrection.fit(10.0 * moves[None], moves[None], seen, Layout.plain(30)).pull
        assert (pull[:, 0] < 0.0).all()
        assert ((pull[:, 1] < -0.3).sum() >= 29) if counts else ((pull[:, 1] < 0.0).sum() <= 1)


def test_distances_are_those_of_the_sum_of_gaps_and_moves(streams):
    draw = streams.at("far")
    values, seen = draw.standard_normal((2, 40, 6)), draw.random((2, 40)) < 0.8
    found = distances(values, seen, BARS)
    for n in range(2):
        for a in range(2):
            levels, month, level, slow = [0.0], [0.0], 0.0, 0.0
            for row, known in zip(values[n, :, 3 * a : 3 * a + 2], seen[n], strict=True):
                if known:
                    level += row.sum()
                    slow += (level - slow) / MONTH
                levels.append(level)
                month.append(level - slow)
            mean = np.mean([0.0, *np.array(levels)[1:][seen[n]]])
            assert np.allclose(found[n, :, a, 0], np.array(levels) - mean)
            assert np.allclose(found[n, :, a, 1], month)


def test_the_pull_is_bounded_and_acts_on_moves_alone():
    home = ErrorCorrection(
        np.array([[-2.0, -1.0], [0.0, 0.0]]), np.array([[1.0, 0.5], [9.0, 9.0]]), np.array([0.1, 0.0])
    )
    shift = home.shift(np.array([[[0.3, -0.2], [5.0, 5.0]], [[8.0, -8.0], [5.0, 5.0]]]), BARS)
    assert np.allclose(shift[0], [0.0, -2.0 * 0.4 + 0.2, 0.0, 0.0, 0.0, 0.0])
    assert np.allclose(shift[1], [0.0, -2.0 + 0.5, 0.0, 0.0, 0.0, 0.0])
    assert home.moved(np.array([0.2, 0.2])).offset == pytest.approx([0.3, 0.0])


@pytest.fixture(scope="module")
def skewed():
    """A level that moves more when it is up, and falls over its history: its mean move is none of its law."""
    return coming_back(np.random.default_rng(3), 1_500, pull=0.05, skew=1.0)


def settled(moves, streams):
    data = Sequences(moves[None])
    encoding, course = DayEncoding.fit(data, Layout.plain(1), 20.0, (60.0, 20.0), streams.at("atoms"))
    days = streams.at("days").standard_normal((encoding.stretches * 400, encoding.scaling.components))
    again = encoding.course(data.values, data.observed())
    assert np.allclose(again.location, course.location)
    assert np.allclose(again.scores, course.scores)
    return settle(encoding, course, data, data.observed(), days, 20.0, 8, streams), course


def levels(found, draw, steps, count=24):
    """Return the levels float64[count, steps] of paths, from where the history ended."""
    memory = found.starts.take(np.arange(count))
    chosen = draw.integers(found.encoding.choices(found.pool), size=(count, steps))
    eras = found.encoding.eras.course([draw] * count, steps, memory.place)
    start = memory.distance[:, :1, 0].copy()
    made = found.encoding.walk(found.pool, chosen, eras, memory, found.law)
    found.law.apply(made)
    assert np.allclose(start[:, 0] + made[..., 0].sum(axis=1), memory.distance[:, 0, 0])
    return start + np.cumsum(made[..., 0], axis=1)


def test_paths_go_on_from_the_last_level_and_stay_around_the_mean(skewed, streams):
    found, course = settled(skewed, streams)
    real = np.cumsum(np.concatenate([[0.0], skewed[:, 0]]))
    real -= real.mean()
    assert found.starts.distance[:, 0, 0] == pytest.approx(real[-1])
    assert course.after.distance[0, 0, 0] == pytest.approx(real[-1])
    made = levels(found, streams.at("long"), 1_500)[:, 300:]
    assert made.mean() == pytest.approx(0.0, abs=0.25 * real.std())
    assert found.encoding.home.offset[0] != 0.0
    assert made[:, -1].std() < 1.5 * real.std()
    assert made.std() == pytest.approx(real.std(), rel=0.3)
    # A law that adds .02 to every move lets levels settle .4 too high, were it not seen.
    law = dataclasses.replace(found.law, stops=found.law.stops + 0.02)
    raised = dataclasses.replace(found, law=law)
    home = settling._at_home(found.encoding, found.pool, found.starts, law, streams.at("home"))
    mended = dataclasses.replace(raised, encoding=dataclasses.replace(found.encoding, home=home))
    above = [levels(one, streams.at("long"), 1_500)[:, 300:].mean() for one in (raised, mended)]
    assert above[0] > 0.7 * real.std() > 2.0 * abs(above[1])
    # So do the paths of the model itself: a level that did not hear of its law would drift by 30.
    model = DailyFlow(DailyFlow.Settings(), None, mended)
    last = real[-1] + model.sample(24, 1_500, streams)[..., 0].sum(axis=1)
    assert abs(last.mean()) < 0.7 * real.std()


def test_of_several_histories_paths_begin_anywhere(skewed, streams):
    data = Sequences(np.stack([skewed[:700], skewed[700:1_400]]))
    encoding, course = DayEncoding.fit(data, Layout.plain(1), 20.0, (60.0, 20.0), streams.at("atoms"))
    days = streams.at("days").standard_normal((encoding.stretches * 400, encoding.scaling.components))
    found = settle(encoding, course, data, data.observed(), days, 20.0, 8, streams)
    assert len(np.unique(found.starts.distance[:, 0, 0])) > 8
    assert dataclasses.asdict(found.encoding.home)["pull"][0, 0] < 0.0
