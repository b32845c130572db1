"""Overlay of a scenario on market features: levels, volatility, correlation, jumps; the body keeps its shape.

The return of asset a on session t becomes mean + m_t sigma_t (M_t z_t) + j_t + d_t, with z the body's
innovations over their local volatility, m the volatility multiplier of single assets, M the correlation map,
j the jump and d the bridge that makes anchored levels exact, of the index or of an asset with its own beta.
Source: mode 2 (overlay) of the scenario notes; d_t proportional to the covariance of session t with what is
anchored has least relative entropy among drifts that reach the levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from finsim.errors import Problem, RecordError, ScenarioError, StudyError, did_you_mean
from finsim.markets.blend import blend_maps
from finsim.markets.body_statistics import local_volatility
from finsim.markets.features import Encoding
from finsim.markets.index_bridge import asset_multiplier, index_drift, single_name
from finsim.notation import Float1D, Float2D, Float3D
from finsim.records.drivers import Anchor, Drivers
from finsim.records.paths import DIFFERENCE


def stress(
    features: Float3D, encoding: Encoding, drivers: Drivers, betas: Mapping[str, float] | None = None
) -> Float3D:
    """Return features float64[N, T, C] under the drivers; each path depends on itself alone.

    Row 0 is the jump-off bar and stays. On every path the equally weighted index of all prices that ``betas``
    does not name stands on each anchor, and each of them follows by its own covariance with the index; an
    asset that ``betas`` names stands on beta x move itself. ``vol_mult`` is that of the index: other assets
    get it on what they have in common, and less on their own part (``index_bridge.asset_multiplier``). Levels
    such as yields follow an equity driver only where ``betas`` names them: they then change by beta x move,
    in their own unit. The bid-ask spread is multiplied by ``spread_mult`` and widens with volatility. Where
    no series moves and nothing is anchored the input array itself is returned. After the last anchor the body
    goes on, unbridged.
    Raises RecordError when T is not the clock's, ScenarioError for a level at or below zero, anchors out
    of order or a correlation blend outside [0, 1), StudyError for a beta of an unknown asset.
    """
    if features.shape[1] != drivers.clock.sessions:
        raise RecordError(f"{features.shape[1]} rows", expected=f"{drivers.clock.sessions} sessions")
    beta = beta_of(encoding.assets, betas)
    if is_still(drivers, "spread" in encoding.fields):
        return features
    beta[[a for a in encoding.where(DIFFERENCE) if encoding.assets[a] not in (betas or {})]] = np.nan
    free = followers(encoding.assets, encoding.where(DIFFERENCE), betas)
    levels = _levels(drivers, encoding, beta)
    jumps = _jumps(drivers, encoding, beta)
    blend, index = drivers.market_series("corr_blend"), drivers.market_series("vol_mult")
    prices = [a for a in range(len(encoding.assets)) if a not in encoding.where(DIFFERENCE)]
    inner = np.array(encoding.body.correlation)[np.ix_(prices, prices)]
    mult = np.ones((len(index), len(encoding.assets)))
    mult[:] = single_name(index, blend)[:, None]  # also a level that is no price, such as a yield
    mult[:, prices] = asset_multiplier(index, blend, inner)
    stressed = _overlaid(features, encoding, mult, blend, jumps, (levels, free))
    if "spread" in encoding.fields:
        _widen_spread(encoding.split(stressed), encoding, drivers, mult)
    return stressed


def followers(assets: tuple[str, ...], levels: Sequence[int], betas: Mapping[str, float] | None) -> list[int]:
    """Return the assets that follow the index: prices and returns that ``betas`` does not name."""
    return [a for a, name in enumerate(assets) if a not in levels and name not in (betas or {})]


def is_still(drivers: Drivers, quoted: bool = False) -> bool:
    """Tell whether the drivers leave market features as they are: severity 0, or nothing moves them.

    Multiples of the spread move bars only where they are ``quoted``.
    """
    anchored = any(anchor.session < drivers.clock.sessions for anchor in drivers.anchors)
    mult, blend, jump = (drivers.market_series(name) for name in ("vol_mult", "corr_blend", "jump"))
    spread = drivers.market_series("spread_mult")
    moved = anchored or bool(
        np.any(mult != 1) or np.any(blend != 0) or np.any(jump != 0) or (quoted and np.any(spread != 1))
    )
    return drivers.severity == 0 or not moved


def beta_of(assets: tuple[str, ...], betas: Mapping[str, float] | None) -> Float1D:
    """Return the beta of each asset, 1 where none is given; raises StudyError for an unknown asset."""
    given = betas or {}
    unknown = [name for name in given if name not in assets]
    if unknown:
        raise StudyError.of(
            Problem("betas", f"no asset is called {name!r}", "", did_you_mean(name, assets))
            for name in unknown
        )
    return np.array([float(given.get(name, 1.0)) for name in assets])


@dataclass(frozen=True)
class _Level:
    """Move from jump-off that every path must show at the close of ``session``, per asset; NaN: any.

    ``index`` is the log move of the index.
    """

    session: int
    move: Float1D
    index: float


def _levels(drivers: Drivers, encoding: Encoding, beta: Float1D) -> list[_Level]:
    assets, levels = encoding.assets, list(encoding.where(DIFFERENCE))
    anchors = [anchor for anchor in drivers.anchors if anchor.session < drivers.clock.sessions]
    sessions = [anchor.session for anchor in anchors]
    if sessions != sorted(set(sessions)) or (sessions and sessions[0] < 1):
        raise ScenarioError(
            f"anchor sessions {sessions}",
            place=drivers.scenario,
            expected="increasing sessions, the first after the jump-off bar",
            remedy="put troughs and step ends in order of time, no two on one session",
        )
    wanted = [np.array([value * anchor.move for value in beta]) for anchor in anchors]
    impossible = [
        (anchor, a)
        for anchor, move in zip(anchors, wanted, strict=True)
        for a in np.flatnonzero(move <= -1)
        if a not in levels
    ]
    if impossible:
        raise ScenarioError.of(_too_deep(drivers, anchor, assets[a], beta[a]) for anchor, a in impossible)
    return [
        _Level(anchor.session, _own_scale(move, levels), float(np.log1p(anchor.move)))
        for anchor, move in zip(anchors, wanted, strict=True)
    ]


def _own_scale(move: Float1D, levels: list[int]) -> Float1D:
    """Return log moves of prices, and moves of levels as they are."""
    found = np.array(move)
    prices = [a for a in range(len(move)) if a not in levels]
    found[prices] = np.log1p(move[prices])
    return found


def _too_deep(drivers: Drivers, anchor: Anchor, asset: str, beta: float) -> Problem:
    return Problem(
        f"{drivers.scenario}, session {anchor.session}",
        f"{asset} would move by beta {beta:g} x {anchor.move:+.1%} = {beta * anchor.move:+.1%}",
        "a price above zero",
        f"lower the beta of {asset} below {1 / -anchor.move:.2f}" if beta > 0 else "use a milder severity",
    )


def _jumps(drivers: Drivers, encoding: Encoding, beta: Float1D) -> Float2D:
    """Jumps float64[T, A] on each asset's own scale: the simple jump of the driver times beta."""
    assets, levels = encoding.assets, list(encoding.where(DIFFERENCE))
    driver = drivers.market_series("jump")[:, None]
    moves = np.expm1(driver) * np.nan_to_num(beta)
    whole = moves <= -1
    whole[:, levels] = False
    if bool(np.any(whole)):
        session, a = np.argwhere(whole)[0]
        anchor = Anchor(int(session), float(np.expm1(driver[session, 0])))
        raise ScenarioError.of([_too_deep(drivers, anchor, assets[a], float(beta[a]))])
    scaled = np.array(moves)
    prices = [a for a in range(len(assets)) if a not in levels]
    scaled[:, prices] = np.where(beta[prices] == 1, driver, np.log1p(moves[:, prices]))
    return scaled


