"""Active simulation: the loop against plain loops and a closed form, its bound, and a study that has it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

import finsim
from finsim.engine.answers.stress_answer import remark_lines
from finsim.engine.feedback.active_loop import closed_loop, loads
from finsim.engine.feedback.banks_and_households import CONSUMPTION, LENDING, SYSTEM, Strength
from finsim.engine.finished_run import Run
from finsim.engine.reverse.breach_model import drivers_of
from finsim.engine.study.study_file import Study, study_of
from finsim.engine.study.study_resolution import resolve
from finsim.errors import StudyError
from finsim.records.calendar import Clock
from finsim.records.drivers import CreditLink, Drivers, identity

MONTHS = 24
# The default links of credit.reference_parameters, written out: pd, lgd, rho, secured, betas.
CLASSES = {
    "mortgage": (0.0068, 0.20, 0.15, True, {"unemployment": -0.1571, "house_prices": 0.0291}),
    "heloc": (0.0132, 0.50, 0.15, False, {"unemployment": -0.1384, "house_prices": 0.0256}),
    "cre": (0.0111, 0.35, 0.15, True, {"unemployment": -0.2889, "cre_prices": 0.0410}),
    "corporate": (0.0156, 0.40, 0.15, False, {"unemployment": -0.2023, "bbb_spread": -0.3551}),
    "cards": (0.0400, 0.85, 0.04, False, {"unemployment": -0.4605}),
    "consumer": (0.0233, 0.60, 0.08, False, {"unemployment": -0.3353}),
}


def made(macro: dict[str, np.ndarray]) -> Drivers:
    """Return drivers with monthly courses, and quarterly steps that are never zero."""
    ends = [f"{2026 + k // 4}-{('03-31', '06-30', '09-30', '12-31')[k % 4]}" for k in range(8)]
    averages = tuple(name for name in macro if name == "unemployment")
    link = CreditLink(collateral={"mortgage": "house_prices", "cre": "cre_prices"})
    clock = Clock(date(2025, 12, 31), 2, 1, MONTHS)
    return replace(
        identity(clock), scenario="made", digest="x", step_dates=tuple(ends), macro=macro,
        macro_steps={name: x[2::3] for name, x in macro.items()}, macro_averages=averages, credit=link,
    )  # fmt: skip


def plain_losses(moves: dict[str, float]) -> float:
    total = 0.0
    for name, (pd_, lgd, rho, secured, betas) in CLASSES.items():
        z = sum(beta * moves[variable] for variable, beta in betas.items())
        rate = ndtr((ndtri(pd_) - np.sqrt(rho) * z) / np.sqrt(1 - rho))
        if not secured:
            lgd = ndtr((ndtri(pd_ * lgd) - np.sqrt(rho) * z) / np.sqrt(1 - rho)) / rate
        price = {"mortgage": "house_prices", "cre": "cre_prices"}.get(name)
        if price:
            lgd = min(max(1 - (1 - lgd) * (1 + moves[price] / 100), 0), 1)
        total += SYSTEM[name] * rate * lgd
    return 100 * total


def plain_shortfall(macro: dict[str, np.ndarray], spending: float, credit: float) -> list[float]:
    """Shortfalls at quarter ends in plain loops, months spelt out."""
    load = loads()
    path = [0.0] * MONTHS
    ends = [0.0]
    usual = plain_losses(dict.fromkeys(("unemployment", "house_prices", "cre_prices", "bbb_spread"), 0.0))
    for quarter in range(MONTHS // 3):
        now = [3 * quarter, 3 * quarter + 1, 3 * quarter + 2]
        last = now[-1]
        moves = {
            "unemployment": sum(macro["unemployment"][t] + load["unemployment"] * path[t] for t in now) / 3
        }
        moves["bbb_spread"] = macro["bbb_spread"][last] + load["bbb_spread"] * path[last]
        for name in ("house_prices", "cre_prices"):
            level = (1 + macro[name][last] / 100) * np.exp(load[name] * path[last] / 100)
            moves[name] = 100 * (level - 1)
        buys = 0.2 * max(moves["unemployment"], 0.0)
        ends.append(spending * CONSUMPTION * buys + credit * LENDING * (plain_losses(moves) - usual))
        for k in range(3):
            if last + 1 + k < MONTHS:
                path[last + 1 + k] = ends[-2] + (ends[-1] - ends[-2]) * (k + 1) / 3
    return [0.0, *ends[1:-1]]


def severe() -> dict[str, np.ndarray]:
    at = np.linspace(0.0, 1.0, MONTHS)
    return {
        "unemployment": 5.5 * np.sin(2.5 * at), "house_prices": -30.0 * at, "cre_prices": -38.0 * at**0.5,
        "bbb_spread": 4.5 * np.sin(3.0 * at),
    }  # fmt: skip


@pytest.mark.parametrize(("spending", "credit"), [(1.0, 1.0), (2.0, 0.0), (0.0, 3.0)])
def test_the_loop_equals_plain_loops(spending: float, credit: float) -> None:
    found, loop = closed_loop(made(severe()), Strength(spending, credit))
    assert loop is not None
    assert loop.shortfall == pytest.approx(plain_shortfall(severe(), spending, credit), rel=1e-9)
    more = found.macro["unemployment"] - severe()["unemployment"]
    assert more[2::3] == pytest.approx(loads()["unemployment"] * loop.shortfall, rel=1e-9)
    assert loop.added["unemployment"] == pytest.approx(more.max())


def test_households_alone_have_a_closed_form() -> None:
    """Demand is linear in unemployment: gain .68 x .2 x .4, and the limit is that of a geometric series."""
    jobs = np.full(MONTHS, 3.0)
    _, loop = closed_loop(made({"unemployment": jobs}), Strength(4.0, 0.0))
    assert loop is not None
    gain = 4.0 * 0.68 * 0.2 * 0.4
    first = 4.0 * 0.68 * 0.2 * 3.0
    assert loop.gain == pytest.approx(gain, rel=1e-6)
    assert loop.shortfall[0] == 0.0
    assert loop.shortfall[1] == pytest.approx(first)
    assert loop.shortfall[2] == pytest.approx(first + gain * first * 2 / 3)  # the mean of a ramp of thirds
    assert loop.shortfall[-1] == pytest.approx(first / (1.0 - gain), rel=1e-2)
    assert (np.diff(loop.shortfall) > 0.0).all()


def test_what_history_says_goes_along_with_unemployment() -> None:
    """House prices by -1.63 log percent and commercial ones by -3.23 a point, the spread by .08 points."""
    slopes = {name: value / loads()["unemployment"] for name, value in loads().items()}
    assert slopes["house_prices"] == pytest.approx(-1.63, abs=0.005)
    assert slopes["cre_prices"] == pytest.approx(-3.23, abs=0.005)
    assert slopes["bbb_spread"] == pytest.approx(0.0785, abs=0.0005)


def test_steps_and_months_say_the_same_and_growth_is_the_change_of_the_level() -> None:
    found, loop = closed_loop(made(severe()), Strength())
    assert loop is not None
    own = severe()
    jobs = found.macro["unemployment"].reshape(-1, 3).mean(axis=1)
    before = own["unemployment"].reshape(-1, 3).mean(axis=1)
    stated = own["unemployment"][2::3]
    assert found.macro_steps["unemployment"] == pytest.approx(stated + jobs - before)
    assert found.macro_steps["house_prices"] == pytest.approx(found.macro["house_prices"][2::3])
    assert found.macro_steps["bbb_spread"] == pytest.approx(found.macro["bbb_spread"][2::3])
    growth = found.macro["gdp_growth"]
    assert -np.cumsum(growth)[2::3] / 12.0 == pytest.approx(loop.shortfall)
    assert found.macro_steps["gdp_growth"] == pytest.approx(growth.reshape(-1, 3).mean(axis=1))
    assert set(found.macro_averages) == {"unemployment"}
    assert (found.macro_units["gdp_growth"], found.macro_units["house_prices"]) == ("pp", "pct")
    assert found.digest != "x"


def test_steps_beyond_the_clock_go_on() -> None:
    """Eight quarters on a clock of six months: the loop follows the quarters, so loss rates see them."""
    whole = made(severe())
    short = replace(
        whole, clock=replace(whole.clock, months=6), macro={name: x[:6] for name, x in whole.macro.items()}
    )
    found, loop = closed_loop(short, Strength())
    assert loop is not None
    assert len(loop.shortfall) == 8
    assert len(found.macro["unemployment"]) == 6
    added = found.macro_steps["unemployment"] - short.macro_steps["unemployment"]
    assert (np.diff(added[1:6]) > 0.0).all()


def test_nothing_moves_nothing_and_boom_is_not_punished() -> None:
    calm = identity(Clock(date(2025, 12, 31), 2, 1, MONTHS))
    assert closed_loop(calm, Strength()) == (calm, None)
    oil = made({"oil_price": np.full(MONTHS, 40.0)})
    assert closed_loop(oil, Strength())[0] is oil
    _, loop = closed_loop(made({"unemployment": np.full(MONTHS, -1.0)}), Strength(3.0, 0.0))
    assert loop is None


def test_the_factor_of_all_loans_costs_demand_as_its_losses_do() -> None:
    """The factor of every class at -2: a shortfall of .3 % of GDP a point of losses, in closed form."""
    factor = made({"credit_factor": np.full(MONTHS, -2.0)})
    _, loop = closed_loop(factor, Strength(0.0, 1.0))
    assert loop is not None
    losses = [0.0, 0.0]
    for name, (pd_, lgd, rho, secured, _) in CLASSES.items():
        for k, z in enumerate((0.0, -2.0)):
            rate = ndtr((ndtri(pd_) - np.sqrt(rho) * z) / np.sqrt(1 - rho))
            loss = ndtr((ndtri(pd_ * lgd) - np.sqrt(rho) * z) / np.sqrt(1 - rho))
            losses[k] += 100 * SYSTEM[name] * (rate * lgd if secured else loss)
    assert loop.shortfall[1] == pytest.approx(0.3 * (losses[1] - losses[0]))


def test_a_loop_that_feeds_itself_is_refused() -> None:
    least = 1.0 / (0.68 * 0.2 * 0.4)
    jobs = made({"unemployment": np.full(MONTHS, 1.0)})
    assert closed_loop(jobs, Strength(0.99 * least, 0.0))[1] is not None
    with pytest.raises(StudyError, match=r"loop gain of made is 1\.01; expected below 1"):
        closed_loop(jobs, Strength(1.01 * least, 0.0))


def book_study(**more: object) -> Study:
    book = {"data": "german_credit", "loans": 500, "months": 12, "draws": 5_000, "rules": None}
    scenarios = ["base", "dfast-severely-adverse-2026"]
    return study_of(
        {"id": "loop", "credit": book, "scenarios": scenarios, "evaluation": {"enabled": False}, **more}
    )


def test_a_study_with_feedback_tells_it_and_leaves_base_alone(tmp_path: Path) -> None:
    hard = "dfast-severely-adverse-2026"
    off = finsim.run(book_study(), output=tmp_path / "off", progress=False)
    on = finsim.run(book_study(feedback=True), output=tmp_path / "on", progress=False)
    for name in ("loans", "months", "provisions", "losses", "driver_months"):
        base = [one.file(name, "base").read_bytes() for one in (off, on)]
        if name != "driver_months":
            assert base[0] == base[1]
    told = on.manifest["scenarios"][hard]["feedback"]
    assert 0.15 < told["gain"] < 0.25
    assert "feedback" not in on.manifest["scenarios"]["base"]
    assert "feedback" not in off.manifest["scenarios"][hard]
    assert "feedback" not in off.manifest["study"]["resolved"]
    courses = [one.tables_of(hard)["driver_months"]["unemployment"] for one in (off, on)]
    assert (courses[1] - courses[0]).max() == pytest.approx(told["added"]["unemployment"])
    losses = [one.portfolio_of(hard).losses.mean() for one in (off, on)]
    assert losses[1] > 1.02 * losses[0]


@pytest.mark.slow
def test_a_plan_tells_the_gain_before_any_work() -> None:
    (told,) = finsim.plan(book_study(feedback={"credit": 0.5})).warnings["feedback"]
    assert told.startswith("dfast-severely-adverse-2026: feedback of spending and lending: loop gain 0.1")


def test_severity_zero_and_feedback_off_are_the_study_as_it_was() -> None:
    still = resolve(book_study(feedback=True).with_scenarios("gfc-2008@0"))
    assert not still.loops
    assert (
        still.drivers["gfc-2008@0"].digest
        == resolve(book_study().with_scenarios("gfc-2008@0")).drivers["gfc-2008@0"].digest
    )
    off, none = resolve(book_study(feedback=False)), resolve(book_study())
    assert {k: d.digest for k, d in off.drivers.items()} == {k: d.digest for k, d in none.drivers.items()}


def test_the_question_turned_round_sees_the_feedback() -> None:
    plans = [resolve(book_study(feedback=on)) for on in (False, True)]
    peaks = [drivers_of(plan, {"unemployment": 4.0}).macro["unemployment"].max() for plan in plans]
    assert peaks[0] == pytest.approx(4.0, abs=0.2)
    assert peaks[1] > peaks[0] + 0.1


def test_a_gain_of_one_is_refused_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(
        "finsim: study/1\nid: s\ncredit: {data: german_credit, loans: 100, months: 12, draws: 5000}\n"
        "scenarios: [dfast-severely-adverse-2026]\nfeedback: {spending: 9, credit: 9}\n"
    )
    with pytest.raises(StudyError, match=r"study.yaml:5:1: feedback: the loop gain .* below 1"):
        resolve(finsim.load_study(file))


def test_a_stressed_run_says_its_remarks_and_what_acted_back() -> None:
    hard = "dfast-severely-adverse-2026"
    loop = closed_loop(finsim.drivers(hard, start="2025-12-31", days=90, months=12), Strength())[1]
    assert loop is not None
    told = {"feedback": json.loads(json.dumps(loop.to_dict(), sort_keys=True))}
    choices = book_study().with_scenarios(hard).scenarios
    lines = [
        remark_lines(cast(Run, SimpleNamespace(choices=choices, manifest={"scenarios": {hard: noted}})))
        for noted in (told, {})
    ]
    remark, acted = lines[0]
    assert "macro.bbb_spread: a move of 3.4 pp" in remark
    assert acted.startswith("feedback of spending and lending: loop gain 0.20 (below 1)")
    assert lines[1] == [remark]
