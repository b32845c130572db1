"""Month by month: one law with the loss draws, roll and cure, scatter of losses, stages, age of loans."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from macro_paths import SEVERE, macro_drivers
from scipy import stats

from finsim.credit.conditional import conditional_pd
from finsim.credit.factors import (
    annual_factors,
    left_of_month,
    left_of_year,
    sector_factors,
    trailing_factors,
)
from finsim.credit.losses import homogeneous_losses, losses
from finsim.credit.months.arrears import missed_instalments, roll_rates
from finsim.credit.months.loss_scatter import realised_loss_rates
from finsim.credit.months.monthly_risk import Known, MonthlyRisk, monthly_risk
from finsim.credit.months.quality import MEMORY, moved_by_quality, quality_paths, quality_variance
from finsim.credit.months.seasoning import CURVES, curve, estimated, multipliers, of_first_year
from finsim.credit.months.stages import lifetime_ratio, stages
from finsim.credit.months.uniforms import Draws
from finsim.credit.panel import panel
from finsim.credit.settings import Settings
from finsim.errors import StudyError
from finsim.randomness import Streams

MONTHLY = 0.9090371982686889  # memory of a month at which means of two years in a row have correlation .5
VASICEK = {0.95: 0.07027658, 0.99: 0.12860982, 0.999: 0.22631281}  # PD 2 %, rho 20 %


def book(count, pd=0.02, rho=0.2, lgd=0.45, age=0, term=60, sectors=None):
    return pa.table(
        {
            "loan_id": np.arange(count),
            "sector": sectors or ["one"] * count,
            "loan_class": ["consumer"] * count,
            "balance": np.full(count, 1_000_000, dtype=np.int64),
            "rate": np.full(count, 0.06),
            "payment": np.full(count, 19_333, dtype=np.int64),
            "term_months": np.full(count, term, dtype=np.int32),
            "months_on_book": np.full(count, age, dtype=np.int32),
            "pd": np.full(count, pd),
            "lgd": np.full(count, lgd),
            "rho": np.full(count, rho),
        }
    )


def risk_of(table, drivers, seed, settings):
    """The risk of loans whose borrowers' quality does not drift."""
    still = dataclasses.replace(settings, quality_drift=0.0)
    none = np.zeros((drivers.clock.months, table.num_rows))
    return monthly_risk(table, drivers, Streams(seed), still, none)


def worlds(settings, count=20_000, months=36):
    """One loan in each of many sectors: every sector is a world of its own."""
    alone = dataclasses.replace(settings, sector_correlation=0.0)
    names = [f"w{k}" for k in range(count)]
    risk = risk_of(book(count, sectors=names), macro_drivers({}, months=months), 3, alone)
    return 1.0 - np.prod((1.0 - risk.monthly).reshape(-1, 12, count), axis=1)


def test_the_year_of_the_panel_has_the_law_of_the_loss_draws(settings):
    """20,000 worlds: the closed form of each year's default rate, its persistence, the draws' quantiles."""
    rates = worlds(settings)
    for year in rates:
        assert year.mean() == pytest.approx(0.02, abs=0.0006)
        assert year.std() == pytest.approx(0.02646085, abs=0.0012)
    for level, tolerance in ((0.95, 0.0015), (0.99, 0.004), (0.999, 0.015)):
        assert np.quantile(rates, level) == pytest.approx(VASICEK[level], abs=tolerance)
    assert 0.35 < np.corrcoef(rates[0], rates[1])[0, 1] < 0.5
    drawn = homogeneous_losses(2_000, 0.02, 0.2, 1.0, 20_000, Streams(1))
    assert np.quantile(drawn, 0.99) == pytest.approx(np.quantile(rates[0], 0.99), abs=0.008)


