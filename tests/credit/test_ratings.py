"""Ratings that migrate: the conditional matrix, default rates by rating, cohort and generator estimates."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from macro_paths import SEVERE, macro_drivers
from scipy import linalg, stats

from finsim.credit.expected.migration import cohort_matrix, conditional_matrix, generator_matrix
from finsim.credit.months.monthly_risk import Known, MonthlyRisk
from finsim.credit.months.outlook import known_point
from finsim.credit.months.quality import MEMORY, quality_variance
from finsim.credit.months.ratings import RATING, ratings
from finsim.credit.panel import PANEL_SCHEMA, panel
from finsim.credit.reference_parameters import GRADE_BOUNDS
from finsim.credit.settings import Settings
from finsim.errors import DataError, StudyError
from finsim.randomness import Streams
from finsim.records.fixed_words import GRADES, RATINGS

IN_TIME, CYCLE = Settings(ratings="point_in_time"), Settings(ratings="through_the_cycle")
PDS = np.array([0.003, 0.007, 0.014, 0.028, 0.055, 0.11, 0.25])  # one in each grade
RHO, YEAR = 0.15, 12


def after_a_year(eta, y, pd, z=0.0):
    """Loans at the end of month 12, of whom eta, z and y [n] are known."""
    grid = np.zeros((YEAR, len(y)))
    quality = grid.copy()
    quality[-1] = y
    known = Known(grid + z, grid + eta, np.ones(YEAR), quality)
    return MonthlyRisk(grid, grid, grid, grid, pd, np.full(len(y), RHO), known)


def worse_than(pd, spread, width):
    """The chance of each row to be rated worse than each bound: Phi of the threshold over ``width``."""
    bound = stats.norm.ppf(GRADE_BOUNDS)
    return stats.norm.cdf((stats.norm.ppf(pd)[:, None] - spread * bound) / width)


def as_matrix(worse):
    """Chances of being worse, as a matrix with an empty column of default."""
    edges = np.hstack([np.ones((7, 1)), worse, np.zeros((7, 2))])
    return -np.diff(edges, axis=1)


@pytest.mark.parametrize("eta", [-2.0, 0.7])
def test_ratings_migrate_by_the_matrix_given_the_factor(eta):
    """Seven PDs, 4,000 borrowers each, by cohorts: Belkin's conditional matrix of the mean one."""
    v, kept, own = float(quality_variance(np.array(YEAR))), MEMORY, 0.22 * (1 - RHO)
    common = RHO * 0.25  # the factor of the last year, half of which is left
    spread = np.sqrt(1 - common - own * kept * v)
    mean = as_matrix(worse_than(PDS, spread, np.sqrt(common + own * kept * v)))
    wanted = conditional_matrix(mean, common / (common + own * kept * v), eta)
    y = np.sqrt(v) * np.random.default_rng(3).standard_normal(28_000)
    start = np.repeat(np.arange(7), 4_000)
    risk = after_a_year(eta, y, PDS[start])
    after = ratings(risk, np.zeros((YEAR, 28_000), dtype=bool), IN_TIME)[-1]
    found = cohort_matrix(start, after, 7)
    error = np.sqrt(wanted * (1 - wanted) / 4_000)
    assert (np.abs(found - wanted) <= 4.5 * error + 1e-3).all()
    worse = (found * np.arange(8)).sum(axis=1) - np.arange(7)
    assert (worse[1:5] > 0.1).all() if eta < 0 else (worse[1:5] < 0).all()
    plain = ratings(risk, np.zeros((YEAR, 28_000), dtype=bool), CYCLE)[-1]
    other = cohort_matrix(start, plain, 7)
    spread = np.sqrt(1 - own * kept * v)
    wanted = as_matrix(worse_than(PDS, spread, np.sqrt(own * kept * v)))
    assert (np.abs(other - wanted) <= 4.5 * np.sqrt(wanted * (1 - wanted) / 4_000) + 1e-3).all()


def test_the_pd_behind_a_rating_is_on_average_that_of_the_book():
    nodes, mass = np.polynomial.hermite_e.hermegauss(40)
    v = float(quality_variance(np.array(YEAR)))
    eta, y = (part.ravel() for part in np.meshgrid(nodes, np.sqrt(v) * nodes))
    weight = np.outer(mass, mass).ravel() / mass.sum() ** 2
    for known in (IN_TIME, CYCLE):
        cycle = known.ratings == "point_in_time"
        risk = after_a_year(eta if cycle else 0.0, y, np.full(len(y), 0.03))
        chance = stats.norm.cdf(known_point(risk, 0, known, cycle=cycle)[-1])
        assert (weight * chance).sum() == pytest.approx(0.03, abs=1e-10)


def loans(count, pd):
    return pa.table(
        {
            "loan_id": np.arange(count),
            "sector": ["one"] * count,
            "loan_class": ["consumer"] * count,
            "balance": np.full(count, 1_000_000, dtype=np.int64),
            "rate": np.full(count, 0.06),
            "payment": np.full(count, 11_102, dtype=np.int64),
            "term_months": np.full(count, 120, dtype=np.int32),
            "months_on_book": np.zeros(count, dtype=np.int32),
            "pd": np.full(count, pd),
            "lgd": np.full(count, 0.45),
            "rho": np.full(count, 0.0),
        }
    )


