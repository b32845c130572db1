"""Bars <-> stationary real features: any finite features decode to valid bars, real bars come back exactly.

Channels of an asset, in this order: ``return`` log(C_t / C_t-1), ``gap`` log(O_t / C_t-1), ``upper`` and
``lower`` the roots of the shadows log(H / max(O, C)) and log(min(O, C) / L), ``volume`` log(1 + V) less a
slow trend. A shadow u >= 0 becomes x = (u / scale)^(1/3), which makes an exponential variable nearly normal
(Wilson and Hilferty 1931); an exact zero becomes NO_SHADOW, and every x <= 0 decodes to an exact zero.
``spread`` is the log of log(ask / bid) at the close. Series that are levels have differences where prices
have logarithms of ratios (``scale``); series of returns have log(1 + r) as ``return``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from finsim.errors import RecordError
from finsim.markets.body_statistics import Body, describe_body
from finsim.markets.encoding import FIELDS_OF, QUOTED, Encoding
from finsim.markets.scale import LEVEL_LIMIT, MOVE_LIMIT, VOLUME_LIMIT, Scale
from finsim.markets.volume_trend import volume_decimals, volume_trend, volume_weekdays
from finsim.notation import Array, Dates1D, Float1D, Float2D, Float3D
from finsim.records.paths import DIFFERENCE, PRICE, RETURN, Paths

__all__ = [
    "LEVEL_LIMIT", "MOVE_LIMIT", "NO_SHADOW", "SPREADS", "VOLUME_LIMIT", "Encoding", "decode", "encode",
    "recode", "round_to_tick",
]  # fmt: skip

NO_SHADOW = -0.25
"""The code of an exact zero shadow: own choice, well apart from real shadows (mean 0.9, s.d. 0.3)."""

SPREADS = (-20.0, 0.0)
"""Smallest and largest log of a log spread that the decoder lets through: 2e-9 to a factor e."""


def encode(paths: Paths) -> tuple[Float2D, Encoding]:
    """Turn one path of T bars into features float64[T-1, C] and the encoding that reverses them.

    Bars with all five fields give kind ``ohlcv``, without volume ``ohlc``, closes alone ``close``.
    Raises RecordError for several paths or fewer than three bars.
    """
    if paths.count != 1 or len(paths.dates) < 3:
        raise RecordError(
            f"{paths.count} paths of {len(paths.dates)} bars",
            expected="one path of at least three bars",
            remedy="keep the rows of one path: a body is learned from one history",
        )
    absent = [a for k, a in enumerate(paths.assets) if not np.isfinite(paths.close[..., k]).all()]
    if absent:
        raise RecordError(
            f"bars are missing for {', '.join(absent)}",
            expected="a bar of every asset on every date",
            remedy="complete the history with finsim.markets.listing.complete",
        )
    kind = _kind(paths)
    later = {name: values[:, 1:] for name, values in paths.columns.items()}
    knots, anchors = (
        volume_trend(paths) if kind.startswith("ohlcv") else ((0.0,), ((0.0,),) * len(paths.assets))
    )
    encoding = Encoding(
        assets=paths.assets,
        kind=kind,
        channels=tuple(f"{asset}.{name}" for asset in paths.assets for name in FIELDS_OF[kind]),
        first_close=_levels_at(paths, 0),
        last_close=_levels_at(paths, -1),
        shadow_scale=_shadow_scale(later, paths)
        if kind[:5] != "close"
        else ((1.0, 1.0),) * len(paths.assets),
        volume_knots=knots,
        volume_anchors=anchors,
        origin=len(paths.dates) - 1,
        last_date=str(paths.dates[-1]),
        body=Body((), (), (), (), (), ()),
        series=paths.kinds if set(paths.kinds) - {PRICE} else (),
        calendar=paths.calendar,
        large_volume=kind.startswith("ohlcv") and paths.columns["volume"].dtype.kind == "f",
        volume_decimals=volume_decimals(paths) if kind.startswith("ohlcv") else 0,
        volume_weekdays=volume_weekdays(paths) if kind.startswith("ohlcv") else (),
    )
    features = _channels(later, paths.close[:, :-1], encoding.replay(), paths.dates[1:])
    parts = dict(zip(encoding.fields, np.moveaxis(encoding.split(features)[0], -1, 0), strict=True))
    body = describe_body(parts["return"], parts.get("gap"), parts.get("volume"), parts.get("spread"))
    return features[0], replace(encoding, body=body)


def recode(paths: Paths, encoding: Encoding) -> Float3D:
    """Return the features [N, T, C] that ``decode`` turns into ``paths``: its exact inverse.

    Raises RecordError when the paths hold other assets or fields than the encoding.
    """
    if paths.assets != encoding.assets or _kind(paths) != encoding.kind:
        raise RecordError(
            f"paths of {paths.assets} as {_kind(paths)}", expected=f"{encoding.assets} as {encoding.kind}"
        )
    start = np.broadcast_to(np.array(encoding.last_close), paths.close[:, :1].shape)
    before = np.concatenate([start, paths.close[:, :-1]], axis=1)
    return _channels(paths.columns, before, encoding, paths.dates)


def decode(
    features: Float3D,
    encoding: Encoding,
    dates: Dates1D,
    first_path: int = 0,
    tick: float | None = None,
) -> Paths:
    """Turn features float64[N, T, C] into bars on T dates; row 0 follows ``encoding.last_close``.

    Prices are positive float64 in the currency of the history, volume >= 0 is int64 where that of the
    history is, and low <= min(open, close) <= max(open, close) <= high always holds. ``tick`` rounds prices
    to multiples of it (at least one) and keeps that order. Raises RecordError for a wrong shape, NaN or
    infinity.
    """
    _check(features, encoding, dates)
    part = dict(
        zip(encoding.fields, np.moveaxis(encoding.split(np.asarray(features, float)), -1, 0), strict=True)
    )
    scale = Scale(encoding.where(DIFFERENCE))
    move = scale.bounded_move(part["return"])
    start = scale.line(np.array(encoding.last_close))
    level = scale.bounded_level(start + np.cumsum(move, axis=1))
    columns: dict[str, Array] = {"close": scale.price(level)}
    if "gap" in part:
        before = np.concatenate([np.broadcast_to(start, level[:, :1].shape), level[:, :-1]], axis=1)
        columns["open"] = scale.price(scale.bounded_level(before + scale.bounded_move(part["gap"])))
        size = np.array(encoding.shadow_scale)
        top = np.maximum(columns["open"], columns["close"])
        bottom = np.minimum(columns["open"], columns["close"])
        columns["high"] = scale.moved(top, _shadow(part["upper"], size[:, 0]))
        columns["low"] = scale.moved(bottom, -_shadow(part["lower"], size[:, 1]))
    if tick is not None:
        if encoding.series:
            raise RecordError(f"tick {tick} for levels or returns", remedy="ticks are steps of prices")
        columns = round_to_tick(columns, tick)
    if "volume" in part:
        trend = encoding.volume_trend(features.shape[1], dates)
        columns["volume"] = _volume(part["volume"] + trend, encoding)
    if "spread" in part:
        columns |= _quotes(columns["close"], part["spread"], scale)
    for asset in encoding.where(RETURN):
        columns["close"][..., asset] = np.expm1(move[..., asset])
    return Paths(
        encoding.assets, dates, columns, first_path, kinds=encoding.series, calendar=encoding.calendar
    )


def round_to_tick(columns: Mapping[str, Array], tick: float) -> dict[str, Array]:
    """Round prices to multiples of ``tick``, at least one tick, and keep the order of the bar.

    Raises RecordError for a tick that is not positive and finite.
    """
    if not 0 < tick < np.inf:
        raise RecordError(f"tick {tick}", expected="a positive price step such as 0.01")
    per_unit = round(1 / tick)
    exact = abs(per_unit * tick - 1) < 1e-12

    def counts(values: Array) -> Array:
        return np.maximum(np.rint(values * per_unit if exact else values / tick), 1.0)

    found = {name: counts(values) for name, values in columns.items()}
    if "open" in found:
        found["high"] = np.maximum(found["high"], np.maximum(found["open"], found["close"]))
        found["low"] = np.minimum(found["low"], np.minimum(found["open"], found["close"]))
    return {name: values / per_unit if exact else values * tick for name, values in found.items()}


def _check(features: Float3D, encoding: Encoding, dates: Dates1D) -> None:
    if features.ndim != 3 or features.shape[1:] != (len(dates), len(encoding.channels)):
        raise RecordError(
            f"features have shape {features.shape}",
            expected=f"[paths, {len(dates)} dates, {len(encoding.channels)} channels]",
        )
    if not np.isfinite(features).all():
        path, step, channel = np.argwhere(~np.isfinite(features))[0]
        raise RecordError(
            f"{features[path, step, channel]} in path {path}, row {step}, {encoding.channels[channel]}",
            expected="finite features",
            remedy="the generator diverged: train it longer or with a lower learning rate",
        )


def _levels_at(paths: Paths, row: int) -> tuple[float, ...]:
    """Return the closes of one date; series of returns start from 1 wherever they are."""
    closes = np.array(paths.close[0, row], dtype=np.float64)
    closes[list(paths.where(RETURN))] = 1.0
    return tuple(float(value) for value in closes)


def _kind(paths: Paths) -> str:
    kind = "close"
    if {"open", "high", "low"} <= set(paths.columns):
        kind = "ohlcv" if "volume" in paths.columns else "ohlc"
    return f"{kind}{QUOTED}" if paths.has_quotes else kind


def _channels(columns: Mapping[str, Array], before: Float3D, encoding: Encoding, dates: Dates1D) -> Float3D:
    """Features [N, T, C] of bars whose previous closes are ``before``."""
    close = columns["close"]
    scale = Scale(encoding.where(DIFFERENCE), encoding.where(RETURN))
    found = [scale.distance(close, before)]
    if "gap" in encoding.fields:
        size = np.array(encoding.shadow_scale)
        upper, lower = _shadows(columns, scale)
        gap = scale.distance(columns["open"], before)
        found += [gap, _root(upper, size[:, 0]), _root(lower, size[:, 1])]
    if "volume" in encoding.fields:
        found.append(np.log1p(columns["volume"]) - encoding.volume_trend(close.shape[1], dates))
    if "spread" in encoding.fields:
        found.append(_log_spread(scale.distance(columns["ask"], columns["bid"])))
    return np.stack(found, axis=-1).reshape(*close.shape[:2], -1)


def _log_spread(spread: Float3D) -> Float3D:
    """Log of spreads [N, T, A]; a bid that meets the ask counts as half the asset's smallest spread."""
    wide = np.where(spread > 0, spread, np.inf)
    least = np.minimum(wide.min(axis=(0, 1)), 1.0) / 2
    found: Float3D = np.log(np.maximum(spread, least))
    return found


