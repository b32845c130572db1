"""Nearest records against plain loops, and conformal p's whose law is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from finsim.notation import Float1D, Float2D
from finsim.provenance import nearest_records
from finsim.provenance.nearest_records import (
    FIVE,
    MOST_REFERENCES,
    gower_distance,
    held_out,
    left_out,
    nearest,
    ranked,
    standard,
    window_distance,
)


def mixed(seed: int, count: int) -> Float2D:
    """Return two ranked columns, one of them with gaps, and one of words."""
    rng = np.random.default_rng(seed)
    gaps = np.where(rng.random(count) < 0.2, np.nan, rng.random(count))
    return np.stack([rng.random(count), gaps, rng.integers(0, 3, count).astype(float)], axis=1)


NUMERIC = np.array([True, True, False])


def plain_gower(left: Float1D, right: Float1D) -> float:
    total = 0.0
    for a, b, number in zip(left, right, NUMERIC, strict=True):
        if math.isnan(a) or math.isnan(b):
            total += float(math.isnan(a) != math.isnan(b))
        else:
            total += abs(a - b) if number else float(a != b)
    return total / len(left)


def test_gower_is_the_plain_loop_in_any_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, others = mixed(1, 53), mixed(2, 9)
    monkeypatch.setattr(nearest_records, "_BLOCK", 7)
    for record in others:
        found = gower_distance(NUMERIC)(rows, record)
        assert np.allclose(found, [plain_gower(row, record) for row in rows])


def test_ranks_are_shares_of_the_known_values_with_ties_in_the_middle() -> None:
    found = ranked(np.array([3.0, 1.0, 3.0, np.nan, 8.0]), np.array([0.0, 1.0, 3.0, 5.0, 9.0, np.nan]))
    assert found[:5].tolist() == [0.0, 0.125, 0.5, 0.75, 1.0]
    assert math.isnan(found[5])


def test_the_five_nearest_are_those_of_a_sort_and_ties_go_to_the_earlier_row() -> None:
    rows, record = mixed(3, 200), mixed(4, 1)[0]
    rows[150] = rows[20] = record
    found = nearest(rows, record, gower_distance(NUMERIC), np.array([0.5]))
    expected = sorted((plain_gower(row, record), i) for i, row in enumerate(rows))[:FIVE]
    assert found.rows.tolist() == [row for _, row in expected]
    assert found.rows[:2].tolist() == [20, 150]
    assert np.allclose(found.distances, [distance for distance, _ in expected])


def test_p_counts_the_real_records_that_lie_as_near() -> None:
    rows = np.arange(10.0)[:, None]
    real = np.array([0.1, 0.2, 0.2, 1.0, 2.0])
    found = nearest(rows, np.array([3.2]), gower_distance(np.array([True])), real)
    # Distances 0.2, 0.8, 1.2, 1.8, 2.2: as near are 3, 3, 4, 4 and 5 of the 5.
    assert found.references == 5
    assert np.allclose(found.p, np.array([4, 4, 5, 5, 6]) / 6)
    assert nearest(rows, rows[4], gower_distance(np.array([True])), real).p[0] == pytest.approx(1 / 6)


def test_p_of_records_of_the_same_law_is_uniform_and_of_copies_least() -> None:
    rng = np.random.default_rng(5)
    training, later, fresh = (rng.random((400, 3)) for _ in range(3))
    distance = gower_distance(np.array([True, True, True]))
    real = held_out(training, later, distance)
    p = np.array([nearest(training, record, distance, real).p[0] for record in fresh])
    # One-sample Kolmogorov: 0.096 at 0.1 % for n = 400, and the reference is a sample itself.
    assert np.abs(np.sort(p) - np.arange(1, 401) / 400).max() < 0.096 * math.sqrt(2)
    copies = [nearest(training, record + 1e-4, distance, real).p[0] for record in training[:50]]
    assert max(copies) < 0.01


def test_a_record_that_is_left_out_is_not_its_own_neighbour() -> None:
    rows = mixed(6, 60)
    real = left_out(rows, gower_distance(NUMERIC), lambda row: np.arange(len(rows)) == row)
    expected = [
        min(plain_gower(row, other) for j, other in enumerate(rows) if j != i) for i, row in enumerate(rows)
    ]
    assert np.allclose(real, expected)
    assert left_out(rows[:1], gower_distance(NUMERIC), lambda row: np.array([True])).size == 0


def test_references_are_spread_and_bounded() -> None:
    rows = np.arange(5_000.0)[:, None]
    seen = []

    def distance(training: Float2D, record: Float1D) -> Float1D:
        seen.append(float(record[0]))
        return np.ones(len(training))

    held_out(rows, rows, distance)
    assert len(seen) == MOST_REFERENCES
    assert (seen[0], seen[-1]) == (0.0, 4_999.0)
    assert nearest_records._some(5_000, 10**12).size == 99


def test_windows_are_compared_without_place_and_size() -> None:
    rng = np.random.default_rng(7)
    windows = rng.standard_normal((40, 20))
    moved = standard((windows[11] * 3.0 + 0.4)[None])[0]
    found = window_distance(standard(windows), moved)
    assert int(np.argmin(found)) == 11
    assert found[11] == pytest.approx(0.0, abs=1e-12)
    flipped = window_distance(standard(windows), standard(-windows[11:12])[0])
    assert flipped[11] == pytest.approx(2.0)
    assert np.all(standard(np.ones((1, 20))) == 0.0)
