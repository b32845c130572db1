"""Type rules of the functions: arguments checked and converted, result type decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from finsim.constraints.language.expression import Node
from finsim.constraints.language.node_builder import ORDERED, Builder, unstated
from finsim.constraints.language.types import ANY, BOOL, DATE, DUR, FLOAT, INT, NUMERIC, WHOLE, Clash, Type

MAX_LAG = 32


@dataclass(frozen=True)
class Rows:
    """How rows of the table follow one another: columns of the order (``by`` empty: as they stand)."""

    ordered: bool = False
    group: Sequence[Node] = ()
    by: Sequence[Node] = ()
    time: Node | None = None


@dataclass(frozen=True)
class Call:
    """Typed arguments of one call; each named argument is a list of nodes, of one but for ``by: {a, b}``."""

    name: str
    args: Sequence[Node]
    named: Mapping[str, Sequence[Node]]
    rows: Rows = Rows()

    def constant(self, index: int, kind: Type, what: str) -> int:
        """Return a constant argument; raises Clash when it is not one."""
        node = self.args[index]
        if node.op != "const" or node.type != kind or not isinstance(node.data, int):
            raise Clash(f"{self.name}: {what} must be a constant {kind}", "write it as a number")
        return node.data


def demand(call: Call, kinds: Sequence[str], *indices: int) -> None:
    """Raise Clash when an argument (those at ``indices``, else any) is of none of these kinds."""
    for index in indices or range(len(call.args)):
        kind = call.args[index].type
        if kind != ANY and kind.kind not in kinds:
            raise Clash(f"{call.name} takes {', '.join(kinds)}, not {kind}", "convert the argument first")


def type_same(make: Builder, call: Call) -> Node:
    """Return x without change of type."""
    demand(call, (*NUMERIC, "money", "dur"), 0)
    return make.call(replace(call.args[0].type, values=None), call.args, call.name)


def type_extreme(make: Builder, call: Call) -> Node:
    """Return the smallest, largest or clamped value, in one common type."""
    demand(call, ORDERED)
    args = make.alike(call.args, f"take the {call.name} of")
    return make.call(args[0].type, args, call.name)


def type_coalesce(make: Builder, call: Call) -> Node:
    """Return the first value that is not null."""
    args = make.alike(call.args, "coalesce")
    return make.call(replace(args[0].type, values=None), args, "coalesce")


def type_round(make: Builder, call: Call) -> Node:
    """Return a rounded number; money becomes exact."""
    demand(call, (*NUMERIC, "money"), 0)
    x = call.args[0]
    digits = call.constant(1, INT, "the number of digits") if len(call.args) > 1 else 0
    if x.type.stored == "i" or x.type == ANY:
        return x
    if x.type.kind == "money":
        return make.call(replace(x.type, exact=True), (x,), "round", 0, True)
    return make.call(WHOLE if digits == 0 else FLOAT, (x,), "round", digits, False)


def type_whole(make: Builder, call: Call) -> Node:
    """Return a whole number."""
    demand(call, NUMERIC, 0)
    x = call.args[0]
    return x if x.type.stored == "i" else make.call(WHOLE, (x,), call.name)


def type_real(make: Builder, call: Call) -> Node:
    """Return a float of a float."""
    demand(call, NUMERIC, 0)
    return make.call(FLOAT, [make.as_float(call.args[0])], call.name)


def type_annuity(make: Builder, call: Call) -> Node:
    """Return a payment; money carries rounding."""
    demand(call, (*NUMERIC, "money"), 0)
    demand(call, NUMERIC, 1, 2)
    return make.call(unstated(call.args[0].type), [make.as_float(arg) for arg in call.args], "annuity")


def type_on_tick(make: Builder, call: Call) -> Node:
    """Return a truth."""
    demand(call, (*NUMERIC, "money"))
    return make.call(BOOL, make.alike(call.args, "compare"), "on_tick")


def type_round_to(make: Builder, call: Call) -> Node:
    """Return x on the grid of a tick, in the common type of both."""
    demand(call, (*NUMERIC, "money"))
    args = make.alike(call.args, "round")
    return make.call(replace(args[0].type, values=None), args, "round_to")


def type_date_part(make: Builder, call: Call) -> Node:
    """Return a whole number of a date or time."""
    demand(call, ("date", "ts"), 0)
    return make.call(INT, call.args, call.name, call.args[0].type.kind)


def type_days(make: Builder, call: Call) -> Node:
    """Return a number of days."""
    demand(call, ("date",))
    return make.call(INT, call.args, "days")


def type_add_months(make: Builder, call: Call) -> Node:
    """Return a date."""
    demand(call, ("date",), 0)
    demand(call, ("int",), 1)
    return make.call(DATE, call.args, "add_months")


def type_lag(make: Builder, call: Call) -> Node:
    """Return x of an earlier row."""
    x = call.args[0]
    back = call.constant(1, INT, "the number of rows") if len(call.args) > 1 else 1
    if not 1 <= back <= MAX_LAG:
        raise Clash(f"lag of {back} rows", f"use 1 to {MAX_LAG}")
    if "default" not in call.named:
        return make.call(x.type, (x,), "lag", back)
    a, b = make.alike((x, *call.named["default"]), "lag with a default of")
    return make.call(a.type, (a, b), "lag", back)


def type_first(make: Builder, call: Call) -> Node:
    """Return x of the first row."""
    return make.call(call.args[0].type, call.args, "first")


def type_last_known(make: Builder, call: Call) -> Node:
    """Return x of the last row before that has one."""
    return make.call(call.args[0].type, call.args, "last_known")


def type_running(make: Builder, call: Call) -> Node:
    """Return a running sum or maximum."""
    demand(call, (*NUMERIC, "money", "dur", "bool") if call.name == "cumsum" else ORDERED, 0)
    x = make.as_int(call.args[0])
    return make.call(replace(x.type, values=None), (x,), call.name)


def type_runlen(make: Builder, call: Call) -> Node:
    """Return a count."""
    demand(call, ("bool",), 0)
    return make.call(INT, call.args, "runlen")


def _clock(make: Builder, call: Call) -> Node:
    if call.rows.time is None:
        raise Clash(f"{call.name} needs a time", "name a date or ts column first in `order: by:`")
    return make.as_time(call.rows.time)


def type_count_in(make: Builder, call: Call) -> Node:
    """Return a count."""
    width = _width(call, 0)
    return make.call(INT, (_clock(make, call),), "count_in", width)


def type_in_window(make: Builder, call: Call) -> Node:
    """Return a sum or maximum over a window."""
    demand(call, (*NUMERIC, "money", "dur", "bool") if call.name == "sum_in" else ORDERED, 0)
    x = make.as_int(call.args[0])
    return make.call(replace(x.type, values=None), (x, _clock(make, call)), call.name, _width(call, 1))


def _width(call: Call, index: int) -> int:
    width = call.constant(index, DUR, "the window")
    if width <= 0:
        raise Clash("a window of no length", "write one such as 24h or 7d")
    return width


def type_in_period(make: Builder, call: Call) -> Node:
    """Return a sum since the period began."""
    demand(call, (*NUMERIC, "money", "dur", "bool"), 0)
    x = make.as_int(call.args[0])
    return make.call(x.type, (x, _clock(make, call)), call.name)
