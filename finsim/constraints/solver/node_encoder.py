"""Encode a ``Node``: a number as a linear form, a truth value as two literals, a label as choices.

Whatever is not linear, or looks at other rows or tables, becomes an unknown of its own: equal expressions
are one node, so one unknown. What is then refuted is refuted for every value of the unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isinf
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.constraints.evaluating.evaluator_interface import Block, World
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.language.expression import Node
from finsim.constraints.language.row_order import Order
from finsim.constraints.solver.encoder_state import Encoding
from finsim.constraints.solver.linear_forms import Linear
from finsim.constraints.solver.node_traits import Scene, Truth, is_constant
from finsim.constraints.solver.null_encoding import null
from finsim.constraints.solver.number_encoding import NUMBERS
from finsim.constraints.solver.truth_encoding import TRUTHS
from finsim.constraints.solver.unknown_bounds import unknown
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.typed_columns import Source


class Encoder(Encoding):
    """Turns nodes into literals and linear forms by the tables of operations."""

    def __init__(self, scene: Scene, rounds: bool = False) -> None:
        super().__init__(scene, rounds)
        self._known: dict[tuple[str, Order | None, Node], Any] = {}
        self._values: dict[Node, float | int | None] = {}

    def truth(self, node: Node) -> Truth:
        """Return a boolean node."""
        return Truth(*self._once("truth", node, TRUTHS[node.op]))

    def number(self, node: Node) -> Linear:
        """Return a node of numbers, money, time or ids."""
        make = unknown if self.is_infinite(node) else NUMBERS[node.op]
        found: Linear = self._once("number", node, make)
        return found

    def null(self, node: Node) -> int:
        """Return the literal that a value is empty; only cells that some rule tests may be."""
        found: int = self._once("null", node, null)
        return found

    def computed(self, node: Node) -> float | int | None:
        """Return the value of a constant expression as the interpreter computes it.

        None when it is undefined, or infinite, which no form can be.
        """
        value = self._evaluated(node)
        return None if value is None or isinf(value) else value

    def is_infinite(self, node: Node) -> bool:
        """Whether a constant expression goes beyond the largest float, such as ``exp(1000)``."""
        if node.op in ("const", "param") or node.type.stored != "f" or not is_constant(node):
            return False
        value = self._evaluated(node)
        return value is not None and isinf(value)

    def _evaluated(self, node: Node) -> float | int | None:
        if node not in self._values:
            self._values[node] = self._interpreted(node)
        return self._values[node]

    def _interpreted(self, node: Node) -> float | int | None:
        source = Source("", pa.table({}), {}, Labels())
        run = Interpreter(World(self.scene.params, source.labels, {}, {}, {}, {}))
        run.begin(Block(source, slice(0, 1), 1))
        values, valid = run.value(node)
        value = np.asarray(values).item()
        if value != value or (valid is not None and not valid):
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
