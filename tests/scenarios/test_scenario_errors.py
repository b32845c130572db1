"""Wrong files: each with the place, what was found and the remedy; all problems of a file at once."""

# ruff: noqa: E501 (lines of YAML files stay whole)

from pathlib import Path

import pytest

from finsim.errors import ScenarioError
from finsim.scenarios import load

GOOD = """horizon: {length: 3, step: quarter}
calibration: {jump_off: {unemployment: 4.0, vix: 20.0}}
macro:
  unemployment: {unit: pp, as: delta, path: [1.0, 2.0, 3.0]}
  house_prices: {unit: pct, as: cum_return, path: [-5, -10, -20]}
market:
  equity: {unit: pct, as: cum_return, path: [-10, -30, -20], trough: {day: 100, value: -40}}
  vol: {as: mult, path: [1.5, 2.0, 1.2]}
  correlation: {blend_to_one: [0.2, 0.5, 0.1]}
fraud:
  waves:
    - {typology: card_testing, start_week: 1, ramp_weeks: 1, plateau_weeks: 2, decay_half_life_weeks: 1, intensity_mult: 4}
  self_excitation: {branching_ratio: 0.3, half_life_hours: 12}
expect:
  - {metric: macro.unemployment.peak, equals: 7.0, tol: 0.1}
"""

