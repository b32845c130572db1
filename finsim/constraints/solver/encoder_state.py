"""``Encoding``: state and interface shared by the encoders of the solver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction

from finsim.constraints.language.expression import Node
from finsim.constraints.language.row_order import Order
from finsim.constraints.solver.linear_forms import Forms, Linear
from finsim.constraints.solver.node_traits import Scene, Truth, is_ordered

_TEXT_CODES = 10**30  # labels as numbers, away from every whole number of a table


class Encoding(ABC):
    """Nodes as literals and linear forms of one ``Forms``; each node once for each order of rows.

    ``rounds`` says whether float arithmetic is that of float64 or exact (see ``float_error_bounds``).
    Then ``exact`` has the number before rounding by result, ``rounded`` the result by number, ``grids`` a
    power of two that divides a number, and ``sizes`` how large it can be.
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

    @abstractmethod
    def truth(self, node: Node) -> Truth:
        """Return a boolean node."""

    @abstractmethod
    def number(self, node: Node) -> Linear:
        """Return a node of numbers, money, time or ids."""

    @abstractmethod
    def null(self, node: Node) -> int:
        """Return the literal that a value is empty; only cells that some rule tests may be."""

    @abstractmethod
    def computed(self, node: Node) -> float | int | None:
        """Return the value of a constant expression as the interpreter computes it, if it is finite."""

    @abstractmethod
    def is_infinite(self, node: Node) -> bool:
        """Whether a constant expression goes beyond the largest float."""
