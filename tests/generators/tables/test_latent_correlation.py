"""Latent correlations against integrals of the bivariate normal, and the copula on laws that are known."""

import numpy as np
import pytest
from scipy import stats
from small_tables import fitted

from finsim.errors import FitError
from finsim.generators.tables.copula import Copula
from finsim.generators.tables.latent_correlation import (
    cell_scores,
    hermite,
    latent_correlations,
    normal_edges,
    repaired,
    score_moment,
    truncated,
)
from finsim.records.mixed_table import NUMBER, WORD, MixedColumn, MixedTable

TWO = np.array([0.0, 0.7, 1.0])
FOUR = np.array([0.0, 0.1, 0.35, 0.8, 1.0])


def _cells(one, other, correlation):
    """Return the shares of the cells of two cut normals, by scipy's integral."""
    law = stats.multivariate_normal(cov=[[1, correlation], [correlation, 1]])
    a, b = (np.clip(normal_edges(bounds), -9, 9) for bounds in (one, other))
    below = np.array([[law.cdf([x, y]) for y in b] for x in a])
    return np.diff(np.diff(below, axis=0), axis=1)


@pytest.mark.parametrize("correlation", [-0.8, -0.3, 0.0, 0.5, 0.9])
@pytest.mark.parametrize(("one", "other"), [(TWO, FOUR), (FOUR, FOUR), (TWO, TWO)])
def test_moment_of_scores_is_that_of_the_integral(one, other, correlation):
    shares = _cells(one, other, correlation)
    scores = [cell_scores(bounds) for bounds in (one, other)]
    terms = [hermite(bounds, mine)[None] for bounds, mine in zip((one, other), scores, strict=True)]
    found = score_moment(np.array([correlation]), *terms)
    assert found[0] == pytest.approx(scores[0] @ shares @ scores[1], abs=2e-3)


@pytest.mark.parametrize("correlation", [-0.7, 0.4, 0.85])
def test_polychoric_correlation_is_recovered_where_that_of_scores_is_biased(correlation):
    shares = _cells(TWO, FOUR, correlation)
    counts = np.round(shares * 200_000).astype(int)
    rows, columns = (index.ravel() for index in np.indices(counts.shape))
    cells = np.repeat(np.stack([rows, columns], axis=1), counts.ravel(), axis=0)
    scores = np.stack([cell_scores(b)[cells[:, k]] for k, b in enumerate((TWO, FOUR))], axis=1)
    found = latent_correlations(scores, np.ones(scores.shape, bool), [TWO, FOUR])
    assert found[0, 1] == pytest.approx(correlation, abs=0.01)
    assert abs(np.corrcoef(scores.T)[0, 1] - correlation) > 0.05


def test_repair_gives_a_correlation_matrix():
    wrong = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    found = repaired(wrong, 0.0)
    assert np.linalg.eigvalsh(found).min() > 0
    assert np.diag(found) == pytest.approx(1.0)
    assert np.allclose(repaired(np.array([[1.0, 0.5], [0.5, 1.0]]), 0.2), [[1, 0.4], [0.4, 1]])


@pytest.mark.parametrize(("low", "high"), [(-1.0, 0.5), (6.0, np.inf), (-np.inf, -7.0), (2.0, 2.1)])
def test_truncated_normals_follow_their_law(streams, low, high):
    draws = truncated(np.full(4_000, low), np.full(4_000, high), streams.at("draws").random(4_000))
    assert draws.min() >= low
    assert draws.max() <= high
    assert stats.kstest(draws, stats.truncnorm(low, high).cdf).pvalue > 1e-3


def _normals(rows=20_000, correlation=0.6):
    draw = np.random.default_rng(4)
    x = draw.standard_normal(rows)
    y = correlation * x + np.sqrt(1 - correlation**2) * draw.standard_normal(rows)
    word = (y > 0.5).astype(np.int32)
    columns = {"x": MixedColumn(NUMBER, x), "y": MixedColumn(NUMBER, y)}
    return MixedTable({**columns, "w": MixedColumn(WORD, word, ("low", "high"))}, rows)


