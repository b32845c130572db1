"""The rule language row by row, in plain Python: the twin of the blocked interpreter.

Values are Python objects, null is None. Rows are dicts; a date is a ``datetime.date``, a time is int
nanoseconds in ``Nanos``, money is int minor units. Only the parser is shared with the package.
"""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from naive.aggregates import whole
from naive.crossing import CROSSING, crossed

from finsim.constraints.language.grammar import parse

DAY = 86_400 * 10**9
UNITS = {"d": DAY, "h": DAY // 24, "min": 60 * 10**9, "s": 10**9}


class Nanos(int):
    """A time."""


@dataclass
class World:
    """A table with its order, parameters, lets and other tables (lists of dicts)."""

    rows: list[dict]
    group: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    is_sorted: bool = True
    params: dict = field(default_factory=dict)
    lets: dict = field(default_factory=dict)
    others: dict = field(default_factory=dict)
    lookups: dict = field(default_factory=dict)
    tol: float = 0
    there: dict = field(default_factory=dict)  # a row of another table, for its columns

    def before(self, i):
        """Rows of the group of row i up to and including it, in order."""
        mine = self.in_group(i)
        return mine[: mine.index(i) + 1]

    def in_group(self, i):
        """Rows of the group of row i, in order."""
        mine = [j for j, row in enumerate(self.rows) if all(row[g] == self.rows[i][g] for g in self.group)]
        if self.is_sorted:
            key = lambda j: [(self.rows[j][b] is None, self.rows[j][b] or 0) for b in self.by]  # noqa: E731
            if self.by and isinstance(next((r[self.by[0]] for r in self.rows if r[self.by[0]]), 0), date):
                key = lambda j: [(self.rows[j][b] is None, str(self.rows[j][b])) for b in self.by]  # noqa: E731
            mine.sort(key=key)
        return mine


def evaluate(text, world):
    """Return the value of an expression in every row."""
    expr = parse(text)
    return [value(expr, i, world) for i in range(len(world.rows))]


def literal(text):
    digits, *units = text.replace("_", "").split()
    if not units:
        return float(digits) if any(c in digits for c in ".eE") else int(digits)
    if units[-1] in UNITS:
        return round(float(digits) * UNITS[units[-1]])
    if units[-1] == "%":
        return float(digits) / 100
    if units[-1] == "bp":
        return float(digits) / 10_000
    if len(units[-1]) == 3:
        return round(float(digits) * (1_000 if units[0] == "k" else 1) * 100)
    return int(float(digits) * {"k": 1_000, "m": 1_000_000}[units[0]])


def value(expr, i, world):
    row, op, args = world.rows[i], expr.op, expr.args
    if op == "number":
        return literal(expr.text)
    if op == "date":
        return date.fromisoformat(expr.text)
    if op == "label":
        return expr.text
    if op == "ref":
        return world.there[expr.text.split(".")[1]]
    if op == "name":
        return name(expr.text, i, world, row)
    if op == "neg":
        x = value(args[0], i, world)
        return None if x is None else -x
    if op in ("+", "-", "*", "/", "^"):
        return arithmetic(op, value(args[0], i, world), value(args[1], i, world))
    if op == "call":
        return call(expr, i, world)
    return logic(expr, i, world)


def name(text, i, world, row):
    if text in ("true", "false"):
        return text == "true"
    if text in row:
        return row[text]
    if text in world.lets:
        return value(parse(world.lets[text]), i, world)
    return world.params[text]


def nanos(x):
    return (x - date(1970, 1, 1)).days * DAY if isinstance(x, date) else int(x)


def arithmetic(op, x, y):
    if x is None or y is None:
        return None
    if op == "-" and isinstance(x, (date, Nanos)) and isinstance(y, (date, Nanos)):
        return nanos(x) - nanos(y)
    if isinstance(x, (date, Nanos)):
        return Nanos(nanos(x) + (y if op == "+" else -y))
    if op == "+":
        return nan_is_null(x + y)
    if op == "-":
        return nan_is_null(x - y)
    if op == "*":
        return nan_is_null(x * y)
    if op == "/":
        return None if y == 0 else nan_is_null(x / y)
    return power(float(x), float(y))


def power(x, y):
    if x < 0 and y != int(y):
        return None
    if x == 0 and y < 0:
        return math.inf if not (y == int(y) and int(y) % 2 and math.copysign(1, x) < 0) else -math.inf
    try:
        return x**y
    except OverflowError:
        return -math.inf if x < 0 and int(y) % 2 else math.inf


def nan_is_null(x):
    return None if isinstance(x, float) and math.isnan(x) else x


def logic(expr, i, world):
    op, args = expr.op, expr.args
    if op == "compare":
        return compare(expr.text, value(args[0], i, world), value(args[1], i, world), world.tol)
    if op == "between":
        x, low, high = (value(arg, i, world) for arg in args)
        return conjunction([compare(">=", x, low, world.tol), compare("<=", x, high, world.tol)])
    if op == "in":
        x = value(args[0], i, world)
        if args[1].op == "name":
            members = world.params[args[1].text]
        else:
            members = [value(member, i, world) for member in args[1].args]
        return None if x is None else any(x == member for member in members)
    if op == "isnull":
        return value(args[0], i, world) is None
    if op == "and":
        return conjunction([value(arg, i, world) for arg in args])
    if op == "or":
        return negation(conjunction([negation(value(arg, i, world)) for arg in args]))
    if op == "not":
        return negation(value(args[0], i, world))
    if op == "=>" or (op == "if" and len(args) == 2):
        left, right = value(args[0], i, world), value(args[1], i, world)
        return negation(conjunction([left, negation(right)]))
    assert op == "if", op
    condition = value(args[0], i, world)
    if condition is None:
        return None
    return value(args[1] if condition else args[2], i, world)


def conjunction(truths):
    if any(truth is False for truth in truths):
        return False
    return None if any(truth is None for truth in truths) else True


def negation(truth):
    return None if truth is None else not truth


def compare(op, x, y, tol):
    if x is None or y is None:
        return None
    if isinstance(x, date) != isinstance(y, date):
        x, y = nanos(x), nanos(y)
    if tol and not isinstance(x, (str, bool, date)):
        gap = nan_is_null(x - y)
        if gap is None:
            return None
        if op in ("=", "!="):
            return (abs(gap) <= tol) == (op == "=")
        return {"<": x < y + tol, "<=": x <= y + tol, ">": x + tol > y, ">=": x + tol >= y}[op]
    if op in ("=", "!="):
        return (x == y) == (op == "=")
    return {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[op]


def call(expr, i, world):
    function = expr.text
    plain = [arg for arg in expr.args if arg.op != "named"]
    named = {arg.text: arg.args[0] for arg in expr.args if arg.op == "named"}
    if function in CROSSING:
        return crossed(function, expr.args, i, world, value)
    if function == "lookup":
        return looked_up(world.lookups[expr.args[0].text], [value(arg, i, world) for arg in plain[1:]])
    if function == "coalesce":
        return next((x for x in (value(arg, i, world) for arg in plain) if x is not None), None)
    if function in ROW:
        given = [value(arg, i, world) for arg in plain]
        return None if any(x is None for x in given) else ROW[function](*given)
    if function.startswith("group_") or function in ("unique", "next"):
        return whole(function, expr.args, i, world, value)
    return sequence(function, plain, named, i, world)


def looked_up(table, given):
    """A lookup is {"by": [..], "valid": [from, to] or [], "value": column, "rows": [dict]}."""
    if any(x is None for x in given):
        return None
    for row in table["rows"]:
        if all(row[column] == x for column, x in zip(table["by"], given, strict=False)):
            if not table["valid"]:
                return row[table["value"]]
            day = as_date(given[-1])
            first, last = (row[column] for column in table["valid"])
            if (first is None or first <= day) and (last is None or day <= last):
                return row[table["value"]]
    return None


def sequence(function, plain, named, i, world):
    rows = world.before(i)
    if function == "lag":
        back = literal(plain[1].text) if len(plain) > 1 else 1
        if len(rows) > back:
            return value(plain[0], rows[-1 - back], world)
        return value(named["default"], i, world) if "default" in named else None
    if function == "first":
        return value(plain[0], rows[0], world)
    if function == "last_known":
        earlier = [value(plain[0], j, world) for j in rows[:-1]]
        return next((x for x in reversed(earlier) if x is not None), None)
    if function == "runlen":
        count = 0
        while count < len(rows) and value(plain[0], rows[-1 - count], world) is True:
            count += 1
        return count
    if function in ("cumsum", "cummax"):
        values = [x for x in (value(plain[0], j, world) for j in rows) if x is not None]
        total = 0
        for x in values:
            total = total + x
        return total if function == "cumsum" else max(values, default=None)
    return window(function, plain, i, rows, world)


def window(function, plain, i, rows, world):
    clock = world.by[0]
    now = world.rows[i][clock]
    if now is None:
        return None
    if function in ("sum_day", "sum_month"):
        size = 10 if function == "sum_day" else 7
        inside = [j for j in rows if world.rows[j][clock] is not None]
        inside = [j for j in inside if stamp(world.rows[j][clock])[:size] == stamp(now)[:size]]
        return sum(x for x in (value(plain[0], j, world) for j in inside) if x is not None)
    width = literal(plain[-1].text)
    times = {j: world.rows[j][clock] for j in rows if world.rows[j][clock] is not None}
    inside = [j for j, time in times.items() if nanos(now) - width < nanos(time) <= nanos(now)]
    if function == "count_in":
        return len(inside)
    values = [x for x in (value(plain[0], j, world) for j in inside) if x is not None]
    return sum(values) if function == "sum_in" else max(values, default=None)


def stamp(time):
    return (date(1970, 1, 1) + timedelta(days=nanos(time) // DAY)).isoformat()


def annuity(amount, rate, count):
    if count <= 0 or rate <= -1:
        return None
    if rate == 0:
        return amount / count
    return amount * rate / (1 - (1 + rate) ** -count)


def add_months(day, count):
    month = day.year * 12 + day.month - 1 + count
    year, month = divmod(month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def as_date(x):
    return x if isinstance(x, date) else date(1970, 1, 1) + timedelta(days=x // DAY)


def on_tick(x, tick):
    if isinstance(x, int) and isinstance(tick, int):
        return None if tick == 0 else x % tick == 0
    if tick == 0:
        return None
    return abs(x - round(x / tick) * tick) <= 1e-9 * max(1.0, abs(x))


def round_to(x, tick):
    if tick == 0:
        return None
    tick = abs(tick)
    if isinstance(x, int) and isinstance(tick, int):
        return round(Fraction(x, tick)) * tick
    if math.isinf(x):
        return x
    parts = round(1 / tick)
    if parts >= 1 and abs(1 / tick - parts) <= 1e-9 * parts:
        return round(x / tick) / parts
    return round(x / tick) * tick


ROW = {
    "abs": abs,
    "min": min,
    "max": max,
    "round": lambda x, digits=0: (
        round(x, digits) if digits else (x if isinstance(x, int) else float(round(x)))
    ),
    "floor": lambda x: float(math.floor(x)),
    "ceil": lambda x: float(math.ceil(x)),
    "sqrt": lambda x: None if x < 0 else math.sqrt(x),
    "log": lambda x: None if x <= 0 else math.log(x),
    "exp": lambda x: math.exp(x) if x < 700 else math.inf,
    "clamp": lambda x, low, high: min(max(x, low), high),
    "annuity": annuity,
    "on_tick": on_tick,
    "round_to": round_to,
    "year": lambda d: as_date(d).year,
    "month": lambda d: as_date(d).month,
    "day": lambda d: as_date(d).day,
    "weekday": lambda d: as_date(d).isoweekday(),
    "days": lambda a, b: (b - a).days,
    "add_months": add_months,
}
