"""The nearest point of a polyhedron: against a search of the whole grid and against an LP solver."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from finsim.constraints.repairing import nearest_point as projection
from finsim.constraints.repairing.nearest_point import nearest


def searched(a, slack, weights, reach):
    """Return the least cost of a whole move inside a box, and the point whose first columns move least."""
    points = np.array(list(product(range(-reach, reach + 1), repeat=len(weights))))
    points = points[(points @ a.T <= slack).all(axis=1)]
    if not len(points):
        return None
    cost = np.abs(points) @ weights
    points = points[cost <= cost.min() + 1e-12]
    return cost.min(), min(points.tolist(), key=lambda point: [abs(part) for part in point])


@pytest.mark.parametrize("seed", range(4))
def test_whole_moves_are_the_best_of_the_grid(seed):
    rng = np.random.default_rng(seed)
    for _ in range(30):
        n, m, k = int(rng.integers(1, 4)), int(rng.integers(1, 5)), 3
        a = rng.integers(-2, 3, (k, m, n)).astype(float)
        slack = rng.integers(-6, 7, (k, m)).astype(float)
        weights = rng.choice([0.5, 1.0, 2.0], n)
        moves, solved = nearest(a, slack, weights, np.ones(n, dtype=bool))
        for row in range(k):
            best = searched(a[row], slack[row], weights, 12)
            if best is None:
                assert not solved[row] or np.abs(moves[row]).max() > 12
                continue
            assert solved[row]
            assert (a[row] @ moves[row] <= slack[row]).all()
            assert np.abs(moves[row]) @ weights == pytest.approx(best[0], abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_real_moves_cost_what_an_lp_solver_finds(seed):
    rng = np.random.default_rng(seed)
    for _ in range(25):
        n, m, k = int(rng.integers(1, 7)), int(rng.integers(1, 8)), 3
        a = rng.normal(size=(k, m, n)) * (rng.random((k, m, n)) < 0.6)
        slack, weights = rng.normal(size=(k, m)), rng.uniform(0.5, 2, n)
        moves, solved = nearest(a, slack, weights, np.zeros(n, dtype=bool))
        for row in range(k):
            goal = np.concatenate((weights, weights))
            found = linprog(goal, A_ub=np.hstack((a[row], -a[row])), b_ub=slack[row])
            assert solved[row] == (found.status == 0)
            if solved[row]:
                assert (a[row] @ moves[row] <= slack[row] + 1e-9).all()
                assert np.abs(moves[row]) @ weights == pytest.approx(found.fun, abs=1e-9, rel=1e-9)


@pytest.mark.parametrize("whole", [True, False])
def test_the_solver_row_by_row_gives_the_same_moves_as_the_corners(whole, monkeypatch):
    rng = np.random.default_rng(5)
    for _ in range(10):
        n, m = int(rng.integers(2, 5)), int(rng.integers(2, 6))
        a = rng.integers(-1, 2, (4, m, n)).astype(float)
        slack = rng.integers(-8, 9, (4, m)).astype(float)
        weights, kinds = np.ones(n), np.full(n, whole)
        moves, solved = nearest(a, slack, weights, kinds)
        with monkeypatch.context() as patch:
            patch.setattr(projection, "MOST_CORNERS", 1)
            slow, fine = nearest(a, slack, weights, kinds)
        assert solved.tolist() == fine.tolist()
        if whole:
            np.testing.assert_allclose(np.abs(moves).sum(axis=1), np.abs(slow).sum(axis=1), atol=1e-9)
        else:
            np.testing.assert_allclose(moves, slow, atol=1e-9)


def test_of_equally_near_points_the_first_columns_move_least():
    one, _ = nearest(np.array([[[1.0, -1.0]]]), np.array([[-3.0]]), np.ones(2), np.zeros(2, dtype=bool))
    assert one.tolist() == [[0.0, 3.0]]
    a = np.array([[[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]]])  # x <= y <= z
    moves, _ = nearest(a, np.array([[-3.0, -2.0]]), np.ones(3), np.zeros(3, dtype=bool))
    assert moves.tolist() == [[-3.0, 0.0, 2.0]]
    heavy, _ = nearest(a, np.array([[-3.0, -2.0]]), np.array([1.0, 1.0, 9.0]), np.zeros(3, dtype=bool))
    assert heavy.tolist() == [[-5.0, -2.0, 0.0]]


def isotonic(x):
    """Least absolute moves that make x ascend: the min-max formula with lower medians."""
    n = len(x)
    return [
        max(min(sorted(x[i : j + 1])[(j - i) // 2] for j in range(k, n)) for i in range(k + 1))
        for k in range(n)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_chains_in_closed_form_are_the_best_corner(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    n = 5
    x = rng.integers(-4, 5, (80, n)).astype(float)
    path = rng.permutation(n)
    a = np.zeros((80, n - 1, n))
    for place, number in enumerate(rng.permutation(n - 1)):
        a[:, number, path[place]], a[:, number, path[place + 1]] = 2.0, -2.0
    slack = -np.einsum("kmn,kn->km", a, x)
    weights = rng.choice([1.0, 2.0], n) if seed % 2 else np.ones(n)
    moves, _ = nearest(a, slack, weights, np.zeros(n, dtype=bool))
    monkeypatch.setattr(projection, "chain_of", lambda a: None)
    corners, _ = nearest(a, slack, weights, np.zeros(n, dtype=bool))
    np.testing.assert_allclose(moves, corners, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_chains_cost_what_isotonic_regression_costs(seed):
    rng = np.random.default_rng(seed)
    n = 6
    x = rng.normal(size=(40, n))
    a = np.zeros((40, n - 1, n))
    for place in range(n - 1):
        a[:, place, place], a[:, place, place + 1] = 1.0, -1.0
    moves, solved = nearest(a, x[:, 1:] - x[:, :-1], np.ones(n), np.zeros(n, dtype=bool))
    assert solved.all()
    assert (np.diff(x + moves, axis=1) >= -1e-12).all()
    costs = [np.abs(np.array(isotonic(row.tolist())) - row).sum() for row in x]
    np.testing.assert_allclose(np.abs(moves).sum(axis=1), costs, atol=1e-9)


def test_rows_do_not_depend_on_the_rows_beside_them():
    rng = np.random.default_rng(9)
    a, slack = rng.normal(size=(60, 4, 3)), rng.normal(size=(60, 4))
    slack[rng.random((60, 4)) < 0.2] = np.inf
    weights, whole = np.ones(3), np.array([False, True, False])
    together = nearest(a, slack, weights, whole)
    for row in range(0, 60, 7):
        alone = nearest(a[row : row + 1], slack[row : row + 1], weights, whole)
        assert alone[1][0] == together[1][row]
        assert alone[0][0].tobytes() == together[0][row].tobytes()


def test_fulfilled_rows_do_not_move_and_impossible_ones_are_said():
    a = np.array([[[1.0], [-1.0]]] * 2)
    moves, solved = nearest(a, np.array([[5.0, 0.0], [-1.0, -1.0]]), np.ones(1), np.zeros(1, dtype=bool))
    assert moves.tolist() == [[0.0], [0.0]]
    assert solved.tolist() == [True, False]
