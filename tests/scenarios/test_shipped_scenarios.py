"""The shipped files against published values and against the real series they cite."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from finsim.credit.measures import measure as nine_quarter_losses
from finsim.records.calendar import Clock
from finsim.scenarios import check_expectations, describe, drivers, load, measure, names, resolved
from finsim.scenarios.file_models import MacroPart
from finsim.scenarios.severity_and_overlays import parts
from finsim.scenarios.variables import VARIABLES

LONG = Clock(date(2025, 12, 31), 2520, 200, 48)
# What users ask for by year or by name; a file that is left out by mistake is missed here.
PACK = (
    "oil-crisis-1973 disinflation-1981 black-monday-1987 recession-1990 bond-rout-1994 ltcm-1998 dotcom-2000 "
    "gfc-2008 flash-crash-2010 euro-crisis-2011 china-2015 volatility-shock-2018 covid-2020 rates-shock-2022 "
    "regional-banks-2023 dfast-severely-adverse-2024 dfast-severely-adverse-2025 dfast-severely-adverse-2026 "
    "eba-adverse-2025 boe-2025 tariff-shock cyber-outage deposit-run fraud-wave-mule-surge "
    "compound-downturn-fraud base"
)


def test_the_required_files_are_there():
    assert set(PACK.split()) == {*names()}
    assert len(names()) >= 24
    assert set(MacroPart.model_fields) - {"source", "assumption"} == set(VARIABLES)


@pytest.mark.parametrize("name", names())
def test_every_file_meets_its_own_driver_claims_and_names_its_sources(name):
    scenario = load(name)
    outcomes = check_expectations(scenario, measure(drivers(scenario, LONG)))
    assert [str(o) for o in outcomes if o.met is False] == []
    judged = [o for o in outcomes if o.met is not None]
    assert judged or name == "base"
    assert not [w for w in scenario.warnings if "history" not in w], scenario.warnings
    assert len(scenario.narrative) > 100
    said = {source.what.partition(".")[0] for source in scenario.source} | {"credit"}
    assert "all" in said or {part.partition(".")[0] for part in parts(scenario)} <= said
    assert describe(name)["id"] == name


# Older files whose claims leave a world out that they move.
SILENT = {
    ("compound-downturn-fraud", "credit"), ("compound-downturn-fraud", "equity"), ("covid-2020", "fraud"),
    ("gfc-2008", "fraud"), ("rates-shock-2022", "equity"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted({*names()} - {"base"}))
def test_a_file_claims_something_of_every_world_that_it_moves(name):
    scenario = load(name)
    assert all(source.ref.strip() for source in scenario.source)
    linked = {variable for betas in load("base").credit.betas.values() for variable in betas}
    moved = {
        "equity": "equity" in scenario.market,
        "driver": "equity" in scenario.market,
        "credit": bool(linked & set(scenario.macro)),
        "macro": bool(scenario.macro),
        "fraud": bool(scenario.fraud.intensity),
    }
    said = {claim.metric.partition(".")[0] for claim in scenario.expect}
    missing = {(name, world) for world, moves in moved.items() if moves and world not in said}
    assert missing <= SILENT


@pytest.mark.parametrize("name", names())
def test_severity_zero_is_base(name):
    zero, base = drivers(load(name), LONG, 0.0), drivers(load("base"), LONG)
    same = replace(
        zero, scenario="", title="", severity=1.0, digest="", step="quarter", equity_steps=base.equity_steps
    )
    assert repr(same) == repr(replace(base, scenario="", title="", digest=""))
    assert zero.digest != base.digest or name == "base"


def test_dfast_2026_has_the_published_values():
    found = drivers(load("dfast-severely-adverse-2026"), LONG)
    levels = found.jump_off["unemployment"] + found.macro_steps["unemployment"]
    peak = int(levels.argmax())
    assert (levels[peak], found.step_dates[peak]) == (10.0, "2027-09-30")
    trough = int(found.equity_steps.argmin())
    assert found.equity_steps[trough] == pytest.approx(-0.578, abs=1e-12)
    assert found.step_dates[trough] == "2026-09-30"
    assert len(found.anchors) == 13
    assert min(a.move for a in found.anchors) == pytest.approx(-0.578, abs=1e-12)
    vix = found.market["vol_mult"] * found.jump_off["vix"]
    assert vix.max() == pytest.approx(72.0)
    spread = found.jump_off["bbb_spread"] + found.macro_steps["bbb_spread"]
    assert spread.max() == pytest.approx(5.7)
    assert found.jump_off["treasury_3m"] + found.macro_steps["treasury_3m"].min() == pytest.approx(0.1)
    assert found.macro_steps["house_prices"].min() == -29.7
    assert found.macro_steps["cre_prices"].min() == -38.8
    # Real GDP from peak to trough, from the annualised path: the Federal Reserve states -4.61.
    growth = 1.0 + (found.jump_off["gdp_growth"] + found.macro_steps["gdp_growth"]) / 100.0
    index = np.r_[1.0, np.cumprod(growth**0.25)]
    assert 100.0 * (index.min() - 1.0) == pytest.approx(-4.61, abs=0.02)


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_published_loss_rates_follow_from_the_file(year):
    scenario = load(f"dfast-severely-adverse-{year}")
    found = drivers(scenario, Clock(date(year - 1, 12, 31), 252, 30, 36))
    outcomes = check_expectations(scenario, measure(found) | nine_quarter_losses(found))
    judged = [o for o in outcomes if o.metric.startswith("credit.")]
    assert len(judged) == (5 if year == 2025 else 6)
    tolerances = [(claim.high - claim.low) / 2.0 for claim in scenario.expect if "loss_rate" in claim.metric]
    assert max(tolerances) == pytest.approx({2024: 0.02, 2025: 0.015, 2026: 0.003}[year])
    assert [str(o) for o in judged if not o.met] == []


def test_a_fraud_scenario_moves_fraud_alone():
    found = drivers(load("fraud-wave-mule-surge"), LONG)
    assert not any((found.macro, found.market, found.behaviour, found.anchors))
    assert sorted(found.intensity) == [
        "aml:layering", "aml:structuring", "fraud:account_takeover", "fraud:authorised_push_payment",
        "fraud:card_testing",
    ]  # fmt: skip
    assert found.mules["branching_ratio"] == 0.35


def test_the_compound_is_the_sum_of_its_parts():
    found = load("compound-downturn-fraud")
    whole = drivers(found, LONG)
    recession = drivers(load("dfast-severely-adverse-2026"), LONG, 0.8)
    for name, series in recession.macro.items():
        np.testing.assert_allclose(whole.macro[name], series)
    assert whole.anchors == recession.anchors
    wave = drivers(load("fraud-wave-mule-surge"), LONG, 1.2).intensity["fraud:authorised_push_payment"]
    shifted = whole.intensity["fraud:authorised_push_payment"]
    np.testing.assert_allclose(shifted[91:], wave[: 200 - 91])
    assert (shifted[:91] == 1.0).all()
    assert resolved(found)["probability"] == {"weight": 0.002, "basis": "judgement"}


# Card losses over base, as card delinquency moved: .61, 1.90 and 1.54 (Federal Reserve, delinquency rates).
HISTORY = {"covid-2020": (0.5, 1.1), "rates-shock-2022": (1.4, 2.4), "gfc-2008": (1.3, 1.9)}


@pytest.mark.parametrize("name", sorted(HISTORY))
def test_losses_of_history_have_the_right_sign(name):
    scenario = load(name)
    found = nine_quarter_losses(drivers(scenario, LONG))
    claims = [o for o in check_expectations(scenario, found) if o.metric.startswith("credit.")]
    assert claims
    assert [str(o) for o in claims if not o.met] == []
    base = nine_quarter_losses(drivers(load("base"), LONG))
    low, high = HISTORY[name]
    assert low <= found["credit.cards.loss_rate_9q"] / base["credit.cards.loss_rate_9q"] <= high
    assert low <= found["credit.cards.default_ratio_peak"] <= high


def test_income_support_undoes_as_many_points_of_unemployment():
    covid = load("covid-2020")
    bare = replace(covid, macro={k: v for k, v in covid.macro.items() if k != "income_support"})
    both = [nine_quarter_losses(drivers(one, LONG)) for one in (covid, bare)]
    assert both[1]["credit.cards.loss_rate_9q"] > 1.8 * both[0]["credit.cards.loss_rate_9q"]
    for name in ("cards", "corporate"):
        assert (
            both[1][f"credit.{name}.default_ratio_peak"] > 2.0 * both[0][f"credit.{name}.default_ratio_peak"]
        )
