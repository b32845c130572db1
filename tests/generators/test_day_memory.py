"""What a day of the daily flow is told of the past, and what its channels remember."""

import dataclasses

import numpy as np
import pytest
import torch
from small_generators import clustered

from finsim.generators.channel_layout import Layout
from finsim.generators.daily import eras, persistence_tuning
from finsim.generators.daily.day_encoding import DayEncoding
from finsim.generators.daily.day_network import DayShape
from finsim.generators.daily.recolouring import nearer, recoloured
from finsim.generators.daily.settling import drawn_days, settle
from finsim.generators.daily.volatility_state import memories
from finsim.generators.generator import Sequences

BARS = Layout(1, ("move", "gap", "upper", "lower", "other"), np.array([[0.004, 0.005]]))


def test_each_stretch_of_the_pool_is_made_under_its_own_tension_and_unity(streams):
    class Told(torch.nn.Module):
        shape = DayShape(2, 1, 1)

        def __init__(self):
            super().__init__()
            self.anchor = torch.nn.Parameter(torch.zeros(1))

        def forward(self, vectors, time, told):
            return 10.0 * told

    encoding, _ = DayEncoding.fit(clustered(300), Layout.plain(3), 20.0, (60.0, 20.0), streams.at("atoms"))
    parted = dataclasses.replace(
        encoding,
        calm=np.array([[0.0, 0.0], [1.0, 1.0]]),
        edges=np.array([-0.5, 0.5]),
        unities=np.array([0.0]),
    )
    # No day is tense and apart: such days are made under a tension of tense days and a unity of days apart.
    told = np.repeat([[-1.0, -2.0], [-1.0, 2.0], [0.0, -2.0], [0.0, 2.0], [1.0, 2.0]], 50, axis=0)
    made = drawn_days(Told(), parted, told, 600, 2, streams)
    means = made.reshape(6, 100, 2).mean(axis=1)
    wanted = [[-10, -20], [-10, 20], [0, -20], [0, 20], [10, -20], [10, 20]]
    assert np.allclose(means, wanted, atol=0.5)


def test_made_days_get_the_covariance_of_the_real_ones_of_their_stretch(streams):
    """Two series that move together when tense, and apart when calm; the made days know nothing of it."""
    draw, encoding = streams.at("cells"), DayEncoding.fit(
        clustered(300), Layout.plain(3), 20.0, (60.0, 20.0), streams.at("atoms")
    )[0]  # fmt: skip
    parted = dataclasses.replace(
        encoding, calm=np.array([[0.0, 0.0], [1.0, 1.0]]), edges=np.array([0.0]), unities=np.zeros(0)
    )
    told = np.repeat([[-1.0, 0.0], [1.0, 0.0]], 4_000, axis=0)
    real = draw.standard_normal((8_000, 2))
    real[4_000:, 1] = 0.9 * real[4_000:, 0] + np.sqrt(0.19) * real[4_000:, 1]
    found = recoloured(draw.standard_normal((2_000, 2)) + 1.0, real, parted, told)
    assert np.corrcoef(found[:1_000].T)[0, 1] == pytest.approx(0.0, abs=0.05)
    assert np.corrcoef(found[1_000:].T)[0, 1] == pytest.approx(0.9, abs=0.02)
    assert np.allclose(found.mean(axis=0), 1.0, atol=0.1)


def test_what_many_series_have_in_common_is_believed_of_few_days():
    """Sixty series, two hundred days, one factor that made days lack; chance is not believed."""
    draw = np.random.default_rng(4)
    real = draw.standard_normal((200, 60)) + 0.7 * draw.standard_normal((200, 1))
    found = nearer(np.eye(60), np.cov(real.T), 200)
    true = np.eye(60) + 0.49
    assert np.linalg.eigvalsh(found)[-1] == pytest.approx(np.linalg.eigvalsh(true)[-1], rel=0.2)
    assert np.linalg.norm(found - true) < 0.8 * np.linalg.norm(np.cov(real.T) - true)
    assert np.linalg.norm(found - true) < 0.2 * np.linalg.norm(np.eye(60) - true)
    assert np.linalg.eigvalsh(found)[0] > 0.0
    few = np.cov(draw.standard_normal((30, 60)).T)  # no covariance of so few days is one
    assert np.linalg.eigvalsh(nearer(np.eye(60), few, 30))[0] > 0.0