def test_loans_default_as_often_as_their_rating_says():
    """20,000 loans of PD 4 %, no common factor: the second year by the rating at the end of the first."""
    chosen = dataclasses.replace(CYCLE, shard_loans=20_000, prepayment=0.0)
    rows = panel(loans(20_000, 0.04), macro_drivers({}, months=24), Streams(2), chosen, 0)
    month = np.unique(rows["month"].to_numpy(zero_copy_only=False), return_inverse=True)[1]
    word, status = (rows[name].to_numpy(zero_copy_only=False) for name in ("rating", "status"))
    assert ((word == "default") == (status == "default")).all()
    assert rows["rating"].dictionary.to_pylist() == list(RATINGS)
    first = (month == 11) & (status != "default")
    loan = rows["loan_id"].to_numpy()
    lost = np.zeros(20_000, dtype=bool)
    lost[loan[(month > 11) & (status == "default")]] = True
    rates, bounds = (
        [],
        dict(zip(GRADES, zip((0.0, *GRADE_BOUNDS), (*GRADE_BOUNDS, 1.0), strict=True), strict=True)),
    )
    for grade in GRADES:
        own = loan[first & (word == grade)]
        if len(own) >= 400:
            low, high = bounds[grade]
            rate = lost[own].mean()
            error = 4 * np.sqrt(max(rate, 0.005) / len(own))
            assert low - error < rate < high + error, grade
            rates.append(rate)
    assert len(rates) >= 4
    assert (np.diff(rates) > 0).all()


def test_a_recession_downgrades_and_without_ratings_the_panel_is_as_it_was(table, settings):
    base, severe = macro_drivers({}, months=12), macro_drivers(SEVERE, months=12)
    chosen = dataclasses.replace(settings, ratings="point_in_time")
    few = table.slice(0, 600)
    rows = {name: panel(few, one, Streams(3), chosen, 0) for name, one in (("base", base), ("hard", severe))}
    assert rows["base"].schema.field("rating").equals(RATING)
    plain = panel(few, base, Streams(3), settings, 0)
    assert plain.schema.equals(PANEL_SCHEMA)
    assert plain.equals(rows["base"].drop_columns(["rating"]).select(plain.schema.names))
    code = {name: one["rating"].indices.to_numpy() for name, one in rows.items()}
    assert code["hard"].mean() > code["base"].mean() + 0.3
    with pytest.raises(StudyError, match="ratings = all"):
        Settings(ratings="all")


def test_cohorts_and_durations_give_back_the_matrix_given_the_factor():
    """A Markov chain of 12,000 borrowers in months, whose year is the conditional matrix at z = -1.5."""
    mean = linalg.expm(
        np.array(
            [[-0.12, 0.10, 0.015, 0.005], [0.09, -0.25, 0.12, 0.04], [0.02, 0.12, -0.34, 0.2], [0.0] * 4]
        )
    )[:3]
    wanted = conditional_matrix(mean, 0.12, -1.5)
    assert (wanted[:, 3] > 1.5 * mean[:, 3]).all()
    whole = np.vstack([wanted, [0.0, 0.0, 0.0, 1.0]])
    month = linalg.expm(linalg.logm(whole).real / 12)
    rng, count = np.random.default_rng(4), 12_000
    course = np.zeros((13, count), dtype=np.int64)
    course[0] = np.arange(count) % 3
    for t in range(12):
        course[t + 1] = (rng.random(count)[:, None] > np.cumsum(month, axis=1)[course[t]]).sum(axis=1)
    cohorts = cohort_matrix(course[0], course[-1], 3)
    rates = generator_matrix(course.T.ravel(), np.repeat(np.arange(count), 13), 3)
    np.testing.assert_allclose(rates.sum(axis=1), 0.0, atol=1e-12)
    error = np.sqrt(wanted * (1 - wanted) / (count / 3))
    assert (np.abs(cohorts - wanted) < 4 * error).all()
    assert (np.abs(linalg.expm(rates)[:3] - wanted) < 4 * error).all()
    assert np.abs(rates[:3] - linalg.logm(whole).real[:3]).max() < 0.03


def test_a_generator_by_hand():
    """One stays a month and moves in the next, one defaults in its second, one comes back from default."""
    found = generator_matrix(np.array([0, 0, 1, 1, 1, 2, 2, 0]), np.array([1, 1, 1, 2, 2, 2, 3, 3]), 2)
    assert found[0] == pytest.approx(np.array([-1, 1, 0]) / (2.0 / 12))
    assert found[1] == pytest.approx(np.array([0, -1, 1]) / (2.0 / 12))  # half a month of the first, too
    assert (found[2] == 0).all()  # default is absorbing


def test_what_no_rating_can_be_is_refused():
    with pytest.raises(DataError, match="grade 5"):
        generator_matrix(np.array([0, 5]), np.array([1, 1]), 3)
    with pytest.raises(DataError, match="grade 2 has no borrower"):
        generator_matrix(np.array([0, 0, 1, 1]), np.array([1, 1, 2, 2]), 3)
