"""Choose how a table is checked: the interpreter, compiled kernels, or one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finsim.constraints.evaluating.rule_counts import FIRST_ROWS, Excused
from finsim.constraints.evaluating.rule_passes import Pass, cut
from finsim.constraints.language.row_order import Order
from finsim.constraints.tables.group_layout import Arrangement
from finsim.constraints.tables.presorted_rows import Standing
from finsim.constraints.tables.typed_columns import Source
from finsim.errors import RuleError, did_you_mean

if TYPE_CHECKING:
    from finsim.constraints.compiled.compiled_tier import Compiled

TIERS = ("auto", "interpreter", "compiled")
KERNEL_ROWS = 300_000  # loading numba and machine code takes what the interpreter needs for so many rows
_STEP = 262_144  # rows the interpreter judges before it looks whether kernels are ready


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
        remedy = "use `interpreter`" if tier == "numpy" else did_you_mean(tier, list(TIERS))
        raise RuleError(f"no tier {tier!r}", place="tier", expected=", ".join(TIERS), remedy=remedy)


def judged(passes: Sequence[Pass], source: Source, manner: Manner) -> dict[int, int]:
    """Judge all rows of a table in every pass, in the tier that suits; return undefined results by node."""
    left = list(passes)
    if not may_compile(source.rows, manner.tier):
        for one in left:
            one.feed(source, 0, manner.blocks, manner.excused)
    else:
        for sharing in (*_sharing(passes), *([one] for one in passes)):
            several = [one for one in sharing if one in left]
            if several and _is_judged(several, source, manner):
                left = [one for one in left if one not in several]
    return _undefined(passes)


def may_compile(rows: int, tier: str) -> bool:
    """Whether kernels may judge a table of so many rows."""
    return tier == "compiled" or (tier == "auto" and rows >= KERNEL_ROWS)


def _sharing(passes: Sequence[Pass]) -> list[list[Pass]]:
    """Return passes that one kernel can run: sorted rows, rows in their current order, single rows."""
    found = []
    for one in passes:
        if one.order is not None and one.order.is_sorted:
            as_they_stand = Order(one.order.group, one.order.by, is_sorted=False)
            others = [other for other in passes if other.order == as_they_stand or other.order is None]
            found += [[one, *others]] if others else []
    return found


def _is_judged(several: Sequence[Pass], source: Source, manner: Manner) -> bool:
    """Judge the rows of passes by one kernel; nothing is judged where several need an order not there.

    Where the kernel has to be compiled first, the interpreter begins meanwhile.
    """
    from finsim.constraints.compiled.compiled_tier import Compiled, Uncompiled
    from finsim.constraints.compiled.sorted_groups import OutOfOrder, may_stand_in_order

    first, is_shared = several[0], len(several) > 1
    if is_shared and first.order is not None and not may_stand_in_order(first.order, source):
        return False
    tallies = [tally for one in several for tally in one.tallies]
    both = Pass(first.order, tallies, first.run)
    fast = Compiled([tally.rule for tally in tallies], source, first.run.world, manner.excused)
    fast.may_wait = manner.tier == "compiled"
    try:
        by_kernel(both, fast, 0, manner, is_stream=is_shared)
    except OutOfOrder:
        return False
    except Uncompiled:
        return _begun_by_interpreter(several, both, fast, source, manner)
    return True


def _begun_by_interpreter(
    several: Sequence[Pass], both: Pass, fast: Compiled, source: Source, manner: Manner
) -> bool:
    """Judge rows by the interpreter, and from the next group on by the kernel as soon as it is compiled."""
    from finsim.constraints.compiled.compiled_tier import Uncompiled

    placed = [fast.placed or one.arrangement(source) for one in several]
    if len(several) > 1 and not all(one is None or isinstance(one, Standing) for one in placed):
        return False
    if isinstance(placed[0], Arrangement):
        fast.placed = placed[0]
    begin, rows = 0, source.rows
    while begin < rows:
        ready = fast.in_background()
        is_ready = ready.done() and ready.result()
        end = min(begin + max(_STEP, manner.blocks), rows)
        end = _next_group(placed[0], begin, rows) if is_ready else end
        for one, where in zip(several, placed, strict=True):
            for low in range(begin, end, manner.blocks):
                block, numbers = cut(source, where, low, min(low + manner.blocks, end), closed=True)
                one.judge(block, numbers, manner.excused)
        begin = end
        if is_ready and begin < rows:
            both.run.undefined = _undefined(several)
            try:
                by_kernel(both, fast, begin, manner)
            except Uncompiled:  # a column is not as it was taken to be: another kernel
                continue
            return True
    return True


def _next_group(placed: Arrangement | Standing | None, begin: int, rows: int) -> int:
    return begin if placed is None else placed.next_group(begin, rows)


def _undefined(several: Sequence[Pass]) -> dict[int, int]:
    """Return the undefined results that passes have counted on the same rows."""
    found: dict[int, int] = {}
    for one in several:
        for key, count in one.run.undefined.items():
            found[key] = max(count, found.get(key, 0))
    return found


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
