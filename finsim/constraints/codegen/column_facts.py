"""Static column facts: nullability and value ranges, known before any row is read.

A rule whose operands cannot be null needs no count of undecided rows; a product that cannot leave 64
bits needs no check. Both are decided here, from types, null counts and guards of the kernel.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from finsim.constraints.language.expression import Node

TAME = 75.0  # decimal digits of a float column below which no rule's arithmetic overflows
_WILD = math.inf
_OVERFLOW = 300.0
_INT_BITS = {
    "int8": 7.0,
    "int16": 15.0,
    "int32": 31.0,
    "uint8": 8.0,
    "uint16": 16.0,
    "uint32": 32.0,
    "bool": 1.0,
}
_LARGEST_BITS = 60.0  # 10**18 < 2**60: the largest whole number a table may hold
_SAFE_BITS = 61.0
_LEAST_TICK = 1e-100
_TOTAL = frozenset(("abs", "min", "max", "clamp", "floor", "ceil", "days", "on_tick", "lag"))
_NO_LARGER = ("abs", "min", "max", "clamp", "lag")
_AS_LARGE = (*_NO_LARGER, "floor", "ceil", "coalesce")
_SUMS = frozenset(("cumsum", "sum_day", "sum_in", "count_in"))  # only a time may be null


@dataclass(frozen=True)
class Facts:
    """What is known of a pass.

    ``dtypes`` are the stored types of its columns; ``nullable`` the columns in which empty cells (or
    numbers beyond 10**75, which could overflow) were seen; ``params`` the values of parameters. ``keys`` are
    the stored types of the columns by which rows are in order, the first ``groups`` of them those of groups.
    """

    dtypes: Mapping[str, str]
    nullable: frozenset[str]
    params: Mapping[str, object]
    keys: tuple[str, ...] = ()
    groups: int = 0
    _sizes: dict[int, float] = field(default_factory=dict, compare=False)
    _sure: dict[int, bool] = field(default_factory=dict, compare=False)

    def sure(self, node: Node) -> bool:
        """Whether a node is never null."""
        if id(node) not in self._sure:
            self._sure[id(node)] = self._is_sure(node)
        return self._sure[id(node)]

    def _is_sure(self, node: Node) -> bool:
        if node.op in ("const", "param"):
            return True
        if node.op == "column":
            return str(node.data) not in self.nullable
        if node.op == "isnull":
            return True
        if node.op == "call" and node.data[0] in ("annuity", "sqrt", "round"):
            return False
        if node.op == "call" and node.data[0] == "coalesce":
            return any(self.sure(arg) for arg in node.args)
        if node.op == "call" and node.data[0] in _SUMS:
            return node.type.stored == "i" and (node.data[0] == "cumsum" or self.sure(node.args[-1]))
        if node.op == "call" and node.data[0] == "lag" and len(node.args) == 1:
            return False
        if node.op == "call" and node.data[0] == "on_tick" and not self.steady_tick(node):
            return False
        if node.op == "call" and node.data[0] not in _TOTAL:
            return False
        if node.op == "/" and not self.nonzero(node.args[1]):
            return False
        if node.op == "*" and node.type.stored == "i" and not self.product_fits(node):
            return False
        if node.type.stored == "f" and self.size(node) > _OVERFLOW:
            return False
        return all(self.sure(arg) for arg in node.args)

    def steady_tick(self, node: Node) -> bool:
        """Whether the tick of ``on_tick`` is a constant float that a price can be divided by."""
        value = self.constant(node.args[1])
        return isinstance(value, int | float) and abs(value) > _LEAST_TICK and node.args[0].type.stored == "f"

    def nonzero(self, node: Node) -> bool:
        """Whether a node is a constant other than zero."""
        value = self.constant(node)
        return isinstance(value, int | float) and value != 0

    def constant(self, node: Node) -> object:
        """Return the value of a constant, a parameter, or one of them as a float; else None."""
        if node.op == "const":
            return node.data
        if node.op == "param":
            return self.params[str(node.data)]
        return self.constant(node.args[0]) if node.op == "float" else None

    def size(self, node: Node) -> float:
        """Return the decimal logarithm that the magnitude of a float cannot exceed (infinite: unknown)."""
        if id(node) not in self._sizes:
            self._sizes[id(node)] = self._size(node)
        return self._sizes[id(node)]

    def _size(self, node: Node) -> float:
        value = self.constant(node)
        if isinstance(value, int | float):
            return math.log10(abs(value)) if value and math.isfinite(value) else (0.0 if not value else _WILD)
        if node.type.stored != "f":
            return self.bits(node) * math.log10(2) if node.type.stored == "i" else 0.0
        if node.op == "column":
            return TAME if str(node.data) not in self.nullable else _WILD
        sizes = [self.size(arg) for arg in node.args if arg.type.stored != "b"]
        if node.op in ("+", "-"):
            return max(sizes) + math.log10(2)
        if node.op == "*":
            return sum(sizes)
        if node.op == "/" and self.nonzero(node.args[1]):
            return sizes[0] - sizes[1]
        plain = node.op in ("neg", "if", "float") or (node.op == "call" and node.data[0] in _AS_LARGE)
        return max(sizes) + 1.0 if plain else _WILD

    def bits(self, node: Node) -> float:
        """Return how many bits the magnitude of a whole number can need (64: any)."""
        value = self.constant(node)
        if isinstance(value, int):
            return float(max(abs(value).bit_length(), 1))
        if node.op == "column":
            return _INT_BITS.get(self.dtypes.get(str(node.data), ""), _LARGEST_BITS)
        if node.op == "integer":
            return 1.0
        if node.op in ("+", "-") and node.type.stored == "i":
            return min(max(self.bits(arg) for arg in node.args) + 1, 64.0)
        if node.op in ("neg", "if") or (node.op == "call" and node.data[0] in _NO_LARGER):
            return max(self.bits(arg) for arg in node.args if arg.type.stored == "i")
        if node.op in ("*", "rescale"):
            factor = math.log2(int(str(node.data))) if node.op == "rescale" else self.bits(node.args[1])
            return min(self.bits(node.args[0]) + factor, 64.0)
        return 64.0

    def product_fits(self, node: Node) -> bool:
        """Whether a product of whole numbers stays below 2**62."""
        return sum(self.bits(arg) for arg in node.args) < _SAFE_BITS
