"""Rules in the training of a body: the soft decoder, the penalty against ``check``, and what it achieves."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from finsim.constraints.checking.check import check
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repair import repair
from finsim.constraints.training.margin_frame import NUMPY, Space
from finsim.documents import shipped
from finsim.engine.market_model.differentiable_bars import soft_bars
from finsim.engine.market_model.fit_and_sample import Learner, fit, sample
from finsim.engine.market_model.training_rules import TrainingRules, bar_penalty
from finsim.engine.study.study_file import load_study
from finsim.engine.study.study_resolution import resolve
from finsim.errors import FinsimError, RuleError, StudyError
from finsim.generators.generator import Budget
from finsim.generators.training.rule_penalty import tensor_arrays
from finsim.markets.features import decode, encode, recode
from finsim.markets.prices import read_prices
from finsim.markets.session_move import split_returns
from finsim.records.paths import Paths

TORCH = Space(*tensor_arrays())
CALM = """
finsim-rules: 1
pack: {id: calm, version: "1"}
table: bars
order: {group: [path, asset], by: [date]}
columns:
  path: {type: int, optional: true, default: 0}
  date: {type: date}
  asset: {type: cat, optional: true, default: ""}
  open: {type: float, optional: true}
  high: {type: float, optional: true}
  low: {type: float, optional: true}
  close: {type: float}
  volume: {type: float, optional: true}
params: {most: {value: 2%, assumption: a quiet market}}
rules:
  - {id: calm, check: abs(log(close / lag(close))) <= most}
  - {id: thick, check: "asset = 'IBM' => volume <= 20_000_000"}
  - {id: shape, check: "high >= max(open, close) and low <= min(open, close)"}
  - {id: steady, check: "close <= 1.5 * first(close) and volume > 0.001 * cumsum(volume)"}
  - {id: weekday, check: weekday(date) < 6}
  - {id: often, check: count_in(3d) <= 4}
  - {id: some, level: plausible, check: close > open, expect: [0.3, 0.7]}
