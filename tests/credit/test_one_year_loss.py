"""The closed-form expected loss of a year against the draws that it stands for."""

import numpy as np
import pytest
from macro_paths import SEVERE, macro_drivers

from finsim.credit.expected.one_year_loss import one_year_loss
from finsim.credit.losses import losses
from finsim.credit.settings import Settings
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.records.drivers import identity


def test_without_a_scenario_it_is_balance_times_pd_times_lgd(table, base, settings):
    found = one_year_loss(table, base, settings)
    expected = table["balance"].to_numpy() * table["pd"].to_numpy() * table["lgd"].to_numpy()
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("model", ["frye_jacobs", "constant"])
@pytest.mark.parametrize("collateral", [{}, {"corporate": "house_prices", "auto": "house_prices"}])
def test_it_is_the_mean_of_the_draws(table, settings, model, collateral):
    betas = {"auto": {"unemployment": -0.4}}
    drivers = macro_drivers(SEVERE, betas=betas, lgd_model=model, collateral=collateral)
    drawn = losses(table, drivers, 4_000, Streams(7), settings)
    error = drawn.std() / np.sqrt(len(drawn))
    assert abs(one_year_loss(table, drivers, settings).sum() - drawn.mean()) < 3.5 * error


def test_seasoning_counts(table):
    small = Settings(seasoning="small_business")
    calm = identity(Clock(small.as_of, 2, 1, 36))
    young, plain = (one_year_loss(table, calm, one).sum() for one in (small, Settings()))
    assert young < 0.8 * plain
