"""The judge of windows: equal laws are not told, planted differences are, a collapse is named."""

import numpy as np
import pytest
import torch

from finsim.engine.answers.model_answer import model_lines
from finsim.engine.study.market_history import remarks_of
from finsim.generators.generator import FitReport
from finsim.generators.training.device import torch_stream
from finsim.generators.training.window_judge import (
    JUDGED,
    LEARNED,
    auc_of_windows,
    diagnosed,
    evenly,
    shuffled,
    window_features,
)


def persistent(count, seed, components=3, carry=0.8):
    """Return windows [count, 10, K] in [0, 1] whose components stay near where they were."""
    draw = torch_stream(seed)
    state, steps = torch.randn((count, components), generator=draw), []
    for _ in range(10):
        state = carry * state + (1.0 - carry**2) ** 0.5 * torch.randn((count, components), generator=draw)
        steps.append(state)
    return torch.special.ndtr(torch.stack(steps, dim=1))


def judged(make):
    return diagnosed(persistent(2_000, 1), persistent(300, 2), make, np.random.default_rng(0))


def test_equal_laws_are_not_told_and_noise_is():
    found = judged(lambda count: persistent(count, 3))
    assert found["auc"] < 0.6
    assert found["noise_auc"] > 0.95
    assert found["beats_noise"]
    assert not found["collapsed"]
    assert found["remarks"] == []
    assert found["spread"] == pytest.approx(1.0, abs=0.1)
    assert found["dimensions"] == pytest.approx(1.0, abs=0.1)


def test_noise_is_no_better_than_noise():
    real = persistent(2_000, 1)
    found = judged(lambda count: shuffled(real, count, np.random.default_rng(5)))
    assert not found["beats_noise"]
    assert not found["collapsed"]
    assert "no better than noise in its own scale" in found["remarks"][0]


@pytest.mark.parametrize(
    "collapse",
    [
        lambda windows: 0.5 + 0.3 * (windows - 0.5),
        lambda windows: windows[:, :1, :1].expand(windows.shape),
        lambda windows: windows[:3].repeat(len(windows) // 3 + 1, 1, 1)[: len(windows)],
    ],
    ids=["narrow", "one direction", "three windows"],
)
def test_a_collapse_is_named(collapse):
    found = judged(lambda count: collapse(persistent(count, 3)))
    assert found["collapsed"]
    assert "has collapsed" in found["remarks"][0]


def test_what_is_told_the_wrong_way_round_counts_as_told():
    learned, made = persistent(LEARNED, 1, carry=0.9), persistent(LEARNED + JUDGED, 2, carry=0.5)
    unseen = persistent(JUDGED, 3, carry=0.1)
    assert auc_of_windows(learned, unseen, made, LEARNED) > 0.8


def test_features_are_means_and_products_within_a_window():
    windows = torch.rand((4, 9, 2), generator=torch_stream(1))
    found, place = window_features(windows), windows.numpy().astype(float) - 0.5
    size = np.abs(place) - np.abs(place).mean(axis=(0, 1))
    wanted = [place.mean(axis=1), size.mean(axis=1)]
    for lag in (1, 5):
        wanted += [
            np.mean([part[:, t + lag] * part[:, t] for t in range(9 - lag)], axis=0) for part in (place, size)
        ]
    for part in (place, size):
        wanted.append(
            np.stack([(part[..., i] * part[..., j]).mean(axis=1) for i, j in ((0, 0), (0, 1), (1, 1))], 1)
        )
    assert np.allclose(found, np.concatenate(wanted, axis=1))


def test_noise_keeps_the_laws_of_steps_and_components_alone():
    windows = torch.arange(24.0).reshape(4, 3, 2)
    made = shuffled(windows, 500, np.random.default_rng(0))
    for step in range(3):
        for component in range(2):
            assert set(made[:, step, component].tolist()) == set(windows[:, step, component].tolist())
    assert len({tuple(row) for row in made.flatten(1).tolist()}) > 100
    assert evenly(windows, 2)[:, 0, 0].tolist() == [0.0, 18.0]


def test_a_diagnosis_is_kept_told_and_printed():
    found = judged(lambda count: 0.5 + 0.1 * (persistent(count, 3) - 0.5))
    report = FitReport(steps=10, stopped_by="steps", diagnosis=found)
    assert FitReport.from_dict(report.to_dict()) == report
    assert "diagnosis" not in FitReport().to_dict()
    model = {"training": {"data": {"notes": {"remarks": ["a hole"]}}, **report.to_dict()}}
    assert remarks_of([model]) == ["a hole", *found["remarks"]]
    facts = {"kind": "bars", "generator": "timegan", "assets": ["A"], "data": {"rows": 9}}
    lines = model_lines({**report.to_dict(), **facts, "parameters": 1, "quick_look": False})
    (line,) = [one for one in lines if one.startswith("windows")]
    assert f"AUC of {found['auc']:.2f}" in line
    assert f"variance {found['spread']:.0%}" in line
