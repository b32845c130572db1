"""Amounts of violation: above 0 exactly where a rule is false, with slopes that are right and finite."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from naive.rule_tables import as_table, pack, random_rows
from test_twin import ROW_RULES, SEQUENCE_RULES, TIMED_RULES

from finsim.constraints.checking.check import cut, passes
from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.evaluating.rule_counts import Tally, judged
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.training.margin_frame import Cells, Space
from finsim.constraints.training.rule_margins import (
    LARGEST,
    Margins,
    flat_parts,
    frame_of,
    obstacles,
    scales_of,
)
from finsim.documents import shipped

PACKS = sorted(path.stem for path in shipped("constraints").glob("*.yaml"))
TABLES = [(name, table) for name in PACKS for table in RuleSet.load(name).tables]
TORCH = Space(torch, lambda x: torch.from_numpy(np.array(x)), lambda x: x.numpy(), lambda x: x.detach())


def finite_slopes(leaf):
    leaf.register_hook(lambda slope: torch.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0))
    return leaf


def interpreted(one, rule, block):
    return np.broadcast_to(judged(rule, one.run).broken, (block.count,))


def margined(one, rule, block):
    return Margins(frame_of(block, one.run.world)).amount(rule) > 0


# Every implementation of a rule's verdict; a further one joins the comparison by a line here.
VERDICTS = {"interpreter": interpreted, "margins": margined}


def constants_of(rules):
    """Return the numbers and labels that rules compare with: where verdicts change."""
    nodes = {id(n): n for rule in rules for root in (rule.check, rule.when) if root for n in walk_all(root)}
    found = [node.data for node in nodes.values() if node.op == "const"]
    labels = [value for value in found if isinstance(value, str)]
    return [value for value in found if isinstance(value, int | float)], labels or ["a", "b"]


def walk_all(node):
    yield node
    for arg in node.args:
        yield from walk_all(arg)


def random_column(rng, column, rows, numbers, labels):
    kind, gone = column.type.kind, rng.random(rows) < 0.08
    near = np.array([*numbers, 0, 1, -1], dtype=float)
    loose = rng.choice(near, rows) * rng.choice([1.0, 1.0, 0.5, 1.01, 100.0], rows)
    loose = np.where(
        rng.random(rows) < 0.5, loose, rng.normal(0, 1, rows) * 10.0 ** rng.integers(-2, 4, rows)
    )
    if kind in ("float", "ratio"):
        return pa.array(loose, pa.float64(), mask=gone)
    if kind in ("int", "money", "dur"):
        return pa.array(np.rint(np.clip(loose, -1e12, 1e12)).astype(np.int64), pa.int64(), mask=gone)
    if kind == "bool":
        return pa.array(rng.random(rows) < 0.5, pa.bool_(), mask=gone)
    if kind == "date":
        return pa.array(rng.integers(18_000, 21_000, rows).astype("datetime64[D]"), pa.date32(), mask=gone)
    if kind == "ts":
        stamps = 1_700_000_000 * 10**9 + rng.integers(0, 500, rows) * 3_600 * 10**9
        return pa.array(stamps, pa.timestamp("ns", tz="UTC"), mask=gone)
    if kind == "cat":
        return pa.array(rng.choice([*(column.type.values or ()), *labels], rows), pa.string(), mask=gone)
    return pa.array(rng.integers(0, max(rows // 20, 2), rows), pa.int64(), mask=gone)


def random_table(rules, name, rows, seed):
    rng = np.random.default_rng(seed)
    numbers, labels = constants_of([rule for rule in rules.rules if rule.table == name])
    numbers += [one.value for one in rules.params.values() if isinstance(one.value, int | float)]
    columns = rules.tables[name].columns
    return pa.table({key: random_column(rng, one, rows, numbers, labels) for key, one in columns.items()})


def blocks_of(rules, name, table):
    """Yield each pass over a table as one block, and its rules."""
    session = Session(rules, {name: table}, None)
    source = session.sources[name]
    own = [rule for rule in session.own_rules(name) if not session.obstacle(rule, source)]
    own = [rule for rule in own if not obstacles(rule)]
    for one in passes([Tally(rule) for rule in own], session.world(own, source)):
        block, _ = cut(source, one.arrangement(source), 0, source.rows, closed=True)
        one.run.begin(block)
        yield one, block, [tally.rule for tally in one.tallies]


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_an_amount_is_positive_exactly_where_the_rule_is_false(name, table):
    rules = RuleSet.load(name)
    told = 0
    for one, block, own in blocks_of(rules, table, random_table(rules, table, 100_000, 1)):
        for rule in own:
            found = {how: verdict(one, rule, block) for how, verdict in VERDICTS.items()}
            for how, broken in found.items():
                assert np.array_equal(broken, found["interpreter"]), (rule.id, how)
            told += bool(found["interpreter"].any())
        assert told
    assert told


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("texts", "order"), [(ROW_RULES, ""), (SEQUENCE_RULES, ", sort: false"), (TIMED_RULES, "")]
)
def test_the_whole_language_agrees_with_the_interpreter(texts, order, seed):
    rules = pack(texts, order)
    compared = 0
    for one, block, own in blocks_of(rules, "t", as_table(random_rows(seed, 300))):
        for rule in own:
            for verdict in VERDICTS.values():
                assert np.array_equal(verdict(one, rule, block), interpreted(one, rule, block)), rule.text
            compared += 1
    left_out = [rule.id for rule in rules.rules if obstacles(rule)]
    assert compared == len(texts) + 1 - len(left_out)  # and the rule that cells are filled
    assert all(obstacles(rules.rule(name)) for name in left_out)


@pytest.mark.parametrize("nulls", ["unknown", "pass", "fail"])
def test_nulls_count_as_the_rule_says(nulls):
    rules = pack([f"x > 0 and y > 0 | nulls: {nulls}", f"x > 0 | nulls: {nulls}, when: f"])
    for one, block, own in blocks_of(rules, "t", as_table(random_rows(4, 400))):
        for rule in own:
            assert np.array_equal(margined(one, rule, block), interpreted(one, rule, block))


def test_extreme_values_agree_too():
    texts = [
        "x <= y", "x < y", "x = 0", "x != 0", "x - y >= 0", "x * y > 1", "x / y > 1", "exp(x) <= y",
        "log(x) < y", "sqrt(x) >= y", "x ^ 2 <= y", "annuity(x, y, 12) > 0", "max(x, y) < 1",
    ]  # fmt: skip
    nasty = [0.0, -0.0, 1.0, -1.0, 5e-324, 1e-300, 1e300, -1e300, np.inf, -np.inf, 710.0, -745.0, None]
    rows = [{**row, "x": x, "y": y} for row in random_rows(1, 1) for x in nasty for y in nasty]
    for one, block, own in blocks_of(pack(texts), "t", as_table(rows)):
        for rule in own:
            assert np.array_equal(margined(one, rule, block), interpreted(one, rule, block)), rule.text
            slopes = gradient(rule, one, block)
            assert all(np.isfinite(slope).all() for slope in slopes.values()), rule.text


def soft_frame(one, block, names):
    """Return the frame of a block in torch, with slopes at the named columns."""
    plain = frame_of(block, one.run.world)
    leaves = {name: torch.from_numpy(np.array(plain.column(name).values, dtype=float)) for name in names}
    for leaf in leaves.values():
        leaf.requires_grad_()

    def column(name):
        cells = plain.column(name)
        known = None if cells.known is None else torch.from_numpy(np.array(cells.known))
        if name in leaves:
            return Cells(finite_slopes(leaves[name]), known)
        return Cells(torch.from_numpy(np.array(cells.values)), known)

    return replace(plain, column=column), leaves


def gradient(rule, one, block, names=("x", "y")):
    frame, leaves = soft_frame(one, block, names)
    amount = Margins(frame, TORCH).amount(rule)
    if amount.requires_grad:
        amount.sum().backward()
    return {
        name: np.zeros(block.count) if leaf.grad is None else leaf.grad.numpy()
        for name, leaf in leaves.items()
    }


SMOOTH_RULES = [
    "x <= y", "x < 2 * y", "x = y | tol: 0.1", "x != y | tol: 0.1", "x > 0 and y > 0", "x > 0 or y > 0.5",
    "x > 0 => y > 0", "not (x > 0 and y < 1)", "if x > 0 then y > 0 else y < 0", "abs(x - y) <= 0.2",
    "x * y <= x / (y + 3)", "min(x, y) > 0.5", "clamp(x, 0, y) < 0.1", "coalesce(x, y) > 0.5", "sqrt(x) <= y",
    "log(x) <= y", "exp(x) <= y", "x ^ 2 <= y", "annuity(x, 0.01 + y ^ 2, 12) <= 0.1", "x / y <= 1",
    "(if x > y then x else 2 * y) <= 0.3", "(x > 0) = (y > 0)", "x <= y | tol: {rel: 0.1}",
    "x > lag(y)", "lag(x, 2, default: y) <= 0.1", "first(x) <= y", "cumsum(x) <= y", "cummax(x) <= y",
    "sum_in(x, 24h) <= y", "sum_day(x) <= y", "sum_month(x) > y", "x <= lag(cumsum(y))",
]  # fmt: skip


def test_slopes_are_those_of_finite_differences():
    """Central differences at random rows; rows where a kink lies within the step are few and left out."""
    rows, step = random_rows(3, 60), 1e-6
    rng = np.random.default_rng(8)
    for row in rows:
        for name in ("x", "y"):
            row[name] = None if row[name] is None else float(rng.normal())
    rules, told = pack(SMOOTH_RULES), 0
    for one, block, own in blocks_of(rules, "t", as_table(rows)):
        for rule in [rule for rule in own if "." not in rule.id]:
            assert flat_parts(rule) == ()
            found = gradient(rule, one, block)
            plain = frame_of(block, one.run.world)
            for name in ("x", "y"):
                for place in range(0, block.count, 7):
                    moved = [total(plain, rule, name, place, sign * step) for sign in (-1, 0, 1)]
                    if abs(moved[0] + moved[2] - 2 * moved[1]) > 1e-2 * step:
                        continue
                    told += 1
                    assert found[name][place] == pytest.approx(
                        (moved[2] - moved[0]) / (2 * step), abs=1e-3
                    ), rule.text
    assert told > 300


def total(plain, rule, name, place, move):
    def column(other):
        cells = plain.column(other)
        if other != name:
            return cells
        values = np.array(cells.values)
        values[place] += move if cells.known is None or cells.known[place] else 0.0
        return Cells(values, cells.known)

    return float(Margins(replace(plain, column=column)).amount(rule).sum())


@pytest.mark.parametrize("texts", [ROW_RULES, SEQUENCE_RULES, TIMED_RULES])
def test_torch_and_numpy_give_one_amount_and_slopes_are_finite(texts):
    for one, block, own in blocks_of(pack(texts), "t", as_table(random_rows(6, 200))):
        for rule in own:
            frame, _ = soft_frame(one, block, ("x", "y", "i", "a", "b"))
            ours = Margins(frame, TORCH).amount(rule).detach().numpy()
            assert np.allclose(
                ours, Margins(frame_of(block, one.run.world)).amount(rule), rtol=1e-9, atol=1e-12
            ), rule.text
            slopes = gradient(rule, one, block, ("x", "y", "i", "a", "b"))
            assert all(np.isfinite(slope).all() for slope in slopes.values()), rule.text


def test_scales_make_amounts_comparable():
    rules = pack(["a <= 3 USD", "x <= y", "i = 1 and i = i"])
    for one, block, every in blocks_of(rules, "t", as_table(random_rows(2, 400))):
        own = [rule for rule in every if "." not in rule.id]
        run = Margins(frame_of(block, one.run.world))
        scales = scales_of(own, run)
        a, x, y = (run.frame.column(name) for name in ("a", "x", "y"))
        assert scales[own[0].check] == pytest.approx(a.values[a.known].std())
        assert scales[own[1].check] == pytest.approx(max(x.values[x.known].std(), y.values[y.known].std()))
        scaled = Margins(frame_of(block, one.run.world, scales))
        assert np.allclose(scaled.amount(own[0]) * scales[own[0].check], run.amount(own[0]))
        for rule in own:
            assert np.array_equal(scaled.amount(rule) > 0, run.amount(rule) > 0)


def test_an_amount_is_bounded():
    for one, block, own in blocks_of(pack(["x <= 0"]), "t", as_table([{**random_rows(1, 1)[0], "x": 1e300}])):
        assert Margins(frame_of(block, one.run.world)).amount(own[-1]).tolist() == [LARGEST]


def test_what_has_no_amount_or_no_slope_is_said():
    texts = [
        "exists(o.id = p)", "c = 'red'", "c in colours", "x is null", "count_in(24h) < 3", "round(x) = i",
        "year(d) = 2025", "group_sum(x) > 1", "x ^ y > 1", "cumsum(f) > 1", "x > 1",
    ]  # fmt: skip
    rules = pack(texts).rules
    said = [obstacles(rule) or flat_parts(rule) for rule in rules if rule.table == "t" and "." not in rule.id]
    assert said[:-1] == [
        ("exists looks into another table", "match looks into another table"),
        ("labels are equal or not, by 0 or 1",),
        ("a value is in a list or not, by 0 or 1",),
        ("a cell is empty or not, by 0 or 1",),
        ("count_in is taken as a constant",),
        ("round has the slope of what it rounds",),
        ("year is taken as a constant",),
        ("group_sum is taken as a constant",),
        ("an exponent is taken as a constant",),
        ("a truth is counted as 0 or 1", "f is true or not, by 0 or 1"),
    ]  # fmt: skip
    assert said[-1] == ()
