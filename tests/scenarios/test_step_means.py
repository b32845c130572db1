"""Averages and flows read by the month keep the numbers of the file."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.records.calendar import Clock
from finsim.scenarios import drivers, load
from finsim.scenarios.values.step_means import cell_means

MONTHS = {"year": 12, "quarter": 3}


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.floats(-9.0, 9.0), min_size=1, max_size=8),
    size=st.sampled_from([1, 3, 12]),
    timing=st.sampled_from(["average", "flow"]),
    shift=st.integers(0, 5),
)
def test_months_keep_the_mean_of_their_step_and_its_range(values, size, timing, shift):
    path = np.array(values)
    edges = shift + size * np.arange(len(path) + 1.0)
    ends = np.arange(1.0, edges[-1] + 6.0)
    found = cell_means(path, edges, ends - 1.0, ends, timing)
    inside = found[shift : shift + size * len(path)].reshape(len(path), size)
    np.testing.assert_allclose(inside.mean(axis=1), path, atol=1e-12)
    assert found.min() >= min(path.min(), 0.0) - 1e-12
    assert found.max() <= max(path.max(), 0.0) + 1e-12
    assert (found[:shift] == 0.0).all()
    assert (found[shift + size * len(path) :] == path[-1]).all()
    if timing == "flow":
        assert (inside == path[:, None]).all()


def test_spans_that_cross_steps_are_the_integral():
    path, edges = np.array([1.0, 3.0, 4.5, 2.0]), np.array([0.5, 2.1, 5.0, 6.7, 8.2])
    fine = np.linspace(0.0, 9.0, 90_001)
    course = cell_means(path, edges, fine[:-1], fine[1:], "average")
    wide = np.arange(0.0, 9.0)
    wanted = course.reshape(9, -1).mean(axis=1)
    np.testing.assert_allclose(cell_means(path, edges, wide, wide + 1.0, "average"), wanted, atol=2e-4)


@pytest.mark.parametrize(("step", "growth"), [("year", [-2.3, -4.2, 0.0]), ("quarter", [-8.9, -6.7, 3.1])])
def test_growth_compounds_to_the_level_of_the_file(write, step, growth):
    body = f"""horizon: {{length: 3, step: {step}}}
calibration: {{jump_off: {{gdp_growth: 0.9, unemployment: 6.1}}}}
macro:
  gdp_growth: {{unit: pct_annualised, as: level, path: {growth}}}
  unemployment: {{unit: pp, as: delta, path: [2.6, 5.1, 6.1]}}
"""
    found = drivers(load(write("x", body)), Clock(date(2024, 12, 31), 252, 90, 36))
    size = MONTHS[step]
    rate = found.jump_off["gdp_growth"] + found.macro["gdp_growth"]
    level = np.cumprod((1.0 + rate / 100.0) ** (1.0 / 12.0))[size - 1 : 3 * size : size]
    wanted = np.cumprod((1.0 + np.array(growth) / 100.0) ** (size / 12.0))
    np.testing.assert_allclose(level, wanted, rtol=1e-12)
    moves = found.macro["unemployment"][: 3 * size].reshape(3, size).mean(axis=1)
    np.testing.assert_allclose(moves, [2.6, 5.1, 6.1], atol=1e-9)


def test_an_overlay_between_month_ends_keeps_the_area(write, clock):
    write(
        "wave",
        "horizon: {length: 2, step: quarter}\nmacro: {unemployment: {unit: pp, as: delta, path: [2, 2]}}\n",
    )
    found = drivers(
        load(write("x", "horizon: {length: 1, step: quarter}\noverlay: [{ref: wave, start: 15d}]\n")), clock
    )
    moves = found.macro["unemployment"]
    assert 0.9 < moves[0] < 1.1
    assert moves[1:].tolist() == [2.0] * (len(moves) - 1)