def _overlaid(
    features: Float3D,
    encoding: Encoding,
    mult: Float2D,
    blend: Float1D,
    jumps: Float2D,
    goals: tuple[list[_Level], list[int]],
) -> Float3D:
    levels, free = goals
    body = encoding.body
    stressed = np.array(features, dtype=np.float64)
    part = encoding.split(stressed)
    innovations = part[..., 0] - np.array(body.mean)
    local = local_volatility(innovations, np.array(body.sigma))
    maps = blend_maps(np.array(body.correlation), blend)
    scale = np.where(np.arange(len(mult))[:, None] > 0, mult, 1.0)
    added = _mixed(innovations, local, maps, scale) - innovations + jumps
    added[:, 0] = 0.0
    part[..., 0] += added
    drift = _bridge(part[..., 0], local * scale, levels)
    if len(free) > 1 and levels:
        inner = np.array(body.correlation)[np.ix_(free, free)]
        steps = [(level.session, float(level.index)) for level in levels]
        drift[..., free] = index_drift(part[..., free, 0], (local * scale)[..., free], blend, inner, steps)
    part[..., 0] += drift
    if "gap" in encoding.fields:
        night = part[..., 1] - np.array(body.overnight_mean)
        moved = _mixed(night, local, maps, scale) - night + (jumps + drift) * np.array(body.overnight_share)
        moved[:, 0] = 0.0
        part[..., 1] += moved
        _scale_shadows(part, scale)
    if "volume" in encoding.fields:
        volume = encoding.fields.index("volume")
        part[..., volume] += np.log(scale) * np.array(body.volume_elasticity)
    return stressed


def _widen_spread(part: Float3D, encoding: Encoding, drivers: Drivers, mult: Float2D) -> None:
    """Multiply the spread of [N, T, A, fields] in place by the scenario's multiple, and by volatility's."""
    elasticity = np.array(encoding.body.spread_elasticity)
    wider = np.log(drivers.market_series("spread_mult"))[:, None] + np.log(mult) * elasticity
    wider[0] = 0.0
    part[..., encoding.fields.index("spread")] += wider


def _mixed(values: Float3D, local: Float3D, maps: Float3D, scale: Float2D) -> Float3D:
    """Map values over their local volatility, put the volatility back and scale: float64[N, T, A]."""
    turned = np.einsum("tab,ntb->nta", maps, values / local)
    mixed: Float3D = turned * local * scale
    same = (maps == np.eye(maps.shape[1])).all(axis=(1, 2))
    mixed[:, same] = values[:, same] * scale[same]
    return mixed


def _bridge(returns: Float3D, spread: Float3D, levels: list[_Level]) -> Float3D:
    """Drifts float64[N, T, A], proportional to ``spread`` squared, that put the close on every level."""
    drift = np.zeros_like(returns)
    session, reached = 0, np.zeros(returns.shape[2])
    for level in levels:
        piece = slice(session + 1, level.session + 1)
        missing = np.nan_to_num((level.move - reached) - returns[:, piece].sum(axis=1))
        weight = spread[:, piece] ** 2
        drift[:, piece] = weight * (missing / weight.sum(axis=1))[:, None]
        session, reached = level.session, level.move
    return drift


def _scale_shadows(part: Float3D, scale: Float2D) -> None:
    """Multiply the positive shadows of [N, T, A, fields] in place; a zero shadow stays zero."""
    shadows = part[..., 2:4]
    root = np.cbrt(scale)[:, :, None]
    np.multiply(shadows, root, out=shadows, where=shadows > 0)
