"""Code at the start of a block: row successors, running sums and growth, before the rules.

Loops of many rows at once write to arrays of one block; only the sums themselves go row by row.
"""

from __future__ import annotations

from dataclasses import dataclass

from finsim.constraints.codegen.annuity_code import ROOM, growth
from finsim.constraints.codegen.code_buffer import loop
from finsim.constraints.codegen.column_facts import Facts
from finsim.constraints.codegen.kernel_writer import Writer
from finsim.constraints.language.expression import Node
from finsim.constraints.language.types import DAY_NANOS

_EVEN = (DAY_NANOS & -DAY_NANOS).bit_length() - 1  # a day is an odd number times two to this power


@dataclass(frozen=True)
class Stages:
    """The text of the stages.

    ``keys`` are the arrays of keys that the kernel reads: which key, and how many rows before the block.
    ``near`` are the distances of its flags, ``sums`` and ``annuities`` how many of them there are.
    """

    keys: tuple[tuple[int, int], ...]
    near: tuple[int, ...]
    sums: int
    annuities: int
    lines: tuple[str, ...]

    @property
    def arguments(self) -> tuple[tuple[str, tuple[str, int]], ...]:
        """Names and types of the arrays of blocks; those of keys have the type of the key."""
        flags = tuple((f"l{k}", ("=bool", 1)) for k in range(len(self.near)))
        sums = tuple((f"{name}{k}", ("=int64", 1)) for k in range(self.sums) for name in ("f", "y"))
        grown = tuple((f"{name}{k}", (kind, 1)) for k in range(self.annuities) for name, kind in ROOM)
        return (*flags, *sums, *grown)


def stages_for(writer: Writer, facts: Facts) -> Stages:
    """Return the stages before the rules of a writer."""
    last, lines = writer.beside(), []
    for place, node in enumerate(writer.running):
        lines += _terms(last, node, place)
        last = last.beside()
    for place, node in enumerate(writer.annuities):
        rate, count = (last.value(arg) for arg in node.args[1:])
        lines += growth(last, node, rate, count, place)
        last = last.beside()
    keys: list[tuple[int, int]] = []
    cuts: list[str] = []
    if facts.keys:
        keys, followed = _followed(last, facts)
        cuts = [f"j{number} = g{number}[o:o + e]" for number in range(len(keys))]
        lines = [*followed, *lines]
    annuities = len(writer.annuities)
    return Stages(tuple(keys), tuple(writer.near), len(writer.running), annuities, (*cuts, *lines))


def _terms(writer: Writer, node: Node, place: int) -> list[str]:
    """Return the loops of one running sum: its terms and where it goes on, then the sum itself."""
    x = node.args[0]
    term, flag = writer.value(x), writer.valid(x)
    if flag:
        term = writer.let(f"{term} if {flag} else {writer.whole('int', 0)}")
    goes_on = writer.goes_back(1)
    if node.data[0] == "sum_day":
        now, then = (_day(writer, node.args[-1], back) for back in (0, 1))
        goes_on = writer.let(f"{goes_on} & ({now} == {then})")
    outs = [f"f{place}[i] = {term}", f"y{place}[i] = -int64({goes_on})"]
    added = [f"z{place} = (z{place} & y{place}[i]) + f{place}[i]", f"f{place}[i] = z{place}"]
    state = place + 1
    rows = loop([*writer.loads(), *writer.lines, *outs])
    return [*rows, f"z{place} = r[{state}]", *loop(added), f"r[{state}] = z{place}"]


def _day(writer: Writer, time: Node, back: int) -> str:
    """Return the name of the day of a time, as a float.

    In the odd part of a day's nanoseconds a time has at most 48 bits: half a unit is added, so that the
    rounding of the product (below 2**-35) can reach no whole day.
    """
    stamp = f"a{writer.leaf(time, back).number}"
    unit = writer.real(1.0 / (DAY_NANOS >> _EVEN))
    return writer.let(f"floor((float64({stamp} >> {_EVEN}) + {writer.real(0.5)}) * {unit})")


def _followed(writer: Writer, facts: Facts) -> tuple[list[tuple[int, int]], list[str]]:
    """Return the loops that find who follows whom, and whether a row steps back, with the keys they read."""
    keys: list[tuple[int, int]] = []

    def key(place: int, back: int) -> str:
        if (place, back) not in keys:
            keys.append((place, back))
        return f"j{keys.index((place, back))}[i]"

    tied, downs, outs = "", [], []
    for place in range(len(facts.keys)):
        before, here = key(place, 1), key(place, 0)
        down = f"{here} < {before}"
        downs.append(writer.let(f"{tied} & ({down})" if tied else down))
        equal = f"{here} == {before}"
        tied = writer.let(f"{tied} & ({equal})" if tied else equal)
        if place + 1 == facts.groups:
            same = tied
    for number, back in enumerate(writer.near):
        parts = [f"({key(place, 0)} == {key(place, back)})" for place in range(facts.groups)]
        outs.append(f"l{number}[i] = {same if back == 1 else ' & '.join(parts)}")
    lines = loop([*writer.lines, f"y |= {' | '.join(downs)}", *outs])
    for number, back in enumerate(writer.near):  # no row of the table stands so far before these
        lines += loop([f"l{number}[i] = not 1"], f"min(e, {back} - r[0] - o)")
    return keys, lines
