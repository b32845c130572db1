"""``Node`` -> what the solver knows: a number as a linear form, a truth as two literals, a label as choices.

Whatever is not linear, or looks at other rows or tables, becomes an unknown of its own: equal expressions
are one node, so one unknown. What is then refuted is refuted for every value of the unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.constraints.columns import Labels, Source
from finsim.constraints.expression import Node
from finsim.constraints.interpreter import Block, Interpreter, World
from finsim.constraints.order import Order
from finsim.constraints.solver.forms import Forms, Linear
from finsim.constraints.solver.linear import NUMBERS
from finsim.constraints.solver.nulls import null
from finsim.constraints.solver.traits import Scene, Truth, is_ordered
from finsim.constraints.solver.truths import TRUTHS

_TEXT_CODES = 10**30  # labels as numbers, away from every whole number of a table


class Encoder:
    """Turns nodes into literals and linear forms of one ``Forms``; each node once for each order of rows.

    ``rounds`` says whether float arithmetic is that of float64 or exact (see ``roundoff``). Then ``exact``
    has the number before rounding by result, ``rounded`` the result by number, ``grids`` a power of two
    that divides a number, and ``sizes`` how large it can be.
    """

    def __init__(self, scene: Scene, rounds: bool = False) -> None:
        self.scene: Scene = scene
        self.rounds = rounds
        self.exact: dict[int, Linear] = {}
        self.rounded: dict[tuple[frozenset[tuple[int, Fraction]], Fraction], Linear] = {}
        self.grids: dict[int, Fraction] = {}
        self.sizes: dict[int, Fraction] = {}
        self.forms = Forms(has_floats=rounds)
        self.order: Order | None = None
        self.unknowns: dict[Node, str] = {}
        self.closed: dict[int, Node] = {}
        self.quotients: dict[int, tuple[Linear, Linear]] = {}
        self.numbers: dict[Node, Linear] = {}
        self.flags: dict[Node, int] = {}
        self.columns: dict[str, Node] = {}
        self.ties: list[tuple[Linear, Linear]] = []
        self.choices: dict[tuple[Order | None, Node], dict[str | None, int]] = {}
        self._known: dict[tuple[str, Order | None, Node], Any] = {}
        self._ordered: dict[Node, bool] = {}
        self._codes: dict[str, int] = {}

    def begin(self, order: Order | None) -> None:
        """Start a rule; ``unknowns`` then collects the parts of it that are not analysed, with reasons."""
        self.order, self.unknowns = order, {}

    def key(self, node: Node) -> tuple[Order | None, Node]:
        """Return what names the value of a node: the order of rows counts only where it is looked at."""
        if node not in self._ordered:
            self._ordered[node] = is_ordered(node)
        return (self.order if self._ordered[node] else None, node)

    def truth(self, node: Node) -> Truth:
        """Return a boolean node."""
        return Truth(*self._once("truth", node, TRUTHS[node.op]))

    def number(self, node: Node) -> Linear:
        """Return a node of numbers, money, time or ids."""
        found: Linear = self._once("number", node, NUMBERS[node.op])
        return found

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

    def null(self, node: Node) -> int:
        """Return the literal that a value is empty; only cells that some rule tests may be."""
        found: int = self._once("null", node, null)
        return found

    def filled(self, literal: int, nodes: Sequence[Node]) -> Truth:
        """Return the truth of a literal that is unknown when one of the nodes is empty."""
        empty = self.forms.any_of(self.null(node) for node in nodes)
        return Truth(self.forms.all_of((literal, -empty)), self.forms.all_of((-literal, -empty)))

    def literal(self, value: object) -> Linear:
        """Return a constant as an exact number.

        A float is the decimal it is written as, and its very own value where floats are rounded.
        """
        if isinstance(value, float) and self.rounds:
            return Linear({}, Fraction(value))
        if isinstance(value, str):
            code = self._codes.setdefault(value, len(self._codes))
            return Linear({}, Fraction(_TEXT_CODES + code))
        return Linear({}, Fraction(repr(value)) if isinstance(value, float) else Fraction(str(value)))

    @property
    def text_of(self) -> dict[int, str]:
        """The labels that stand as numbers among ids: number -> label."""
        return {_TEXT_CODES + code: text for text, code in self._codes.items()}

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
