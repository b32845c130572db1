"""Noised counts: one entity moves them by its bound, alone it names nothing, and laws come out of them."""

import numpy as np
import pytest
from scipy import stats

from finsim.errors import PrivacyBudgetError
from finsim.generators.margins.number_margin import COARSE
from finsim.generators.privacy.noised_counts import (
    MOST_KEYS,
    Owners,
    clipped_counts,
    named,
    naming_threshold,
    noised_counts,
    refuse_hidden,
    shares,
)
from finsim.generators.privacy.private_numbers import NUMBER_RELEASES, Grid, NumberLaw, merged
from finsim.generators.privacy.private_words import WordLaw, word_releases
from finsim.randomness import Streams

SILENT = 1e-9


def draw(seed=0):
    return np.random.default_rng(seed)


def ragged(seed, entities=12, heavy=400):
    """Return owners and keys of rows; one entity has very many."""
    rng = draw(seed)
    sizes = rng.integers(1, 6, entities)
    sizes[0] = heavy
    owner = np.repeat(np.arange(entities), sizes)
    return owner, rng.integers(-1, 30, len(owner))


@pytest.mark.parametrize("seed", range(20))
def test_an_entity_moves_a_count_by_at_most_its_bound(seed):
    owner, keys = ragged(seed)
    weight = draw(seed).random(12)
    entity, key, share = shares(Owners(owner, weight, 1.0), keys)
    for put in (weight[entity] * share, np.sqrt(share), 1e9 * share):
        whole = clipped_counts(entity, key, put, (12, 30), 1.0)
        for out in (0, seed % 12):
            rest = clipped_counts(
                entity[entity != out], key[entity != out], put[entity != out], (12, 30), 1.0
            )
            assert np.linalg.norm(whole - rest) <= 1.0 + 1e-9


def test_counts_are_weighted_shares_of_rows():
    owners = Owners(np.array([0, 0, 0, 0, 1]), np.array([1.0, 0.5]), 1.5)
    found = noised_counts(owners, np.array([0, 0, 1, -1, 1]), 3, SILENT, draw())
    assert found == pytest.approx([0.5, 0.25 + 0.5, 0.0], abs=1e-6)


@pytest.mark.parametrize("keys", [1, 5, 3 * MOST_KEYS])
def test_what_one_entity_alone_has_is_named_with_delta_at_most(keys):
    """Many rows or many keys of its own do not help: 2,000 trials at delta .02."""
    owner = np.concatenate([np.arange(40), np.full(10 * keys, 40)])
    own = np.concatenate([np.zeros(40, np.int64), 1 + np.repeat(np.arange(keys), 10)])
    trials = 2_000
    told = sum(
        bool((named(Owners.of(owner, 41), own, 1.5, 0.02, draw(t))[0] > 0).any()) for t in range(trials)
    )
    assert told <= stats.binom.ppf(0.999, trials, 0.02)
    if keys == 1:  # One key is the worst case of a row: the bound is met, so the test can fail.
        single = Owners.themselves(41)
        alone = np.append(np.zeros(40, np.int64), 1)
        told = sum(1 in named(single, alone, 1.5, 0.02, draw(t))[0] for t in range(trials))
        assert stats.binom.ppf(0.001, trials, 0.02) <= told <= stats.binom.ppf(0.999, trials, 0.02)


def test_an_entity_names_no_more_than_its_commonest_keys():
    owner, keys = np.repeat(np.arange(400), 200), np.tile(np.arange(200), 400)
    assert named(Owners.of(owner, 400), keys, SILENT, 0.02, draw())[0].tolist() == list(range(MOST_KEYS))


def test_common_words_are_named_and_rare_ones_become_the_rest():
    codes = np.repeat([0, 1, 2, 3, -1], [400, 300, 20, 1, 279])
    law = WordLaw.fit(codes, Owners.themselves(1_000), (10.0, 1e-6), Streams(3))
    assert law.codes.tolist() == [0, 1]
    assert law.words(("a", "b", "c", "secret")) == ("a", "b", "other")
    assert law.shares == pytest.approx([0.279, 0.4, 0.3, 0.021], abs=0.04)
    assert law.places(codes, 4)[[0, 500, 710, 720, 999]].tolist() == [0, 1, 2, 2, -1]


