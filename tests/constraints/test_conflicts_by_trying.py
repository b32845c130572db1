"""The solver against trying every row of a small table: verdicts, minimal cores, redundancy, ranges."""

import numpy as np
import pytest
from naive.rule_conflicts import BOUNDS, Truth, grid, pack

from finsim.constraints.conflicts.joint_feasibility import Problem, scene
from finsim.constraints.conflicts.witness_row import witness
from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import RuleError

PACKS = 400
GRID = grid()


def loaded(seed, is_known):
    """Return the rules, the problem and the truth of a random pack; None when it is not well typed."""
    try:
        rules = RuleSet.parse(pack(seed))
    except RuleError as bad:
        assert "tolerance fits no comparison" in str(bad) or "compares rounding" in str(bad)  # noqa: PT017
        return None
    own = [rule for rule in rules.rules if "." not in rule.id]
    shared = scene(rules.tables["t"], own, {}, is_known)
    tested = any(node.op == "column" and node.data == "n" for node in shared.tested)
    return rules, own, Problem(shared, own), Truth(rules, GRID, tested)


def conflict_is_exact(problem, truth, ids):
    core = problem.core(ids)
    assert not truth.satisfying(core).any(), "the core can hold"
    for name in core:
        rest = [one for one in core if one != name]
        assert problem.feasible(rest)
        if set(BOUNDS) <= {*rest, name}:
            assert truth.satisfying(rest).any(), "a rule of the core can be left out"
    return len(core)


def what_follows_is_exact(problem, truth, ids):
    for name in ids:
        others = [one for one in ids if one != name]
        if name not in BOUNDS:
            breaks = (truth.satisfying(others) & truth.broken[name]).any()
            assert problem.feasible(others, [-problem.encoded[name].holds]) == breaks


def ranges_hold(problem, truth, ids):
    rows, tight = truth.satisfying(ids), 0
    for name in {"x", "y"} & set(problem.columns):
        low, high = problem.limits(ids, problem.columns[name])
        values = np.asarray(GRID[name])[rows]
        assert low.value <= values.min()
        assert high.value >= values.max()
        tight += (low.value, high.value) == (values.min(), values.max())
    for name in {"c", "d"} & set(problem.columns):
        node = problem.columns[name]
        if problem.encoder.scene.labels.get(node):
            possible = problem.possible_labels(ids, node)
            there = set(GRID[name].filter(rows).to_pylist())
            declared = (
                there if name == "c" else {one for one in there if one in problem.encoder.scene.labels[node]}
            )
            assert {one for one in possible if one is not None} == declared
    return tight


def the_row_is_a_row(problem, rules, own):
    row = witness(problem, rules.tables["t"], own, {})
    assert row is not None
    assert row.refused == ()
    assert len(row.judged) == len(own)


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("block", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in range(1, 4))])
def test_against_every_row_of_a_small_table(block, is_known):
    cores, tight, packs = [], 0, 0
    for seed in range(block * PACKS // 4, (block + 1) * PACKS // 4):
        case = loaded(seed, is_known)
        if case is None:
            continue
        rules, own, problem, truth = case
        ids = [rule.id for rule in own]
        verdict = problem.feasible(ids)
        assert verdict == truth.satisfying(ids).any(), f"pack {seed}"
        packs += 1
        if verdict:
            what_follows_is_exact(problem, truth, ids)
            tight += ranges_hold(problem, truth, ids)
            the_row_is_a_row(problem, rules, own)
        else:
            cores.append(conflict_is_exact(problem, truth, ids))
    assert packs > 80
    assert len(cores) > 8
    assert max(cores) > (2 if is_known else 1)
    assert tight > 80
