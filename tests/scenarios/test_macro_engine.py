"""The macro engine beside statsmodels, beside brute-force conditioning, and on planted faults."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import finsim
from finsim.cli.main import main
from finsim.errors import FinsimError, ScenarioError
from finsim.records.calendar import Clock
from finsim.scenarios import check_expectations, drivers, load, measure
from finsim.scenarios.macro_engine.autoregression import MacroModel, MacroSettings, learn, posterior
from finsim.scenarios.macro_engine.conditional_path import conditional_path, forecast, responses
from finsim.scenarios.macro_engine.given_moves import conditions, read_given
from finsim.scenarios.macro_engine.macro_history import USUAL, MacroHistory, read_history
from finsim.scenarios.macro_engine.minnesota_prior import lagged, prior_rows
from finsim.scenarios.macro_engine.signs import wrong_signs
from finsim.scenarios.macro_engine.what_if import what_if
from finsim.scenarios.published.table_cells import last_day, table_rows

SEVERE = "unemployment+=1.5 2.7 4.0 5.1 5.6 5.8 5.9 5.4"


@pytest.fixture(scope="module")
def history():
    return read_history()


@pytest.fixture(scope="module")
def model(history):
    return learn(history)


def until(history: MacroHistory, quarter: int) -> MacroHistory:
    return MacroHistory(
        history.names, history.values[: len(history.values) - (history.last - quarter)], quarter, history.file
    )


def test_the_bundled_history_is_read_from_the_quarter_on_that_knows_everything(history):
    assert history.names == USUAL
    assert str(last_day(history.last)) == "2024-12-31"
    assert len(history.values) == 140  # the volatility index begins in 1990
    levels = history.levels(history.values[-1:])[0]
    assert dict(zip(history.names, levels, strict=True)) == pytest.approx(
        {
            "unemployment": 4.1, "gdp_growth": 2.3, "inflation": 2.7, "treasury_3m": 4.4, "treasury_10y": 4.3,
            "mortgage_rate": 6.6, "bbb_spread": 1.1, "house_prices": 322.1, "cre_prices": 309.3,
            "equity": 58399.3, "vix": 27.6,
        }
    )  # fmt: skip


def test_without_a_prior_and_with_normal_surprises_it_is_the_autoregression_of_statsmodels(history):
    from statsmodels.tsa.api import VAR

    values = history.values[:, [0, 1, 3, 6]]
    values = values + 1e-3 * np.random.default_rng(1).standard_normal(
        values.shape
    )  # steps of .1 are no series
    own = learn(
        MacroHistory(("unemployment", "gdp_growth", "treasury_3m", "bbb_spread"), values, history.last, ""),
        MacroSettings(tightness=1e6, together=1e6, freedom=1e12),
    )
    twin = VAR(values).fit(2)
    assert own.coefficients == pytest.approx(twin.coefs, abs=1e-4)
    assert own.constant == pytest.approx(twin.intercept, abs=1e-3)
    assert forecast(own, 8) == pytest.approx(twin.forecast(values[-2:], 8), abs=1e-3)
    # statsmodels divides by T - kp - 1, the history's own surprises by T
    size = len(values) - 2
    assert own.surprises == pytest.approx(twin.sigma_u * (size - 9) / size, rel=1e-3)


def test_a_prior_without_data_is_a_random_walk_for_levels_and_noise_for_growth():
    values = np.random.default_rng(3).standard_normal((50, 2)).cumsum(axis=0) + 10.0
    left, right = prior_rows(values, np.array([1.0, 0.0]), 2, 1e-4, 1e6)
    found, _ = posterior(left, right, lagged(values, 2), values[2:], np.ones(48))
    assert found[:4] == pytest.approx(np.array([[1, 0], [0, 0], [0, 0], [0, 0]]), abs=1e-3)


def test_the_quarters_of_2020_count_least_and_the_weights_are_a_fixed_point(history, model):
    quarters = np.arange(history.last - len(model.weights) + 1, history.last + 1)
    assert set(quarters[np.argsort(model.weights)[:2]]) == {4 * 2020 + 1, 4 * 2020 + 2}
    k, lags = len(history.names), 2
    left, right = prior_rows(
        history.values,
        np.array([0.0 if n in ("gdp_growth", "inflation", "vix") else 1.0 for n in USUAL]),
        lags,
        0.1,
        1.0,
    )
    past, target = lagged(history.values, lags), history.values[lags:]
    found, scale = posterior(left, right, past, target, model.weights)
    rest = target - past @ found
    again = (5.0 + k) / (5.0 + np.einsum("ij,jk,ik->i", rest, np.linalg.inv(scale), rest))
    assert again == pytest.approx(model.weights, abs=1e-6)
    assert model.coefficients.transpose(0, 2, 1).reshape(lags * k, k) == pytest.approx(found[:-1], abs=1e-7)


def test_conditioning_is_that_of_the_joint_normal_law(model):
    quarters, k = 3, len(model.history.names)
    at = {(0, 0): 6.0, (2, 0): 8.0, (1, 9): float(model.history.values[-1, 9]) - 30.0}
    found = conditional_path(model, quarters, at)
    joint = responses(model.coefficients, model.together, quarters)
    covariance, mean = joint @ joint.T, forecast(model, quarters).ravel()
    rows = [q * k + v for q, v in at]
    gain = covariance[:, rows] @ np.linalg.inv(covariance[np.ix_(rows, rows)])
    assert found.path.ravel() == pytest.approx(
        mean + gain @ (np.array([*at.values()]) - mean[rows]), abs=1e-6
    )
    rest = covariance - gain @ covariance[rows]
    assert found.deviations.ravel() ** 2 == pytest.approx(np.diag(rest), abs=1e-6)
    for place, value in at.items():
        assert found.path[place] == value
        assert found.deviations[place] == 0.0
    usual = responses(model.coefficients, model.surprises, quarters)[rows]
    miss = np.array([*at.values()]) - mean[rows]
    assert found.distance**2 == pytest.approx(miss @ np.linalg.inv(usual @ usual.T) @ miss)


def test_the_spread_of_a_course_is_that_of_simulated_surprises(model):
    quarters, k, paths = 4, len(model.history.names), 40_000
    draws = (
        np.random.default_rng(5).standard_normal((paths, quarters, k)) @ np.linalg.cholesky(model.together).T
    )
    rows = [np.tile(row, (paths, 1)) for row in model.history.values[-2:]]
    for quarter in range(quarters):
        rows.append(
            model.constant
            + rows[-1] @ model.coefficients[0].T
            + rows[-2] @ model.coefficients[1].T
            + draws[:, quarter]
        )
    free = conditional_path(model, quarters, {})
    assert rows[-1].std(axis=0) == pytest.approx(free.deviations[-1], rel=0.03)
    assert rows[-1].mean(axis=0) == pytest.approx(free.path[-1], abs=4.0 * free.deviations[-1].max() / 200.0)


@pytest.mark.parametrize("until_year", [2019, 2024])
def test_houses_and_shares_fall_when_jobs_do(history, until_year):
    known = until(history, 4 * until_year + 3)
    found = conditional_path(learn(known), 8, conditions(read_given([SEVERE]), known))
    moves = {name: found.path[:, j] - known.values[-1, j] for j, name in enumerate(known.names)}
    assert wrong_signs(known, found, ["unemployment"]) == []
    assert moves["house_prices"][-1] < -5.0
    assert moves["cre_prices"][-1] < -10.0
    assert moves["equity"].min() < -20.0
    assert moves["bbb_spread"].max() > 1.0
    assert moves["treasury_3m"][-1] < -1.0
    assert moves["vix"].max() > 20.0


def test_least_squares_of_the_quarters_to_2019_raises_houses_and_is_refused(history):
    known = until(history, 4 * 2019 + 3)
    past, target = lagged(known.values, 2), known.values[2:]
    found = np.linalg.lstsq(past, target, rcond=None)[0]
    rest, k = target - past @ found, target.shape[1]
    covariance = rest.T @ rest / (len(rest) - past.shape[1])
    naive = MacroModel(
        known, found[:-1].reshape(2, k, k).transpose(0, 2, 1), found[-1], covariance, covariance, np.ones(1)
    )
    answer = conditional_path(naive, 8, conditions(read_given([SEVERE]), known))
    assert answer.path[-1, 7] - known.values[-1, 7] > 10.0
    assert [line.split()[0] for line in wrong_signs(known, answer, ["unemployment"])] == ["house_prices"]
    # houses that are given are the user's own word
    assert wrong_signs(known, answer, ["unemployment", "house_prices"]) == []


def test_a_course_of_calm_and_a_small_move_set_no_sign_of_stress(history):
    for text in ("unemployment+=-0.5 -1 -1", "unemployment+=0.1", "treasury_10y+=1 2"):
        assert what_if([text]).table.paths


def test_the_scenario_file_holds_what_was_given_and_meets_its_claims(tmp_path):
    made = finsim.new("scenario", given=[SEVERE, "equity@4=-50%"], quarters=8, output=tmp_path / "jobs.yaml")
    scenario = load(str(made.path))
    assert scenario.kind == "hypothetical"
    assert scenario.horizon.length == 8
    assert scenario.macro["unemployment"].curves[0].path == pytest.approx(
        (1.5, 2.7, 4.0, 5.1, 5.6, 5.8, 5.9, 5.4)
    )
    found = drivers(scenario, Clock(date(2024, 12, 31), 600, 1, 27))
    results = check_expectations(scenario, measure(found), found.clock)
    assert [result.met for result in results] == [True, True]
    assert "equity: " in made.to_text()
    assert len(made.to_text().splitlines()) <= 15
    bands = re.findall(r"^#   (\w+): ", made.text, re.MULTILINE)
    assert "unemployment" not in bands
    assert "house_prices" in bands
    facts = made.to_dict()["variables"]
    for name, one in facts.items():
        assert all(
            low <= at <= high for low, at, high in zip(one["low"], one["path"], one["high"], strict=True)
        ), name
    again = finsim.new("scenario", given=[SEVERE, "equity@4=-50%"], quarters=8, output=tmp_path / "two.yaml")
    assert again.text.replace("id: two", "id: jobs") == made.text


def test_rates_stop_at_nothing_and_are_named():
    found = what_if(["unemployment+=3 6 8 8 8 8 8"], quarters=16)
    assert found.floored == ("treasury_3m",)
    partly = what_if(["treasury_3m=0.1"])
    assert partly.path[0, partly.names.index("treasury_3m")] == pytest.approx(0.1)
    assert partly.path[:, partly.names.index("treasury_3m")].min() >= 0.0
    assert what_if(["treasury_3m=-0.5"]).table.paths["treasury_3m"][0] == -0.5  # the user's own word
    assert all(found.path[:, found.names.index(name)].min() == 0.0 for name in found.floored)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unemployment=5%", "without %"),
        ("unempl=3", "did you mean 'unemployment'"),
        ("equity+=-5", "-5%"),
        ("equity=-120%", "above 0"),
        ("unemployment@0=3", "quarters from 1"),
        ("unemployment@60=3 4", "reaches quarter 61"),
        ("unemployment=nan", "a number"),
        ("unemployment=1e9", "a number"),
        ("unemployment=.", "nothing is given"),
        ("oil_price=-5%", "not known to the table"),
        ("credit_factor=-2", "not known to the table"),
        ("unemployment", "VARIABLE="),
        ("", "an empty word"),
    ],
)
def test_what_cannot_be_given_is_refused(text, said, tmp_path, capsys):
    target = tmp_path / "x.yaml"
    with pytest.raises(SystemExit) as left:
        main(["new", "scenario", "--given", text, "-o", str(target)])
    assert left.value.code == 2
    told = " ".join(capsys.readouterr().err.split())
    assert said in told
    assert not target.exists()


@settings(max_examples=200, deadline=None)
@given(st.text("unemploymtqiy+=@.%-0123456789 ", max_size=30))
def test_any_text_is_read_or_refused(text):
    try:
        found = read_given([text])
    except FinsimError:
        return
    assert all(np.isfinite(one.value) and 1 <= one.quarter <= 60 for one in found)


def test_twice_and_too_short_are_refused():
    with pytest.raises(ScenarioError, match="given twice for quarter 2"):
        read_given(["unemployment=5 6", "unemployment@2=7"])
    with pytest.raises(ScenarioError, match="from 3"):
        what_if(["unemployment=5 6 7"], quarters=2)


def test_a_course_of_calm_meets_its_own_claim(tmp_path):
    made = finsim.new("scenario", given="unemployment+=-0.2 -0.3 -0.4", output=tmp_path / "calm.yaml")
    scenario = load(str(made.path))
    found = drivers(scenario, Clock(date(2024, 12, 31), 600, 1, 27))
    assert [one.met for one in check_expectations(scenario, measure(found), found.clock)] == [True]
    assert "equity.trough" not in made.text


def test_contradictions_are_remarked_and_other_options_refused(tmp_path):
    slump = ["unemployment+=2 4 6", "house_prices=+10% +20% +40%"]
    made = finsim.new("scenario", given=slump, output=tmp_path / "odd.yaml")
    assert "contradict each other" in made.to_text()
    with pytest.raises(FinsimError, match="say nothing of a scenario"):
        finsim.new("scenario", given="unemployment=6", csv="sep=;", output=tmp_path / "two.yaml")


@pytest.mark.parametrize(
    "text", ["equity=-99.9999999999%", "equity=999999999999%", "unemployment@" + "9" * 5_000 + "=8"]
)
def test_no_number_makes_a_file_that_cannot_be_read(text, tmp_path):
    with pytest.raises(ScenarioError):
        finsim.new("scenario", given=text, output=tmp_path / "odd.yaml")
    assert not (tmp_path / "odd.yaml").exists()


def test_the_prior_is_tighter_for_later_lags_and_holds_sums_of_levels_alone():
    values = np.random.default_rng(3).standard_normal((50, 2)).cumsum(axis=0) + 10.0
    left, right = prior_rows(values, np.array([1.0, 0.0]), 2, 0.1, 0.5)
    own = left[0, 0]
    assert left[2, 2] == pytest.approx(2.0 * own)  # s.d. of the second lag: half that of the first
    assert right[0, 0] == pytest.approx(0.1 * own / 0.1)
    sums = left[6:8, :4]
    start = values[:2].mean(axis=0)
    assert sums == pytest.approx(np.array([[start[0] / 0.5, 0, start[0] / 0.5, 0], [0, 0, 0, 0]]))


def test_surprises_that_come_together_have_the_covariance_of_their_t_law(history, model):
    persistence = np.array([0.0 if name in ("gdp_growth", "inflation", "vix") else 1.0 for name in USUAL])
    left, right = prior_rows(history.values, persistence, 2, 0.1, 1.0)
    scale = posterior(left, right, lagged(history.values, 2), history.values[2:], model.weights)[1]
    assert model.together == pytest.approx(scale * 5.0 / 3.0, rel=1e-6)


def test_a_boom_of_houses_that_was_coming_anyway_is_still_refused_in_a_slump(history, model):
    free = conditional_path(model, 4, {})
    path, jobs, houses = free.path.copy(), 0, 7
    path[:, jobs] += 6.0
    free.free[:, houses] = path[:, houses] = history.values[-1, houses] + 20.0
    answer = replace(free, path=path)
    assert [line.split()[0] for line in wrong_signs(history, answer, ["unemployment"])] == ["house_prices"]


def test_a_price_can_be_given_as_a_level():
    found = what_if(["equity=30000 25000"], quarters=3)
    assert found.table.paths["equity"][:2] == pytest.approx((30_000.0, 25_000.0))


@pytest.mark.parametrize(
    ("item", "remedy"),
    [
        ("unemp=5", "did you mean 'unemployment'"),
        ("equity", "write equity=-40%"),
        ("what?", "write unemployment=8.1"),
        ("unemployment+=abc", "write unemployment+=2.5"),
        ("unemployment=5%", "write unemployment=5"),
        ("equity+=-50", "write equity+=-50%"),
        ("unemployment@0=5", "write unemployment@4"),
        ("unemployment=.", "put a number"),
        ("house_prices=-120%", "cannot lose all"),
    ],
)
def test_every_refusal_of_what_is_given_says_what_to_write(item: str, remedy: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        what_if([item])
    (problem,) = caught.value.problems
    assert problem.expected
    assert remedy in problem.remedy


def test_a_table_that_is_not_there_is_said_without_the_words_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "quarters.csv").write_text("a\n")
    with pytest.raises(ScenarioError, match=r"quarter.csv: no such file; expected a CSV table") as caught:
        table_rows(tmp_path / "quarter.csv")
    assert caught.value.problems[0].remedy == "did you mean 'quarters.csv'?"
    with pytest.raises(ScenarioError, match="is a directory"):
        table_rows(tmp_path)
    assert "Errno" not in str(caught.value)
