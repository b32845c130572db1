"""Vector autoregression: a step is a linear answer to the last few of all channels, and a real residual."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from finsim.errors import FitError
from finsim.generators.classical.observed_rows import observed_rows
from finsim.generators.generator import Budget, FitReport, Progress, Sequences, State, check_request
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.notation import Array, Bool1D, Float2D, Float3D
from finsim.randomness import Streams

_FEWEST, _MOST_LAGS = 100, 20
# Rows a coefficient of one equation needs (assumption); above the radius ten years of paths do not settle.
_ROWS, _RADIUS = 3.0, 0.995
# Paths walked at once: the bytes of a matrix product depend on its shape, so it is always this one.
_GROUP = 64
_STARTS = 512
_NAMES = ("centre", "weights", "residuals", "starts")


class Var:
    """Every channel answers to the last steps of all channels; what is left of a day is drawn as a whole.

    Means, variances, correlations and linear memory are kept, and joint tails of a day; volatility does not
    cluster. Weights of least squares with a small ridge on standardised channels, number of lags by the
    criterion of Schwarz 1978. Source: Sims 1980; residuals drawn again as in Runkle 1987.
    """

    name: ClassVar[str] = "var"

    @dataclass(frozen=True)
    class Settings:
        """most_lags : steps that may be answered to, 1 to 20; ridge : penalty of weights, in observations."""

        most_lags: int = 5
        ridge: float = 1.0

    def __init__(self, settings: Settings, arrays: Mapping[str, Array]) -> None:
        """Hold the fitted arrays.

        centre : float64[C]; weights : float64[P, C, C], of the channels (rows) one to P steps ago in each
        channel (columns); residuals : float64[R, C]; starts : float64[S, P, C], real steps, oldest first.
        """
        self.settings, self.arrays = settings, dict(arrays)
        self.report = FitReport()

    @classmethod
    def refuse(cls, data: Sequences, settings: Settings) -> None:
        """Raise FitError for settings that are none, and for fewer steps than the weights need."""
        if not 1 <= settings.most_lags <= _MOST_LAGS:
            raise FitError(f"most_lags is {settings.most_lags}", place="settings.most_lags",
                           expected=f"1 to {_MOST_LAGS}", remedy="five are usual for days")  # fmt: skip
        if not settings.ridge > 0.0:
            raise FitError(f"ridge is {settings.ridge:g}", place="settings.ridge", expected="above 0")
        count, channels = int(data.observed().sum()), data.values.shape[2]
        least = max(_FEWEST, int(np.ceil(_ROWS * channels)))
        if count < least:
            raise FitError(f"{count} observed steps of {channels} channels", place="sequences",
                           expected=f"at least {least}, {_ROWS:g} for each weight of a channel",
                           remedy="give a longer history or fewer assets, or take bootstrap")  # fmt: skip

    @classmethod
    def fit(
        cls, data: Sequences, settings: Settings, streams: Streams, budget: Budget, progress: Progress
    ) -> Self:
        """Fit by least squares; nothing random happens here."""
        cls.refuse(data, settings)
        started = time.process_time()
        rows, begins = observed_rows(data)
        centre, spread = rows.mean(axis=0), rows.std(axis=0)
        spread = np.where(spread > 1e-12 * (1.0 + np.abs(centre)), spread, 0.0)
        standard = np.divide(rows - centre, spread, out=np.zeros_like(rows), where=spread > 0.0)
        most = max(1, min(settings.most_lags, int(len(rows) / (_ROWS * rows.shape[1]))))
        known = _since(begins)
        best, lags, weights = np.inf, 1, np.zeros((1, rows.shape[1], rows.shape[1]))
        for tried in range(1, most + 1):
            # All orders are compared on the same steps.
            found, left = _regressed(standard, np.flatnonzero(known >= most), tried, settings.ridge)
            score = _schwarz(left, tried, rows.shape[1])
            if score < best:
                best, lags, weights = score, tried, found
            progress(tried / most, f"{lags} lags")
        weights = _settled(weights)
        used = np.flatnonzero(known >= lags)
        past = _past(standard, used, lags)
        residuals = standard[used] - past.reshape(len(used), -1) @ _stacked(weights)
        starts = used[np.unique(np.linspace(0, len(used) - 1, _STARTS).astype(np.int64))]
        model = cls(
            settings,
            {
                "centre": centre,
                "weights": weights * spread / np.where(spread > 0.0, spread, 1.0)[:, None],
                "residuals": (residuals - residuals.mean(axis=0)) * spread,
                "starts": np.stack([rows[starts - lag] for lag in range(lags, 0, -1)], axis=1),
            },
        )
        model.report = FitReport(cpu_seconds=time.process_time() - started)
        return model

    def sample(
        self, count: int, steps: int, streams: Streams, first: int = 0, history: Float2D | None = None
    ) -> Float3D:
        """Return float64[count, steps, C]; see the contract. A history acts through its last steps."""
        centre, residuals, starts = (self.arrays[name] for name in ("centre", "residuals", "starts"))
        check_request(count, steps, len(centre), history)
        lags, stacked = starts.shape[1], _stacked(self.arrays["weights"])
        result = np.empty((count, steps, len(centre)))
        for begun in range(first - first % _GROUP, first + count, _GROUP):
            draws = [streams.at("path", begun + row) for row in range(_GROUP)]
            places = np.array([draw.integers(len(starts)) for draw in draws])
            chosen = np.stack([draw.integers(len(residuals), size=steps) for draw in draws])
            past = starts[places] if history is None else self._after(history)
            # Newest first, as the weights are.
            memory = np.ascontiguousarray((past - centre)[:, ::-1]).reshape(_GROUP, -1)
            made = np.empty((_GROUP, steps, len(centre)))
            for step in range(steps):
                now = memory @ stacked + residuals[chosen[:, step]]
                made[:, step] = centre + now
                memory = np.concatenate([now, memory[:, : (lags - 1) * len(centre)]], axis=1)
            low, high = max(first, begun), min(first + count, begun + _GROUP)
            result[low - first : high - first] = made[low - begun : high - begun]
        return result

    def state(self) -> State:
        """Return the fitted arrays and the settings."""
        return State(
            {name: self.arrays[name] for name in _NAMES}, {"settings": write_settings(self.settings)}
        )

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore a model; raises FitError when its arrays do not fit together."""
        arrays = {name: state.arrays[name] for name in _NAMES}
        channels, lags = len(arrays["centre"]), len(arrays["weights"])
        fits = (
            arrays["weights"].shape == (lags, channels, channels)
            and arrays["residuals"].shape[1:] == (channels,)
            and arrays["starts"].shape[1:] == (lags, channels)
        )
        if not fits or not lags or not len(arrays["residuals"]) or not len(arrays["starts"]):
            raise FitError("weights, residuals and starts do not fit together", place="var")
        return cls(read_settings(cls, state.facts["settings"]), arrays)

    def _after(self, history: Float2D) -> Float3D:
        """Return the last steps float64[group, P, C] of a history; what came before it is the centre."""
        lags = self.arrays["starts"].shape[1]
        past = np.tile(self.arrays["centre"], (lags, 1))
        kept = history[max(len(history) - lags, 0) :]
        past[lags - len(kept) :] = kept
        return np.repeat(past[None], _GROUP, axis=0)


