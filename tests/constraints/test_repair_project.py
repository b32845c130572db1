"""project: the nearest allowed point, in whole cents, strictly where the rule is strict."""

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.constraints.checking.check import check
from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.breach_detection import breaches
from finsim.constraints.repairing.repair import repair
from finsim.constraints.repairing.repair_report import GivenUp
from finsim.constraints.repairing.table_under_repair import Workpiece

HEAD = """
finsim-rules: 1
pack: {id: near, version: 1}
table: t
columns:
  n: {type: int}
  i: {type: int}
  j: {type: int}
  k: {type: int}
  x: {type: float, optional: true, null: true}
  y: {type: float, optional: true, null: true}
  z: {type: float, optional: true, null: true}
  a: {type: money, ccy: USD, unit: minor, optional: true}
  b: {type: money, ccy: USD, unit: minor, optional: true}
  c: {type: cat, optional: true}
params: {gap: 2, step: 0.01}
rules:
"""


def pack(*rules):
    return RuleSet.parse(HEAD + "".join(f"  - {rule}\n" for rule in rules))


def grid(frame, rules, weights, reach=6):
    """Return for each row the least cost of whole i, j that break no rule, from a search of all."""
    around = [list(product(range(-reach, 13 + reach), repeat=2)) for _ in range(len(frame))]
    every = frame.loc[frame.index.repeat([len(one) for one in around])].reset_index(drop=True)
    moved = np.array([point for one in around for point in one])
    cost = np.abs(moved[:, 0] - every.i) * weights[0] + np.abs(moved[:, 1] - every.j) * weights[1]
    every["row"] = every.n
    every["i"], every["j"], every["n"] = moved[:, 0], moved[:, 1], np.arange(len(every))
    piece = Workpiece(Session(rules, {"t": pa.Table.from_pandas(every, preserve_index=False)}, None), "t")
    fine = np.ones(len(every), dtype=bool)
    for rows in breaches(list(rules.rules[1:]), piece, 100_000, None).values():
        fine[rows] = False
    return cost[fine].groupby(every.row[fine]).min()


CHECKS = [
    ("i + gap <= j", "j <= 9", ""),
    ("i < j", "i between 1 and 8", ""),
    ("i + 2 * j <= k", "j >= 0 and i >= -3", ""),
    ("abs(i - j) <= gap", "i >= k - 3", ", weights: {i: 2, j: 1}"),
    ("max(i, j) <= k and min(i, j) >= k - 4", "i <= j + 3", ""),
    ("i * 0.7 >= j", "j >= -2", ", weights: {i: 1, j: 3}"),
    ("k > 5 => i = j", "k > 3 or i <= 4", ""),
    ("not (i > j or i < j - 4)", "if k > 4 then i >= 2 else j >= 2", ""),
]


@pytest.mark.parametrize(("own", "other", "weights"), CHECKS)
def test_whole_numbers_move_to_the_nearest_point_of_the_grid(own, other, weights):
    rng = np.random.default_rng(len(own))
    frame = pd.DataFrame(rng.integers(0, 13, (40, 3)), columns=["i", "j", "k"]).assign(n=np.arange(40))
    repair_text = f"repair: {{do: project, on: [i, j]{weights}}}"
    rules = pack(
        f"{{id: own, check: '{own}', {repair_text}}}", f"{{id: other, check: '{other}', {repair_text}}}"
    )
    fixed, report = repair(frame, rules)
    assert check(fixed, rules).ok
    price = {"i": 1.0, "j": 1.0}
    if weights:
        price = dict(zip("ij", (float(part) for part in weights if part.isdigit()), strict=True))
    new = fixed.to_pandas()
    cost = (new.i - frame.i).abs() * price["i"] + (new.j - frame.j).abs() * price["j"]
    least = grid(frame, rules, (price["i"], price["j"]))
    np.testing.assert_allclose(cost.to_numpy(), least.to_numpy(), atol=1e-9)
    assert new.k.equals(frame.k)
    assert max(report.touched().values()) > 0


PRICE = st.sampled_from([0.1, 0.3, 1.0, 10.02, 10.03, 10.05, 1e6 + 0.01, 1e-3, 3.3])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(PRICE, PRICE, PRICE), min_size=1, max_size=12), st.booleans())
def test_floats_meet_strict_and_loose_bounds_as_stored(rows, single):
    rules = pack(
        "{id: gap, check: x + step <= y, repair: {do: project, on: [x, y]}}",
        "{id: strict, check: y < z, repair: {do: project, on: [y, z]}}",
    )
    frame = pd.DataFrame(rows, columns=["x", "y", "z"]).assign(n=0, i=0, j=0, k=0)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    kind = pa.float32() if single else pa.float64()
    for name in "xyz":
        place = table.column_names.index(name)
        table = table.set_column(place, name, table[name].cast(kind))
    fixed, _ = repair(table, rules)
    assert check(fixed, rules).ok
    assert fixed.schema == table.schema
    assert repair(fixed, rules)[0].equals(fixed)
    before, after = table.to_pandas().astype(float), fixed.to_pandas().astype(float)
    close = 1e-5 * (before[["x", "y", "z"]].abs().max(axis=1) + 1)
    moved = (after - before)[["x", "y", "z"]].abs().sum(axis=1)
    assert (moved >= before.x + 0.01 - before.y - close).all()
    fine = (before.x + 0.01 <= before.y - close) & (before.y < before.z - close)
    assert (moved[fine] == 0).all()


