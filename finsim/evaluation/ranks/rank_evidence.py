"""The distance of a real path from many synthetic ones, beside the distance of each from the rest."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.metric import Evidence
from finsim.evaluation.ranks.equal_lengths import EqualLengths
from finsim.evaluation.ranks.folded_intervals import folded_interval, shrunk_interval
from finsim.evaluation.resampling import Distance, Estimates
from finsim.extras import Later
from finsim.notation import Float1D, Float2D

special = Later("scipy.special", "evaluate")

WANTED = 200


def rank_evidence(found: Estimates, distance: Distance, cut: EqualLengths, normal: bool = False) -> Evidence:
    """Return the evidence of a statistic of one real path among the ``found.paths`` of the synthetic side.

    A single statistic is ranked on the side on which the real path lies, and the chance is doubled; several
    are ranked by their distance from the mean. ``normal`` says that it is nearly so over paths. A part
    without a value (a flat path) is left out and told.
    """
    assert cut.groups is not None
    assert found.paths is not None
    kept = np.asarray(np.isfinite(found.paths).all(axis=1))
    if 2 * kept.sum() < len(kept) or not np.isfinite(found.real).all():
        return Evidence(np.nan, np.full(2, np.nan), np.full(2, np.nan))
    paths = found.paths[kept]
    middle = paths.mean(axis=0)
    value = float(distance(middle[None], found.real[None])[0])
    noise = found.synthetic_draws - found.synthetic_draws.mean(axis=0)
    noise = noise[np.isfinite(noise).all(axis=1)] * small_sample_factor(len(paths))
    left, right = _pairs(paths, middle, cut, bool(kept.all()))
    floors = distance(left, right)
    told = _told(cut, len(kept) - int(kept.sum()))
    if len(middle) > 1:
        interval = shrunk_interval(middle, noise, found.real, distance)
        floors = floors[np.isfinite(floors)]
        return Evidence(value, noise, floors, interval=interval, told=told)
    upwards = 1.0 if found.real[0] >= middle[0] else -1.0
    signed = upwards * np.sign(right - left)[:, 0] * floors
    signed = signed[np.isfinite(signed)]
    interval = folded_interval(middle + noise, found.real, distance)
    floor = float(np.median(np.abs(signed)))
    return Evidence(
        value,
        noise,
        signed,
        interval=interval,
        told=told,
        floor=floor,
        two_sided=True,
        freedom=(len(paths) - 1) * normal,
    )


def small_sample_factor(count: int) -> float:
    """Return how much wider the bootstrap of a mean of ``count`` paths must be (n - 1, Student's law)."""
    freedom = max(count - 1, 1)
    return float(np.sqrt(count / freedom) * special.stdtrit(freedom, 0.975) / special.ndtri(0.975))


def _pairs(paths: Float2D, middle: Float1D, cut: EqualLengths, whole: bool) -> tuple[Float2D, Float2D]:
    """Return (mean of the others, path) pairs, or (mean, scaled mean of a group) where parts are averaged."""
    assert cut.groups is not None
    count = len(paths)
    if cut.groups.shape[1] == 1:
        return (count * middle - paths) / (count - 1), paths
    groups = cut.groups if whole else cut.groups % count
    apart = cut.scale * (paths[groups].mean(axis=1) - middle)
    return np.broadcast_to(middle, apart.shape), middle + apart


def _told(cut: EqualLengths, without: int) -> str:
    count = cut.own.count
    told = f"rank among {count} synthetic paths of {cut.own.steps} rows"
    told += f" ({WANTED} or more are wanted)" if count < WANTED else ""
    told += f"; {without} of them without a value" if without else ""
    return told + "; interval for this real path"