def test_no_word_that_can_be_named_leaves_the_rest_alone():
    law = WordLaw.fit(np.arange(100), Owners.themselves(100), (5.0, 1e-6), Streams(3))
    assert law.words(tuple("x" * k for k in range(100))) == ("other",)
    law = WordLaw.fit(np.zeros(100, np.int64), Owners.themselves(100), (SILENT, 1e-6), Streams(3))
    assert law.words(("other",)) == ("other",)


@pytest.mark.parametrize("step", [0.0, 0.01, 1.0])
def test_the_law_of_numbers_is_that_of_its_cells(step):
    rng = draw(4)
    values = np.exp(rng.normal(6.0, 1.0, 20_000))
    values = np.round(values / step) * step if step else values
    values[:6_000] = 250.0
    values[-2_000:] = np.nan
    law = NumberLaw.fit(values, step, Owners.themselves(20_000), (3.0, 1e-6), Streams(5))
    assert law.lacks == pytest.approx(0.1, abs=0.01)
    assert 250.0 in law.atoms
    assert law.atom_share[list(law.atoms).index(250.0)] == pytest.approx(6 / 18, abs=0.01)
    margin = law.margin()
    places = (np.arange(4_000) + 0.5) / 4_000
    made = margin.values(places, rng.random(4_000))
    assert stats.ks_2samp(made, values[~np.isnan(values)]).statistic < 0.04


def test_round_sums_stay_round():
    rng = draw(6)
    values = np.exp(rng.normal(8.0, 1.0, 30_000)).round()
    values[:15_000] = np.round(values[:15_000] / 100) * 100
    law = NumberLaw.fit(values, 1.0, Owners.themselves(30_000), (4.0, 1e-6), Streams(5))
    made = law.margin().values((np.arange(4_000) + 0.5) / 4_000, rng.random(4_000))
    assert (made % 100 == 0).mean() == pytest.approx((values % 100 == 0).mean(), abs=0.06)
    assert law.levels.shape[1] == len(COARSE) + 1


def test_one_cell_far_away_moves_no_end_of_a_law():
    values = draw(7).normal(100.0, 10.0, 2_000)
    values[0] = 1e9
    law = NumberLaw.fit(values, 0.0, Owners.themselves(2_000), (5.0, 1e-6), Streams(5))
    assert 100.0 < law.high < 1e5
    assert 0.0 <= law.low < 100.0
    assert law.quantiles(np.array([0.97]))[0] < 150.0


@pytest.mark.parametrize("seed", range(5))
def test_noise_alone_makes_no_second_law(seed):
    """A column of four common values has no rest, however wide the grid of noise is."""
    values = draw(seed).integers(1, 5, 600).astype(float)
    law = NumberLaw.fit(values, 1.0, Owners.themselves(600), (5.0, 1e-6), Streams(seed))
    assert not len(law.mass)
    assert law.margin().values(np.linspace(0.01, 0.99, 50), np.full(50, 0.5)).max() <= 4.0


def test_days_have_a_grid_of_their_own():
    days = draw(8).integers(14_000, 15_000, 3_000).astype(float)
    law = NumberLaw.fit(days, 1.0, Owners.themselves(3_000), (4.0, 1e-6), Streams(5), is_days=True)
    assert 14_000 - 364 <= law.low <= 14_060  # the ends are known to a year
    assert 14_940 <= law.high <= 15_000 + 364


def test_bins_are_put_together_until_they_are_seen():
    grid = Grid(np.arange(41.0), np.arange(40) // 8)
    counts = np.zeros(40)
    counts[8:16] = 10.0
    fine = merged(counts, 1.0, grid)
    assert fine[0].tolist() == list(range(8, 17))
    coarse = merged(counts, 8.0, grid)
    assert len(coarse[1]) < 5
    assert coarse[1].sum() == pytest.approx(80.0)
    nothing = merged(np.zeros(40), 1.0, grid)
    assert len(nothing[1]) == 1


def test_too_much_noise_is_refused_before_anything_is_read():
    refuse_hidden(120, 10.0)
    with pytest.raises(PrivacyBudgetError, match="at least 120 units"):
        refuse_hidden(119, 10.0)


def test_releases_and_thresholds():
    assert (word_releases(Owners.themselves(3)), word_releases(Owners.of(np.zeros(3, np.int64), 1))) == (1, 2)
    assert NUMBER_RELEASES == 3
    assert naming_threshold(2.0, 1e-6, 1) == pytest.approx(1.0 + 2.0 * stats.norm.isf(1e-6))
    assert naming_threshold(2.0, 0.0, 1) == np.inf
