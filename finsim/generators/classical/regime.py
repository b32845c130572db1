"""Markov switching: the market moves between regimes of volatility, and has a real day of each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from finsim.errors import FitError
from finsim.generators.channel_layout import Layout
from finsim.generators.classical.observed_rows import observed_rows, returns_of
from finsim.generators.classical.regime_law import long_run, regime_law
from finsim.generators.generator import Budget, FitReport, Progress, Sequences, State, check_request
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.kernels.markets.regime_walk import regime_walk, smoothed
from finsim.notation import Array, Float1D, Float2D, Float3D
from finsim.randomness import Streams

_FEWEST, _MOST = 100, 8
_GROUP = 64
_NAMES = ("rows", "centre", "sizes", "variances", "moves", "days")


class Regime:
    """A hidden chain of regimes gives the market its volatility; every step is a day of the data.

    Days are drawn with the probability of their regime, all channels together: it copies rows by design.
    Source: Hamilton 1989.
    """

    name: ClassVar[str] = "regime"

    @dataclass(frozen=True)
    class Settings:
        """regimes : how many there are, 1 to 8."""

        regimes: int = 3

    def __init__(self, settings: Settings, layout: Layout, arrays: Mapping[str, Array]) -> None:
        """Hold the fitted arrays.

        rows : float64[R, C]; centre : float64[C] and sizes : float64[A], of returns; variances : float64[K]
        of the market; moves : float64[K, K]; days : float64[K, R], cumulative weights of the rows.
        """
        self.settings, self.layout, self.arrays = settings, layout, dict(arrays)
        self.report = FitReport()

    @classmethod
    def refuse(cls, data: Sequences, settings: Settings) -> None:
        """Raise FitError for a number of regimes that is none, and fewer than 100 observed steps."""
        if not 1 <= settings.regimes <= _MOST:
            found, expected = f"regimes is {settings.regimes}", f"1 to {_MOST}"
            raise FitError(found, place="settings.regimes", expected=expected, remedy="two to four are usual")
        count = int(data.observed().sum())
        if count < _FEWEST:
            raise FitError(f"{count} observed steps", place="sequences", expected=f"at least {_FEWEST}",
                           remedy="give a longer history, or take bootstrap")  # fmt: skip

    @classmethod
    def fit(
        cls, data: Sequences, settings: Settings, streams: Streams, budget: Budget, progress: Progress
    ) -> Self:
        """Fit the chain to the mean return of the market; nothing random happens here."""
        cls.refuse(data, settings)
        started = time.process_time()
        layout = data.layout or Layout.plain(data.values.shape[2])
        rows, begins = observed_rows(data)
        centre = rows.mean(axis=0)
        sizes = np.sqrt((returns_of(rows, centre, layout) ** 2).mean(axis=0))
        sizes = np.where(sizes > 1e-12 * (1.0 + np.abs(centre[layout.where("move")])), sizes, 1.0)
        market = (returns_of(rows, centre, layout) / sizes).mean(axis=1)
        law = regime_law(market, begins, settings.regimes)
        days = np.cumsum(law.probabilities + 1e-12, axis=0).T
        progress(1.0, f"{settings.regimes} regimes")
        arrays = {"rows": rows, "centre": centre, "sizes": sizes, "variances": law.variances}
        model = cls(settings, layout, {**arrays, "moves": law.moves, "days": days / days[:, -1:]})
        model.report = FitReport(cpu_seconds=time.process_time() - started)
        return model

    def sample(
        self, count: int, steps: int, streams: Streams, first: int = 0, history: Float2D | None = None
    ) -> Float3D:
        """Return float64[count, steps, C]; see the contract. A history acts through the regime it ends in."""
        rows, moves = self.arrays["rows"], self.arrays["moves"]
        check_request(count, steps, self.layout.channels, history)
        known = np.cumsum(long_run(moves) if history is None else self._after(history))
        result = np.empty((count, steps, rows.shape[1]))
        edges = np.ascontiguousarray(np.cumsum(moves, axis=1))
        for start in range(0, count, _GROUP):
            stop = min(count, start + _GROUP)
            draws = [streams.at("path", first + row) for row in range(start, stop)]
            begun = np.array([min(np.searchsorted(known, draw.random()), len(known) - 1) for draw in draws])
            chances = np.stack([draw.random(steps) for draw in draws])
            places = np.stack([draw.random(steps) for draw in draws])
            chosen = np.empty((len(draws), steps), dtype=np.int64)
            regime_walk(chances, places, edges, self.arrays["days"], begun.astype(np.int64), chosen)
            result[start:stop] = rows[chosen]
        return result

    def state(self) -> State:
        """Return the fitted arrays, the layout and the settings."""
        facts = {"settings": write_settings(self.settings), "layout": self.layout.to_dict()}
        return State({name: self.arrays[name] for name in _NAMES}, facts)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore a model; raises FitError when its arrays do not fit together."""
        layout, arrays = Layout.from_dict(state.facts["layout"]), state.arrays
        settings = read_settings(cls, state.facts["settings"])
        count, rows = settings.regimes, len(arrays["rows"])
        wanted = {"rows": (rows, layout.channels), "centre": (layout.channels,), "sizes": (layout.series,),
                  "variances": (count,), "moves": (count, count), "days": (count, rows)}  # fmt: skip
        wrong = [name for name, one in wanted.items() if arrays[name].shape != one]
        if wrong or not rows:
            raise FitError(f"{', '.join(wrong) or 'rows'} do not fit the layout", place="regime")
        return cls(settings, layout, arrays)

    def _after(self, history: Float2D) -> Float1D:
        """Return the probability float64[K] of each regime at the end of a history float64[H, C]."""
        arrays = self.arrays
        market = (returns_of(history, arrays["centre"], self.layout) / arrays["sizes"]).mean(axis=1)
        variances = arrays["variances"]
        logs = -0.5 * (market[:, None] ** 2 / variances + np.log(variances))
        begins = np.zeros(len(history), dtype=np.bool_)
        begins[0] = True
        found = np.empty_like(logs)
        densities = np.exp(logs - logs.max(axis=1, keepdims=True))
        moves = arrays["moves"]
        smoothed(densities, begins, long_run(moves), moves, found, np.zeros_like(moves))
        return np.asarray(found[-1])
