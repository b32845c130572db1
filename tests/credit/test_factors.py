import dataclasses

import numpy as np
import pytest
from macro_paths import SEVERE, macro_drivers

from finsim.credit.factors import annual_factors, class_z, quarter_moves, quarter_z, sector_factors
from finsim.credit.settings import Settings
from finsim.errors import ScenarioError
from finsim.randomness import Streams


def many(months, settings, sectors=("a", "b", "c"), count=4_000):
    return np.stack([sector_factors(sectors, months, Streams(seed), settings) for seed in range(count)])


def test_margins_autocorrelation_and_cross_correlation():
    chosen = Settings(months_autocorrelation=0.5, sector_correlation=0.4)
    paths = many(25, chosen)
    error = 4 / np.sqrt(len(paths))
    assert np.abs(paths.mean(axis=0)).max() < error
    assert np.abs(paths.var(axis=0) - 1).max() < error * np.sqrt(2)
    yearly = np.stack([annual_factors(path[:24], chosen)[[0, 12]] for path in paths])
    assert np.abs(yearly.mean(axis=0)).max() < error
    assert np.abs(yearly.var(axis=0) - 1).max() < error * np.sqrt(2)
    assert np.corrcoef(yearly[:, 0, 0], yearly[:, 1, 0])[0, 1] == pytest.approx(0.5, abs=error)
    # .909 is the monthly memory at which means of two years in a row correlate by .5 (solved on its own)
    assert np.corrcoef(paths[:, 5, 0], paths[:, 6, 0])[0, 1] == pytest.approx(0.90904, abs=error)
    cross = np.corrcoef(paths[:, 20, :], rowvar=False)
    assert cross[np.triu_indices(3, 1)] == pytest.approx([0.4] * 3, abs=error)
    assert np.linalg.eigvalsh(cross).min() > 0


def test_a_sector_does_not_depend_on_the_others():
    chosen = Settings()
    one = sector_factors(["auto", "business"], 36, Streams(1), chosen)
    two = sector_factors(["zeta", "business", "auto"], 60, Streams(1), chosen)
    assert np.array_equal(one, two[:36, [2, 1]])
    assert sector_factors([], 12, Streams(1), chosen).shape == (12, 0)


def test_class_z_is_the_stated_sum(severe):
    link = {"cards": {"unemployment": -0.5}, "cre": {"cre_prices": 0.06, "bbb_spread": -0.2}, "mortgage": {}}
    drivers = dataclasses.replace(severe, credit=dataclasses.replace(severe.credit, betas=link))
    z = class_z(drivers, ["cards", "cre", "mortgage"])
    assert z.shape == (36, 3)
    assert z[20, 0] == pytest.approx(-0.5 * 5.5)
    assert z[23, 1] == pytest.approx(0.06 * -38.8 - 0.2 * 2.9)
    assert np.all(z[:, 2] == 0)


def test_unnamed_classes_follow_their_kin_then_the_default_link(severe):
    stated = dataclasses.replace(severe.credit, betas={"consumer": {"unemployment": -1.0}})
    z = class_z(dataclasses.replace(severe, credit=stated), ["auto", "consumer", "cards"])
    assert np.array_equal(z[:, 0], z[:, 1])
    assert z[20, 1] == pytest.approx(-5.5)
    assert z[20, 2] == pytest.approx(-0.4605 * 5.5)


def test_no_macro_move_is_no_factor(base):
    assert np.all(class_z(base, ["cards", "cre", "unheard of"]) == 0)


def test_quarter_ends_agree_with_the_steps_as_written(severe):
    written = dataclasses.replace(
        macro_drivers(SEVERE, months=12),
        macro_steps={name: np.array(path) for name, path in SEVERE.items()},
    )
    assert len(quarter_moves(written)["unemployment"]) == 13
    for name, path in SEVERE.items():
        assert quarter_moves(severe)[name][:12] == pytest.approx(path[:12])
        assert quarter_moves(written)[name].tolist() == path
    assert quarter_z(written, ["cre"])[:12] == pytest.approx(quarter_z(severe, ["cre"]))


def test_unknown_variable_is_refused_with_a_suggestion(severe):
    for change in ({"betas": {"cards": {"unemploymnt": -1.0}}}, {"collateral": {"cards": "unemploymnt"}}):
        drivers = dataclasses.replace(severe, credit=dataclasses.replace(severe.credit, **change))
        with pytest.raises(ScenarioError, match="did you mean 'unemployment'"):
            class_z(drivers, ["cards"])


def test_the_credit_factor_is_z_itself_whatever_the_betas():
    paths = {"unemployment": [2.0] * 4, "credit_factor": [-1.5] * 4}
    both = macro_drivers(paths, betas={"cards": {}})
    alone = macro_drivers({"unemployment": [2.0] * 4}, betas={"cards": {}})
    classes = ["cards", "consumer", "mortgage"]
    assert class_z(both, classes) - class_z(alone, classes) == pytest.approx(
        np.tile(both.macro["credit_factor"][:, None], (1, 3))
    )
    assert quarter_z(both, classes)[-1, 0] == -1.5
