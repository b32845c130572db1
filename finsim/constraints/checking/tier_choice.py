"""Choose how a table is checked: the interpreter, compiled kernels, or one after the other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finsim.constraints.evaluating.interpreter_pass import Pass
from finsim.constraints.evaluating.rule_counts import FIRST_ROWS, Excused
from finsim.constraints.language.row_order import Order
from finsim.constraints.tables.typed_columns import Source
from finsim.errors import RuleError, did_you_mean

if TYPE_CHECKING:
    from finsim.constraints.compiled.compiled_tier import Compiled

TIERS = ("auto", "numpy", "compiled")
CACHED_ROWS = 2_000_000  # loading machine code takes 0.4 s: what the interpreter needs for so many rows
COMPILE_ROWS = 20_000_000  # compiling takes seconds: below this the interpreter is done before


@dataclass(frozen=True)
class Manner:
    """How rows are judged: rows at a time, excuses, tier, threads. Only excuses change results."""

    blocks: int
    excused: Excused | None
    tier: str
    threads: int


def known_tier(tier: str) -> None:
    """Refuse a tier that does not exist."""
    if tier not in TIERS:
        raise RuleError(f"no tier {tier!r}", place="tier", remedy=did_you_mean(tier, list(TIERS)))


def judged(passes: Sequence[Pass], source: Source, manner: Manner) -> dict[int, int]:
    """Judge all rows of a table in every pass, in the tier that suits; return undefined results by node."""
    undefined: dict[int, int] = {}
    left = list(passes)
    for several in _pairs(passes):
        pair = [one for one in several if one in left]
        if len(pair) > 1 and _together(pair, source, manner):
            undefined.update(pair[0].run.undefined)
            left = [one for one in left if one not in pair]
    for one in left:
        undefined.update(_checked(one, source, manner))
    return undefined


def _pairs(passes: Sequence[Pass]) -> list[list[Pass]]:
    """Return passes that one kernel can run: sorted rows, rows in their current order, single rows."""
    found = []
    for one in passes:
        if one.order is not None and one.order.is_sorted:
            as_they_stand = Order(one.order.group, one.order.by, is_sorted=False)
            others = [other for other in passes if other.order == as_they_stand or other.order is None]
            found += [[one, *others]] if others else []
    return found


def _together(pair: Sequence[Pass], source: Source, manner: Manner) -> bool:
    """Judge passes in one, by kernels, when rows stand in order already; else nothing is judged."""
    if not _may_compile(source, manner):
        return False
    from finsim.constraints.compiled.compiled_tier import Compiled
    from finsim.constraints.compiled.sorted_groups import OutOfOrder

    tallies = [tally for one in pair for tally in one.tallies]
    both = Pass(pair[0].order, tallies, pair[0].run)
    fast = Compiled([tally.rule for tally in tallies], source, both.run.world, manner.excused)
    if not _at_once(fast, source.rows, manner.tier):
        return False
    try:
        by_kernel(both, fast, 0, manner, is_stream=True)
    except OutOfOrder:
        return False
    return True


def _may_compile(source: Source, manner: Manner) -> bool:
    return manner.tier == "compiled" or (manner.tier == "auto" and source.rows >= CACHED_ROWS)


def _checked(one: Pass, source: Source, manner: Manner) -> dict[int, int]:
    """Judge all rows of a table in the tier that suits; return undefined results by node.

    While kernels are being compiled the interpreter works; rules that see single rows change over as
    soon as they are ready.
    """
    rows = source.rows
    if not _may_compile(source, manner):
        one.feed(source, 0, manner.blocks, manner.excused)
        return one.run.undefined
    from finsim.constraints.compiled.compiled_tier import Compiled
    from finsim.constraints.compiled.table_feed import CHUNK

    fast = Compiled([tally.rule for tally in one.tallies], source, one.run.world, manner.excused)
    if _at_once(fast, rows, manner.tier):
        return by_kernel(one, fast, 0, manner)
    if one.order is not None or not _later(rows, manner.tier):
        one.feed(source, 0, manner.blocks, manner.excused)
        return one.run.undefined
    ready, begin = fast.in_background(), 0
    while begin < rows and not ready.done():
        end = min(begin + CHUNK, rows)
        piece = source.piece(source.table.slice(begin, end - begin), begin)
        one.feed(piece, begin, manner.blocks, manner.excused)
        begin = end
    ready.result()
    return one.run.undefined if begin == rows else by_kernel(one, fast, begin, manner)


def _at_once(fast: Compiled, rows: int, tier: str) -> bool:
    """Whether a pass goes to the compiled tier at once."""
    return tier == "compiled" or rows >= COMPILE_ROWS or fast.is_compiled()


def _later(rows: int, tier: str) -> bool:
    """Whether kernels are worth compiling while the interpreter begins."""
    return tier == "auto" and rows >= COMPILE_ROWS // 4 and (os.cpu_count() or 1) > 1


def by_kernel(
    one: Pass, fast: Compiled, begin: int, manner: Manner, is_stream: bool = False
) -> dict[int, int]:
    """Judge the rows from ``begin`` on with kernels; the interpreter explains the first broken rows."""
    from finsim.constraints.compiled.breach_examples import findings

    outcome = fast.check(begin, manner.threads, is_stream)
    wanted = []
    for tally in one.tallies:
        counts = outcome.counts[tally.rule.id]
        tally.take(counts)
        worse = tally.first[-1].row if len(tally.first) == FIRST_ROWS else None
        wanted.append((tally.rule, [row for row in counts.first if worse is None or row < worse]))
    for tally, found in zip(one.tallies, findings(wanted, fast), strict=True):
        tally.first = sorted((*tally.first, *found), key=lambda one: one.row)[:FIRST_ROWS]
    for key, count in outcome.undefined.items():
        one.run.undefined[key] = one.run.undefined.get(key, 0) + count
    return one.run.undefined
