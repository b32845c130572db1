"""What a kernel is written on: lines of text, and the names of columns, constants and counters in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from finsim.constraints.compiled.facts import Facts
from finsim.constraints.expression import Node


@dataclass(frozen=True)
class Leaf:
    """A column of the kernel: a table's column (``node.op`` is "column") or a call worked out before."""

    node: Node
    number: int
    stored: str
    has_valid: bool


@dataclass
class Sheet:
    """The lines of one row; leaves, constants and counters appear as they are used."""

    facts: Facts
    native: Callable[[Node], bool]
    lines: list[str] = field(default_factory=list)
    leaves: dict[int | str, Leaf] = field(default_factory=dict)
    ints: list[tuple[str, object]] = field(default_factory=list)
    floats: list[float] = field(default_factory=list)
    undefined: dict[int, int] = field(default_factory=dict)
    counters: list[str] = field(default_factory=list)
    names: dict[tuple[str, int], str] = field(default_factory=dict)
    truths: dict[str, str] = field(default_factory=dict)
    _fresh: int = 0

    def let(self, text: str) -> str:
        """Write one assignment and return its name."""
        self._fresh += 1
        self.lines.append(f"x{self._fresh} = {text}")
        return f"x{self._fresh}"

    def count(self, text: str) -> int:
        """Count the rows where a truth holds; return the number of the counter."""
        self.counters.append(text)
        return len(self.counters) - 1

    def whole(self, kind: str, value: object) -> str:
        """Return the name of a whole constant; ``kind`` is ``int``, or ``label`` with (column, text)."""
        if (kind, value) not in self.ints:
            self.ints.append((kind, value))
        return f"k{self.ints.index((kind, value))}"

    def real(self, value: float) -> str:
        """Return the name of a float constant."""
        known = [one == value or (one != one and value != value) for one in self.floats]
        place = known.index(True) if True in known else -1
        if place < 0:
            self.floats.append(value)
            place = len(self.floats) - 1
        return f"h{place}"

    def leaf(self, node: Node) -> Leaf:
        """Return the column of the kernel that holds a node."""
        key = str(node.data) if node.op == "column" else id(node)
        if key not in self.leaves:
            stored = node.type.stored
            has_valid = stored != "f" and not self.facts.sure(node)
            self.leaves[key] = Leaf(node, len(self.leaves), stored, has_valid)
        return self.leaves[key]

    def once(self, what: str, node: Node, make: Callable[[Node], str]) -> str:
        """Return a name for something about a node, made when it is first asked for."""
        key = (what, id(node))
        if key not in self.names:
            self.names[key] = make(node)
        return self.names[key]

    def local(self, node: Node) -> bool:
        """Whether a node is a column of labels, which come in the column's own codes."""
        return (
            node.op == "column"
            and node.type.kind in ("cat", "id")
            and self.facts.dtypes[str(node.data)].startswith("local")
        )
