"""A Gaussian copula of mixed columns: numbers, words and missing cells as intervals of normal latents."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from finsim.errors import FitError, Problem
from finsim.extras import Later
from finsim.generators.generator import Budget, FitReport, Progress, State
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.generators.tables.column_facts import (
    ColumnFacts,
    check_columns,
    check_given,
    check_table,
)
from finsim.generators.tables.column_levels import ColumnLevels
from finsim.generators.tables.latent_correlation import (
    cell_scores,
    latent_correlations,
    normal_edges,
    repaired,
    truncated,
)
from finsim.generators.tables.latent_places import LatentPlaces
from finsim.generators.tables.level_order import ordered_levels
from finsim.generators.tables.row_batches import in_batches
from finsim.generators.tables.table_generator import Cell
from finsim.notation import Float1D, Float2D
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedColumn, MixedTable

special = Later("scipy.special", "learn")

LEAST_ROWS, SWEEPS, LOSS_DRAWS = 20, 40, 16


class Copula:
    """Every column is a normal latent cut at its margin; what is missing has a latent of its own.

    Words stand in the order of their association with the other columns. Correlations are those of the
    latents (polychoric), not of the cells. Given cells: their latents are drawn between the bounds of the
    cells by Gibbs sweeps, the others in closed form. It knows no dependence but the monotone one of pairs.
    Sources: Song 2000 (copula of mixed margins); Olsson 1979 (polychoric); Geweke 1991 (truncated normals).
    """

    name: ClassVar[str] = "copula"

    @dataclass(frozen=True)
    class Settings:
        """bins : cells of a number for the estimate of correlations. shrinkage : rows that independence
        counts beside those of the table. batch : rows drawn together. All are assumptions; batch is part
        of the bytes.
        """  # noqa: D205

        bins: int = 32
        shrinkage: float = 5.0
        batch: int = 8_192

    def __init__(
        self, settings: Settings, places: LatentPlaces, correlation: Float2D, report: FitReport
    ) -> None:
        """Hold the latents of the columns and their correlation float64[Q, Q]."""
        self.settings, self.places, self.correlation, self.report = settings, places, correlation, report

    @classmethod
    def refuse(cls, data: MixedTable, settings: Settings) -> None:
        """Raise FitError for a table that is too small and settings out of range, all at once."""
        check_table(data, LEAST_ROWS)
        problems = [
            Problem(f"settings.{key}", f"{key} is {getattr(settings, key)}", f"at least {low}")
            for key, low in {"bins": 2, "shrinkage": 0.0, "batch": 1}.items()
            if not getattr(settings, key) >= low
        ]
        if problems:
            raise FitError.of(problems)

    @classmethod
    def fit(
        cls, data: MixedTable, settings: Settings, streams: Streams, budget: Budget, progress: Progress
    ) -> Self:
        """Learn margins and latent correlations; nothing random happens here."""
        cls.refuse(data, settings)
        started = time.process_time()
        columns = {name: ColumnLevels.fit(one, settings.bins) for name, one in data.columns.items()}
        columns, levels = ordered_levels(data, columns)
        places = LatentPlaces.fit(columns, levels)
        cells, seen = places.cells(levels)
        scores = np.zeros(cells.shape)
        for index, bounds in enumerate(places.bounds):
            scores[:, index] = cell_scores(bounds)[cells[:, index]]
        correlation = np.eye(0)
        if places.bounds:
            raw = latent_correlations(scores, seen, list(places.bounds))
            correlation = repaired(raw, settings.shrinkage / (settings.shrinkage + data.rows))
        progress(1.0, f"{len(places.bounds)} latents of {len(columns)} columns")
        return cls(settings, places, correlation, FitReport(cpu_seconds=time.process_time() - started))

    def sample(
        self, count: int, streams: Streams, first: int = 0, given: Mapping[str, Cell] | None = None
    ) -> MixedTable:
        """Return new rows; see the contract. Raises FitError too for cells that exclude each other."""
        facts = {name: one.facts for name, one in self.places.columns.items()}
        cells = check_given(given, facts)
        batch = self.settings.batch
        fixed = {name: facts[name].column(cell, 1) for name, cell in cells.items()}
        box = self._box(fixed)
        known = sorted(box)
        rest = [index for index in range(len(self.correlation)) if index not in box]
        root, slope = self._conditional(known, rest)

        def make(number: int) -> MixedTable:
            rng = streams.at("rows", number)
            latents = np.empty((batch, len(self.correlation)))
            latents[:, known] = self._inside(known, box, rng)
            latents[:, rest] = latents[:, known] @ slope.T + rng.standard_normal((batch, len(rest))) @ root.T
            found = self.places.table(special.ndtr(latents), rng)
            found |= {name: facts[name].column(cell, batch) for name, cell in cells.items()}
            return MixedTable({name: found[name] for name in facts}, batch)

        return in_batches(count, first, batch, make)

    def _box(self, fixed: Mapping[str, MixedColumn]) -> dict[int, tuple[float, float]]:
        """Return for each latent of the given cells the bounds between which it lies."""
        found: dict[int, tuple[float, float]] = {}
        for name, column in fixed.items():
            for latent, (lows, highs) in self.places.spans(name, column).items():
                before = found.get(latent, (0.0, 1.0))
                found[latent] = (max(before[0], float(lows[0])), min(before[1], float(highs[0])))
        for latent, (low, high) in found.items():
            if not high > low:
                raise FitError("given cells that never stand together", place=f"given {', '.join(fixed)}")
            least = float(normal_edges(np.array([0, low, 1]))[1]) if low > 0 else -np.inf
            most = float(normal_edges(np.array([0, high, 1]))[1]) if high < 1 else np.inf
            found[latent] = (least, most)
        return found

    def _conditional(self, known: list[int], rest: list[int]) -> tuple[Float2D, Float2D]:
        """Return the root of the covariance of the other latents given the known ones, and their slope."""
        whole = self.correlation
        slope: Float2D = np.zeros((len(rest), len(known)))
        left: Float2D = whole[np.ix_(rest, rest)]
        if known and rest:
            slope = np.asarray(np.linalg.solve(whole[np.ix_(known, known)], whole[np.ix_(known, rest)]).T)
            left = left - slope @ whole[np.ix_(known, rest)]
        values, vectors = np.linalg.eigh(left) if rest else (np.zeros(0), np.zeros((0, 0)))
        return vectors * np.sqrt(np.maximum(values, 0.0)), slope

    def _inside(
        self, known: list[int], box: Mapping[int, tuple[float, float]], rng: np.random.Generator
    ) -> Float2D:
        """Return latents of the given cells between their bounds, float64[batch, G], by Gibbs sweeps."""
        batch = self.settings.batch
        found = np.zeros((batch, len(known)))
        if not known:
            return found
        inverse = np.linalg.inv(self.correlation[np.ix_(known, known)])
        bounds = [box[index] for index in known]
        for at, (low, high) in enumerate(bounds):
            found[:, at] = truncated(np.full(batch, low), np.full(batch, high), rng.random(batch))
        for _ in range(SWEEPS if len(known) > 1 else 0):
            for at, (low, high) in enumerate(bounds):
                spread = 1.0 / np.sqrt(inverse[at, at])
                mean = found[:, at] - (found @ inverse[at]) * spread**2
                drawn = truncated((low - mean) / spread, (high - mean) / spread, rng.random(batch))
                found[:, at] = np.clip(mean + spread * drawn, low, high)
        return found

    def row_losses(self, rows: MixedTable, streams: Streams) -> Float1D:
        """Return the negative log likelihood of every row, float64[N] in nats.

        The density of the copula is averaged over 16 draws inside the cells of a row, so a likelihood is
        unbiased and its logarithm is a little low for rows with many words.
        """
        check_columns(rows, {name: one.facts for name, one in self.places.columns.items()})
        losses = np.zeros(rows.rows)
        low = np.zeros((rows.rows, len(self.correlation)))
        high = np.ones((rows.rows, len(self.correlation)))
        for name in self.places.columns:
            losses -= self.places.log_masses(name, rows[name])
            for latent, (below, above) in self.places.spans(name, rows[name]).items():
                low[:, latent] = np.maximum(low[:, latent], below)
                high[:, latent] = np.minimum(high[:, latent], above)
        if not len(self.correlation):
            return losses
        curve = np.linalg.inv(self.correlation) - np.eye(len(self.correlation))
        height = -0.5 * float(np.linalg.slogdet(self.correlation)[1])
        rng = streams.at("row losses")
        found = np.empty((LOSS_DRAWS, rows.rows))
        for index in range(LOSS_DRAWS):
            inside = low + rng.random(low.shape) * np.maximum(high - low, 0.0)
            latents = special.ndtri(np.clip(inside, 1e-9, 1.0 - 1e-9))
            found[index] = height - 0.5 * ((latents @ curve) * latents).sum(axis=1)
        return np.asarray(losses - (special.logsumexp(found, axis=0) - np.log(LOSS_DRAWS)))

    def state(self) -> State:
        """Return margins, latents, correlation and settings."""
        columns = [{"name": name, **one.facts.to_dict()} for name, one in self.places.columns.items()]
        arrays = {**self.places.state(), "correlation": self.correlation}
        return State(arrays, {"settings": write_settings(self.settings), "columns": columns})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore a copula; raises FitError when latents and correlation do not fit together."""
        facts = {str(data["name"]): ColumnFacts.from_dict(data) for data in state.facts["columns"]}
        places = LatentPlaces.from_state(facts, state.arrays)
        correlation = state.arrays["correlation"]
        if correlation.shape != (len(places.bounds), len(places.bounds)):
            raise FitError("the correlation and the columns do not agree", place="copula")
        return cls(read_settings(cls, state.facts["settings"]), places, correlation, FitReport())
