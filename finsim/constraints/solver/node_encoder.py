"""Encode a ``Node``: a number as a linear form, a truth value as two literals, a label as choices.

Whatever is not linear, or looks at other rows or tables, becomes an unknown of its own: equal expressions
are one node, so one unknown. What is then refuted is refuted for every value of the unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.constraints.evaluating.evaluator_interface import Block, World
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.language.expression import Node
from finsim.constraints.language.row_order import Order
from finsim.constraints.solver.encoder_state import Encoding
from finsim.constraints.solver.linear_forms import Linear
from finsim.constraints.solver.node_traits import Scene, Truth
from finsim.constraints.solver.null_encoding import null
from finsim.constraints.solver.number_encoding import NUMBERS
from finsim.constraints.solver.truth_encoding import TRUTHS
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.typed_columns import Source


class Encoder(Encoding):
    """Turns nodes into literals and linear forms by the tables of operations."""

    def __init__(self, scene: Scene, rounds: bool = False) -> None:
        super().__init__(scene, rounds)
        self._known: dict[tuple[str, Order | None, Node], Any] = {}

    def truth(self, node: Node) -> Truth:
        """Return a boolean node."""
        return Truth(*self._once("truth", node, TRUTHS[node.op]))

    def number(self, node: Node) -> Linear:
        """Return a node of numbers, money, time or ids."""
        found: Linear = self._once("number", node, NUMBERS[node.op])
        return found

    def null(self, node: Node) -> int:
        """Return the literal that a value is empty; only cells that some rule tests may be."""
        found: int = self._once("null", node, null)
        return found

    def computed(self, node: Node) -> float | int | None:
        """Return the value of a constant expression as the interpreter computes it; None when undefined."""
        source = Source("", pa.table({}), {}, Labels())
        run = Interpreter(World(self.scene.params, source.labels, {}, {}, {}, {}))
        run.begin(Block(source, slice(0, 1), 1))
        values, valid = run.value(node)
        value = np.asarray(values).item()
        if value != value or value in (float("inf"), float("-inf")) or (valid is not None and not valid):
            return None
        return float(value) if isinstance(value, float) else int(value)

    def _once(self, what: str, node: Node, make: Callable[[Encoder, Node], Any]) -> Any:
        key = (what, *self.key(node))
        if key not in self._known:
            outer, self.unknowns = self.unknowns, {}
            result = make(self, node)
            self._known[key] = (result, self.unknowns)
            self.unknowns = outer
        result, unknowns = self._known[key]
        self.unknowns.update(unknowns)
        return result