def test_correlation_of_normals_is_recovered(streams):
    model = fitted(Copula, streams, _normals(), {"batch": 1_000})
    assert model.correlation[0, 1] == pytest.approx(0.6, abs=0.015)
    assert model.correlation[0, 2] == pytest.approx(0.6, abs=0.03)
    made = model.sample(20_000, streams)
    assert np.corrcoef(made["x"].values, made["y"].values)[0, 1] == pytest.approx(0.6, abs=0.02)


def test_given_cells_give_the_conditional_law(streams):
    real = _normals()
    model = fitted(Copula, streams, real.without("w"), {"batch": 1_000})
    made = model.sample(8_000, streams, given={"x": 1.5})["y"].values
    assert made.mean() == pytest.approx(0.9, abs=0.04)
    assert made.std() == pytest.approx(0.8, abs=0.04)
    both = fitted(Copula, streams, real, {"batch": 1_000})
    made = both.sample(8_000, streams, given={"w": "high"})["x"].values
    assert made.mean() == pytest.approx(real["x"].values[real["w"].values == 1].mean(), abs=0.06)


def test_row_losses_are_those_of_the_law(streams):
    real = _normals(rows=30_000)
    model = fitted(Copula, streams, real.without("w"), {"batch": 1_000})
    losses = [model.row_losses(table.without("w"), streams) for table in (real, _normals(30_000, 0.0))]
    # Of two tables with the same margins the losses differ by what the correlation tells.
    true = -0.5 * np.log(1 - 0.36)
    alone = fitted(Copula, streams, real.without("w"), {"shrinkage": 1e12}).row_losses(
        real.without("w"), streams
    )
    assert alone.mean() - losses[0].mean() == pytest.approx(true, abs=0.02)
    assert losses[1].mean() > losses[0].mean()


def test_columns_that_are_missing_together_stay_together(streams):
    draw = np.random.default_rng(1)
    gone = draw.random(2_000) < 0.3
    table = MixedTable(
        {name: MixedColumn(NUMBER, np.where(gone, np.nan, draw.random(2_000))) for name in "ab"}, 2_000
    )
    model = fitted(Copula, streams, table)
    made = model.sample(2_000, streams)
    assert np.array_equal(made["a"].missing(), made["b"].missing())
    assert made["a"].missing().mean() == pytest.approx(0.3, abs=0.04)
    with pytest.raises(FitError, match="never stand together"):
        model.sample(1, streams, given={"a": None, "b": 0.5})


def test_settings_change_what_comes_out(streams):
    made = {fitted(Copula, streams, None, one).sample(50, streams).digest()
            for one in ({}, {"bins": 8}, {"shrinkage": 100.0}, {"batch": 64})}  # fmt: skip
    assert len(made) == 4
    for wrong in ({"bins": 1}, {"shrinkage": -1.0}, {"batch": 0}):
        with pytest.raises(FitError, match=next(iter(wrong))):
            fitted(Copula, streams, None, wrong)


def test_several_given_words_give_the_conditional_law(streams):
    draw = np.random.default_rng(6)
    whole = draw.multivariate_normal(np.zeros(3), [[1, 0.8, 0.5], [0.8, 1, 0.7], [0.5, 0.7, 1]], 40_000)
    cut = {name: MixedColumn(WORD, (whole[:, k] > 0.8).astype(np.int32), ("low", "high"))
           for k, name in enumerate("ab")}  # fmt: skip
    table = MixedTable({**cut, "x": MixedColumn(NUMBER, whole[:, 2])}, 40_000)
    model = fitted(Copula, streams, table, {"batch": 2_000})
    made = model.sample(20_000, streams, given={"a": "high", "b": "low"})["x"].values
    real = whole[(whole[:, 0] > 0.8) & (whole[:, 1] <= 0.8), 2]
    assert made.mean() == pytest.approx(real.mean(), abs=0.05)
    assert made.std() == pytest.approx(real.std(), abs=0.05)
