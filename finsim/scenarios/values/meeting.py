"""How the curves of one quantity meet: they add, the higher or lower one holds, or the last one goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from finsim.notation import Float1D
from finsim.scenarios.additive_scale import NEUTRAL, from_chart, to_chart
from finsim.scenarios.flat_scenario import Curve, Offset, Series

Leaf = Callable[[Curve, Float1D], Float1D]
"""A curve and positions -> its values there."""
Origin = Callable[[Offset], float]
NOW = Offset()


def met(series: Series, points: Float1D, leaf: Leaf, origin: Origin, state: Leaf | None = None) -> Float1D:
    """Return the values of a series at positions of an axis: float64 of the shape of ``points``.

    Curves add in the chart of the kind. Parts meet by the series' rule, each from its own start on:
    ``last`` lets the later part go on, for moves that last from what ``state`` gives for its start.
    ``origin`` gives the position of a start. The floor comes last and never moves an unstressed world.
    """
    found = _whole(series, points, leaf, origin, state)
    return found if series.floor is None else np.maximum(found, min(series.floor, 0.0))


def joined(one: Series, two: Series, rule: str) -> Series:
    """Return the series in which two meet by ``add``, ``max``, ``min`` or ``last`` (the second is later).

    Adding, max and min do not depend on the order; max and min of a series with itself is the series.
    """
    floors = [floor for floor in (one.floor, two.floor) if floor is not None]
    floor = max(floors, default=None)
    one, two = replace(one, floor=None), replace(two, floor=None)
    if rule == "add":
        return replace(_added(one, two), floor=floor)
    parts = (*_flat(one, rule), *_flat(two, rule))
    if rule != "last":
        parts = tuple(sorted(dict.fromkeys(parts), key=repr))
        if len(parts) == 1:
            return replace(parts[0], floor=floor)
    return Series(one.kind, one.unit, (), combine=rule, floor=floor, parts=parts, since=one.since)


def shifted(series: Series, start: Offset) -> Series:
    """Return a series that begins later."""
    return replace(
        series,
        curves=tuple(replace(curve, start=curve.start.plus(start)) for curve in series.curves),
        parts=tuple(shifted(part, start) for part in series.parts),
        since=series.since.plus(start),
    )


def every_curve(series: Series) -> Iterator[Curve]:
    """Yield the curves of a series and of its parts."""
    yield from series.curves
    for part in series.parts:
        yield from every_curve(part)


def _added(one: Series, two: Series) -> Series:
    if one.parts and two.parts:
        parts = tuple(sorted((*_flat(one, "add"), *_flat(two, "add")), key=repr))
        return Series(one.kind, one.unit, (), parts=parts)
    curves = tuple(sorted((*one.curves, *two.curves), key=repr))
    owner = one if one.parts else two
    return replace(owner, curves=curves, since=NOW if not owner.parts else owner.since)


def _flat(series: Series, rule: str) -> tuple[Series, ...]:
    """Return the parts of a series that is nothing but such a meeting, else the series itself."""
    return series.parts if series.parts and not series.curves and series.combine == rule else (series,)


def _whole(series: Series, points: Float1D, leaf: Leaf, origin: Origin, state: Leaf | None) -> Float1D:
    values = [leaf(curve, points) for curve in series.curves]
    if series.parts:
        values.append(_parts(series, points, leaf, origin, state))
    if not values:
        return np.full(len(points), NEUTRAL[series.kind])
    total = values[0]
    if len(values) > 1:
        chart = to_chart(series.kind, values[0])
        for other in values[1:]:
            chart = chart + to_chart(series.kind, other)
        total = from_chart(series.kind, chart)
    return total


def _parts(series: Series, points: Float1D, leaf: Leaf, origin: Origin, state: Leaf | None) -> Float1D:
    kind, rule = series.kind, series.combine
    values = [_whole(part, points, leaf, origin, state) for part in series.parts]
    if rule == "add":
        charts = [to_chart(kind, value) for value in values]
        return from_chart(kind, np.sum(charts, axis=0))
    starts = [0.0 if part.since == NOW else origin(part.since) for part in series.parts]
    if rule in ("max", "min"):
        silent = -np.inf if rule == "max" else np.inf
        spoken = np.array(
            [
                np.where(points > start, value, silent) if start > 0.0 else value
                for value, start in zip(values, starts, strict=True)
            ]
        )
        found = spoken.max(axis=0) if rule == "max" else spoken.min(axis=0)
        return np.where(np.isfinite(found), found, NEUTRAL[kind])
    total = values[0]
    for i in range(1, len(values)):
        after = values[i]
        if state and starts[i] > 0.0:
            before = replace(series, curves=(), parts=series.parts[:i])
            reached = _parts(before, np.array([starts[i]]), state, origin, state)
            after = from_chart(kind, to_chart(kind, after) + to_chart(kind, reached))
        total = np.where(points > starts[i], after, total) if starts[i] > 0.0 else after
    return total
