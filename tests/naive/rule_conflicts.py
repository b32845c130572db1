"""Random rule packs over a few small columns, and the truth about them by trying every row."""

import itertools
import random

import numpy as np
import pyarrow as pa

from finsim.constraints.evaluating.evaluator_interface import Block, World
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.rule_counts import judged
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.typed_columns import Source

HEAD = """
finsim-rules: 1
pack: {id: small, version: 1}
table: t
columns:
  x: {type: int}
  y: {type: int}
  n: {type: int, null: true}
  f: {type: bool}
  c: {type: cat, values: [a, b, z]}
  d: {type: cat}
rules:
"""
BOUNDS = {"in_x": "x between -2 and 2", "in_y": "y between -2 and 2", "in_n": "n between -2 and 2"}
WIDE = range(-5, 6)  # cores without a bound are judged on more than the bounds allow
COLUMNS = {
    "x": list(WIDE), "y": list(WIDE), "n": [None, *WIDE], "f": [False, True],
    "c": ["a", "b", "z"], "d": ["a", "b", "z", "q", "another"],
}  # fmt: skip
LABELLED = (
    "c = 'a'", "c != 'b'", "c in {'a', 'z'}", "c = d", "d = 'a'", "d in {'q', 'b'}", "d != 'q'",
    "(if f then c else d) = 'a'", "(if f then d else 'q') != c",
)  # fmt: skip


def grid():
    """Return the table of all rows."""
    rows = list(itertools.product(*COLUMNS.values()))
    return pa.table({name: pa.array([row[k] for row in rows]) for k, name in enumerate(COLUMNS)})


def number(draw, depth):
    """Return a random expression of numbers."""
    kind = draw.random()
    if depth == 0 or kind < 0.5:
        return draw.choice(["x", "y", "x", "y", "n", f"({draw.randint(-3, 3)})"])
    a, b = (number(draw, depth - 1) for _ in range(2))
    if kind < 0.66:
        return f"({a} {draw.choice('+-')} {b})"
    if kind < 0.8:
        return draw.choice([f"({draw.choice([2, 3, -2])} * {a})", f"({a} / {draw.choice([2, 4, -2])})"])
    if kind < 0.96:
        return draw.choice(
            [f"abs({a})", f"min({a}, {b})", f"max({a}, {b})", f"clamp({a}, -1, 1)", f"floor({a} / 2)",
             f"ceil({a} / 2)", f"coalesce(n, {a})"]
        )  # fmt: skip
    return f"(if {truth(draw, depth - 1)} then {a} else {b})"


def truth(draw, depth):
    """Return a random condition."""
    kind = draw.random()
    if depth == 0 or kind < 0.5:
        kind = draw.random()
        if kind < 0.55:
            a, b = (number(draw, max(depth - 1, 0)) for _ in range(2))
            return f"{a} {draw.choice(['<', '<=', '>', '>=', '=', '!='])} {b}"
        if kind < 0.75:
            return draw.choice(["f", "not f", "f = (x > 0)", *LABELLED])
        if kind < 0.9:
            return draw.choice(
                ["x in {1, -1, 2}", "n is null", "n is not null", "on_tick(x, 2)", "on_tick(y, 3)"]
            )
        return f"{number(draw, 0)} between {draw.randint(-3, 1)} and {draw.randint(-1, 3)}"
    a, b = (truth(draw, depth - 1) for _ in range(2))
    if kind < 0.88:
        return f"({a} {draw.choice(['and', 'or', 'or', '=>'])} {b})"
    return f"not ({a})" if kind < 0.94 else f"(if {a} then {b} else {truth(draw, depth - 1)})"


def pack(seed):
    """Return a random pack of 2 to 6 rules and the bounds of its columns; None when it does not type."""
    draw = random.Random(seed)
    lines = []
    for k in range(draw.randint(2, 6)):
        keys = [f"id: r{k}", f'check: "{truth(draw, 2)}"']
        keys += [f'when: "{truth(draw, 1)}"'] if draw.random() < 0.3 else []
        keys += ["nulls: fail"] if draw.random() < 0.1 else []
        keys += ["tol: 1"] if draw.random() < 0.15 and "=" in keys[1] else []
        lines.append(f"  - {{{', '.join(keys)}}}\n")
    lines += [f'  - {{id: {name}, check: "{text}"}}\n' for name, text in BOUNDS.items()]
    return HEAD + "".join(lines)


class Truth:
    """Which rows of the grid break which rule."""

    def __init__(self, rules: RuleSet, table: pa.Table, with_nulls: bool) -> None:
        source = Source("t", table, rules.tables["t"].columns, Labels())
        run = Interpreter(World({}, source.labels, {}, {}, {}, {}))
        run.begin(Block(source, slice(0, source.rows), source.rows))
        shape = (source.rows,)
        self.broken = {
            rule.id: np.broadcast_to(np.asarray(judged(rule, run).broken), shape) for rule in rules.rules
        }
        everything = np.ones(shape, dtype=bool)
        self.rows = everything if with_nulls else ~np.asarray(table["n"].is_null())

    def satisfying(self, ids):
        """Return the rows that break none of some rules."""
        rows = self.rows.copy()
        for name in ids:
            rows &= ~self.broken[name]
        return rows