def _since(begins: Bool1D) -> Array:
    """Return how many steps of its sequence stand before each row: int64[R]."""
    places = np.arange(len(begins))
    return np.asarray(places - np.maximum.accumulate(np.where(begins, places, 0)))


def _past(rows: Float2D, used: Array, lags: int) -> Float3D:
    """Return the steps before rows ``used``, newest first: float64[n, P, C]."""
    return np.stack([rows[used - lag] for lag in range(1, lags + 1)], axis=1)


def _regressed(rows: Float2D, used: Array, lags: int, ridge: float) -> tuple[Float3D, Float2D]:
    """Return weights float64[P, C, C] and residuals float64[n, C]."""
    design, targets = _past(rows, used, lags).reshape(len(used), -1), rows[used]
    gram = design.T @ design + ridge * np.eye(design.shape[1])
    weights: Float2D = np.asarray(np.linalg.solve(gram, design.T @ targets), dtype=np.float64)
    return weights.reshape(lags, rows.shape[1], rows.shape[1]), targets - design @ weights


def _schwarz(left: Float2D, lags: int, channels: int) -> float:
    """Return the criterion of Schwarz of residuals, directions without variance left out."""
    variances = np.linalg.eigvalsh(left.T @ left / len(left))
    kept = variances[variances > 1e-10 * max(float(variances.max()), 1e-300)]
    return float(np.log(kept).sum() + lags * channels * channels * np.log(len(left)) / len(left))


def _settled(weights: Float3D) -> Float3D:
    """Return weights under which a shock dies out: the companion matrix has a radius of .995 at most."""
    lags, channels = weights.shape[:2]
    companion = np.zeros((lags * channels, lags * channels))
    companion[:, :channels] = _stacked(weights)
    companion[: (lags - 1) * channels, channels:] = np.eye((lags - 1) * channels)
    radius = float(np.abs(np.linalg.eigvals(companion)).max())
    shrunk = min(1.0, _RADIUS / max(radius, 1e-12)) ** np.arange(1, lags + 1)
    return np.asarray(weights * shrunk[:, None, None])


def _stacked(weights: Float3D) -> Float2D:
    """Return weights float64[P, C, C] as float64[P * C, C]."""
    return weights.reshape(-1, weights.shape[2])
