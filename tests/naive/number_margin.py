"""Plain twin of the cells of a margin: one cell at a time, by its own words."""

import numpy as np

from finsim.generators.margins.grains import BINS, COARSE, grained_sizes


def values(margin, places, draws):
    return np.array([_cell(margin, *one) for one in zip(places.tolist(), draws.tolist(), strict=True)])


def levels(single, edges, levels, inside, draws, margin):
    found = []
    for level, part, draw in zip(levels.tolist(), inside.tolist(), draws.tolist(), strict=True):
        low, high = (edges[level - 1], edges[level]) if level else (0.0, 0.0)
        alone = not level or not np.isnan(single[level])
        found.append(single[level] if alone else _cell(margin, low + part * (high - low), draw))
    return np.array(found)


def _cell(margin, place, draw):
    bounds = margin.pieces()
    piece = int(np.clip(np.searchsorted(bounds, place, side="right") - 1, 0, len(bounds) - 2))
    if piece % 2:
        return margin.atoms[piece // 2]
    if not len(margin.knots):
        return margin.atoms[-1]
    edges = np.concatenate([[0.0], margin.below])
    width = max(bounds[piece + 1] - bounds[piece], 1e-300)
    inside = min(max((place - bounds[piece]) / width, 0.0), 1.0)
    first, last = edges[piece // 2], edges[piece // 2 + 1]
    return _smooth(margin, first + inside * (last - first), draw)


def _smooth(margin, rank, draw):
    knots, step, grain = margin.knots, margin.step, margin.grain
    plain = float(np.interp(rank, np.linspace(0.0, 1.0, len(knots)), knots))
    part = min(int(rank * BINS), BINS - 1)
    level = sum(draw >= share for share in margin.rounding[part])
    coarse = [*grained_sizes(step, grain)[::-1]]
    size = [*coarse, grain or step, step][level]
    coarser = [np.inf, *coarse, grain or np.inf][level]
    cell = np.round(plain / size) * size if size > 0 else plain
    is_kept = -step < knots[0] < 0.0 and cell == 0
    is_apart = size > 0 and np.isfinite(coarser) and coarser > 1.5 * size
    if is_apart and not is_kept and abs(cell - np.round(cell / coarser) * coarser) < size / 4:
        cell += -size if plain < cell else size
    if len(margin.endings.cents) and level == len(COARSE):
        taken = margin.rounding[part, -1]
        single = (draw - taken) / max(1.0 - taken, 1e-12)
        bins, is_plain = np.array([part]), np.array([True])
        cell = float(margin.endings.moved(np.array([cell]), bins, np.array([single]), is_plain)[0])
    if not knots[0] <= cell <= knots[-1]:
        cell = _on_grid(plain, step)
    cell = _on_grid(min(max(cell, knots[0]), knots[-1]), step)
    if not grain or level > len(COARSE):
        return cell
    low, high = np.ceil(knots[0] / grain), np.floor(knots[-1] / grain)
    return _on_grid(min(max(np.round(cell / grain), low), high) * grain, step)


def _on_grid(value, step):
    if step <= 0.0:
        return value
    decimals = round(-np.log10(step))
    if decimals > 0 and np.isclose(step, 10.0**-decimals):
        return float(np.round(value, decimals))
    return float(np.round(value / step) * step)
