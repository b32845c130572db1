"""A rare word comes where the data have it: the weights of a mixture heed the few rows that tell of it."""

from __future__ import annotations

import numpy as np
import pytest

from finsim.generators.events.habits.cells.mixture import mixture_weights
from finsim.generators.events.habits.cells.word_law import learn_words


def naive_weights(parts, rounds):
    """EM from equal weights."""
    weights = np.full(parts.shape[1], 1.0 / parts.shape[1])
    for _ in range(rounds):
        shares = parts * weights
        weights = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0)
    return weights


@pytest.mark.parametrize("size", [2, 4, 6])
def test_weights_are_those_that_em_comes_to_in_the_end(size):
    rng = np.random.default_rng(size)
    parts = rng.random((400, size)) ** 3
    parts[:, 0] += 0.3 * (rng.random(400) < 0.5)
    found = mixture_weights(parts, np.ones(size))
    assert found.sum() == pytest.approx(1.0)
    assert found.min() >= 0.0
    gain = (parts / (parts @ found)[:, None]).mean(axis=0)  # 1 for parts in use, at most 1 for others
    assert gain.max() < 1.0 + 1e-4
    np.testing.assert_allclose(found, naive_weights(parts, 4_000), atol=5e-3)


def test_parts_that_may_not_have_none():
    parts = np.random.default_rng(0).random((50, 3))
    assert mixture_weights(parts, np.array([1.0, 0.0, 2.0]))[1] == 0.0
    np.testing.assert_allclose(mixture_weights(parts[:0], np.ones(3)), 1.0 / 3.0)


def test_a_part_that_a_few_rows_tell_of_has_its_weight():
    """30 of 30,000 rows: EM is at two thirds of the way after as many rounds as there were."""
    parts = np.tile([0.998, 0.999], (30_000, 1))
    parts[:30] = 0.002, 0.9
    assert naive_weights(parts, 25)[1] < 0.6
    assert mixture_weights(parts, np.ones(2))[1] > 0.999


def flagged(seed=1, n=30_000):
    """Flags in half of the nightly rows online, nowhere else, in runs; 2 % of the cells of a third word."""
    rng = np.random.default_rng(seed)
    entity = np.repeat(np.arange(n // 30), 30)
    first = np.arange(n) % 30 == 0
    channel, hour = rng.choice(3, n, p=[0.8, 0.1, 0.1]), rng.integers(8, 24, n)
    night = np.repeat(rng.random(n // 5) < 0.01, 5)
    hour[night], channel[night] = 2, np.where(rng.random(night.sum()) < 0.4, 1, 0)
    word = np.where(rng.random(n) < 0.02, 2, 0)
    word[night & (channel == 1) & (rng.random(n) < 0.5)] = 1
    return word, {"channel": channel, "hour": hour}, entity, first


def test_a_rare_flag_stays_in_its_contexts_and_as_frequent():
    word, contexts, entity, first = flagged()
    law, parents = learn_words(word, 3, contexts, entity, int(entity.max()) + 1, first)
    assert sorted(parents) == ["channel", "hour"]
    found = law.words(
        [contexts[one] for one in parents], entity, first, np.random.default_rng(2).random((len(word), 4))
    )
    flag = found == 1
    inside = flag & (contexts["channel"] == 1) & (contexts["hour"] == 2)
    assert 40 < (word == 1).sum() < 500
    assert inside.sum() / flag.sum() > 0.9  # .5 by weights of 25 rounds of EM
    assert flag.sum() == pytest.approx((word == 1).sum(), rel=0.3)
    assert (found == 2).mean() == pytest.approx((word == 2).mean(), abs=0.004)
