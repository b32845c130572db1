"""Tabular: columns cut into tokens, and a network that tells any of them from any others."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from finsim.errors import FitError, Problem
from finsim.generators.generator import Budget, FitReport, Progress, State
from finsim.generators.privacy.entity_units import ROW_UNITS, Privacy
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.generators.tables.column_facts import (
    ColumnFacts,
    check_columns,
    check_given,
    check_table,
)
from finsim.generators.tables.column_levels import ColumnLevels
from finsim.generators.tables.row_batches import in_batches
from finsim.generators.tables.table_generator import Cell
from finsim.generators.tables.tabular.token_model import TokenModel
from finsim.notation import Array, Float1D, Int1D, Int2D
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedTable

# torch is needed by a fit alone: a saved model is sampled without it.

LEAST_ROWS = 20


class Tabular:
    """An autoregressive network over the tokens of columns, in any order.

    Numbers and times are cut into levels of about equal mass with often-met values apart, and placed in
    their level by the margin of the column; a missing cell is a token. The network learns the law of every
    column given any others, so given cells are exact conditions. Sources: Uria, Murray & Larochelle 2014
    (any order); Hoogeboom et al. 2022 (training); smooth vectors of numbers are own.
    """

    name: ClassVar[str] = "tabular"

    @dataclass(frozen=True)
    class Settings:
        """Sizes of the tokens, the network and its training; every default is an assumption.

        bins : most levels of equal mass of a number; about the root of the rows in small tables.
        functions : cosines that make the vectors of near levels alike. width, blocks : the network.
        dropout : share of inner values that a step leaves out. any_order : share of the rows of a batch
        that hide any columns; the rest hides those behind a place of the drawing order. ridge : nats of the
        whole table that a squared weight of 1 costs; it shrinks dependence, rare combinations most.
        steps : the budget
        when none is given. held_out : share of the rows for the early stop; patience : checks without
        improvement (0: never stop). sampling_batch : rows drawn together; part of the bytes.
        epsilon, delta, unit, entity_clip : differential privacy (docs/reference/differential-privacy.md) of
        one row, or of one entity with all of its rows; batch is then the expected number of them, and ridge,
        dropout, held_out and patience are not used. ``PRIVATE`` has sizes that suit noise.
        """

        bins: int = 96
        functions: int = 8
        width: int = 128
        blocks: int = 2
        dropout: float = 0.2
        any_order: float = 0.5
        ridge: float = 100.0
        steps: int = 4_000
        batch: int = 256
        learning_rate: float = 2e-3
        warm_up: int = 50
        clip: float = 5.0
        ema: float = 0.99
        check_every: int = 50
        held_out: float = 0.1
        patience: int = 10
        sampling_batch: int = 4_096
        epsilon: float | None = None
        delta: float = 1e-5
        unit: str = "row"
        entity_clip: float = 1.0

    PRIVATE: ClassVar[Mapping[str, Any]] = {
        "bins": 24, "functions": 6, "width": 24, "blocks": 1, "steps": 200, "batch": 512,
        "learning_rate": 5e-3, "warm_up": 10,
    }  # fmt: skip

    def __init__(
        self, settings: Settings, columns: Mapping[str, ColumnLevels], model: TokenModel, report: FitReport
    ) -> None:
        """Hold the levels of every column and the trained network."""
        self.settings, self.columns, self.model, self.report = settings, dict(columns), model, report

    @classmethod
    def refuse(cls, data: MixedTable, settings: Settings) -> None:
        """Raise FitError for a table that is too small and settings out of range, all at once."""
        check_table(data, LEAST_ROWS)
        least = {
            "bins": 2, "functions": 1, "width": 1, "blocks": 0, "steps": 1, "batch": 1, "check_every": 1,
            "patience": 0, "ridge": 0.0, "sampling_batch": 1,
        }  # fmt: skip
        problems = [
            Problem(f"settings.{key}", f"{key} is {getattr(settings, key)}", f"at least {low}")
            for key, low in least.items()
            if not getattr(settings, key) >= low
        ]
        problems += [
            Problem(f"settings.{key}", f"{key} is {getattr(settings, key)}", "0 to 1, 1 itself not")
            for key in ("dropout", "held_out")
            if not 0.0 <= getattr(settings, key) < 1.0
        ]
        if not 0.0 <= settings.any_order <= 1.0:
            problems.append(Problem("settings.any_order", f"any_order is {settings.any_order}", "0 to 1"))
        if problems:
            raise FitError.of(problems)
        privacy = Privacy.of(settings, ROW_UNITS)
        if privacy is not None and settings.unit == "row":
            privacy.refuse_few(data.rows)

    @classmethod
    def fit(
        cls,
        data: MixedTable,
        settings: Settings,
        streams: Streams,
        budget: Budget,
        progress: Progress,
        checkpoint: Path | None = None,
        owner: Int1D | None = None,
    ) -> Self:
        """Cut the columns into tokens and train; ``checkpoint``: a folder to save to and resume from.

        owner : int64[N] the entity of each row from 0 on, for the unit ``entity`` of a private fit.
        """
        # Only training needs torch: a saved model is sampled without it.
        from finsim.generators.tables.tabular import token_training as training
        from finsim.generators.training.training_interface import Schedule

        cls.refuse(data, settings)
        started = time.process_time()
        if settings.epsilon is not None:
            from finsim.generators.tables.tabular.private_tabular import fit_privately

            run = (streams, budget, progress, checkpoint)
            private, model, report = fit_privately(data, settings, owner, run)
            return cls(settings, private, model, replace(report, cpu_seconds=time.process_time() - started))
        bins = int(np.clip(np.sqrt(data.rows), 4, max(settings.bins, 4)))
        columns = {
            name: ColumnLevels.fit(column, min(bins, settings.bins)) for name, column in data.columns.items()
        }
        counts = np.array([one.count for one in columns.values()], np.int64)
        rows = _tokens(data, columns)
        order = np.argsort(counts, kind="stable")
        tokens = training.Tokens(rows, counts, order, [one.places() for one in columns.values()])
        sizes = training.TrainingSizes(
            settings.width, settings.blocks, settings.functions, settings.batch, settings.dropout,
            settings.any_order, settings.ridge, settings.held_out,
        )  # fmt: skip
        schedule = Schedule(
            settings.learning_rate, settings.warm_up, 0.0, settings.clip, settings.ema,
            settings.check_every, settings.patience,
        )  # fmt: skip
        identity = f"{data.digest()} {write_settings(settings)}"
        limit = budget.or_steps(settings.steps)
        model, report = training.train_tokens(
            tokens, sizes, schedule, limit, streams, progress, identity, checkpoint
        )
        return cls(settings, columns, model, replace(report, cpu_seconds=time.process_time() - started))

    def sample(
        self, count: int, streams: Streams, first: int = 0, given: Mapping[str, Cell] | None = None
    ) -> MixedTable:
        """Return ``count`` rows; see the contract. Given cells come first in the order."""
        facts = {name: one.facts for name, one in self.columns.items()}
        cells, batch = check_given(given, facts), self.settings.sampling_batch
        fixed = {name: facts[name].column(cell, 1) for name, cell in cells.items()}
        names = list(self.columns)
        known = {names.index(name): int(self.columns[name].levels(one)[0]) for name, one in fixed.items()}

        def make(number: int) -> MixedTable:
            rng = streams.at("rows", number)
            tokens = self.model.draw(known, batch, rng)
            found = {
                name: one.cells(tokens[:, index], rng.random(batch), rng.random(batch))
                for index, (name, one) in enumerate(self.columns.items())
            }
            found |= {name: facts[name].column(cell, batch) for name, cell in cells.items()}
            return MixedTable(found, batch)

        return in_batches(count, first, batch, make)

    def row_losses(self, rows: MixedTable, streams: Streams) -> Float1D:
        """Return the negative log likelihood of every row, float64[N] in nats; see the contract."""
        check_columns(rows, {name: one.facts for name, one in self.columns.items()})
        tokens = _tokens(rows, self.columns)
        losses = -self.model.log_chances(tokens)
        for index, (name, one) in enumerate(self.columns.items()):
            losses -= one.log_density(rows[name], tokens[:, index])
        return np.asarray(losses)

    def state(self) -> State:
        """Return levels, weights (float32) and settings."""
        arrays: dict[str, Array] = {f"model.{name}": array for name, array in self.model.state().items()}
        columns = []
        for index, (name, one) in enumerate(self.columns.items()):
            arrays |= one.state(f"column.{index}")
            columns.append({"name": name, **one.facts.to_dict()})
        return State(arrays, {"settings": write_settings(self.settings), "columns": columns})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore a generator without torch; raises FitError when weights and columns do not fit together."""
        columns = {
            str(data["name"]): ColumnLevels.from_state(
                f"column.{index}", ColumnFacts.from_dict(data), state.arrays
            )
            for index, data in enumerate(state.facts["columns"])
        }
        arrays = {key.removeprefix("model."): one for key, one in state.arrays.items() if key[:6] == "model."}
        model = TokenModel.from_state(arrays)
        if [one.count for one in columns.values()] != model.counts.tolist():
            raise FitError("the weights and the columns do not agree", place="tabular")
        return cls(read_settings(cls, state.facts["settings"]), columns, model, FitReport())


def _tokens(table: MixedTable, columns: Mapping[str, ColumnLevels]) -> Int2D:
    """Return the tokens int32[N, D] of rows."""
    return np.stack([one.levels(table[name]) for name, one in columns.items()], axis=1)
