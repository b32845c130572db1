"""Vector autoregression: weights come back, walking the residuals gives the data back, shocks die out."""

import dataclasses

import numpy as np
import pytest
from small_generators import clustered, fitted

from finsim.errors import FitError
from finsim.generators.classical.var import Var
from finsim.generators.generator import Sequences
from finsim.randomness import Streams

LAW = np.array([[[0.5, 0.2], [0.0, -0.3]], [[0.0, 0.0], [0.3, 0.2]]])


def made(steps=3_000, law=LAW, seed=2):
    """Return float64[1, steps, 2] of a law of two lags, with units far apart and heavy-tailed noise."""
    draw, rows = np.random.default_rng(seed), [np.zeros(2), np.zeros(2)]
    for _ in range(steps):
        rows.append(rows[-1] @ law[0] + rows[-2] @ law[1] + draw.standard_t(5, 2))
    return np.array(rows[2:])[None] * [1.0, 100.0] + [3.0, -7.0]


def test_lags_and_weights_of_a_law_come_back(streams):
    model = fitted(Var, streams, Sequences(made()))
    units = np.array([1.0, 100.0])
    assert model.arrays["weights"].shape == (2, 2, 2)
    assert model.arrays["weights"] * units[:, None] / units == pytest.approx(LAW, abs=0.06)


def test_paths_keep_means_sizes_and_linear_memory(streams):
    data = made()
    paths = fitted(Var, streams, Sequences(data)).sample(40, 1_000, Streams(1))
    assert paths.mean(axis=(0, 1)) == pytest.approx(data.mean(axis=(0, 1)), abs=0.1 * data.std())
    assert paths.std(axis=(0, 1)) == pytest.approx(data.std(axis=(0, 1)), rel=0.05)

    def lagged(rows, a, b, lag):
        return np.mean([np.corrcoef(one[lag:, a], one[:-lag, b])[0, 1] for one in rows])

    for a, b, lag in ((0, 0, 1), (1, 0, 1), (1, 1, 2), (0, 1, 2)):
        assert lagged(paths, a, b, lag) == pytest.approx(lagged(data, a, b, lag), abs=0.05)


def test_walking_the_residuals_in_order_gives_the_data_back(streams, monkeypatch):
    """A plain recursion in Python: start of the data, then its own residuals."""
    data = made(400)
    model = fitted(Var, streams, Sequences(data))
    weights, centre, rows = model.arrays["weights"], model.arrays["centre"], data[0]
    found = [*(rows[:2] - centre)]
    shift = (rows[2:] - centre) - np.stack(
        [(rows[t - 1] - centre) @ weights[0] + (rows[t - 2] - centre) @ weights[1] for t in range(2, 400)]
    ) - model.arrays["residuals"]  # fmt: skip
    assert np.allclose(shift, shift[0])  # residuals around their mean
    for residual in model.arrays["residuals"]:
        found.append(found[-1] @ weights[0] + found[-2] @ weights[1] + residual + shift[0])
    assert np.allclose(np.array(found) + centre, rows)


def test_a_history_is_gone_on_from_by_its_last_steps(streams):
    model = fitted(Var, streams, Sequences(made()))
    model.arrays["residuals"][:] = 0.0
    centre, weights = model.arrays["centre"], model.arrays["weights"]
    history = np.array([[5.0, 50.0], [2.0, -300.0], [9.0, 400.0]])
    (path,) = model.sample(1, 2, streams, history=history)
    one = (history[2] - centre) @ weights[0] + (history[1] - centre) @ weights[1]
    two = one @ weights[0] + (history[2] - centre) @ weights[1]
    assert np.allclose(path, centre + np.stack([one, two]))


def test_a_shock_dies_out_though_the_data_explode(streams):
    rows = 1.01 ** np.arange(600.0)[None, :, None] * np.array([1.0, 2.0]) + made(600) * 1e-3
    paths = fitted(Var, streams, Sequences(rows)).sample(3, 3_000, Streams(1))
    assert np.abs(paths).max() < 1e3 * np.abs(rows).max()


def test_a_sequence_does_not_answer_to_the_one_before(streams):
    """Two sequences end to end: as if the second began anew."""
    data = made(1_000).reshape(2, 500, 2)
    model = fitted(Var, streams, Sequences(data))
    assert len(model.arrays["residuals"]) == 1_000 - 2 * model.arrays["starts"].shape[1]


def test_settings_and_histories_that_are_none_are_refused(streams):
    for change, words in (({"most_lags": 0}, "most_lags is 0"), ({"ridge": 0.0}, "ridge is 0")):
        with pytest.raises(FitError, match=words):
            fitted(Var, streams, clustered(), dataclasses.replace(Var.Settings(), **change))
    with pytest.raises(FitError, match="at least 100"):
        fitted(Var, streams, clustered(80))
    wide = Sequences(np.random.default_rng(0).standard_normal((1, 120, 50)))
    with pytest.raises(FitError, match=r"50 channels; expected at least 150.*\n?.*fewer assets"):
        fitted(Var, streams, wide)
