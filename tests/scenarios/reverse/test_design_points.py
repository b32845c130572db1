"""Design points and importance sampling against closed forms."""

import math

import numpy as np
import pytest
from reference_book import LAW, book_loss, one_factor

from finsim.errors import ScenarioError
from finsim.randomness import Streams
from finsim.scenarios.reverse.design_points import design_points, normal_tail
from finsim.scenarios.reverse.importance_sampling import breach_probability

EXACT = 6.857733e-05


def test_one_factor_has_the_closed_form():
    point = design_points(one_factor, 1, 0.05)[0]
    assert point.u[0] == pytest.approx(-2.15104148, abs=5e-9)
    assert point.probability == pytest.approx(1.57364631e-02, rel=1e-8)


def test_two_macro_moves_meet_the_reference():
    point = design_points(book_loss, 2, 0.06)[0]
    assert LAW.moves(point.u[None])[0] == pytest.approx([6.743283, 3.429381], abs=2e-6)
    assert point.distance == pytest.approx(3.823093, abs=5e-7)
    assert point.probability == pytest.approx(6.589393e-05, rel=1e-6)
    assert book_loss(np.zeros((1, 2)))[0] == pytest.approx(0.01340725, abs=5e-9)


@pytest.mark.parametrize("count", [1, 3])
def test_importance_sampling_meets_the_integral(count):
    points = design_points(book_loss, 2, 0.06, count)
    found = breach_probability(book_loss, 0.06, points, Streams(1).at("test"))
    assert found.draws == 200_000
    assert found.low < EXACT < found.high
    if count == 1:
        assert found.error / found.probability <= 0.005


def test_the_interval_covers_as_often_as_it_says():
    points = design_points(book_loss, 2, 0.06)
    inside = 0
    for seed in range(200):
        found = breach_probability(book_loss, 0.06, points, Streams(seed).at("test"), 2_000)
        inside += found.low <= EXACT <= found.high
    assert 180 <= inside <= 199


@pytest.mark.parametrize("slope", [(1.0, 2.0), (0.5, -1.0, 3.0), (-2.0,), (0.0, 0.0, 1.0, 0.0)])
def test_a_linear_loss_has_its_distance_in_closed_form(slope):
    b = np.array(slope)
    size = math.sqrt(b @ b)
    point = design_points(lambda u: u @ b, len(b), 2.5 * size)[0]
    assert point.distance == pytest.approx(2.5, abs=1e-9)
    assert point.u == pytest.approx(2.5 * b / size, abs=1e-6)


def test_two_ways_to_break_are_both_found_and_both_count():
    points = design_points(lambda u: np.maximum(u[:, 0], 0.95 * u[:, 1]), 2, 3.0, 2)
    assert [p.distance for p in points] == pytest.approx([3.0, 3.0 / 0.95], abs=1e-6)
    exact = 1.0 - (1.0 - normal_tail(3.0)) * (1.0 - normal_tail(3.0 / 0.95))
    found = breach_probability(
        lambda u: np.maximum(u[:, 0], 0.95 * u[:, 1]), 3.0, points, Streams(2).at("test"), 50_000
    )
    assert found.low < exact < found.high


def test_further_points_keep_thirty_degrees_and_stand_on_the_border():
    points = design_points(book_loss, 2, 0.06, 3)
    assert len(points) == 3
    assert [p.distance for p in points] == sorted(p.distance for p in points)
    for i, one in enumerate(points):
        assert book_loss(one.u[None])[0] == pytest.approx(0.06, abs=1e-9)
        for other in points[:i]:
            cosine = one.u @ other.u / one.distance / other.distance
            assert cosine <= math.cos(math.radians(30.0)) + 1e-5


def test_what_cannot_be_reached_or_is_broken_already_is_refused():
    with pytest.raises(ScenarioError, match="not reached within 10"):
        design_points(book_loss, 2, 0.99)
    with pytest.raises(ScenarioError, match="without any move"):
        design_points(book_loss, 2, 0.01)