def test_a_level_is_pulled_back_and_a_price_is_not(streams):
    """A mean-reverting series is corrected by its level, so that slow means add nothing; a trend is not."""
    draw, level, moves = streams.at("pulled"), 0.0, []
    for _ in range(3_000):
        moves.append(-0.05 * level + draw.standard_normal())
        level += moves[-1]
    trend = 0.15 * np.where(np.arange(3_000) // 300 % 2, 1.0, -1.0)
    for series, pulled in ((np.array(moves), True), (trend + draw.standard_normal(3_000), False)):
        encoding, _ = DayEncoding.fit(
            Sequences(series[None, :, None]), Layout.plain(1), 20.0, (60.0, 20.0), draw
        )
        slow = encoding.laws.weights[0, 0, 3 + 2 : 3 + 4]
        assert (encoding.home.pull[0, 0] < -0.03) == pulled
        assert not slow.any()


def test_without_eras_a_shadow_follows_its_own_slow_level_and_size(streams, monkeypatch):
    """Shadows whose mean and spread change by the year: both answer to the channel's slow levels."""
    monkeypatch.setattr(eras, "_FEWEST", 10_000)
    draw = streams.at("slow")
    values = 0.01 * draw.standard_normal((1, 3_000, 5))
    year = np.arange(3_000) // 250 % 2
    values[0, :, 2] = 1.0 + 0.3 * year + (0.1 + 0.2 * year) * draw.standard_normal(3_000)
    encoding, _ = DayEncoding.fit(Sequences(values), BARS, 20.0, (60.0, 20.0), draw)
    location, spread = encoding.laws.weights[2]
    assert location[3 + 2 : 3 + 4].sum() > 0.2
    assert spread[3 + 4] > 0.2
    assert not encoding.laws.weights[0, 1, 3 + 4 : 3 + 6].any()  # the size of moves is the state's


def test_settling_gives_made_days_the_covariance_of_real_ones(streams):
    """Made days whose components move together, where those of the data do not."""
    data = clustered(400)
    # One series with three more channels: what series have in common would be mended once more.
    layout = Layout(1, ("move", "other", "other"), np.ones((1, 2)))
    encoding, course = DayEncoding.fit(data, layout, 20.0, (60.0, 20.0), streams.at("atoms"))
    draw, size = streams.at("days"), encoding.scaling.components
    turn = np.linalg.cholesky(0.2 * np.eye(size) + 0.8)
    days = draw.standard_normal((encoding.stretches * 1_000, size)) @ turn.T
    settled = settle(encoding, course, data, data.observed(), days, 20.0, 4, streams)
    real = np.corrcoef(encoding.innovations(course)[0].T)
    assert np.abs(np.corrcoef(settled.pool.T) - real).max() < 0.1


def test_series_of_one_market_share_half_of_their_gains(streams, monkeypatch):
    """Only the first series lacks short memory: the second is led along, and the first held back."""
    data, draw = clustered(400, 2), streams.at("gains")
    encoding, _ = DayEncoding.fit(data, Layout.plain(2), 20.0, (60.0, 20.0), draw)
    wanted = persistence_tuning._Moments(np.full((2, 2), 0.2), np.zeros(2), np.ones(2))
    drifts = iter(np.linspace(0.5, 0.1, 99))

    def found(*asked):
        return dataclasses.replace(
            wanted, clustering=np.array([[0.1, 0.2], [0.2, 0.2]]), level=np.full(2, next(drifts))
        )

    monkeypatch.setattr(persistence_tuning, "_wanted", lambda *asked: wanted)
    monkeypatch.setattr(persistence_tuning, "_found", found)
    pool = draw.standard_normal((encoding.stretches * 50, 2))
    state = persistence_tuning.tuned(encoding, data.values, data.observed(), pool, 2, draw)[0].state
    short, _ = memories(state.layout)
    gains = (state.weights[:, 3 + short] / encoding.state.weights[:, 3 + short])[:, 0]
    assert min(encoding.state.persistence()[0]) > 0.02
    assert gains[0] > gains[1] > 1.02


def test_no_gain_grows_of_a_state_that_is_too_wide():
    """At its bounds such a state clusters too little: larger gains would make it wider still."""
    asked = (np.ones((2, 2)), np.full((2, 2), 2.0), np.array([0.9, 1.02]), (np.full(2, 0.5), np.full(2, 0.3)))
    gains = persistence_tuning._stepped(*asked)
    assert (gains[:, 0] > 1.0).all()
    assert (gains[:, 1] < 1.0).all()
