"""Draws of an outcome that stand evenly among rows that are alike."""

from __future__ import annotations

import numpy as np
import pytest

from finsim.generators.tables.boosting.even_classes import corput, even_draws_over
from finsim.generators.tables.boosting.label_law import LabelLaw
from finsim.generators.tables.boosting.refined_rows import RefinedRows
from finsim.generators.tables.boosting.row_ratio import RowRatio


def test_the_sequence_is_van_der_corputs() -> None:
    assert corput(8).tolist() == [0, 0.5, 0.25, 0.75, 0.125, 0.625, 0.375, 0.875]
    assert len(corput(0)) == 0


def test_draws_are_even_in_every_part_and_in_the_halves_of_every_column() -> None:
    rng = np.random.default_rng(1)
    levels = rng.integers(0, 9, (8_000, 5)).astype(np.int32)
    part = rng.integers(0, 3, 8_000)
    found = even_draws_over(part, levels, np.array([3, 1]), rng)
    chance = even_draws_over(part, levels, np.array([3]), rng)
    assert (found >= 0).all()
    assert (found < 1).all()

    def worst(draws: np.ndarray, column: int) -> float:
        """Return how far the share of draws below 0.3 is from 0.3 in any part and half, in rows."""
        cells = [(part == p) & (levels[:, column] // 5 == h) for p in range(3) for h in range(2)]
        return max(abs((draws[cell] < 0.3).sum() - 0.3 * cell.sum()) for cell in cells)

    for column in (3, 1):
        assert worst(found, column) < 13
    assert max(worst(rng.random(8_000), column) for column in (3, 1)) > 18
    assert max(worst(chance, column) for column in (0, 1, 2, 4)) > 13  # only columns that are asked count


def test_a_class_is_drawn_evenly_among_rows_alike_and_by_its_chance() -> None:
    rng = np.random.default_rng(2)
    levels = rng.integers(0, 8, (4_000, 4)).astype(np.int32)
    chance = np.where(levels[:, 1] > 3, 0.7, 0.2)
    levels[:, 3] = rng.random(4_000) < chance
    law = LabelLaw.fit(levels, 3, np.random.default_rng(0))
    assert law._asked(4)[0] == 1
    assert 3 not in law._asked(4)
    wanted = law.chances(levels)[:, 1]
    cells = [levels[:, 1] == level for level in range(8)]

    def off(even: bool) -> float:
        made = [law.drawn(levels, np.random.default_rng(k), even)[:, 3] for k in range(6)]
        return float(np.mean([abs((one[c] - wanted[c]).sum()) for one in made for c in cells]))

    assert off(True) < 0.5 * off(False)
    assert np.array_equal(law.drawn(levels, rng)[:, :3], levels[:, :3])


def test_the_choice_of_rows_does_not_ask_for_the_outcome_that_is_drawn_last() -> None:
    """Rows are chosen by all other columns, then the outcome is drawn by its own law in each."""
    rng = np.random.default_rng(3)
    levels = rng.integers(0, 4, (3_000, 3)).astype(np.int32)
    levels[:, 2] = rng.random(3_000) < 0.2 + 0.2 * levels[:, 0]
    label = LabelLaw.fit(levels, 2, np.random.default_rng(0))

    class Network:
        order = (0, 1, 2)

        def draw(self, count, given, rng, even=True):  # type: ignore[no-untyped-def]
            made = rng.integers(0, 4, (count, 3)).astype(np.int32)
            made[:, 2] = 1 if 2 in given else 0
            return made

        def log_chances(self, rows, left_out=()):  # type: ignore[no-untyped-def]
            return np.zeros(len(rows))

    class Ratio(RowRatio):
        def __init__(self) -> None: ...

        def needed(self, count: int) -> int:
            return 3 * count

        def log_weights(self, rows):  # type: ignore[no-untyped-def]
            assert (rows[:, 2] == 0).all()
            return np.where(rows[:, 0] == 3, 0.0, -2.0)

    law = RefinedRows(Network(), label, Ratio())  # type: ignore[arg-type]
    made = law.draw(2_000, {}, 1, rng)
    assert len(made) == 2_000
    assert (made[:, 0] == 3).mean() > 0.6
    chances = label.chances(made)[:, 1]
    assert made[:, 2].mean() == pytest.approx(chances.mean(), abs=0.01)
    given = law.draw(500, {2: 1}, 2, rng)
    assert len(given) == 500
    assert (given[:, 2] == 1).all()
