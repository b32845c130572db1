"""Code buffer for generated kernels: lines, and the names of columns, constants and counters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from finsim.constraints.codegen.column_facts import Facts
from finsim.constraints.language.expression import Node

_SHARED = ("leaves", "near", "running", "annuities", "ints", "floats", "undefined", "counters", "_fresh")


def loop(lines: Sequence[str], count: str = "e") -> list[str]:
    """Return the lines of a loop over some rows of a block."""
    return [f"for i in range({count}):", *(f"    {line}" for line in lines)]


@dataclass(frozen=True)
class Leaf:
    """A column of the kernel: a table's column (``node.op`` is "column") or a call worked out before.

    ``back`` is how many rows before its own a row reads it.
    """

    node: Node
    number: int
    stored: str
    has_valid: bool
    back: int = 0


@dataclass
class Sheet:
    """The lines of one row; leaves, constants and counters appear as they are used.

    ``native`` says which nodes are written as operations, ``woven`` which ones look at rows before and are
    written all the same. ``read`` are the leaves of this sheet, ``near`` the distances at which the kernel
    knows whether a row's group goes back so far, ``running`` the sums that it carries from row to row,
    ``annuities`` the payments whose growth is worked out in loops before.
    """

    facts: Facts
    native: Callable[[Node], bool]
    woven: Callable[[Node], bool]
    lines: list[str] = field(default_factory=list)
    leaves: dict[tuple[int | str, int], Leaf] = field(default_factory=dict)
    read: dict[int, Leaf] = field(default_factory=dict)
    near: list[int] = field(default_factory=list)
    running: list[Node] = field(default_factory=list)
    annuities: list[Node] = field(default_factory=list)
    ints: list[tuple[str, object]] = field(default_factory=list)
    floats: list[float] = field(default_factory=list)
    undefined: dict[int, int] = field(default_factory=dict)
    counters: list[str] = field(default_factory=list)
    names: dict[tuple[str, int], str] = field(default_factory=dict)
    truths: dict[str, str] = field(default_factory=dict)
    _fresh: int = 0

    def beside(self) -> Self:
        """Return a sheet for another loop of the same kernel: it shares all but lines and names of values."""
        other = type(self)(self.facts, self.native, self.woven)
        for name in _SHARED:
            setattr(other, name, getattr(self, name))
        return other

    def let(self, text: str) -> str:
        """Write one assignment and return its name."""
        self._fresh += 1
        self.lines.append(f"x{self._fresh} = {text}")
        return f"x{self._fresh}"

    def count(self, text: str) -> int:
        """Count the rows where a truth holds; return the number of the counter."""
        number = len(self.counters)
        self.counters.append(f"s{number}")
        self.lines.append(f"s{number} += int64({text})")
        return number

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

    def leaf(self, node: Node, back: int = 0) -> Leaf:
        """Return the column of the kernel that holds a node, ``back`` rows before."""
        key = (str(node.data) if node.op == "column" else id(node), back)
        if key not in self.leaves:
            stored = node.type.stored
            has_valid = stored != "f" and not self.facts.sure(node)
            self.leaves[key] = Leaf(node, len(self.leaves), stored, has_valid, back)
        leaf = self.leaves[key]
        self.read[leaf.number] = leaf
        return leaf

    def loads(self) -> list[str]:
        """Return the lines that read a row's leaves from the arrays of the block."""
        lines = []
        for number, leaf in sorted(self.read.items()):
            cast = {"f": "float64({})", "i": "int64({})", "b": "{}"}[leaf.stored]
            lines.append(f"a{number} = {cast.format(f'v{number}[i]')}")
            lines += [f"b{number} = u{number}[i]"] if leaf.has_valid else []
        return lines

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
