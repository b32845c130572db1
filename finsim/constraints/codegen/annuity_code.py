"""The level payment of an annuity in a kernel: (1 + r)**n - 1 by repeated squaring.

The interpreter's ``level_payment`` does the same steps. Beside the loop of the rules they stand in loops of
their own, a few bits of n at a time, and as many of these as the longest term of a block needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from finsim.constraints.codegen.code_buffer import Sheet, loop
from finsim.constraints.evaluating.row_functions import ANNUITY_BITS
from finsim.constraints.language.expression import Node

_TOGETHER = 4
ROOM = (("m", "=float64"), ("n", "=float64"), ("o", "=int64"), ("e", "=float64"))  # arrays of one block


def level(sheet: Sheet, node: Node, args: Sequence[str]) -> str:
    """Return the name of the payment; ``args`` are the names of amount, rate and number of periods."""
    rate, count = args[1:]
    whole = _whole(sheet, rate, count)
    left = sheet.let(f"int64({count} if {whole} else {sheet.real(0.0)})")
    grown, _ = _squared(sheet, left, sheet.real(0.0), rate, ANNUITY_BITS)
    _count_undefined(sheet, node, whole, [f"{name} == {name}" for name in args])
    return _paid(sheet, args, grown, whole)


def level_after(sheet: Sheet, node: Node, amount: str, place: int) -> str:
    """Return the name of the payment where ``growth`` came before, in the arrays of a ``place``."""
    grown, rate, count = (sheet.let(f"{name}{place}[i]") for name in ("m", "n", "o"))
    whole = sheet.let(f"{count} > 0")
    real = sheet.let(f"float64({count})")
    _count_undefined(sheet, node, whole, [f"{amount} == {amount}", f"{rate} == {rate}", f"{count} >= 0"])
    return _paid(sheet, (amount, rate, real), grown, whole)


def growth(sheet: Sheet, node: Node, rate: str, count: str, place: int) -> list[str]:
    """Return the loops that write growth, rate and number of periods (0: no payment, -1: null) of a block."""
    whole = _whole(sheet, rate, count)
    left = sheet.let(f"int64({count} if {whole} else {sheet.real(0.0)})")
    known = left if sheet.facts.sure(node.args[2]) else f"{left} - int64({count} != {count})"
    grown, step = _squared(sheet, left, sheet.real(0.0), rate, _TOGETHER, is_last=False)
    kept = [f"m{place}[i] = {grown}", f"e{place}[i] = {step}"]
    begin = [*sheet.loads(), *sheet.lines, *kept, f"n{place}[i] = {rate}", f"o{place}[i] = {known}"]
    other = sheet.beside()
    bits = other.let(f"o{place}[i] >> b")
    grown, step = _squared(other, bits, f"m{place}[i]", f"e{place}[i]", _TOGETHER, is_last=False)
    more = loop([*other.lines, f"m{place}[i] = {grown}", f"e{place}[i] = {step}"])
    return [
        "u = int64(0)",
        *loop([*begin, f"u |= {left}"]),
        f"for b in range({_TOGETHER}, {ANNUITY_BITS}, {_TOGETHER}):",
        "    if u >> b != 0:",
        *(f"        {line}" for line in more),
    ]


def _whole(sheet: Sheet, rate: str, count: str) -> str:
    """Return the name of "there is a payment": a whole number of periods, not too many, and money left."""
    zero, least, most = (sheet.real(value) for value in (0.0, -1.0, 2.0**ANNUITY_BITS))
    bad = sheet.let(f"({count} <= {zero}) | ({rate} <= {least}) | ({count} >= {most})")
    return sheet.let(f"({count} == floor({count})) & (not {bad})")


def _squared(
    sheet: Sheet, left: str, grown: str, step: str, bits: int, is_last: bool = True
) -> tuple[str, str]:
    """Return the names of growth and step after some more bits of the number of periods."""
    one, two = sheet.real(1.0), sheet.real(2.0)
    for bit in range(bits):
        here = sheet.let(f"(({left} >> {bit}) & 1) == 1")
        grown = sheet.let(f"{grown} + {step} * ({one} + {grown}) if {here} else {grown}")
        if not is_last or bit + 1 < bits:
            step = sheet.let(f"{step} * ({two} + {step})")
    return grown, step


def _paid(sheet: Sheet, args: Sequence[str], grown: str, whole: str) -> str:
    amount, rate, count = args
    flat = sheet.let(f"{rate} == {sheet.real(0.0)}")
    top = sheet.let(f"{sheet.real(1.0)} if {flat} else {rate}")
    bottom = sheet.let(f"{count} if {flat} else {grown}")
    payment = sheet.let(f"{amount} * ({rate} + {top} / {bottom})")
    return sheet.let(f"{payment} if {whole} else {sheet.real(float('nan'))}")


def _count_undefined(sheet: Sheet, node: Node, whole: str, known: Sequence[str]) -> None:
    """Count the rows without a payment in which nothing is null; ``known`` are tests of the arguments."""
    tests = [f"not {whole}"]
    tests += [test for arg, test in zip(node.args, known, strict=True) if not sheet.facts.sure(arg)]
    sheet.undefined[id(node)] = sheet.count(sheet.let(" & ".join(f"({test})" for test in tests)))
