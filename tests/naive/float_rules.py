"""Random rule packs over float columns whose bounds meet at decimals, and rows right beside these."""

import json
import random
import re
from decimal import Decimal

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
pack: {id: floats, version: 1}
table: t
columns: {x: {type: float}, y: {type: float}, z: {type: float}, n: {type: int}, late: {type: bool},
  m: {type: money, ccy: USD, unit: minor}}
rules:
"""
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
ROWS = 60_000


def decimal(draw):
    """Return a short decimal: where most bounds of real packs lie."""
    return Decimal(draw.choice([draw.randint(1, 30), draw.randint(1, 300)])) / draw.choice([1, 10, 10, 100])


def term(draw, place):
    """Return an expression of one to three columns and its value, as decimals have it."""
    x, y, z = (place[name] for name in "xyz")
    n, m, c = Decimal(place["n"]), place["m"], decimal(draw)
    return draw.choice([
        ("x + y", x + y), ("x - y", x - y), ("x + y + z", x + y + z), ("x - y - z", x - y - z),
        (f"{c} * x", c * x), (f"x / {c}", x / c), (f"x * {c} + y", x * c + y), ("x / y", x / y),
        ("x * y", x * y), ("n * 0.1", n / 10), ("n / 10", n / 10), ("n / 10 + x", n / 10 + x),
        ("n / 4", n / 4), (f"x + {c}", x + c),
        ("floor(x * 100)", Decimal(int(x * 100))), ("ceil(x * 10)", -Decimal(int(-x * 10 // 1))),
        ("round(x * 10, 1)", (x * 10).quantize(Decimal("0.1"))), ("max(x + y, z)", max(x + y, z)),
        ("m / 3 USD", m / 3), ("m * 0.7 / 1 USD", m * 7 / 10), ("x * (m / 1 USD)", x * m), ("x - n", x - n),
        ("abs(x - y)", abs(x - y)), ("(if late then x + y else z)", x + y), ("x + x + x", 3 * x),
    ])  # fmt: skip


def bounds(draw, place):
    """Return comparisons of single columns that hold at a place, most of them just so."""
    found = []
    for name in "xyz":
        kinds = draw.choice([("<=",), (">=",), ("<=", ">="), ("<",), (">",), ("<", ">=")])
        found += [f"{name} {kind} {place[name]}" for kind in kinds]
    found += [f"m {draw.choice(['<=', '>=', '='])} {place['m']} USD"]
    return [*found, f"n {draw.choice(['<=', '>=', '='])} {place['n']}"]


def pack(seed):
    """Return a random pack: bounds of columns, and rules of terms that meet them at a decimal or near it."""
    draw = random.Random(seed)
    place = {name: decimal(draw) for name in "xyz"} | {"n": draw.randint(1, 60)}
    place["m"] = Decimal(draw.randint(1, 900)) / 100
    checks = [{"check": text} for text in bounds(draw, place)]
    for _ in range(draw.randint(1, 3)):
        text, value = term(draw, place)
        value = Decimal(repr(float(value))) if draw.random() < 0.9 else value + decimal(draw) / 10
        op = draw.choice(list(OPPOSITE))
        kind = draw.random()
        if kind < 0.55:
            checks.append({"check": f"{text} {op} {value}"})
        elif kind < 0.7:
            checks.append({"check": f"{text} {op} {value} => {draw.choice(['late', 'not late', 'y < z'])}"})
        elif kind < 0.85:
            checks.append({"check": f"{text} {op} {value}"})
            checks.append({"check": f"{text} {OPPOSITE[op]} {value}", "when": draw.choice(["late", "x < y"])})
        else:
            other = draw.choice(["x", "y", "z"])
            tol = {"tol": draw.choice([1e-9, 0.1, 0.01, {"rel": 0.1}])}
            checks.append({"check": f"{text} = {other} + {decimal(draw)}", **tol})
            checks.append({"check": f"{other} {op} {decimal(draw)}"})
    draw.shuffle(checks)
    return HEAD + "".join(f"- {json.dumps({'id': f'r{k}', **one})}\n" for k, one in enumerate(checks))


def near(value, steps):
    """Return the floats next to a value."""
    found = [value]
    for way in (-np.inf, np.inf):
        one = value
        for _ in range(steps):
            one = np.nextafter(one, way)
            found.append(one)
    return found


def rows(text, seed):
    """Return many rows: each column at one of the numbers that the pack names for it, or right beside one."""
    draw = np.random.default_rng(seed)
    numbers = {
        float(one) for one in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-\d+)?", text.split("rules:")[1])
    }
    cells = {}
    for name in "xyz":
        own = {float(one) for one in re.findall(rf'"{name} [<>=]+ (-?[\d.]+)', text)}
        far = [0.0, -1.0, 1e9, 1e17, 1.5e308, -1.5e308, 5e-324]
        beside = [one for value in own for one in near(value, 2)]
        cells[name] = sorted({*beside, *numbers, *draw.choice(far, 3).tolist()})
    wholes = sorted({int(one) for one in numbers if one == int(one)})
    cents = sorted({round(one * 100) + k for one in numbers for k in (-1, 0, 1)})
    columns = [pa.array(draw.choice(one, ROWS)) for one in (*cells.values(), wholes, cents)]
    late = pa.array(draw.random(ROWS) < 0.5)
    return pa.table(dict(zip("xyznm", columns, strict=True)) | {"late": late})


class Verdicts:
    """What the interpreter says of each rule in each row."""

    def __init__(self, rules: RuleSet, table: pa.Table) -> None:
        source = Source("t", table, rules.tables["t"].columns, Labels())
        run = Interpreter(World({}, source.labels, {}, {}, {}, {}))
        run.begin(Block(source, slice(0, source.rows), source.rows))
        shape = (source.rows,)
        seen = {rule.id: judged(rule, run) for rule in rules.rules}
        self.true = {name: np.broadcast_to(one.fine, shape) for name, one in seen.items()}
        self.broken = {name: np.broadcast_to(one.broken, shape) for name, one in seen.items()}
        self.speaks = {
            rule.id: np.broadcast_to(run.rails(rule.antecedent).yes, shape)
            for rule in rules.rules if rule.antecedent is not None
        }  # fmt: skip
        self.rows = source.rows

    def all_true(self, ids):
        """Return the rows in which all these rules are true."""
        return np.logical_and.reduce([np.ones(self.rows, dtype=bool), *(self.true[name] for name in ids)])

    def none_broken(self, ids):
        """Return the rows that break none of these rules."""
        return ~np.logical_or.reduce([np.zeros(self.rows, dtype=bool), *(self.broken[name] for name in ids)])


def refuted(report, found):
    """Return the claims of a lint report that some row refutes."""
    wrong = [one for one in report.conflicts if found.all_true([rule.id for rule in one.rules]).any()]
    for one in report.dead:
        holds = found.all_true([rule.id for rule in one.by])
        wrong += [one] if (holds & found.speaks[one.rule.id]).any() else []
    for one in report.redundant:
        holds = found.none_broken([rule.id for rule in one.by])
        wrong += [one] if (holds & found.broken[one.rule.id]).any() else []
    return wrong