# name, old text, new text, line:col, words of the message
WRONG = [
    ("unknown block", "macro:", "marco:", "7:1", "unknown key 'marco' | did you mean 'macro'"),
    ("unknown variable", "unemployment: {unit", "unemploymnt: {unit", "8:3", "did you mean 'unemployment'"),
    ("unknown key in a curve", "as: delta", "az: delta", "8:28", "unknown key 'az' | use one of: as, "),
    ("wrong as", "as: delta", "as: dleta", "8:28", "'dleta' | did you mean 'delta'"),
    ("as of another kind", "as: delta", "as: cum_return", "8:28", "expected delta or level"),
    ("wrong unit", "unit: pp", "unit: pct", "8:18", "unit: 'pct' | expected pp for `as: delta`"),
    ("no unit", "unit: pp, ", "", "8:3", "unit: missing"),
    ("path too short", "[1.0, 2.0, 3.0]", "[1.0, 2.0]", "8:39", "has 2 values but horizon.length is 3 quarters"),
    ("text in a path", "2.0, 3.0]", "two, 3.0]", "8:51", "'two'; expected a number"),
    ("not a number", "2.0, 3.0]", ".nan, 3.0]", "8:51", "nan is no finite number"),
    ("price at zero", "-10, -20]", "-100, -20]", "9:56", "-100 would make the price zero or negative"),
    ("equity below zero", "-30, -20]", "-130, -20]", "11:51", "-130 would make the price zero or negative"),
    ("trough without a time", "{day: 100, value: -40}", "{value: -40}", "11:62", "no time"),
    ("trough at the jump-off", "day: 100", "day: 0", "11:71", "above 0"),
    ("multiplier of zero", "[1.5, 2.0, 1.2]", "[1.5, 0, 1.2]", "12:31", "is no multiplier | above 0"),
    ("perfect correlation", "[0.2, 0.5, 0.1]", "[1.0, 0.5, 0.1]", "13:32", "outside [0,1) | singular"),
    ("explosive process", "branching_ratio: 0.3", "branching_ratio: 1.1", "17:21", "must be in [0,1) | explodes"),
    ("negative ramp", "ramp_weeks: 1", "ramp_weeks: -1", "16:47", "0 to 5218 weeks"),
    ("wave without a size", ", intensity_mult: 4", "", "16:7", "intensity_mult: missing"),
    ("minutes among quarters", "{day: 100", "{minute: 100", "11:71", "minutes on a horizon of quarters"),
    ("unknown world", "metric: macro", "metric: marco", "19:6", "did you mean 'macro'"),
    ("no bound", ", equals: 7.0, tol: 0.1", "", "19:5", "no bound"),
    ("unknown jump-off", "vix: 20.0", "vxi: 20.0", "6:45", "no variable is called 'vxi' | did you mean 'vix'"),
    ("unknown step", "step: quarter", "step: quater", "5:22", "did you mean 'quarter'"),
    ("wrong version", "scenario/1", "scenario/2", "1:1", "scenario/2"),
    ("doubled key", "fraud:\n", "macro: {}\nfraud:\n", "14:1", "'macro' appears twice"),
    ("another id", "id: x", "id: y", "2:1", "'x', the name of the file"),
    ("unknown kind", "kind: hypothetical", "kind: hypothetic", "4:1", "did you mean 'hypothetical'"),
    ("bad indentation", "  vol:", " vol:", "12:2", "not valid YAML"),
    ("level without a start", "{unit: pct, as: cum_return, path: [-5, -10, -20]}",
     "{unit: index, as: level, path: [95, 90, 80]}", "9:31", "without the level it starts from"),
    ("points among means", "[1.0, 2.0, 3.0]", "[1.0, 2.0, 3.0], knots: [{day: 9, value: 2}]", "8:62", "path and knots | means of its steps"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "place", "words"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_wrong_file_is_refused_with_its_place(write, old, new, place, words):
    path = Path(write("x", GOOD))
    assert load(str(path)).id == "x"
    text = path.read_text()
    assert text.count(old) == 1, "the case must change exactly one place"
    path.write_text(text.replace(old, new))
    with pytest.raises(ScenarioError) as caught:
        load(str(path))
    assert caught.value.exit_code == 2
    here = [str(problem) for problem in caught.value.problems if problem.place.endswith(f"x.yaml:{place}")]
    assert any(all(word in line for word in words.split(" | ")) for line in here), str(caught.value)


def test_all_problems_come_at_once_in_the_order_of_the_file(write):
    text = (
        GOOD.replace("as: delta", "as: dleta")
        .replace("0.5, 0.1]", "1.5, 0.1]")
        .replace("market:", "markets:")
    )
    path = write("x", text.replace("branching_ratio: 0.3", "branching_ratio: 1.5"))
    with pytest.raises(ScenarioError) as caught:
        load(path)
    lines = [int(problem.place.split(":")[-2]) for problem in caught.value.problems]
    assert lines == sorted(lines)
    assert {8, 10, 17} <= set(lines)


def test_a_problem_of_a_parent_is_shown_in_the_parent(write):
    write("parent", "horizon: {length: 2, step: quarter}\nliquidity:\n  spread_mult: [1, -2]\n")
    path = write("child", "extends: parent\n")
    with pytest.raises(ScenarioError, match=r"parent\.yaml:7:20: liquidity\.spread_mult\.path\.1"):
        load(path)


def test_a_path_is_measured_against_an_inherited_horizon(write):
    write("parent", "horizon: {length: 2, step: quarter}\n")
    path = write("child", "extends: parent\nliquidity: {spread_mult: [1, 2, 3]}\n")
    with pytest.raises(ScenarioError, match=r"child\.yaml:6:\d+: .*has 3 values but horizon.length is 2"):
        load(path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("extends: bsae", "did you mean 'base'"),
        ("extends: x", "cycle: x -> x"),
        ("overlay: [{ref: gfc-2009}]", "did you mean 'gfc-2008'"),
        ("overlay: [{ref: x}]", "cycle"),
        ("overlay: [{ref: gfc-2008, start: 13}]", "a number and d, w, m, q or y, such as 13w"),
        ("overlay: [{ref: gfc-2008, start: 13 weeks}]", "13w"),
        ("overlay: [{ref: gfc-2008, only: [macro.inflatoin]}]", "did you mean 'macro.inflation'"),
        ("overlay: [{ref: gfc-2008, severity: -1}]", "0 (nothing) to 10"),
        ("market: {equity: {as: cum_return, unit: pct, knots: [{day: 1e9, value: -5}]}}", "at most 100 years"),
        ("market: {equity: {as: cum_return, unit: pct, knots: [{day: , value: -5}]}}", "no time"),
        ("overlay: [{ref: gfc-2008, start: 999q}]", "at most 100 years"),
        ("severity: 11", "0 (nothing) to 10"),
        ("credit: {betas: {crads: {unemployment: 1}}}", "did you mean 'cards'"),
        ("credit: {betas: {cards: {unemploymet: 1}}}", "did you mean 'unemployment'"),
        ("credit: {lgd: {collateral: {cre: unemployment}}}", "price index"),
        ("credit: {link: probit}", "macro_probit"),
        ("credit: {forbearance: {share: 1.0, quarters: 2}}", "share in [0, 1)"),
        ("fraud: {mules: {hops: [5, 2]}}", "low <= high"),
        ("liquidity: {spread_mult: {peak: 3, at_day: 5}}", "half_life_days: missing"),
        ("liquidity: {spread_mult: {peak: 3, at_day: 5, half_life_weeks: 2}}", "one unit of time"),
        ("liquidity: {spread_mult: {peak: 3, at_day: 5, half_life_days: 0}}", "after the jump-off"),
        ("liquidity: {spread_mult: {path: [1, 2], peak: 3}}", "path and peak"),
        ("liquidity: {spread_mult: {as: mult, path: [1, 2]}}", "has no meaning here"),
        ("liquidity: {spread_mult: {}}", "no numbers"),
        ("liquidity: {spread_mult: {at_day: 3, constant: 2}}", "without `peak`"),
        ("market: {vol: {as: level, unit: vix, path: [1, 2]}}", "without the level"),
        ("market: {jumps: [{week: 2, value: -5}]}", "a jump without its day"),
        ("market: {equity: {as: cum_return, unit: pct}}", "no numbers"),
        ("market: {equity: {as: cum_return, unit: pct, path: [1, 2], bridge: max}}", "min_kl"),
        ("expect: [{metric: credit.cards.loss_rate_9q, between: [2, 1]}]", "low <= high"),
        ("expect: [{metric: credit.cards.loss_rate_9q, at_least: 1, tol: 1}]", "`tol` without"),
        ("probability: {weight: 2, basis: judgement}", "a probability in [0, 1]"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_refused(write, line, words):
    body = "horizon: {length: 2, step: quarter}\n"
    with pytest.raises(ScenarioError) as caught:
        load(write("x", body + line + "\n"))
    assert words in str(caught.value)
    assert any(problem.place.split("x.yaml:")[-1].startswith("6:") for problem in caught.value.problems)


def test_a_cycle_over_two_files_is_refused(write):
    write("one", "extends: two\nhorizon: {length: 1, step: quarter}\n")
    path = write("two", "horizon: {length: 1, step: quarter}\noverlay: [{ref: one}]\n")
    with pytest.raises(ScenarioError, match="cycle: two -> one -> two"):
        load(path)


def test_missing_and_empty_files(tmp_path):
    with pytest.raises(ScenarioError, match="did you mean 'base'"):
        load("bsae")
    with pytest.raises(ScenarioError, match="no such file"):
        load(str(tmp_path / "none.yaml"))
    (tmp_path / "empty.yaml").write_text("")
    with pytest.raises(ScenarioError, match="empty"):
        load(str(tmp_path / "empty.yaml"))
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(ScenarioError, match="mapping"):
        load(str(tmp_path / "list.yaml"))
