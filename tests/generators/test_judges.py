"""The judges of the TimeGAN protocol: the TF1 cell, planted differences, seeds."""

import numpy as np
import pytest
import torch

from finsim.errors import DataError
from finsim.generators.score_networks import (
    Judges,
    discriminative_accuracies,
    discriminative_accuracy,
    predictive_error,
)
from finsim.generators.training.device import torch_stream

pytestmark = pytest.mark.sweep


def _waves(streams, count, name, shift=0.0):
    draw = streams.at(name)
    phase = draw.random((count, 1, 1)) * 6.0
    steps = np.arange(12)[None, :, None] * 0.4
    wave = 0.5 + 0.4 * np.sin(phase + steps + np.arange(4))
    return np.clip(wave + shift + 0.01 * draw.standard_normal(wave.shape), 0.0, 1.0)


def test_the_cell_is_the_one_of_tensorflow_1():
    """tf.nn.rnn_cell.GRUCell written out: reset before the product, gate bias 1, h = u h + (1 - u) c."""
    judges = Judges.drawn(3, 2, [torch_stream(1), torch_stream(2)])
    x = torch.rand(2, 5, 4, 3, generator=torch_stream(3))
    found = judges.states(x)
    for judge in (0, 1):
        gates, gate_bias, candidate, candidate_bias = (w[judge].detach().numpy() for w in judges.weights[:4])
        assert (gate_bias == 1.0).all()
        for window in range(5):
            state = np.zeros(2)
            for step in range(4):
                seen = x[judge, window, step].numpy()
                both = 1.0 / (1.0 + np.exp(-(np.concatenate([seen, state]) @ gates + gate_bias[0])))
                reset, update = both[:2], both[2:]
                inner = np.concatenate([seen, reset * state])
                state = update * state + (1.0 - update) * np.tanh(inner @ candidate + candidate_bias[0])
                assert np.allclose(found[step][judge, window].detach().numpy(), state, atol=1e-5)


def test_equal_laws_cannot_be_told_apart(streams):
    """40 % of 800 held-out windows at chance: within 0.5 +- 0.07."""
    real, fake = _waves(streams, 1000, "a"), _waves(streams, 1000, "b")
    assert discriminative_accuracy(real, fake, 3, iterations=150) == pytest.approx(0.5, abs=0.07)


def test_a_planted_shift_is_seen(streams):
    real, fake = _waves(streams, 300, "a"), _waves(streams, 300, "b", shift=0.2)
    assert discriminative_accuracy(real, fake, 3, iterations=400) > 0.8


def test_judges_side_by_side_are_the_judges_one_by_one(streams):
    real, fake = _waves(streams, 100, "a"), _waves(streams, 90, "b", shift=0.05)
    together = discriminative_accuracies(real, fake, (4, 5, 6), iterations=40)
    alone = [discriminative_accuracy(real, fake, word, iterations=40) for word in (4, 5, 6)]
    assert together == pytest.approx(alone, abs=0.03)


def test_a_seed_gives_one_score(streams):
    real, fake = _waves(streams, 60, "a"), _waves(streams, 60, "b")
    scores = {discriminative_accuracy(real, fake, 9, iterations=20) for _ in range(2)}
    assert len(scores) == 1
    assert len({predictive_error(real, fake, 9, iterations=20) for _ in range(2)}) == 1


def test_the_predictor_learns_and_noise_does_not_help(streams):
    """Waves are predictable one step ahead; a predictor trained on noise is not better than the mean."""
    real = _waves(streams, 400, "a")
    noise = streams.at("noise").random(real.shape)
    learned = predictive_error(real, real, 1, iterations=800)
    baseline = np.abs(real[:, 1:, -1] - real[:, 1:, -1].mean()).mean()
    assert learned < 0.6 * baseline < predictive_error(noise, real, 1, iterations=200)


def test_a_batch_larger_than_the_data(streams):
    real = _waves(streams, 20, "a")
    assert 0.0 <= discriminative_accuracy(real, real[:15], 1, iterations=3) <= 1.0
    assert predictive_error(real, real, 1, iterations=3) > 0.0


@pytest.mark.parametrize(
    "fake", [np.zeros((50, 12, 3)), np.zeros((50, 11, 4)), np.zeros((5, 12, 4)), np.zeros(4)]
)
def test_shapes_that_do_not_agree(streams, fake):
    with pytest.raises(DataError):
        discriminative_accuracy(_waves(streams, 50, "a"), fake, 1)


def test_one_channel_cannot_be_predicted_from_others():
    with pytest.raises(DataError, match="2 or more"):
        predictive_error(np.zeros((20, 5, 1)), np.zeros((20, 5, 1)), 1)


def test_judging_leaves_the_global_generator_alone(streams):
    before = torch.random.get_rng_state()
    discriminative_accuracy(_waves(streams, 30, "a"), _waves(streams, 30, "b"), 1, iterations=2)
    assert torch.equal(torch.random.get_rng_state(), before)