def test_the_drift_of_borrowers_leaves_the_default_rate_of_a_book():
    """40,000 loans without a common factor: first and second year within 4 standard errors of PD 5 %."""
    chosen = Settings(shard_loans=40_000, prepayment=0.0)
    rows = panel(book(40_000, pd=0.05, rho=0.0), macro_drivers({}, months=24), Streams(8), chosen, 0)
    month = np.unique(rows["month"].to_numpy(zero_copy_only=False), return_inverse=True)[1]
    dead = rows["status"].to_numpy(zero_copy_only=False) == "default"
    alive = 40_000
    for year, fewer in (
        (0, 0.0),
        (1, 0.003),
    ):  # the weaker borrowers of the first year are gone in the second
        hit = dead[month // 12 == year].sum()
        assert (
            -fewer - 4 * np.sqrt(0.05 * 0.95 / alive) < hit / alive - 0.05 < 4 * np.sqrt(0.05 * 0.95 / alive)
        )
        alive -= hit
    spread = np.log(rows["pd"].to_numpy()[month == 11]).std()
    assert 0.35 < spread < 0.8


def test_the_rate_of_a_year_is_vasicek_at_the_years_factor(settings):
    sectors = ["a", "b", "c"]
    table = book(3, pd=0.03, rho=0.15, sectors=sectors)
    risk = risk_of(table, macro_drivers({}, months=24), 5, settings)
    factor = annual_factors(sector_factors(sectors, 24, Streams(5), settings), settings)
    rate = 1.0 - np.prod((1.0 - risk.monthly).reshape(2, 12, 3), axis=1)
    wanted = conditional_pd(np.array(0.03), np.array(0.15), factor[[0, 12]])
    np.testing.assert_allclose(rate, wanted, rtol=1e-10)
    assert (np.ptp(risk.monthly[:12], axis=0) > 1e-5).all()  # within a year the months differ
    cut = risk_of(table, macro_drivers({}, months=17), 5, settings)
    np.testing.assert_array_equal(cut.monthly, risk.monthly[:17])


def test_a_harder_scenario_never_lowers_a_hazard(table, settings):
    calm = risk_of(table, macro_drivers({}), 2, settings)
    hard = risk_of(table, macro_drivers(SEVERE), 2, settings)
    assert (hard.monthly >= calm.monthly - 1e-15).all()
    assert (calm.monthly > 0).all()
    assert (hard.monthly < 1).all()


def test_the_chain_rolls_as_stated():
    """A long chain at z = 0 and z = -2: shares of 60 to 90 and 30 to 60, and the default rate untouched."""
    settings, count, months = Settings(), 40_000, 14
    rng = np.random.default_rng(1)
    found = {}
    for z in (0.0, -2.0):
        monthly = np.full((months, count), 0.01)
        uniform = rng.random((months, count))
        hit = uniform < monthly
        end = np.where(hit.any(axis=0), hit.argmax(axis=0) + 1, months + 1)
        first = np.where(hit.any(axis=0), np.maximum(end - 3, 0) + 1, months + 1)
        rates = roll_rates(np.full((months, count), z), settings)
        behind = missed_instalments(uniform, monthly, rates, first, end)
        assert set(np.unique(behind)) == {0, 1, 2}
        assert ((behind[1:] == 2) <= (behind[:-1] == 1)).all()  # 60 days only after 30
        alive = np.arange(1, months + 1)[:, None] < np.minimum(first, end)
        assert not (behind[~alive] > 0).any()
        died = (end >= 3) & (end <= months)
        cured = (behind == 2).sum()
        found[z] = died.sum() / (died.sum() + cured)
        entered = (behind == 1).sum() + died.sum()
        assert 0.3 < (cured + died.sum()) / entered < 0.45
    assert 0.5 < found[0.0] < 0.75
    assert found[-2.0] > found[0.0] + 0.05


def naive_behind(uniform, monthly, r, early, first, end):
    """One loan, month by month, in plain words."""
    months, behind, free = len(uniform), [0] * len(uniform), -3
    for t in range(months):
        if t >= min(first, end) - 1:
            break
        u, p = uniform[t], monthly[t]
        if p <= u < min(p / r[t], 1.0) and t - 2 >= free:
            for back, owed in ((1, 2), (2, 1)):
                if t - back >= 0:
                    behind[t - back] = owed
            free = t + 1
        near = min(p / r[t], 1.0)
        early_cure = near <= u < min(near + early[t] * p, 1.0)
        if early_cure and t >= free and t + 1 < min(first, end) - 1:
            behind[t] = 1
            free = t + 2
    return behind


def test_missed_instalments_equal_the_plain_twin():
    rng = np.random.default_rng(4)
    months, count = 12, 400
    monthly = rng.uniform(0.0, 0.2, (months, count))
    uniform = rng.random((months, count)) * 0.8
    rates = roll_rates(rng.normal(size=(months, count)), Settings())
    end = rng.integers(1, months + 2, count)
    first = np.where(rng.random(count) < 0.5, np.maximum(end - 3, 0) + 1, months + 1)
    found = missed_instalments(uniform, monthly, rates, first, end)
    for i in range(count):
        columns = (uniform[:, i], monthly[:, i], rates.to_default[:, i], rates.cured_early[:, i])
        assert found[:, i].tolist() == naive_behind(*columns, first[i], end[i]), i


def test_losses_scatter_around_their_mean():
    uniform = (np.arange(20_000) + 0.5) / 20_000
    for mean in (0.05, 0.2, 0.45, 0.8):
        drawn = realised_loss_rates(np.full(20_000, mean), uniform, 0.32)
        assert drawn.mean() == pytest.approx(mean, abs=5e-4)
        wanted = min(0.32, np.sqrt(0.95 * mean * (1 - mean)))
        assert drawn.std() == pytest.approx(wanted, abs=5e-3)
        assert ((drawn >= 0) & (drawn <= 1)).all()
        assert (np.diff(drawn) >= -1e-12).all()
    middle = realised_loss_rates(np.full(20_000, 0.45), uniform, 0.32)
    size = 0.45 * 0.55 / 0.32**2 - 1.0
    np.testing.assert_allclose(middle[::997], stats.beta(0.45 * size, 0.55 * size).ppf(uniform[::997]))
    edge = np.array([0.0, 1.0, 0.3])
    np.testing.assert_array_equal(realised_loss_rates(edge, np.array([0.1, 0.9, 0.7]), 0.0), edge)
    np.testing.assert_array_equal(realised_loss_rates(edge[:2], np.array([0.1, 0.9]), 0.32), edge[:2])


def test_defaults_of_one_class_and_month_recover_differently():
    table = book(20_000, pd=0.1, rho=0.1)
    chosen = Settings(shard_loans=20_000)
    rows = panel(table, macro_drivers({}, months=12), Streams(1), chosen, 0).to_pandas()
    model = risk_of(table, macro_drivers({}, months=12), 1, chosen)
    dead = rows[rows["status"] == "default"]
    month = dead["month"].dt.month.to_numpy() - 1
    rate = (dead["loss"] / dead["balance"]).to_numpy()
    mean = model.lgd[month, dead["loan_id"].to_numpy()]
    assert abs((rate - mean).mean()) < 3 * rate.std() / np.sqrt(len(rate))
    spread = [rate[month == k].std() for k in range(12) if (month == k).sum() > 50]
    assert 0.25 < np.median(spread) < 0.35
    flat = panel(table, macro_drivers({}, months=12), Streams(1),
                 dataclasses.replace(chosen, loss_scatter=0.0), 0).to_pandas()  # fmt: skip
    same = flat[flat["status"] == "default"]
    assert same["loan_id"].tolist() == dead["loan_id"].tolist()
    np.testing.assert_allclose(same["lgd"], mean)


def steady(z, pd=0.02, rho=0.12, factor=0.0, variance=0.0, quality=0.0):
    """Loans of one PD at the scenario's z [T, n], with what is known of their sector and of themselves."""
    grid = np.array(z, dtype=float)
    annual = conditional_pd(np.full(grid.shape, pd), np.full(grid.shape, rho), grid)
    seen = Known(
        grid, np.full(grid.shape, factor), np.full(len(grid), variance), np.full(grid.shape, quality)
    )
    each = np.full(grid.shape[1], pd), np.full(grid.shape[1], rho)
    return MonthlyRisk(annual, annual / 12, annual, grid, *each, seen)


def test_a_mean_over_borrowers_of_every_quality_is_the_pd_of_the_factor():
    """Gauss-Hermite over y: of the hazard's PD and of the lifetime hazard's PD, at two months."""
    settings, nodes = Settings(), np.polynomial.hermite_e.hermegauss(60)
    for month in (6, 36):
        deviation = np.sqrt(quality_variance(np.array(month)))
        y = np.zeros((month, 60))
        y[-1] = deviation * nodes[0]
        point = np.full((month, 60), -1.7)
        chance = stats.norm.cdf(moved_by_quality(point, y, settings))[-1]
        assert (chance * nodes[1]).sum() / nodes[1].sum() == pytest.approx(stats.norm.cdf(-1.7), abs=1e-12)
        assert chance[0] > 5 * chance[-1]
    assert (moved_by_quality(point, y, Settings(quality_drift=0.0)) == -1.7).all()


def test_the_quality_of_borrowers_starts_at_nothing_and_spreads_as_told():
    rows = np.arange(6_000)
    draws = Draws(Streams(5), 6_000, rows, rows // 2 * 2)
    paths = quality_paths(draws, 30, Settings())
    np.testing.assert_array_equal(paths[:, ::2], paths[:, 1::2])  # two loans of one obligor
    one = paths[:, ::2]
    for month in (1, 12, 30):
        variance = quality_variance(np.array(month))
        assert one[month - 1].var() / variance == pytest.approx(1.0, abs=4 * np.sqrt(2 / 3_000))
    kept = (one[17] * one[29]).mean() / (one[17] ** 2).mean()
    assert kept == pytest.approx(MEMORY, abs=4 * np.sqrt((1 - MEMORY**2) / 3_000 / one[17].var()))
    assert not quality_paths(draws, 3, Settings(quality_drift=0.0)).any()


def test_the_factor_of_the_last_twelve_months_is_that_of_the_year_at_its_end():
    settings = Settings()
    paths = sector_factors(
        [f"s{k}" for k in range(3_000)], 36, Streams(6), dataclasses.replace(settings, sector_correlation=0.0)
    )
    seen, variance = trailing_factors(paths, settings)
    np.testing.assert_allclose(seen[[11, 23, 35]], annual_factors(paths, settings)[[11, 23, 35]])
    np.testing.assert_allclose(variance[11:], 1.0)
    np.testing.assert_allclose(seen[[0, 5]].var(axis=1) / variance[[0, 5]], 1.0, atol=4 * np.sqrt(2 / 3_000))
    later = np.corrcoef(seen[17], seen[29])[0, 1]
    assert later == pytest.approx(settings.months_autocorrelation, abs=4 * 0.75 / np.sqrt(3_000))


def test_what_is_left_of_a_year_and_of_a_month_is_the_law_of_the_factor():
    """Against sums over the covariances of the months, one by one, and against 3,000 paths."""
    settings, lag = Settings(), range(12)
    of_years = [
        sum(MONTHLY ** abs(12 * n + j - i) for i in lag for j in lag)
        / sum(MONTHLY ** abs(j - i) for i in lag for j in lag)
        for n in range(4)
    ]
    np.testing.assert_allclose(left_of_year(np.arange(4), settings), of_years, rtol=1e-9)
    np.testing.assert_allclose(left_of_month(np.array([0, 1, 24]), settings), MONTHLY ** np.array([0, 1, 24]))
    forgetful = dataclasses.replace(settings, months_autocorrelation=0.0)
    assert left_of_year(np.arange(3), forgetful).tolist() == [1.0, 0.0, 0.0]
    alone = dataclasses.replace(settings, sector_correlation=0.0)
    paths = sector_factors([f"s{k}" for k in range(3_000)], 48, Streams(9), alone)
    year = annual_factors(paths, alone)[::12]
    for n in (1, 2, 3):
        assert (year[0] * year[n]).mean() == pytest.approx(of_years[n], abs=4 / np.sqrt(3_000))
    later = (paths[0] * paths[1:13].mean(axis=0)).mean()
    assert later == pytest.approx(np.mean([MONTHLY**j for j in range(1, 13)]), abs=4 / np.sqrt(3_000))


def naive_ratio(months, pd, rho, at, z, eta, variance, y):
    """The lifetime ratio of one loan, ``at`` months after the jump-off, year by year."""
    total, rest = 0.0, months / 12
    own, drift = 0.22 * (1 - rho), 1 - 0.84 ** (2 * at / 12)
    for k in range(int(np.ceil(rest))):
        month = sum(MONTHLY ** (12 * k + j) for j in range(1, 13)) / 12
        year = 0.5 * MONTHLY ** (12 * k)
        shift = np.sqrt(rho) * (month * z + year * eta) + np.sqrt(own) * 0.84 ** (k + 0.5) * y
        known = rho * year**2 * variance + own * 0.84 ** (2 * k + 1) * drift
        chance = stats.norm.cdf((stats.norm.ppf(pd) - shift) / np.sqrt(1 - known))
        total += min(rest - k, 1.0) * -np.log1p(-chance)
    return total / (rest * -np.log1p(-pd))


def test_the_lifetime_ratio_compares_like_with_like():
    plain, left = Settings(quality_drift=0.0), np.array([12, 60])
    np.testing.assert_allclose(lifetime_ratio(steady(np.zeros((1, 2))), left, plain), 1.0, rtol=1e-12)
    low = lifetime_ratio(steady(np.full((1, 2), -2.0)), left, plain)
    assert low[0, 0] > low[0, 1] > 1.0  # a bad year weighs less in a long life
    assert (lifetime_ratio(steady(np.full((1, 2), 2.0)), left, plain) < 1.0).all()
    risk = steady(np.full((3, 2), -1.2), factor=-0.7, variance=0.9, quality=-0.4)
    found = lifetime_ratio(risk, left + 2, Settings())[2]
    wanted = [naive_ratio(n, 0.02, 0.12, 3, -1.2, -0.7, 0.9, -0.4) for n in (12, 60)]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_stages_enter_leave_and_wait():
    settings = Settings(stage_two_ratio=2.0, quality_drift=0.0)
    z = np.array([[0, 0, -3, -3, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]], dtype=float).T
    left, none = np.array([12]), np.zeros((10, 1), dtype=np.int64)
    dead = np.zeros((10, 1), dtype=bool)
    found = stages(steady(z), left, none, dead, settings)[:, 0]
    assert found.tolist() == [1, 1, 2, 2, 2, 2, 2, 1, 1, 1]  # three months of probation
    late = none.copy()
    late[1] = 30
    found = stages(steady(np.full((10, 1), 0.5)), left, late, dead, settings)[:, 0]
    assert found.tolist() == [1, 2, 2, 2, 2, 1, 1, 1, 1, 1]
    safe = stages(steady(z, pd=0.0001), left, none, dead, settings)[:, 0]
    assert safe.tolist() == [1] * 10  # low credit risk
    dead[4] = True
    assert stages(steady(z), left, none, dead, settings)[4, 0] == 3


@pytest.mark.slow
def test_stage_shares_in_quiet_and_in_crisis(table):
    """100 worlds of base and 40 of a severe recession: shares as banks report them."""
    chosen = Settings(shard_loans=2_000)

    def shares(drivers, seed):
        rows = panel(table, drivers, Streams(seed), chosen, 0)
        second = rows["stage"].to_numpy() == 2
        half = np.unique(rows["month"].to_numpy(zero_copy_only=False), return_inverse=True)[1] // 6
        return second.mean(), max(second[half == k].mean() for k in range(6))

    base = np.array([shares(macro_drivers({}), seed) for seed in range(100)])
    assert 0.05 < base[:, 0].mean() < 0.15
    assert (base[:, 1] > 0.25).mean() <= 0.05
    severe = np.array([shares(macro_drivers(SEVERE), seed) for seed in range(40)])
    assert 0.2 < severe[:, 1].mean() < 0.4


def test_the_age_of_a_loan_moves_its_hazard_and_not_its_life():
    chosen = Settings(seasoning="small_business")
    table = book(1, term=96)
    found = multipliers(table, 96, chosen)
    assert found.mean() == pytest.approx(1.0, rel=1e-12)
    assert found[:12].mean() / found[24:36].mean() <= 0.15
    assert found.argmax() in range(29, 32)  # the peak in the middle of the third year
    older = multipliers(book(1, age=24, term=96), 12, chosen)
    np.testing.assert_allclose(older, found[24:36])
    assert (multipliers(table, 40, Settings()) == 1.0).all()
    assert of_first_year(np.array([0.02]), table, chosen)[0] < 0.006
    assert of_first_year(np.array([0.02]), table, Settings())[0] == 0.02
    with pytest.raises(StudyError, match="seasoning = steep"):
        Settings(seasoning="steep")


def test_panel_and_draws_agree_on_seasoned_loans():
    chosen = Settings(seasoning="small_business", prepayment=0.0, shard_loans=4_000, block_draws=2_000)
    base = macro_drivers({}, months=12)
    for age in (0, 24):
        table = book(4_000, pd=0.05, rho=0.0, lgd=1.0, age=age, term=96)
        rows = panel(table, base, Streams(3), chosen, 0)
        rate = np.mean(rows["status"].to_numpy(zero_copy_only=False) == "default") * rows.num_rows / 4_000
        drawn = losses(table, base, 2_000, Streams(3), chosen).mean() / 4e9
        exact = of_first_year(np.array([0.05]), table, chosen)[0]
        assert drawn == pytest.approx(exact, rel=0.05)
        assert abs(rate - exact) < 4 * np.sqrt(exact * (1 - exact) / 4_000)


def test_a_curve_is_found_again_from_a_tape_with_dates():
    """Loans that default by the small-business curve: its hazards within three standard errors."""
    rng = np.random.default_rng(8)
    raw = curve("small_business", 96) / 12.0
    hit = rng.random((96, 40_000)) < raw[:, None]
    dead = hit.any(axis=0)
    age = np.where(dead, hit.argmax(axis=0) + 1, 96).astype(float)
    knots = estimated(age, dead.astype(float), 8)
    assert [at for at, _ in knots] == [at for at, _ in CURVES["small_business"]]
    for year, (_, hazard) in enumerate(knots):
        alive = (age > 12 * year).sum()
        wanted = 1.0 - np.prod(1.0 - raw[12 * year : 12 * year + 12])
        assert abs(hazard - wanted) < 3.5 * np.sqrt(wanted / alive)
    assert estimated(np.array([5.0]), np.array([0.0]), 3) == ((6.0, 0.0),)
