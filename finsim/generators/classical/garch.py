"""GJR-GARCH with t innovations per series, and filtered residuals drawn day by day."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from finsim.errors import FitError
from finsim.generators.channel_layout import Layout
from finsim.generators.classical.garch_law import LARGEST, garch_law
from finsim.generators.classical.observed_rows import observed_rows, returns_of
from finsim.generators.generator import Budget, FitReport, Progress, Sequences, State, check_request
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.kernels.markets.garch_walk import filtered, garch_walk
from finsim.notation import Array, Bool1D, Float1D, Float2D, Float3D, Int1D
from finsim.randomness import Streams

_FEWEST = 100
_GROUP = 64
_NAMES = ("centre", "carry", "sizes", "laws", "residuals", "variances", "before")


class Garch:
    """Each series has a variance of its own; a day's residuals of all channels are drawn together.

    What a day says beyond its variance is thereby kept, dependence between series and fields included; gaps
    and shadows are scaled by the same variance, volume goes back to its mean by one coefficient.
    Source: Glosten, Jagannathan & Runkle 1993; filtered historical simulation, Barone-Adesi, Giannopoulos &
    Vosper 1999.
    """

    name: ClassVar[str] = "garch"

    @dataclass(frozen=True)
    class Settings:
        """Nothing is chosen: the laws are those of the largest likelihood."""

    def __init__(self, settings: Settings, layout: Layout, arrays: Mapping[str, Array]) -> None:
        """Hold the fitted arrays.

        centre, carry : float64[C]; sizes : float64[A]; laws : float64[A, 4]; residuals and the values
        ``before`` each step float64[R, C]; variances before each step float64[R, A].
        """
        self.settings, self.layout, self.arrays = settings, layout, dict(arrays)
        self.report = FitReport()

    @classmethod
    def refuse(cls, data: Sequences, settings: Settings) -> None:
        """Raise FitError for fewer than 100 observed steps."""
        count = int(data.observed().sum())
        if count < _FEWEST:
            raise FitError(f"{count} observed steps", place="sequences", expected=f"at least {_FEWEST}",
                           remedy="give a longer history, or take bootstrap")  # fmt: skip

    @classmethod
    def fit(
        cls, data: Sequences, settings: Settings, streams: Streams, budget: Budget, progress: Progress
    ) -> Self:
        """Fit every series by maximum likelihood; nothing random happens here."""
        cls.refuse(data, settings)
        started = time.process_time()
        layout = data.layout or Layout.plain(data.values.shape[2])
        rows, begins = observed_rows(data)
        signed, others = layout.where("move", "gap"), layout.where("other")
        centre, carry = np.zeros(layout.channels), np.zeros(layout.channels)
        used = np.concatenate([signed, others])
        centre[used] = rows[:, used].mean(axis=0)
        before = np.where(begins[:, None], centre, np.roll(rows, 1, axis=0))
        for c in others:
            past, now = before[~begins, c] - centre[c], rows[~begins, c] - centre[c]
            carry[c] = np.clip(past @ now / max(float(past @ past), 1e-300), 0.0, 0.99)
        model = cls(settings, layout, {"centre": centre, "carry": carry})
        returns = returns_of(rows, centre, layout)
        sizes = np.sqrt((returns**2).mean(axis=0))
        sizes = np.where(sizes > 1e-12 * (1.0 + np.abs(centre[layout.where("move")])), sizes, 1.0)
        laws = []
        for a in range(layout.series):
            laws.append(garch_law(np.ascontiguousarray(returns[:, a] / sizes[a]), begins))
            progress((a + 1) / layout.series, f"series {a + 1} of {layout.series}")
        model.arrays |= {"sizes": sizes, "laws": np.stack(laws)}
        variances = model._variances(rows, begins)[0]
        model.arrays |= {"variances": variances, "before": before}
        model.arrays["residuals"] = model._residuals(rows, before, variances)
        model.report = FitReport(cpu_seconds=time.process_time() - started)
        return model

    def sample(
        self, count: int, steps: int, streams: Streams, first: int = 0, history: Float2D | None = None
    ) -> Float3D:
        """Return float64[count, steps, C]; see the contract. A history acts through variances and volume."""
        residuals, layout = self.arrays["residuals"], self.layout
        check_request(count, steps, layout.channels, history)
        known = None if history is None else self._after(history)
        result = np.empty((count, steps, layout.channels))
        for start in range(0, count, _GROUP):
            stop = min(count, start + _GROUP)
            draws = [streams.at("path", first + row) for row in range(start, stop)]
            begun = np.array([draw.integers(len(residuals)) for draw in draws])
            chosen = np.stack([draw.integers(len(residuals), size=steps) for draw in draws])
            if known is None:
                variances, last = self.arrays["variances"][begun], self.arrays["before"][begun]
            else:
                variances, last = (np.repeat(part[None], len(draws), axis=0) for part in known)
            garch_walk(residuals, chosen, self._constants(), LARGEST, (variances, last), result[start:stop])
        return result

    def state(self) -> State:
        """Return the fitted arrays, the layout and the settings."""
        facts = {"settings": write_settings(self.settings), "layout": self.layout.to_dict()}
        return State({name: self.arrays[name] for name in _NAMES}, facts)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore a model; raises FitError when its arrays do not fit together."""
        layout, arrays = Layout.from_dict(state.facts["layout"]), state.arrays
        rows, shape = len(arrays["residuals"]), (layout.channels, layout.series)
        wanted = {"centre": (shape[0],), "carry": (shape[0],), "sizes": (shape[1],), "laws": (shape[1], 4),
                  "residuals": (rows, shape[0]), "before": (rows, shape[0]),
                  "variances": (rows, shape[1])}  # fmt: skip
        wrong = [name for name, one in wanted.items() if arrays[name].shape != one]
        if wrong or not rows:
            raise FitError(f"{', '.join(wrong) or 'residuals'} do not fit the layout", place="garch")
        return cls(read_settings(cls, state.facts["settings"]), layout, arrays)

    def _constants(self) -> tuple[Int1D, Float1D, Float1D, Float1D, Float2D]:
        """Return what the kernel wants to know: roles, centre, carry, sizes, laws."""
        centre, carry, sizes, laws = (self.arrays[name] for name in ("centre", "carry", "sizes", "laws"))
        return self.layout.numbers(), centre, carry, sizes, laws

    def _variances(self, rows: Float2D, begins: Bool1D) -> tuple[Float2D, Float1D]:
        """Return variances float64[R, A] before each step, and float64[A] after the last."""
        returns = returns_of(rows, self.arrays["centre"], self.layout) / self.arrays["sizes"]
        found, after = np.empty_like(returns), np.empty(returns.shape[1])
        for a in range(returns.shape[1]):
            column = np.empty(len(rows))
            law = self.arrays["laws"][a]
            after[a] = filtered(np.ascontiguousarray(returns[:, a]), begins, law, LARGEST, column)
            found[:, a] = column
        return found, after

    def _residuals(self, rows: Float2D, before: Float2D, variances: Float2D) -> Float2D:
        """Return what ``garch_walk`` makes ``rows`` of: float64[R, C], returns of variance 1."""
        layout, centre, carry = self.layout, self.arrays["centre"], self.arrays["carry"]
        fields = len(layout.roles)
        scale = np.repeat(np.sqrt(variances), fields, axis=1)
        found = rows - centre - carry * (before - centre)
        signed, shadows = layout.where("move", "gap"), layout.where("upper", "lower")
        found[:, signed] = (rows[:, signed] - centre[signed]) / scale[:, signed]
        roots = rows[:, shadows]
        found[:, shadows] = np.where(roots > 0.0, roots / np.cbrt(scale[:, shadows]), roots)
        sums = found[:, signed].reshape(len(rows), layout.series, -1).sum(axis=-1) / self.arrays["sizes"]
        spread = np.where(sums.std(axis=0) > 0.0, sums.std(axis=0), 1.0)
        found[:, signed] /= np.repeat(spread, len(signed) // layout.series)
        return np.ascontiguousarray(found)

    def _after(self, history: Float2D) -> tuple[Float1D, Float1D]:
        """Return variances float64[A] and values float64[C] behind a history float64[H, C]."""
        begins = np.zeros(len(history), dtype=np.bool_)
        return self._variances(history, begins)[1], history[-1]
