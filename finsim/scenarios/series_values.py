"""Values of a series at the positions of an axis: curves evaluated, then met."""

from __future__ import annotations

import numpy as np

from finsim.notation import Float1D
from finsim.scenarios.additive_scale import NEUTRAL, Kind, from_chart, to_chart
from finsim.scenarios.flat_scenario import Curve, Pulse, Series
from finsim.scenarios.timeline import Axis
from finsim.scenarios.timeline import ends as ends_of
from finsim.scenarios.values.meeting import every_curve, met
from finsim.scenarios.values.step_means import Timing, cell_means


def macro(series: Series, axis: Axis, timing: Timing, ends: Float1D, starts: Float1D) -> Float1D:
    """Return macro moves over the spans [starts, ends] of the month axis: 0 at the jump-off, held at last.

    A point in time is straight between step ends and read at ``ends``; averages and flows keep their mean
    over each step (``step_means.py``). Knots are points in time, whatever the variable.
    """
    spans = dict(zip(ends.tolist(), starts.tolist(), strict=True))

    def value(curve: Curve, points: Float1D) -> Float1D:
        if timing == "point" or not curve.path:
            return straight(curve, points)
        begins = np.array([spans[point] for point in points.tolist()])
        return cell_means(np.array(curve.path), edges(curve), begins, points, timing)

    def state(curve: Curve, points: Float1D) -> Float1D:
        if timing == "point" or not curve.path:
            return straight(curve, points)
        return cell_means(np.array(curve.path), edges(curve), points, points, "flow")

    def edges(curve: Curve) -> Float1D:
        found: Float1D = np.r_[axis.origin(curve.start), axis.at(ends_of(axis.clock, curve))]
        return found

    def straight(curve: Curve, points: Float1D) -> Float1D:
        at, values = _nodes(curve, axis)
        found: Float1D = np.interp(points, np.r_[axis.origin(curve.start), at], np.r_[0.0, values])
        return found

    return met(series, ends, value, axis.origin, state)


def held(series: Series, axis: Axis) -> Float1D:
    """Return values that hold within each step and are neutral before the start and after the horizon."""
    return met(series, _closes(axis), lambda curve, _: _held(curve, series.kind, axis), axis.origin)


def fading(series: Series, axis: Axis) -> Float1D:
    """Return what ``held`` returns, but led back to neutral over one further step after the horizon.

    The way back is straight in the chart of the series.
    """

    def value(curve: Curve, _: Float1D) -> Float1D:
        found = _held(curve, series.kind, axis)
        if curve.constant is None and not curve.path:
            return found
        last = curve.constant if curve.constant is not None else curve.path[-1]
        end, size = _end(curve, axis)
        left = np.clip(1.0 - (axis.points + 1.0 - end) / size, 0.0, 1.0)
        tail = from_chart(series.kind, left * to_chart(series.kind, np.full(axis.size, last)))
        return np.where(axis.points + 1.0 > end, tail, found)

    return met(series, _closes(axis), value, axis.origin)


def nodes(series: Series, axis: Axis) -> tuple[Float1D, Float1D]:
    """Return the positions where a series of levels is given, and its values there.

    Several curves meet on the union of their positions; between its own positions a curve is straight
    in the chart, and it holds its last value.
    """
    if len(series.curves) == 1 and not series.parts and series.floor is None:
        return _nodes(series.curves[0], axis)
    union = np.unique(np.concatenate([np.zeros(0), *_positions(series, axis)]))
    return union, between_nodes(series, axis, union)


def _positions(series: Series, axis: Axis) -> list[Float1D]:
    """Return the positions at which the curves of a series are given; a later part cuts off the former."""
    found = [_nodes(curve, axis)[0] for curve in series.curves]
    starts = [axis.origin(part.since) for part in series.parts]
    for i, part in enumerate(series.parts):
        stop = min(starts[i + 1 :], default=np.inf) if series.combine == "last" else np.inf
        found += [at[at <= stop] for at in _positions(part, axis)]
    return found


def between_nodes(series: Series, axis: Axis, points: Float1D) -> Float1D:
    """Return a series of levels at any positions, straight in the chart between the given ones."""

    def value(curve: Curve, wanted: Float1D) -> Float1D:
        at, values = _nodes(curve, axis)
        at, chart = np.r_[axis.origin(curve.start), at], np.r_[0.0, to_chart(series.kind, values)]
        found = from_chart(series.kind, np.interp(wanted, at, chart))
        given = np.searchsorted(at[1:], wanted).clip(max=len(values) - 1)
        return np.where(at[1:][given] == wanted, values[given], found)

    return met(series, points, value, axis.origin, value)


def jumps(series: Series, axis: Axis) -> Float1D:
    """Return the moves within one session, in percent: float64[sessions], 0 where there is none."""

    def value(curve: Curve, _: Float1D) -> Float1D:
        found = np.zeros(axis.size)
        for knot in curve.knots:
            session = round(axis.position(curve.start, knot.unit, knot.at))
            if 0 < session < axis.size:
                found[session] += np.log1p(knot.value / 100.0)
        return 100.0 * np.expm1(found)

    return met(series, axis.points, value, axis.origin)


def moves(series: Series) -> bool:
    """Tell whether any number of a series differs from neutral."""
    neutral = NEUTRAL[series.kind]
    return any(
        value != neutral
        for curve in every_curve(series)
        for value in (
            *curve.path,
            *(knot.value for knot in curve.knots),
            neutral if curve.constant is None else curve.constant,
            curve.pulse.peak if curve.pulse else neutral,
        )
    )


def _closes(axis: Axis) -> Float1D:
    """Return the ends of positions: a session belongs to the step in which it closes, a day to its own."""
    return axis.points + (1.0 if axis.unit == "day" else 0.0)


def _nodes(curve: Curve, axis: Axis) -> tuple[Float1D, Float1D]:
    """Return the positions and values of one curve, sorted; a knot wins over a step end at its position."""
    placed: dict[float, float] = {}
    if curve.path:
        placed = dict(zip(axis.at(ends_of(axis.clock, curve)).tolist(), curve.path, strict=True))
    for knot in curve.knots:
        placed[axis.position(curve.start, knot.unit, knot.at)] = knot.value
    at = sorted(placed)
    return np.array(at), np.array([placed[x] for x in at])


def _end(curve: Curve, axis: Axis) -> tuple[float, float]:
    """Return the position of the horizon's end and the length of its last step."""
    last = axis.at(ends_of(axis.clock, curve))
    before = float(last[-2]) if len(last) > 1 else axis.origin(curve.start)
    return float(last[-1]), max(float(last[-1]) - before, 1.0)


def _held(curve: Curve, kind: Kind, axis: Axis) -> Float1D:
    neutral = NEUTRAL[kind]
    begin = start = axis.origin(curve.start)
    closes = _closes(axis)
    last = axis.at(ends_of(axis.clock, curve))
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
