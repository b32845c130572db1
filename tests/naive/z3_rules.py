"""Random rules over whole numbers, some of which may be empty, and their truth in three values to z3."""

import random

import z3

HEAD = """
finsim-rules: 1
pack: {id: whole, version: 1}
table: t
columns:
  x: {type: int}
  y: {type: int}
  n: {type: int, null: true}
  m: {type: int, null: true}
rules:
"""
CELLS = {name: (z3.Int(name), z3.Bool(f"{name}_empty")) for name in "nm"}
CELLS |= {name: (z3.Int(name), z3.BoolVal(False)) for name in "xy"}


def number(draw, depth):
    """Return a random number: its text, its value to z3 and whether it is empty."""
    kind = draw.random()
    if depth == 0 or kind < 0.45:
        name = draw.choice("xyxynm9")
        if name == "9":
            value = draw.randint(-40, 40)
            return f"({value})", z3.IntVal(value), z3.BoolVal(False)
        return name, *CELLS[name]
    a, b = (number(draw, depth - 1) for _ in range(2))
    empty = z3.Or(a[2], b[2])
    if kind < 0.7:
        sign = draw.choice("+-")
        return f"({a[0]} {sign} {b[0]})", a[1] + b[1] if sign == "+" else a[1] - b[1], empty
    if kind < 0.8:
        factor = draw.choice([2, 3, -5])
        return f"({factor} * {a[0]})", factor * a[1], a[2]
    if kind < 0.88:
        return f"max({a[0]}, {b[0]})", z3.If(a[1] >= b[1], a[1], b[1]), empty
    if kind < 0.94:
        return f"abs({a[0]})", z3.If(a[1] >= 0, a[1], -a[1]), a[2]
    return f"coalesce({a[0]}, {b[0]})", z3.If(a[2], b[1], a[1]), z3.And(a[2], b[2])


COMPARED = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip


def truth(draw, depth):
    """Return a random condition: its text, the formula that it is true, and the one that it is false."""
    kind = draw.random()
    if depth == 0 or kind < 0.5:
        if draw.random() < 0.08:
            name = draw.choice("nm")
            return f"({name} is null)", CELLS[name][1], z3.Not(CELLS[name][1])
        (a, av, ae), (b, bv, be) = (number(draw, 2) for _ in range(2))
        sign = draw.choice(list(COMPARED))
        here, there = z3.And(z3.Not(ae), z3.Not(be)), COMPARED[sign](av, bv)
        return f"({a} {sign} {b})", z3.And(here, there), z3.And(here, z3.Not(there))
    (a, ay, an), (b, by, bn) = (truth(draw, depth - 1) for _ in range(2))
    if kind < 0.65:
        return f"({a} and {b})", z3.And(ay, by), z3.Or(an, bn)
    if kind < 0.8:
        return f"({a} or {b})", z3.Or(ay, by), z3.And(an, bn)
    if kind < 0.93:
        return f"({a} => {b})", z3.Or(an, by), z3.And(ay, bn)
    return f"(not {a})", an, ay


def random_rules(seed):
    """Return the text of a pack, and rule -> (formula that no row breaks it, that it speaks)."""
    draw = random.Random(seed)
    lines, formulas = [], {}
    for k in range(draw.randint(2, 7)):
        check, _, no = truth(draw, 2)
        line, broken, speaks = f'  - {{id: r{k}, check: "{check}"', no, None
        if draw.random() < 0.3:  # a rule that speaks where its left side is true
            left, left_yes, _ = truth(draw, 1)
            line = f'  - {{id: r{k}, check: "{left} => {check}"'
            broken, speaks = z3.And(left_yes, no), left_yes
        elif (draw.random() < 0.5 and not check.startswith("(")) or "=>" not in check:
            when, when_yes, _ = truth(draw, 1)
            line, broken, speaks = f'{line}, when: "{when}"', z3.And(when_yes, no), when_yes
        lines.append(line + "}\n")
        formulas[f"r{k}"] = (z3.Not(broken), speaks)
    return HEAD + "".join(lines), formulas


def possible(*formulas):
    """Whether some row satisfies formulas."""
    solver = z3.Solver()
    solver.set("timeout", 20_000)
    solver.add(*formulas)
    answer = solver.check()
    assert answer != z3.unknown
    return answer == z3.sat
