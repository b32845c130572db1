"""Attacks on a model folder: planted values and a planted memory are found, a model without them passes."""

from dataclasses import replace

import numpy as np
import pytest

from finsim.evaluation.attacks import model_membership
from finsim.evaluation.attacks.model_case import ModelCase
from finsim.evaluation.privacy import model_values
from finsim.evaluation.settings import Settings
from finsim.randomness import Streams


def model_case(knows: float = 0.0, calm: float = 1.0, held: int = 1_500) -> ModelCase:
    """Return a model whose loss rises with the size of a move, less ``knows`` on its training steps."""
    rng = np.random.default_rng(3)
    train, spare = rng.standard_t(5, (4_000, 3)), calm * rng.standard_t(5, (held, 3))
    size = [np.log1p((part**2).mean(axis=1)) for part in (train, spare)]
    losses = [0.5 * part + 0.3 * rng.standard_normal(len(part)) for part in size]
    losses[0][:10] = np.nan
    arrays = {"weights": rng.standard_normal((300, 48)).astype(np.float32), "scale": train.std(axis=0)}
    return ModelCase(
        "own", arrays, train, spare, (losses[0] - knows, losses[1]), Streams(7), Settings(bootstrap=100)
    )


def test_a_model_that_knows_its_steps_fails_and_one_that_does_not_passes():
    (honest,) = model_membership.measure(model_case())
    assert honest.verdict == "pass"
    assert honest.p > 0.5  # below the goal
    assert honest.low < 0.5 < honest.high
    (leaky,) = model_membership.measure(model_case(knows=0.3))
    assert leaky.verdict == "fail"
    assert leaky.p < 1e-6
    assert leaky.value > 0.65
    assert "knows its training steps" in leaky.reason


@pytest.mark.parametrize("calm", [0.5, 2.0])
def test_a_hold_out_of_calmer_or_wilder_days_is_no_leak_and_no_pass(calm):
    (honest,) = model_membership.measure(model_case(calm=calm))
    assert honest.verdict == "no power"
    assert "who has no model tells it apart" in honest.reason
    assert honest.value == pytest.approx(0.5, abs=0.04)
    (leaky,) = model_membership.measure(model_case(knows=0.3, calm=calm))
    assert leaky.verdict != "pass"


def test_a_short_hold_out_is_no_power_and_a_generator_without_a_loss_is_not_computed():
    (short,) = model_membership.measure(model_case(held=150))
    assert short.verdict == "no power"
    assert "held-out steps" in short.reason
    (shorter,) = model_membership.measure(model_case(held=60))
    assert shorter.verdict == "not computed"
    (none,) = model_membership.measure(replace(model_case(), losses=None))
    assert (none.verdict, none.reason) == (
        "not computed",
        "own has no loss of its own that could be asked about a step",
    )


@pytest.mark.parametrize(("rows", "verdict"), [(0, "pass"), (800, "fail"), (4_000, "fail")])
def test_training_values_among_the_weights_are_found(rows, verdict):
    case = model_case()
    planted = {**case.arrays, "memory": case.train[:rows].T.astype(np.float32)}
    (found,) = model_values.measure(replace(case, arrays=planted))
    assert found.verdict == verdict
    assert found.value == pytest.approx(rows / 4_000, abs=0.01)
    (empty,) = model_values.measure(replace(case, arrays={}))
    assert (empty.verdict, empty.value) == ("pass", 0.0)


@pytest.mark.slow
def test_a_flow_tells_the_loss_of_its_steps():
    torch = pytest.importorskip("torch")
    assert torch is not None
    from finsim.generators.flow.flow import Flow
    from finsim.generators.generator import Budget, HasLoss, Sequences

    values = np.random.default_rng(1).standard_normal((1, 400, 2))
    flow = Flow.fit(
        Sequences(values), Flow.Settings(width=16, blocks=1), Streams(1), Budget(5), lambda *_: None
    )
    assert isinstance(flow, HasLoss)
    losses = flow.step_losses(values[0], 300, 400, Streams(2))
    assert losses.shape == (100,)
    assert np.isfinite(losses[:90]).all()
    assert np.array_equal(losses, flow.step_losses(values[0], 300, 400, Streams(2)), equal_nan=True)
    wild = values[0].copy()
    wild[350] = 40.0
    assert np.nanargmax(flow.step_losses(wild, 300, 400, Streams(2))) in range(48, 52)
    assert np.isnan(flow.step_losses(values[0], 300, 320, Streams(2))).all()
