"""Where a function of other rows or tables has no value although every cell of the row is filled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finsim.constraints.expression import Node

if TYPE_CHECKING:
    from finsim.constraints.solver.encoder import Encoder

_ALWAYS_POSSIBLE = ("last_known", "group_std", "sum_of", "min_of", "max_of", "mean_of")
_OF_GROUP = ("group_mean", "group_min", "group_max", "group_q")


def gaps(run: Encoder, node: Node) -> list[int]:
    """Return the literals that a call of other rows is empty; none where nothing is known to make it so.

    The value of a group is there when its own row has one that counts; the last row has no next one.
    """
    if node.op != "call":
        return []
    name, is_limited = str(node.data[0]), node.data[-1] == "where"
    if name in _ALWAYS_POSSIBLE or (name in _OF_GROUP and is_limited):
        return [run.forms.flag()]
    if name == "group_mean":
        return [run.forms.all_of((run.null(node.args[0]), run.forms.flag()))]
    if name == "count_of":
        return [run.null(arg) for arg in node.args[0].args]
    if name == "next":
        return [run.forms.flag()]
    return []
