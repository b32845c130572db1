"""Numbers of narrative files: parsing, and draws against closed forms."""

import numpy as np
import pytest
from pydantic import ValidationError

from finsim.agents.narratives.draws import Draw, Duration
from finsim.agents.narratives.number_syntax import seconds
from finsim.agents.narratives.role_filters import Condition


@pytest.mark.parametrize(
    ("text", "value"),
    [("90s", 90), ("25m", 1_500), ("9h", 32_400), ("14d", 1_209_600), ("1.5h", 5_400)],
)
def test_durations(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["9", "h", "9 parsecs", 9, None, "-", "9hh"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="not a duration"):
        seconds(text)


def sample(data, kind=Draw, size=40_000):
    rng = np.random.default_rng(1)
    draw = kind.model_validate(data)
    return np.array([draw.sample(rng) for _ in range(size)])


@pytest.mark.parametrize(
    ("data", "mean"),
    [
        (4, 4.0),
        ("3..18", 10.5),
        ("0.80..0.99", 0.895),
        ({"dist": "lognormal", "mean": 661, "sigma": 1.0}, 661.0),
        ({"dist": "lognormal", "median": 2.0, "sigma": 0.5}, 2.0 * np.exp(0.125)),
        ({"dist": "exp", "mean": 3.0}, 3.0),
        ({"dist": "weibull", "k": 1.0, "scale": 2.0}, 2.0),
        ({"dist": "beta", "a": 2, "b": 6}, 0.25),
        ({"dist": "geometric", "mean": 2.04}, 2.04),
        ({"dist": "nbinom", "mean": 5, "k": 1.5}, 5.0),
        ({"dist": "poisson", "mean": 1.6}, 1.6),
    ],
)
def test_means_are_those_of_the_distribution(data, mean):
    found = sample(data)
    # Four standard errors of the mean.
    assert abs(found.mean() - mean) <= 4 * found.std() / np.sqrt(len(found)) + 1e-12


def test_whole_ranges_give_whole_numbers_with_both_ends():
    found = sample("3..18")
    assert set(found) == set(map(float, range(3, 19)))


def test_clipping_and_units():
    assert sample({"dist": "exp", "mean": "2h", "min": "1h", "max": "3h"}, Duration).min() == 3_600
    assert sample({"dist": "exp", "mean": "2h", "min": "1h", "max": "3h"}, Duration).max() == 10_800
    assert set(sample("2h", Duration, 10)) == {7_200.0}


@pytest.mark.parametrize(
    "data", ["x", True, {"dist": "exp"}, {"dist": "exp", "mean": 1, "b": 2}, float("nan"), [1]]
)
def test_what_is_no_draw(data):
    with pytest.raises(ValidationError):
        Draw.model_validate(data)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (">= 60", [60, 61], [59.9, np.nan]),
        ("> 60", [60.1], [60]),
        ("< 10", [9.9, -5], [10]),
        ("<= 10", [10], [10.1]),
        ("== 3", [3], [2.9]),
        ("18..35", [18, 35], [17, 36, np.nan]),
    ],
)
def test_filters(text, inside, outside):
    condition = Condition.model_validate(text)
    assert condition.holds(np.array(inside)).all()
    assert not condition.holds(np.array(outside)).any()