def test_a_crossed_quote_moves_one_side_and_stays_on_the_tick():
    rules = pack(
        "{id: uncrossed, check: x + step <= y, repair: {do: project, on: [x, y], weights: {x: 1, y: 2}}}"
    )
    frame = pd.DataFrame({"n": [0, 1], "i": 0, "j": 0, "k": 0, "x": [10.05, 9.0], "y": [10.03, 9.5]})
    fixed, report = repair(frame, rules)
    assert fixed["x"].to_pylist() == [pytest.approx(10.02, abs=1e-9), 9.0]
    assert fixed["y"].to_pylist() == [10.03, 9.5]
    (one,) = report.rules
    assert (one.touched, one.do) == (1, "project")
    assert one.move == pytest.approx(0.03 / np.std([10.05, 9.0]))
    assert one.shift == {"x": 0.5}


def test_money_stays_whole_beside_a_fraction():
    rules = pack("{id: part, check: a <= 0.333 * b, repair: {do: project, on: [a, b]}}")
    frame = pd.DataFrame({"n": [0], "i": 0, "j": 0, "k": 0, "a": [1_000], "b": [1_001]})
    fixed, _ = repair(frame, rules)
    assert (fixed["a"].to_pylist(), fixed["b"].to_pylist()) == ([333], [1_001])


def test_empty_cells_are_left_out_and_stay_empty():
    rules = pack("{id: order, check: x <= y and y <= z, repair: {do: project, on: [x, y, z]}}")
    frame = pd.DataFrame({"n": [0], "i": 0, "j": 0, "k": 0, "x": [5.0], "y": [1.0], "z": [None]})
    fixed, _ = repair(frame.astype({"z": float}), rules)
    assert (fixed["x"].to_pylist(), fixed["y"].to_pylist()) == ([5.0], [5.0])
    assert fixed["z"].to_pandas().isna().all()


def test_another_invariant_is_obeyed_and_one_that_was_broken_is_put_aside():
    uncrossed = "{id: own, check: i + 2 <= j, repair: {do: project, on: [i, j]}}"
    frame = pd.DataFrame({"n": [0, 1], "i": [5, 5], "j": [5, 5], "k": [6, 4]})
    fixed, report = repair(frame, pack(uncrossed, "{id: other, check: j <= k}"))
    assert (fixed["i"].to_pylist(), fixed["j"].to_pylist()) == ([4, 2], [6, 4])
    fixed, report = repair(frame, pack(uncrossed, "{id: other, check: i + j >= 20 and j <= k}"))
    assert report.left == {"other": 2}
    assert (np.array(fixed["i"]) + 2 <= np.array(fixed["j"])).all()


SEQUENCE = """
finsim-rules: 1
pack: {id: seq, version: 1}
table: t
order: {group: [g], by: [t]}
columns: {g: {type: id}, t: {type: int}, v: {type: int}, w: {type: int}}
rules:
  - id: rise
    check: v + w >= lag(v) + lag(w) and v <= 20
    repair: {do: project, on: [v, w], weights: {v: 1, w: 3}}
"""


@pytest.mark.parametrize("blocks", [1, 5, 1_000])
def test_a_sequence_is_projected_after_its_mended_predecessors(blocks):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"g": np.repeat([1, 2, 3], 20), "t": np.tile(np.arange(20), 3)})
    frame["v"], frame["w"] = rng.integers(0, 21, 60), rng.integers(0, 21, 60)
    fixed, _ = repair(frame, RuleSet.parse(SEQUENCE), blocks=blocks)
    wanted = []
    for _, group in frame.groupby("g"):
        before = None
        for v, w in zip(group.v, group.w, strict=True):
            need = max(0, before - v - w) if before is not None else 0
            v, w = v + min(need, 20 - v), w + max(0, need - (20 - v))
            before = v + w
            wanted.append((v, w))
    assert list(zip(fixed["v"].to_pylist(), fixed["w"].to_pylist(), strict=True)) == wanted


def test_a_long_scrambled_ladder_becomes_a_ladder():
    names = [f"p{place}" for place in range(10)]
    text = "finsim-rules: 1\npack: {id: ladder, version: 1}\ntable: t\ncolumns:\n"
    text += "".join(f"  {name}: {{type: float}}\n" for name in names) + "rules:\n"
    steps = " and ".join(f"{low} < {high}" for low, high in pairwise(names))
    rules = RuleSet.parse(
        text + f"  - {{id: up, check: {steps}, repair: {{do: project, on: [{', '.join(names)}]}}}}\n"
    )
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(10, 10)), columns=names)
    fixed, _ = repair(frame, rules)
    assert check(fixed, rules).ok
    assert (np.diff(fixed.to_pandas().to_numpy(), axis=1) > 0).all()
    assert repair(fixed, rules)[0].equals(fixed)


def test_an_impossible_projection_is_given_up_with_the_smallest_set_of_rules():
    rules = pack(
        "{id: low, check: i <= k, repair: {do: project, on: [i, j], else: drop}}",
        "{id: idle, check: j <= 1000, repair: {do: clip, on: j}}",
        "{id: high, check: i >= k + 1}",
    )
    frame = pd.DataFrame({"n": [0, 1], "i": [1, 3], "j": [1, 1], "k": [1, 2]})
    fixed, report = repair(frame, rules)
    assert fixed["n"].to_pylist() == [0]
    assert report.given_up == (GivenUp(("low", "high"), "drop", 1, (1,)),)
