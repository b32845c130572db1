"""Bounds on float64 rounding of exact results: off by at most half a unit in the last place.

With ``Encoding.rounds`` every float operation is a number of its own, tied to the exact result by facts that
hold for every row: error bounds (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 2.2),
monotony (an exact number on one side of a float is not rounded to the other), and no error where both the
result and its parts are multiples of a step that is coarse enough. A result beyond ``LARGEST`` stands for
infinity; cells are finite. What is then refuted is refuted for every such row of floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd

from finsim.constraints.language.expression import Node
from finsim.constraints.solver.encoder_state import Encoding
from finsim.constraints.solver.linear_forms import LARGEST, ONE, ZERO, Linear, fixed, float_after, float_below
from finsim.constraints.solver.unknown_bounds import compared_quotient

HALF_STEP = Fraction(1, 2**53)  # of a float, relative to it
HALF_LEAST = Fraction(1, 2**1075)  # of the smallest float, where products and quotients underflow
WHOLE, LONGEST = Fraction(10**18), Fraction(2**63)  # of whole numbers, and of times in nanoseconds
STEPS = 2**53  # so many steps are counted without a gap


def nearest(value: Fraction) -> Fraction:
    """Return the float next to an exact number; beyond the largest the number itself."""
    return Fraction(float(value)) if abs(value) <= LARGEST else value


def rounded(run: Encoding, exact: Linear, may_vanish: bool = False) -> Linear:
    """Return the float64 that an operation with this exact result gives.

    ``may_vanish`` is for products and quotients, which can be too small for a float; sums never are.
    """
    if not run.rounds or _is_float(run, exact):
        return exact
    if not exact.terms:
        return fixed(nearest(exact.constant))
    key = (frozenset(exact.terms.items()), exact.constant)
    if key not in run.rounded:
        run.rounded[key] = _result(run, exact, HALF_LEAST if may_vanish else ZERO)
    return run.rounded[key]


def _result(run: Encoding, exact: Linear, least: Fraction) -> Linear:
    """Return a new number that may differ from its exact value by rounding, or less than ``least``."""
    grid, size = _grid(run, exact), _size(run, exact)
    fits = -run.forms.true
    if grid is not None and grid >= 2 * HALF_LEAST:
        is_small = size is not None and size <= STEPS * grid
        fits = run.forms.true if is_small else within(run, exact, STEPS * grid)
    if fits == run.forms.true and len(exact.terms) == 1 and not exact.constant:
        return exact
    new = run.forms.number(whole=False)
    (name,) = new.terms
    run.exact[name] = exact
    run.grids |= {} if grid is None else {name: grid}
    if size is not None and size < LARGEST / 2:  # else it may be infinity, which no size holds
        run.sizes[name] = size * (1 + HALF_STEP) + least
    if fits == run.forms.true:
        run.forms.fact(run.forms.same_number(new, exact))
        return new
    _bounded(run, exact, new, least)
    run.forms.fact(-fits, run.forms.same_number(new, exact))
    return new


def _is_float(run: Encoding, value: Linear) -> bool:
    """Whether a form is a float in every row: a column, a result, or one of these without its sign."""
    if len(value.terms) != 1 or value.constant:
        return False
    ((name, factor),) = value.terms.items()
    return abs(factor) == 1 and name in run.forms.floats


def _bounded(run: Encoding, exact: Linear, new: Linear, least: Fraction) -> None:
    """State how far a result may be from its exact value, and on which side of zero it lies."""
    forms, zero = run.forms, fixed(0)
    share = ZERO if _is_scaled_float(run, exact) else HALF_STEP
    size = _size(run, exact)
    is_small = size is not None and size <= LARGEST
    for sign in (ONE, -ONE):
        value, found = exact.times(sign), new.times(sign)
        other_side = forms.below(value, zero, strict=True)
        is_large = -forms.true if is_small else forms.below(fixed(LARGEST), value, strict=True)
        low, high = value.times(1 - share).plus(fixed(-least)), value.times(1 + share).plus(fixed(least))
        forms.fact(other_side, forms.below(zero, found))
        forms.fact(other_side, is_large, forms.below(low, found))
        forms.fact(other_side, is_large, forms.below(found, high))
        forms.fact(-is_large, forms.below(fixed(LARGEST), found))


def _is_scaled_float(run: Encoding, value: Linear) -> bool:
    """Whether a form is a float times a power of two: then only the smallest are rounded."""
    if len(value.terms) != 1 or value.constant:
        return False
    ((name, factor),) = value.terms.items()
    powers = _is_power(factor.numerator) and _is_power(factor.denominator)
    return powers and _is_float(run, Linear({name: ONE}))


def _is_power(value: int) -> bool:
    return abs(value) & (abs(value) - 1) == 0


def limited(run: Encoding, column: Linear, node: Node) -> None:
    """State how large a cell can be: floats are finite, and larger whole numbers are refused."""
    if node.type.kind != "id":
        ((name, _),) = column.terms.items()
        most = WHOLE if node.type.kind in ("int", "money") else LONGEST
        run.sizes[name] = LARGEST if node.type.stored == "f" else most
        run.forms.fact(within(run, column, run.sizes[name]))


def _size(run: Encoding, value: Linear) -> Fraction | None:
    """Return what a form cannot exceed in any row, either way; None when that is not known."""
    total = abs(value.constant)
    for name, factor in value.terms.items():
        if name not in run.sizes:
            return None
        total += abs(factor) * run.sizes[name]
    return total


def within(run: Encoding, value: Linear, size: Fraction) -> int:
    """Return the literal that a form lies between ``-size`` and ``size``."""
    return run.forms.all_of((run.forms.below(value, fixed(size)), run.forms.below(fixed(-size), value)))


def _grid(run: Encoding, value: Linear) -> Fraction | None:
    """Return a power of two of which a form is a multiple in every row; None when none is known."""
    steps: list[Fraction | None] = [_lowest(value.constant)] if value.constant else [Fraction(STEPS)]
    for name, factor in value.terms.items():
        own, step = ONE if name in run.forms.search.whole else run.grids.get(name), _lowest(factor)
        steps.append(None if own is None or step is None else own * step)
    known = [one for one in steps if one is not None]
    return min(known) if len(known) == len(steps) else None


def _lowest(value: Fraction) -> Fraction | None:
    """Return the largest power of two that divides a fraction of powers of two; None for another."""
    if not _is_power(value.denominator):
        return None
    return Fraction(gcd(value.numerator, 2**1100), value.denominator)


def share_grid(run: Encoding, new: Linear, parts: Sequence[Linear]) -> None:
    """Note that a new number is always one of some forms."""
    if not run.rounds:
        return
    ((name, _),) = new.terms.items()
    sizes = [_size(run, part) for part in parts]
    run.sizes |= {} if None in sizes else {name: max(one for one in sizes if one is not None)}
    grids = [_grid(run, part) for part in parts]
    known = [one for one in grids if one is not None]
    if len(known) == len(grids):
        run.grids[name] = min(known)


def ordered_alike(run: Encoding, low: Linear, high: Linear) -> None:
    """State that rounding keeps order: exact results that lie one way are never rounded to lie the other."""
    for value, other in ((low, high), (high, low)):
        if not other.terms and abs(other.constant) < LARGEST:
            for exact in _sources(run, value)[1:]:
                _beside(run, exact, value, other.constant)
    for one in _sources(run, low) if high.terms else ():
        for two in _sources(run, high) if low.terms else ():
            if one is not low or two is not high:
                _implies(run, one, two, run.forms.below(low, high))
                _implies(run, two, one, run.forms.below(high, low))


def _beside(run: Encoding, exact: Linear, value: Linear, limit: Fraction) -> None:
    """State to which of the floats around a limit, two by two, an exact number is rounded."""
    for last in dict.fromkeys((float_below(limit), float_below(limit, strict=True))):
        following = float_after(last)
        middle = fixed((last + following) / 2)
        _implies(run, exact, middle, run.forms.below(value, fixed(last)), strict=True)
        _implies(run, middle, exact, run.forms.below(fixed(following), value), strict=True)


def _implies(run: Encoding, low: Linear, high: Linear, result: int, strict: bool = False) -> None:
    """State that ``result`` is true where ``low <= high`` (``<`` when strict)."""
    given = run.forms.below(low, high, strict)
    compared_quotient(run, low.plus(high, -ONE), given, strict)
    run.forms.fact(-given, result)


def _sources(run: Encoding, value: Linear) -> list[Linear]:
    """Return a form, and the exact number of which it is the nearest float."""
    if len(value.terms) == 1 and not value.constant:
        ((name, factor),) = value.terms.items()
        if name in run.exact and abs(factor) == 1:
            return [value, run.exact[name].times(factor)]
    return [value]


def opposite_infinities(run: Encoding, node: Node) -> int:
    """Return the literal that a sum of floats is null: infinity less infinity."""
    left, right = (run.number(arg) for arg in node.args)
    right = right if node.op == "+" else right.times(-ONE)
    forms, limit = run.forms, fixed(LARGEST)
    ways = []
    for sign in (ONE, -ONE):
        up, down = left.times(sign), right.times(-sign)
        ways.append(forms.all_of((forms.below(limit, up, True), forms.below(limit, down, True))))
    return forms.any_of(ways)
