"""Stationary block bootstrap: real rows, rearranged in blocks of random length."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from finsim.errors import FitError
from finsim.generators.block_length import stationary_block_length
from finsim.generators.generator import (
    Budget,
    FitReport,
    Progress,
    Sequences,
    State,
    check_request,
)
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.kernels.resampling import stationary_rows
from finsim.notation import Array, Float2D, Float3D, Int1D
from finsim.randomness import Streams

# Paths are drawn in groups, so that memory is bounded by a group.
_GROUP = 256


class Bootstrap:
    """Blocks of geometric length are drawn from the data, all channels together.

    The law of a block does not depend on the path before it, so a ``history`` is checked and then
    ignored. Every row of the output is a row of the data: it copies by design, and says nothing
    about privacy. Source: Politis & Romano 1994, JASA 89, section 2.
    """

    name: ClassVar[str] = "bootstrap"

    @dataclass(frozen=True)
    class Settings:
        """block : mean block length in steps, at least 1; None: Politis & White 2004.

        The automatic length is the largest over all channels and their absolute values, so that the
        dependence of the size of moves is kept too (own choice).
        """

        block: float | None = None

    def __init__(self, settings: Settings, rows: Float2D, lengths: Int1D, block: float, report: FitReport):
        """Hold rows float64[R, C] of sequences of the given lengths (their sum is R)."""
        self.settings, self.rows, self.lengths = settings, rows, lengths
        self.block, self.report = block, report

    @classmethod
    def refuse(cls, data: Sequences, settings: Settings) -> None:
        """Raise FitError for a block that is shorter than a step."""
        if settings.block is not None and not settings.block >= 1.0:
            raise FitError(f"block is {settings.block}", place="settings.block", expected="at least 1 step")

    @classmethod
    def fit(
        cls, data: Sequences, settings: Settings, streams: Streams, budget: Budget, progress: Progress
    ) -> Self:
        """Store the observed rows and choose the block length; nothing random happens here."""
        cls.refuse(data, settings)
        started = time.process_time()
        observed = data.observed()
        lengths = observed.sum(axis=1).astype(np.int64)
        rows = np.ascontiguousarray(data.values[observed])
        lengths = lengths[lengths > 0]
        block = settings.block if settings.block is not None else _automatic(rows, lengths)
        progress(1.0, f"mean block length {block:.1f} steps")
        return cls(
            settings, rows, lengths, float(block), FitReport(cpu_seconds=time.process_time() - started)
        )

    def sample(
        self, count: int, steps: int, streams: Streams, first: int = 0, history: Float2D | None = None
    ) -> Float3D:
        """Return float64[count, steps, C]; see the contract. ``history`` has no influence."""
        check_request(count, steps, self.rows.shape[1], history)
        result = np.empty((count, steps, self.rows.shape[1]))
        successor = _successor(self.lengths)
        for start in range(0, count, _GROUP):
            size = min(_GROUP, count - start)
            restarts = np.empty((size, steps), dtype=np.int64)
            uniforms = np.empty((size, steps))
            for row in range(size):
                draw = streams.at("path", first + start + row)
                restarts[row] = draw.integers(0, len(self.rows), steps)
                uniforms[row] = draw.random(steps)
            chosen = np.empty((size, steps), dtype=np.int64)
            stationary_rows(successor, restarts, uniforms, 1.0 / self.block, chosen)
            result[start : start + size] = self.rows[chosen]
        return result

    def state(self) -> State:
        """Return the rows, the sequence lengths, the block length and the settings."""
        arrays: dict[str, Array] = {"rows": self.rows, "lengths": self.lengths}
        return State(arrays, {"settings": write_settings(self.settings), "block": self.block})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore a bootstrap; the report is restored by ``models.load``."""
        rows, lengths = state.arrays["rows"], state.arrays["lengths"]
        if rows.ndim != 2 or int(lengths.sum()) != len(rows):
            raise FitError("rows and sequence lengths do not agree", place="bootstrap")
        settings = read_settings(cls, state.facts["settings"])
        return cls(settings, rows, lengths, float(state.facts["block"]), FitReport())


def _automatic(rows: Float2D, lengths: Int1D) -> float:
    """Return the largest automatic length over channels, on the longest sequence."""
    longest = int(lengths.argmax())
    start = int(lengths[:longest].sum())
    part = rows[start : start + int(lengths[longest])]
    centred = part - part.mean(axis=0)
    columns = [*centred.T, *np.abs(centred).T]
    return max(stationary_block_length(np.ascontiguousarray(column)) for column in columns)


def _successor(lengths: Int1D) -> Int1D:
    """Return the next row of every row; the last row of a sequence goes to its first."""
    ends = np.cumsum(lengths)
    following = np.arange(1, int(ends[-1]) + 1, dtype=np.int64)
    following[ends - 1] = ends - lengths
    return following
