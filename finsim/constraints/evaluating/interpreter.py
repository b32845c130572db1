"""The interpreter: evaluates nodes in NumPy, block by block."""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.constraints.evaluating.evaluator_interface import Block, World
from finsim.constraints.evaluating.last_known import LastKnown
from finsim.constraints.evaluating.node_operations import TRUTHS, VALUES
from finsim.constraints.evaluating.sequence_functions import First, Lag, Period, RunLength, Running, Sequenced
from finsim.constraints.evaluating.window_functions import Window
from finsim.constraints.language.expression import Node
from finsim.constraints.language.time_zones import local_times
from finsim.constraints.tables.nullable_vectors import FALSE, TRUE, Rails, Vec, flags, truth


def _state(node: Node) -> Sequenced:
    name = node.data[0]
    if name == "lag":
        return Lag(node.data[1])
    if name in ("count_in", "sum_in", "max_in"):
        return Window(name, node.data[1])
    if name in ("sum_day", "sum_month"):
        return Period(name == "sum_month")
    if name == "runlen":
        return RunLength()
    if name == "last_known":
        return LastKnown()
    return First() if name == "first" else Running(name == "cumsum")


class Interpreter:
    """Evaluates nodes; results of a block are shared by all rules, state lives from block to block.

    ``local_times`` is how it turns instants into local time; the compiled tier puts a kernel there.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.local_times = local_times
        self.undefined: dict[int, int] = {}
        self._states: dict[Node, Sequenced] = {}
        self._values: dict[int, Vec] = {}
        self._rails: dict[int, Rails] = {}
        self._block: Block | None = None

    def begin(self, block: Block) -> None:
        """Start a block: results of the one before are forgotten, state is kept."""
        self._block = block
        self._values.clear()
        self._rails.clear()

    def commit(self) -> None:
        """Move every sequence function past the block."""
        for node, state in self._states.items():
            if self._block is not None and self._block.layout is not None and self._block.count:
                state.commit(self._block.layout, [self.value(arg) for arg in node.args])

    @property
    def block(self) -> Block:
        """The current block."""
        assert self._block is not None
        return self._block

    def rails(self, node: Node) -> Rails:
        """Return a boolean node as true / false arrays (or scalars for constants)."""
        found = self._rails.get(id(node))
        if found is None:
            method = TRUTHS.get(node.op)
            found = truth(self.value(node)) if method is None else method(self, node)
            self._rails[id(node)] = found
        return found

    def value(self, node: Node) -> Vec:
        """Return a node's column of the block (a scalar for constants)."""
        found = self._values.get(id(node))
        if found is None:
            if node.op in TRUTHS and node.type.kind == "bool":
                found = flags(self.rails(node))
            else:
                found = VALUES[node.op](self, node)
            self._values[id(node)] = found
        return found

    def knows(self, node: Node) -> bool:
        """Whether a node's column of the block was computed already."""
        return id(node) in self._values

    def learn(self, node: Node, vec: Vec) -> None:
        """Take a node's column of the block from elsewhere."""
        self._values[id(node)] = vec

    def note(self, node: Node, count: int) -> None:
        """Count rows where a node is null because its result is not defined."""
        if count:
            self.undefined[id(node)] = self.undefined.get(id(node), 0) + count

    def state(self, node: Node) -> Sequenced:
        """Return the state of a sequence function."""
        if node not in self._states:
            self._states[node] = _state(node)
        return self._states[node]

    def constant(self, kind: str, value: Any) -> Any:
        """Return a literal or parameter as the interpreter keeps it: labels become codes."""
        if isinstance(value, str):
            return np.int64(self.world.labels.code(value))
        if isinstance(value, bool):
            return TRUE if value else FALSE
        return np.float64(value) if isinstance(value, float) else np.int64(value)
