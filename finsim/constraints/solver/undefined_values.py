"""Where a function of other rows or tables has no value although every cell of the row is filled."""

from __future__ import annotations

from collections.abc import Callable

from finsim.constraints.language.expression import Node
from finsim.constraints.solver.linear_forms import Forms

_ALWAYS_POSSIBLE = ("last_known", "group_std", "sum_of", "min_of", "max_of", "mean_of", "next")
_OF_GROUP = ("group_mean", "group_min", "group_max", "group_q")


def gaps(node: Node, forms: Forms, null: Callable[[Node], int]) -> list[int]:
    """Return the literals that a call of other rows is empty; none where nothing is known to make it so.

    ``null`` gives the literal that an argument is empty. The value of a group is there when its own row has
    one that counts; the last row has no next one; a sum may leave 64 bits.
    """
    if node.op != "call":
        return []
    name, is_limited = str(node.data[0]), node.data[-1] == "where"
    if name in _ALWAYS_POSSIBLE or (name in _OF_GROUP and is_limited):
        return [forms.flag()]
    if name == "group_mean":
        return [forms.all_of((null(node.args[0]), forms.flag()))]
    if name == "count_of":
        return [null(arg) for arg in node.args[0].args]
    return []
