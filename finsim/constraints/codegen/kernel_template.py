"""The code of a kernel around the rules: arguments, constants, the loop over blocks, row loads."""

from __future__ import annotations

from collections.abc import Sequence

from finsim.constraints.codegen.code_buffer import Leaf, Sheet
from finsim.constraints.codegen.column_arrays import plain_dtype
from finsim.constraints.codegen.column_facts import Facts

BLOCK_ROWS = 64
DTYPES = {"f": "float64", "i": "int64", "b": "bool"}
Arguments = tuple[tuple[str, int], ...]


def leaf_arguments(leaves: Sequence[Leaf], facts: Facts) -> Arguments:
    """Return the types of the arrays of some leaves."""
    types: list[tuple[str, int]] = []
    for leaf in leaves:
        is_column = leaf.node.op == "column"
        dtype = plain_dtype(facts.dtypes[str(leaf.node.data)]) if is_column else DTYPES[leaf.stored]
        types += [(dtype, 1), *([("bool", 1)] if leaf.has_valid else [])]
    return tuple(types)


def whole_text(
    sheet: Sheet,
    leaves: Sequence[Leaf],
    others: Sequence[str],
    head: Sequence[str],
    block: Sequence[str],
    tail: Sequence[str],
) -> str:
    """Return the source of a kernel: ``head`` before all blocks, ``block`` in each, ``tail`` after them.

    ``others`` are the arguments after the leaves' arrays; constants are read from ``k`` and ``h`` among them.
    """
    columns, slices = [], []
    asked = [f"l = min(o + {BLOCK_ROWS}, n - 1)"]
    for leaf in leaves:
        n = leaf.number
        asked += [f"ahead(c{n}, l)"] if not leaf.back else []
        columns += [f"c{n}", *([f"d{n}"] if leaf.has_valid else [])]
        slices += [f"v{n} = c{n}[o:o + e]", *([f"u{n} = d{n}[o:o + e]"] if leaf.has_valid else [])]
    lines = ["from numpy import ceil, float64, floor, int64, rint, sqrt, uint64", "", ""]
    lines.append(f"def evaluate({', '.join(['n', *columns, *others])}):")
    body = ["wide()", *(f"k{k} = k[{k}]" for k in range(len(sheet.ints)))]
    body += [f"h{k} = h[{k}]" for k in range(len(sheet.floats))]
    body += [*head, f"for o in range(0, n, {BLOCK_ROWS}):"]
    body += [f"    {line}" for line in (f"e = min({BLOCK_ROWS}, n - o)", *asked, *slices, *block)]
    lines += [f"    {line}" for line in (*body, *tail)]
    return "\n".join(lines) + "\n"
