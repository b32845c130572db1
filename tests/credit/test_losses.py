import dataclasses
import time

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import ndtr, ndtri

from finsim.credit.conditional import conditional_pd
from finsim.credit.losses import default_counts, homogeneous_losses, losses
from finsim.credit.risk import (
    expected_shortfall,
    finite_pool_quantile,
    value_at_risk,
    vasicek_es,
    vasicek_quantile,
)
from finsim.credit.settings import Settings
from finsim.errors import RecordError
from finsim.randomness import Streams

# PD 2 %, rho 20 %, LGD 100 % (docs/reference/credit-model.md).
QUANTILES = {0.95: 0.07027658, 0.99: 0.12860982, 0.999: 0.22631281}


def flat_book(count, pd, rho, lgd=1.0, sectors=("one",)):
    names = np.array(sectors)[np.arange(count) % len(sectors)]
    return pa.table(
        {
            "loan_id": np.arange(count),
            "sector": names,
            "loan_class": np.full(count, "consumer"),
            "balance": np.full(count, 100, dtype=np.int64),
            "pd": np.full(count, pd),
            "lgd": np.full(count, lgd),
            "rho": np.full(count, rho),
        }
    )


def scores(found):
    """z-scores of simulated VaR against the closed form; the error comes from the closed-form density."""
    draws, listed = len(found), []
    for level, truth in QUANTILES.items():
        slope = (vasicek_quantile(0.02, 0.2, level + 1e-6) - vasicek_quantile(0.02, 0.2, level - 1e-6)) / 2e-6
        error = slope * np.sqrt(level * (1 - level) / draws)
        listed.append((value_at_risk(found, level).value - truth) / error)
    return listed


def test_homogeneous_book_matches_the_closed_form():
    """100,000 loans, 10^5 draws, within 4 standard errors at 95, 99 and 99.9 %."""
    found = homogeneous_losses(100_000, 0.02, 0.2, 1.0, 100_000, Streams(7))
    assert np.all(np.abs(scores(found)) < 4)
    for level, truth in QUANTILES.items():
        assert value_at_risk(found, level).value == pytest.approx(truth, rel=0.06)
    assert abs(found.mean() - 0.02) < 4 * 0.02646085 / np.sqrt(len(found))
    assert found.std() == pytest.approx(0.02646085, rel=0.03)


@pytest.mark.slow
def test_homogeneous_book_matches_the_closed_form_at_a_million_draws(capsys):
    start = time.process_time()
    found = homogeneous_losses(100_000, 0.02, 0.2, 1.0, 1_000_000, Streams(7))
    spent = time.process_time() - start
    found_scores = scores(found)
    shortfall = expected_shortfall(found, 0.999)
    with capsys.disabled():
        print(f"\nz at 95/99/99.9 %: {np.round(found_scores, 2).tolist()}, {spent:.1f} CPU-s")
    assert np.all(np.abs(found_scores) < 4)
    assert abs(shortfall.value - vasicek_es(0.02, 0.2, 0.999)) < 4 * shortfall.standard_error


@pytest.mark.parametrize(
    ("count", "pd", "rho", "level"),
    [(200, 0.03, 0.08, 0.99), (500, 0.02, 0.2, 0.999), (1000, 0.05, 0.15, 0.99)],
)
def test_small_pools_match_the_exact_mixture_not_the_limit(count, pd, rho, level):
    """The whole distribution: P(L <= x) at the exact quantile, within 4 standard errors."""
    draws = 200_000
    found = homogeneous_losses(count, pd, rho, 1.0, draws, Streams(3))
    exact = finite_pool_quantile(count, pd, rho, level)
    error = np.sqrt(level * (1 - level) / draws)
    assert (found <= exact + 1e-9).mean() >= level - 4 * error
    assert (found <= exact - 1.0 / count + 1e-9).mean() <= level + 4 * error
    assert exact > vasicek_quantile(pd, rho, level)


def test_expected_loss_and_single_rates_of_a_real_book(table, base, settings):
    """Heterogeneous PD, rho and LGD in five sectors: mean loss = sum of balance x PD x LGD."""
    draws = 40_000
    found = losses(table, base, draws, Streams(5), settings)
    exposure, pd, lgd = (table[name].to_numpy() for name in ("balance", "pd", "lgd"))
    expected = (exposure * pd * lgd).sum()
    assert abs(found.mean() - expected) < 4 * found.std() / np.sqrt(draws)
    counts = default_counts(table, base, draws, Streams(5), settings)
    group = np.searchsorted(np.quantile(pd, np.linspace(0.1, 0.9, 9)), pd)
    for k in range(10):
        seen, due = counts[group == k].mean() / draws, pd[group == k].mean()
        assert seen == pytest.approx(due, rel=0.08), k


