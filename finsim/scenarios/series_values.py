"""Values of a series at the positions of an axis: curves evaluated, then added."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from finsim.notation import Float1D
from finsim.scenarios.additive_scale import NEUTRAL, Kind, from_chart, to_chart
from finsim.scenarios.flat_scenario import Curve, Pulse, Series
from finsim.scenarios.timeline import Axis, ends


def linear(series: Series, axis: Axis) -> Float1D:
    """Return moves that are straight between step ends, 0 at the jump-off, held after the last one."""
    return linear_at(series, axis, axis.points)


def linear_at(series: Series, axis: Axis, points: Float1D) -> Float1D:
    """Return what ``linear`` returns, at any positions of the axis."""

    def value(curve: Curve) -> Float1D:
        at, values = _nodes(curve, axis)
        found: Float1D = np.interp(points, np.r_[axis.origin(curve.start), at], np.r_[0.0, values])
        return found

    return _sum(series, value)


def held(series: Series, axis: Axis) -> Float1D:
    """Return values that hold within each step and are neutral before the start and after the horizon."""
    return _sum(series, lambda curve: _held(curve, series.kind, axis))


def fading(series: Series, axis: Axis) -> Float1D:
    """Return what ``held`` returns, but led back to neutral over one further step after the horizon.

    The way back is straight in the chart of the series.
    """

    def value(curve: Curve) -> Float1D:
        found = _held(curve, series.kind, axis)
        if curve.constant is None and not curve.path:
            return found
        last = curve.constant if curve.constant is not None else curve.path[-1]
        end, size = _end(curve, axis)
        left = np.clip(1.0 - (axis.points + 1.0 - end) / size, 0.0, 1.0)
        tail = from_chart(series.kind, left * to_chart(series.kind, np.full(axis.size, last)))
        return np.where(axis.points + 1.0 > end, tail, found)

    return _sum(series, value)


def nodes(series: Series, axis: Axis) -> tuple[Float1D, Float1D]:
    """Return the positions where a series of levels is given, and its values there.

    Several curves meet on the union of their positions; between its own positions a curve is straight
    in the chart, and it holds its last value.
    """
    placed = [_nodes(curve, axis) for curve in series.curves]
    if len(placed) == 1:
        return placed[0]
    union = np.unique(np.concatenate([at for at, _ in placed]))
    return union, between_nodes(series, axis, union)


def between_nodes(series: Series, axis: Axis, points: Float1D) -> Float1D:
    """Return a series of levels at any positions, straight in the chart between the given ones."""

    def value(curve: Curve) -> Float1D:
        at, values = _nodes(curve, axis)
        at, chart = np.r_[axis.origin(curve.start), at], np.r_[0.0, to_chart(series.kind, values)]
        found = from_chart(series.kind, np.interp(points, at, chart))
        given = np.searchsorted(at[1:], points).clip(max=len(values) - 1)
        return np.where(at[1:][given] == points, values[given], found)

    return _sum(series, value)


def moves(series: Series) -> bool:
    """Tell whether any number of a series differs from neutral."""
    neutral = NEUTRAL[series.kind]
    return any(
        value != neutral
        for curve in series.curves
        for value in (
            *curve.path,
            *(knot.value for knot in curve.knots),
            neutral if curve.constant is None else curve.constant,
            curve.pulse.peak if curve.pulse else neutral,
        )
    )


def _sum(series: Series, value: Callable[[Curve], Float1D]) -> Float1D:
    """Add the curves in the chart; levels first meet by the series' rule; the floor comes last."""
    kind, values = series.kind, [value(curve) for curve in series.curves]
    if series.combine in ("max", "min"):
        levels = [v for v, curve in zip(values, series.curves, strict=True) if curve.level]
        values = [v for v, curve in zip(values, series.curves, strict=True) if not curve.level]
        meet = np.maximum if series.combine == "max" else np.minimum
        values += [meet.reduce(levels)] if levels else []
    total = values[0]
    if len(values) > 1:
        chart = to_chart(kind, values[0])
        for other in values[1:]:
            chart = chart + to_chart(kind, other)
        total = from_chart(kind, chart)
    # A floor above the jump-off must not move a world that is not stressed.
    return total if series.floor is None else np.maximum(total, min(series.floor, 0.0))


def _nodes(curve: Curve, axis: Axis) -> tuple[Float1D, Float1D]:
    """Return the positions and values of one curve, sorted; a knot wins over a step end at its position."""
    placed: dict[float, float] = {}
    if curve.path:
        placed = dict(zip(axis.at(ends(axis.clock, curve)).tolist(), curve.path, strict=True))
    for knot in curve.knots:
        placed[axis.position(curve.start, knot.unit, knot.at)] = knot.value
    at = sorted(placed)
    return np.array(at), np.array([placed[x] for x in at])


def _end(curve: Curve, axis: Axis) -> tuple[float, float]:
    """Return the position of the horizon's end and the length of its last step."""
    last = axis.at(ends(axis.clock, curve))
    before = float(last[-2]) if len(last) > 1 else axis.origin(curve.start)
    return float(last[-1]), max(float(last[-1]) - before, 1.0)


def _held(curve: Curve, kind: Kind, axis: Axis) -> Float1D:
    neutral = NEUTRAL[kind]
    begin = start = axis.origin(curve.start)
    # A session belongs to the step in which it closes, a day to the step in which it ends.
    closes = axis.points + (1.0 if axis.unit == "day" else 0.0)
    last = axis.at(ends(axis.clock, curve))
    inside = (closes > begin) & (closes <= last[-1])
    if curve.constant is not None:
        values = np.full(axis.size, curve.constant)
    elif curve.path:
        step = np.searchsorted(last, closes, side="left").clip(max=curve.length - 1)
        values = np.array(curve.path)[step]
    elif curve.knots:
        at, given = _nodes(curve, axis)
        chart = np.r_[0.0, to_chart(kind, given)]
        values = from_chart(kind, np.interp(axis.points, np.r_[start, at], chart))
    else:
        assert curve.pulse is not None
        shape = _shape(curve.pulse, curve, axis)
        values = from_chart(kind, shape * to_chart(kind, np.full(axis.size, curve.pulse.peak)))
        values = np.where(shape == 1.0, curve.pulse.peak, values)
    return np.where(inside, values, neutral)


def _shape(pulse: Pulse, curve: Curve, axis: Axis) -> Float1D:
    """Return the height of a pulse in the chart: 0 before the ramp, 1 on the plateau, then decaying."""

    def after(amount: float) -> float:
        return axis.position(curve.start, pulse.unit, amount)

    top, ramp = after(pulse.at), after(pulse.at) - after(max(pulse.at - pulse.ramp, 0.0))
    over = after(pulse.at + pulse.plateau)
    half_life = max(after(pulse.at + pulse.plateau + pulse.half_life) - over, 1e-9)
    points = axis.points
    rise = np.clip(1.0 - (top - points) / ramp, 0.0, 1.0) if ramp > 0.0 else (points >= top) * 1.0
    decay = np.exp2(-np.maximum(points - over, 0.0) / half_life)
    shape: Float1D = np.where(points < top, rise, decay)
    return shape