def _quotes(middle: Float3D, log_spread: Float3D, scale: Scale) -> dict[str, Array]:
    """Put bid and ask half the spread below and above the middle; the ask is always the higher."""
    half = np.exp(np.clip(log_spread, *SPREADS)) / 2
    bid, ask = scale.moved(middle, -half), scale.moved(middle, half)
    return {"bid": bid, "ask": np.maximum(ask, np.nextafter(bid, np.inf))}


def _shadows(columns: Mapping[str, Array], scale: Scale) -> tuple[Float3D, Float3D]:
    top = np.maximum(columns["open"], columns["close"])
    bottom = np.minimum(columns["open"], columns["close"])
    return scale.distance(columns["high"], top), scale.distance(bottom, columns["low"])


def _shadow_scale(columns: Mapping[str, Array], paths: Paths) -> tuple[tuple[float, float], ...]:
    """Mean positive shadow of each asset; 1 % (assumption) where there is none."""

    def mean(values: Float1D) -> float:
        kept = values[values > 0]
        return float(kept.mean()) if len(kept) else 0.01

    upper, lower = _shadows(columns, Scale(paths.where(DIFFERENCE)))
    return tuple((mean(upper[0, :, a]), mean(lower[0, :, a])) for a in range(upper.shape[2]))


def _root(shadow: Float3D, scale: Float1D) -> Float3D:
    return np.where(shadow > 0, np.cbrt(np.maximum(shadow, 0.0) / scale), NO_SHADOW)


def _shadow(root: Float3D, scale: Float1D) -> Float3D:
    bound = np.cbrt(MOVE_LIMIT / scale)
    kept = np.clip(root, 0.0, bound)
    return scale * kept * kept * kept


def _volume(log_volume: Float3D, encoding: Encoding) -> Array:
    if encoding.large_volume:
        found = np.expm1(np.clip(log_volume, 0.0, LEVEL_LIMIT))
        return np.asarray(np.round(found, encoding.volume_decimals) if encoding.volume_decimals else found)
    return np.rint(np.expm1(np.clip(log_volume, 0.0, VOLUME_LIMIT))).astype(np.int64)