def test_scenario_shifts_the_whole_distribution(table, severe, base, settings):
    calm = losses(table, base, 10_000, Streams(5), settings)
    hard = losses(table, severe, 10_000, Streams(5), settings)
    assert hard.mean() > 1.3 * calm.mean()
    for level in (0.5, 0.9, 0.99):
        assert np.quantile(hard, level) > np.quantile(calm, level)


def test_shift_equals_the_conditional_mean(base, settings):
    """Fixed z: with rho in one class and a constant move, E[default rate] is a shifted normal tail."""
    moved = dataclasses.replace(
        base,
        macro={"unemployment": np.full(36, 4.0)},
        credit=dataclasses.replace(base.credit, betas={"consumer": {"unemployment": -0.5}}),
    )
    book = flat_book(2_000, 0.02, 0.15)
    found = losses(book, moved, 40_000, Streams(1), settings) / (2_000 * 100)
    truth = ndtr(ndtri(0.02) + np.sqrt(0.15) * 2.0)
    assert abs(found.mean() - truth) < 4 * found.std() / np.sqrt(len(found))
    assert truth == pytest.approx(
        np.mean(conditional_pd(np.array(0.02), np.array(0.15), Streams(0).at("z").normal(-2, 1, 400_000))),
        rel=0.01,
    )


def test_sector_correlation_sets_the_correlation_of_sector_losses(base):
    pd, rho = 0.05, 0.2
    for common in (0.0, 0.5, 0.9):
        chosen = Settings(sector_correlation=common)
        found = []
        for name in ("one", "two"):
            book = flat_book(3_000, pd, rho, sectors=(name,))
            found.append(losses(book, base, 30_000, Streams(2), chosen))
        sampled = np.random.default_rng(0).standard_normal((3, 400_000))
        z = [np.sqrt(common) * sampled[0] + np.sqrt(1 - common) * sampled[k] for k in (1, 2)]
        rates = [conditional_pd(np.array(pd), np.array(rho), value) for value in z]
        truth = np.corrcoef(rates)[0, 1]
        assert np.corrcoef(found)[0, 1] == pytest.approx(truth, abs=0.03)


def test_any_split_into_blocks_gives_the_same_numbers(table, severe, settings):
    whole = losses(table, severe, 5_000, Streams(9), settings)
    parts = [losses(table, severe, 5_000, Streams(9), settings, shard=b) for b in (2, 0, 1)]
    assert [len(part) for part in parts] == [1_000, 2_000, 2_000]
    assert np.array_equal(whole, np.concatenate([parts[1], parts[2], parts[0]]))
    assert np.array_equal(losses(table, severe, 3_000, Streams(9), settings), whole[:3_000])
    assert not np.array_equal(losses(table, severe, 5_000, Streams(10), settings), whole)


def test_order_of_rows_changes_nothing_but_rounding(table, base, settings):
    turned = table.take(np.random.default_rng(0).permutation(table.num_rows))
    first = losses(table, base, 20_000, Streams(4), settings)
    second = losses(turned, base, 20_000, Streams(4), settings)
    assert first.mean() == pytest.approx(second.mean(), rel=0.02)


def test_block_beyond_the_draws_is_refused(table, base, settings):
    with pytest.raises(RecordError, match="block 0 to 2"):
        losses(table, base, 5_000, Streams(9), settings, shard=3)


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("pd", np.nan, "above 0 and below 1"),
        ("pd", 12.0, "above 0 and below 1"),
        ("pd", 0.0, "above 0 and below 1"),
        ("pd", 1.0, "above 0 and below 1"),
        ("rho", 1.0, "from 0 to below 1"),
        ("rho", -0.1, "from 0 to below 1"),
        ("lgd", np.inf, "from 0 to 1"),
        ("lgd", -1e-9, "from 0 to 1"),
        ("balance", -1, "0 or more"),
    ],
)
def test_planted_numbers_are_refused_with_column_and_row(base, settings, column, value, expected):
    book = flat_book(50, 0.02, 0.2).to_pandas()
    book[column] = book[column].astype(float if column != "balance" else "int64")
    book.loc[7, column] = value
    with pytest.raises(RecordError, match=rf"column '{column}', row 7") as caught:
        losses(pa.Table.from_pandas(book), base, 5_000, Streams(1), settings)
    assert expected in str(caught.value)


@pytest.mark.parametrize("lgd", [0.0, 1e-300, 1.0])
def test_losses_at_the_ends_of_lgd(base, settings, lgd):
    found = losses(flat_book(50, 0.2, 0.1, lgd), base, 5_000, Streams(1), settings)
    assert np.isfinite(found).all()
    assert found.mean() == pytest.approx(50 * 100 * 0.2 * lgd, rel=0.1, abs=1e-6)
