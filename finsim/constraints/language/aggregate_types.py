"""How functions of the whole table are typed: totals of groups, uniqueness, the rows that follow.

The arguments of such a call are those of its value, then the columns of the group, then the condition of
``where``, if there is one; ``parts_of`` takes them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from finsim.constraints.language.expression import Node
from finsim.constraints.language.function_types import MAX_LAG, Call, demand
from finsim.constraints.language.node_builder import ORDERED, Builder, unstated
from finsim.constraints.language.types import ANY, BOOL, FLOAT, INT, NUMERIC, RATIO, Clash, Type

_SUMMED = (*NUMERIC, "money", "dur", "bool")
_LEADING = {"group_count": 0, "group_q": 2}  # arguments before the columns of the group, else 1


@dataclass(frozen=True)
class Parts:
    """The arguments of a whole-table call, as nodes or as what they became."""

    values: Sequence[Any]
    by: Sequence[Any]
    where: Any | None


def parts_of(node: Node, args: Sequence[Any] | None = None) -> Parts:
    """Take the arguments of a group total or of ``unique`` apart."""
    given = list(node.args if args is None else args)
    where = given.pop() if node.data[-1] == "where" else None
    leading = len(given) if node.data[0] == "unique" else _LEADING.get(node.data[0], 1)
    return Parts(given[:leading], given[leading:], where)


def _made(make: Builder, call: Call, kind: Type, values: Sequence[Node], name: str = "") -> Node:
    """Return the node of a call with its group and its condition."""
    by = list(call.named.get("by", call.rows.group))
    if any(node.op != "column" for node in by):
        raise Clash(
            f"{call.name}: `by` must be a column or a set of them",
            "write by: column, by: {a, b}, or by: {} for all rows",
        )
    return _where(make, call, kind, [*values, *by], name)


def _where(make: Builder, call: Call, kind: Type, args: Sequence[Node], name: str = "") -> Node:
    conditions = call.named.get("where", [])
    if any(node.type != BOOL for node in conditions):
        raise Clash(f"{call.name}: `where` is not true or false", "write a comparison")
    mark = ("where",) if conditions else ()
    return make.call(kind, [*args, *conditions], name or call.name, *mark)


def type_count(make: Builder, call: Call) -> Node:
    """Return a number of rows."""
    return _made(make, call, INT, ())


def type_distinct(make: Builder, call: Call) -> Node:
    """Return a number of different values."""
    return _made(make, call, INT, (call.args[0],))


def type_total(make: Builder, call: Call) -> Node:
    """Return a sum, in the type of its terms."""
    demand(call, _SUMMED, 0)
    x = make.as_int(call.args[0])
    return _made(make, call, replace(x.type, values=None), (x,))


def type_ends(make: Builder, call: Call) -> Node:
    """Return the smallest or largest value."""
    demand(call, ORDERED, 0)
    return _made(make, call, replace(call.args[0].type, values=None), (call.args[0],))


def type_mean(make: Builder, call: Call) -> Node:
    """Return a mean, of a truth its share; money carries rounding."""
    demand(call, (*NUMERIC, "money", "bool"), 0)
    x = call.args[0]
    kind = RATIO if x.type.kind in ("bool", "ratio") else unstated(x.type)
    return _made(make, call, kind, (make.as_int(x),))


def type_deviation(make: Builder, call: Call) -> Node:
    """Return a standard deviation, in the unit of its values."""
    demand(call, (*NUMERIC, "money"), 0)
    x = call.args[0]
    return _made(make, call, RATIO if x.type.kind == "ratio" else unstated(x.type), (x,))


def type_median(make: Builder, call: Call) -> Node:
    """Return the quantile at 50 %."""
    demand(call, (*NUMERIC, "money"), 0)
    x = make.as_float(call.args[0])
    return _made(make, call, replace(x.type, values=None), (x, make.const(FLOAT, 0.5)), "group_q")


def type_quantile(make: Builder, call: Call) -> Node:
    """Return a quantile of x per group; the share is a constant or a parameter between 0 and 1."""
    demand(call, (*NUMERIC, "money"), 0)
    demand(call, NUMERIC, 1)
    x, share = make.as_float(call.args[0]), call.args[1]
    if share.op not in ("const", "param"):
        raise Clash("group_q: the share must be a constant or a parameter", "write it as 90%")
    if share.op == "const" and not 0 <= share.data <= 1:
        raise Clash(f"group_q: {share.data} is not a share", "write one between 0% and 100%")
    return _made(make, call, replace(x.type, values=None), (x, make.as_float(share)))


def type_unique(make: Builder, call: Call) -> Node:
    """Return a truth."""
    if any(node.op != "column" for node in call.args if node.type != ANY):
        raise Clash("unique takes columns", "name the columns of the key")
    return _where(make, call, BOOL, call.args)


def type_next(make: Builder, call: Call) -> Node:
    """Return x of a later row; the columns of the order are arguments too."""
    x = call.args[0]
    ahead = call.constant(1, INT, "the number of rows") if len(call.args) > 1 else 1
    if not 1 <= ahead <= MAX_LAG:
        raise Clash(f"next of {ahead} rows", f"use 1 to {MAX_LAG}")
    if not call.rows.ordered:
        raise Clash("next needs rows in order", "give the table `order: {group: [..], by: [..]}`")
    values = [x]
    if "default" in call.named:
        values = make.alike((x, *call.named["default"]), "next with a default of")
    group, by = call.rows.group, call.rows.by
    return make.call(values[0].type, [*values, *group, *by], "next", ahead, len(values), len(group))