"""
SHORT = CALM[: CALM.index("  - {id: shape")]
SMALL = {"context": 8, "block": 8, "width": 16, "blocks": 1, "heads": 2, "memory": [1, 5], "batch": 16}


@pytest.fixture(scope="module")
def prices():
    return read_prices(shipped("data") / "wiki_aapl_ibm_2000_2013.csv.gz")


def part(prices, first, last):
    columns = {name: values[:, first:last] for name, values in prices.columns.items()}
    return Paths(prices.assets, prices.dates[first:last], columns)


@pytest.fixture(scope="module")
def history(prices):
    return part(prices, 2_600, 3_200)


@pytest.mark.parametrize("space", [NUMPY, TORCH], ids=["numpy", "torch"])
@pytest.mark.parametrize("fields", [("close",), ("open", "high", "low", "close"), None])
def test_soft_bars_are_the_decoded_bars(history, fields, space):
    kept = {name: history.columns[name] for name in fields or history.columns}
    features, encoding = encode(Paths(history.assets, history.dates, kept))
    windows = np.stack([features[k : k + 30] for k in (0, 50, 300)])
    windows[0, 3] *= 9.0
    # Windows of training have no dates, so their volumes know no weekday.
    hard = decode(windows, replace(encoding, volume_weekdays=()), history.dates[:30])
    soft = soft_bars(space, space.lift(windows), encoding)
    assert set(soft) == set(kept)
    for name, cells in soft.items():
        wanted = np.swapaxes(hard.columns[name], 1, 2).ravel()
        assert np.allclose(
            space.host(cells.values), wanted, rtol=1e-12, atol=0.5 if name == "volume" else 0.0
        )


def test_amounts_are_positive_exactly_where_check_finds_a_breach(history):
    rules = RuleSet.parse(CALM)
    features, encoding = encode(history)
    penalty = bar_penalty(rules, features, encoding)
    assert [rule.id for rule in penalty.used] == ["calm", "thick", "shape", "steady"]
    assert penalty.left_out == {
        "weekday": "reads date, which a body does not make",
        "often": "reads date, which a body does not make",
        "some": "expects that some rows break it",
    }
    windows = np.stack([features[k : k + 40] for k in range(0, 400, 40)])
    amounts = penalty.amounts(split_returns(windows, encoding), NUMPY)
    soft = penalty(torch.from_numpy(split_returns(windows, encoding)))
    assert np.allclose(soft.numpy(), amounts)
    frame = decode(windows, encoding, history.dates[:40]).to_table().to_pandas()
    text = CALM
    for rule in penalty.used:
        text = text.replace(f"- {{id: {rule.id}, ", f"- {{id: {rule.id}, repair: {{do: flag}}, ")
    flagged = repair(frame, RuleSet.parse(text))[0].to_pandas()
    for rule in penalty.used:
        hit = flagged["_rules"].fillna("").map(lambda ids, name=rule.id: name in ids.split(","))
        assert hit.sum() == check(frame, rules)[rule.id].violations
    found = flagged.assign(hit=flagged["_rules"].notna()).pivot_table("hit", "path", "date", aggfunc="max")
    assert 0 < found.to_numpy().sum() < found.size
    assert np.array_equal(amounts > 0, found.to_numpy().astype(bool))


def test_scales_are_the_history_s_own(history):
    features, encoding = encode(history)
    penalty = bar_penalty(RuleSet.parse(CALM), features, encoding)
    (scale,) = [value for node, value in penalty.scales.items() if node is penalty.used[0].check]
    moves = np.abs(np.diff(np.log(history.close[0]), axis=0))
    assert scale == pytest.approx(moves[1:].std(), rel=0.01)


def test_a_pack_that_says_nothing_about_bars_is_refused(history):
    features, encoding = encode(history)
    text = CALM[: CALM.index("\nrules:")] + "\nrules:\n  - {id: weekday, check: weekday(date) < 6}\n"
    with pytest.raises(RuleError, match="no rule of pack calm can be trained with"):
        bar_penalty(RuleSet.parse(text), features, encoding)


def test_the_shipped_pack_can_be_trained_with(history):
    features, encoding = encode(history)
    penalty = bar_penalty(RuleSet.load("ohlcv"), features, encoding)
    assert {"high_is_highest", "daily_move", "opening_gap"} <= {rule.id for rule in penalty.used}
    assert {"dates_in_order", "dates_distinct"} <= set(penalty.left_out)
    assert penalty.to_dict(2.0)["without_slope"] != {}
    exact = recode(decode(features[None, :50], encoding, history.dates[:50]), encoding)
    amounts = penalty.amounts(split_returns(exact, encoding), NUMPY)
    assert (amounts > 0).mean() < 0.05


def share_broken(body, rules):
    paths = sample(body, 40, 60, seed=5)
    result = check(paths.to_table(), rules)["calm"]
    return result.violations / result.rows


def learned(history, tmp_path, seed, weight, steps):
    file = tmp_path / "calm.yaml"
    file.write_text(SHORT)
    rules = None if weight == 0.0 else TrainingRules(str(file), weight)
    return fit(history, Learner("flow", SMALL, Budget(steps), rules), seed=seed)


def test_moves_beyond_a_limit_are_rarer_after_training_with_the_rule(history, tmp_path):
    rules = RuleSet.parse(CALM)
    before = share_broken(learned(history, tmp_path, 1, 0.0, 60), rules)
    taught = learned(history, tmp_path, 1, 5.0, 60)
    after = share_broken(taught, rules)
    assert before > 0.1
    assert after < 0.6 * before
    assert taught.data["rules"]["rules"] == ["calm", "thick"]


@pytest.mark.slow
def test_three_seeds_agree_that_the_rule_is_broken_less_often(history, tmp_path):
    rules, found = RuleSet.parse(CALM), []
    for seed in (1, 2, 3):
        pair = [share_broken(learned(history, tmp_path, seed, weight, 300), rules) for weight in (0.0, 5.0)]
        found.append(pair)
    assert all(after < 0.4 * before for before, after in found), found


STUDY = """
finsim: study/1
id: mine
market:
  data: shipped:wiki_aapl_ibm_2000_2013.csv.gz
  generator: {name: GENERATOR, rules: {pack: PACK, weight: 2}}
  paths: 4
  sessions: 60
"""


def study(tmp_path, generator, pack):
    file = tmp_path / "mine.yaml"
    file.write_text(STUDY.replace("GENERATOR", generator).replace("PACK", pack))
    return load_study(str(file))


def test_a_study_names_the_rules_to_learn_with(tmp_path):
    plan = resolve(study(tmp_path, "flow", "ohlcv"))
    assert plan.study.market.generator.rules.weight == 2.0
    assert plan.record()["rules"]["market.generator"] == RuleSet.load("ohlcv").digest


def test_a_generator_without_training_and_an_unknown_pack_are_refused(tmp_path):
    with pytest.raises(StudyError, match="unknown setting 'rule_weight'"):
        resolve(study(tmp_path, "bootstrap", "ohlcv"))
    with pytest.raises(FinsimError, match=r"mine.yaml:6:\d+.*ohlv"):
        study(tmp_path, "flow", "ohlv")
