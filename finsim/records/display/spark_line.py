"""A spark line: a few dozen numbers as a small inline SVG in the color of the text around it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

WIDTH, HEIGHT, MOST_POINTS = 220, 36, 120


def spark_line(values: Sequence[float], label: str = "") -> str:
    """Return an ``<svg>`` of the finite values, empty for fewer than two; long lines are thinned."""
    points = np.asarray(values, dtype=np.float64)
    points = points[np.isfinite(points)]
    if len(points) < 2:
        return ""
    if len(points) > MOST_POINTS:
        points = points[np.linspace(0, len(points) - 1, MOST_POINTS).round().astype(int)]
    low, high = float(points.min()), float(points.max())
    # Halved before subtraction: the span of two huge numbers overflows.
    span = high / 2 - low / 2
    share = (points / 2 - low / 2) / span if span > 0 else np.full(len(points), 0.5)
    x = np.linspace(2, WIDTH - 2, len(points))
    y = HEIGHT - 3 - share * (HEIGHT - 6)
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(label)}"><polyline points="{line}" fill="none" stroke="currentColor" '
        'stroke-width="1.5"/></svg>'
    )
