"""Training with rules: weight 0 changes no byte, a weight makes broken rules rarer, and slopes are right."""

import dataclasses

import numpy as np
import pytest
import torch
from small_generators import DAILY, FLOW, TIMEGAN, clustered, quiet

from finsim.errors import FitError
from finsim.generators.daily.daily_flow import DailyFlow
from finsim.generators.flow.differentiable_decoding import FlowOutput
from finsim.generators.flow.encoding_fit import Choices, fit_encoding
from finsim.generators.flow.flow import Flow
from finsim.generators.generator import Budget, Sequences
from finsim.generators.saved_models import load, save
from finsim.generators.timegan.timegan import TimeGan
from finsim.generators.training.device import torch_stream
from finsim.generators.training.rule_penalty import kept_steps
from finsim.randomness import Streams

pytestmark = pytest.mark.sweep

LIMIT = 1.2
PAIRS = [(DailyFlow, DAILY), (Flow, FLOW), (TimeGan, TIMEGAN)]


class Bounded:
    """A rule on sequences: the first channel stays within a limit around 3."""

    def __init__(self, limit=LIMIT):
        self.limit, self.asked = limit, 0

    def __call__(self, values):
        self.asked += 1
        return torch.relu((values[..., 0] - 3.0).abs() - self.limit)

    def __repr__(self):
        return f"Bounded({self.limit})"


def pressed(settings, weight=4.0):
    return dataclasses.replace(settings, rule_weight=weight)


@pytest.mark.parametrize(("kind", "settings"), PAIRS)
def test_weight_zero_is_no_penalty_to_the_byte(kind, settings, streams, tmp_path):
    data, penalty = clustered(), Bounded()
    save(kind.fit(data, settings, streams, Budget(10), quiet), tmp_path / "plain", {})
    save(kind.fit(data, settings, streams, Budget(10), quiet, penalty=penalty), tmp_path / "zero", {})
    assert penalty.asked == 0
    for file in ("weights.safetensors", "model.json"):
        assert (tmp_path / "plain" / file).read_bytes() == (tmp_path / "zero" / file).read_bytes()


@pytest.mark.parametrize(("kind", "settings"), PAIRS)
def test_a_weight_changes_the_model_and_is_kept_with_it(kind, settings, streams, tmp_path):
    data, penalty = clustered(), Bounded(0.05 if kind is TimeGan else LIMIT)  # an untrained GAN stays near 3
    plain = kind.fit(data, settings, streams, Budget(20), quiet)
    taught = kind.fit(data, pressed(settings), streams, Budget(20), quiet, penalty=penalty)
    again = kind.fit(data, pressed(settings), streams, Budget(20), quiet, penalty=penalty)
    assert not np.array_equal(plain.sample(2, 30, streams), taught.sample(2, 30, streams))
    assert np.array_equal(again.sample(2, 30, streams), taught.sample(2, 30, streams))
    save(taught, tmp_path / "taught", {})
    restored, _ = load(tmp_path / "taught")
    assert np.array_equal(restored.sample(2, 30, streams), taught.sample(2, 30, streams))
    assert restored.settings.rule_weight == 4.0
    assert "rules" not in plain.report.losses
    assert any(amount > 0 for amount in taught.report.losses["rules"])


@pytest.mark.parametrize(("kind", "settings"), PAIRS)
def test_a_weight_without_rules_and_a_weight_below_zero_are_refused(kind, settings, streams):
    with pytest.raises(FitError, match="there are no rules"):
        kind.fit(clustered(), pressed(settings), streams, Budget(5), quiet)
    with pytest.raises(FitError, match="rule_weight is -1"):
        kind.fit(clustered(), pressed(settings, -1.0), streams, Budget(5), quiet, penalty=Bounded())


class Stopped(Exception):
    """Raised by a progress callback to stand for a killed run."""


@pytest.mark.parametrize(("kind", "settings"), PAIRS)
def test_a_resumed_fit_with_rules_is_the_fit(kind, settings, streams, tmp_path):
    def stop(done, text):
        if done >= 0.45:
            raise Stopped

    arguments = (clustered(), pressed(settings), streams, Budget(20))
    whole = kind.fit(*arguments, quiet, penalty=Bounded())
    with pytest.raises(Stopped):
        kind.fit(*arguments, stop, tmp_path, penalty=Bounded())
    resumed = kind.fit(*arguments, quiet, tmp_path, penalty=Bounded())
    assert np.array_equal(whole.sample(2, 30, streams), resumed.sample(2, 30, streams))


def test_rules_that_most_of_the_data_break_are_refused(streams):
    with pytest.raises(FitError, match="break the rules to train with"):
        Flow.fit(clustered(), pressed(FLOW), streams, Budget(5), quiet, penalty=Bounded(1e-6))


def test_kept_steps_are_those_that_break_nothing():
    data = clustered()
    masked = Sequences(
        np.where(np.arange(400)[None, :, None] == 7, np.nan, data.values), np.arange(400)[None] != 7
    )
    kept = kept_steps(masked, Bounded())
    wanted = np.abs(data.values[..., 0] - 3.0) <= LIMIT
    wanted[0, 7] = False
    assert np.array_equal(kept, wanted)


@pytest.mark.parametrize("memory", [(), (1, 5, 22)])
@pytest.mark.parametrize("reach", [None, 20.0])
def test_the_output_in_torch_is_the_encoding_and_its_slopes_are_right(memory, reach):
    data = clustered(300)
    encoding, scores = fit_encoding(data, Choices(reach, memory, (100.0, 10.0)), np.random.default_rng(1))
    averages = encoding.averages(scores)
    components = encoding.components(scores, averages)
    output = FlowOutput(encoding, averages, torch.device("cpu"))
    steps = np.arange(40, 70)[None]
    given = torch.from_numpy(components[:, 40:70]).requires_grad_()
    values = output.values(given, np.array([0]), steps)
    assert np.allclose(values.detach().numpy(), data.values[:, 40:70], rtol=1e-8, atol=1e-8)
    far = (torch.randn(1, 30, components.shape[2], generator=torch_stream(1)) * 4.0).double().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: output.values(x, np.array([0]), steps), far, eps=1e-7, atol=1e-3
    )


def share_broken(model, streams, limit):
    paths = model.sample(50, 200, streams.under("check"))
    return float((np.abs(paths[..., 0] - 3.0) > limit).mean())


def before_and_after(kind, settings, seed, steps, limit=LIMIT):
    """Return the share of broken steps of models trained without and with the rule."""
    streams, shares = Streams(seed), []
    for weight in (0.0, settings.rule_weight):
        chosen = dataclasses.replace(settings, rule_weight=weight)
        model = kind.fit(clustered(600), chosen, streams, Budget(steps), quiet, penalty=Bounded(limit))
        shares.append(share_broken(model, streams, limit))
    return shares


@pytest.mark.slow
@pytest.mark.parametrize("marginals", [True, False])
def test_a_flow_breaks_a_rule_less_often_after_training_with_it(marginals):
    """The history breaks the rule in a fifth of its steps. With marginal laws: those of the kept steps."""
    settings = dataclasses.replace(pressed(FLOW), marginals=marginals)
    found = [before_and_after(Flow, settings, seed, 150) for seed in (1, 2, 3)]
    assert all(after < (0.1 if marginals else 0.7) * before for before, after in found), found


@pytest.mark.slow
def test_a_timegan_breaks_a_rule_less_often_after_training_with_it():
    settings = dataclasses.replace(
        pressed(TIMEGAN, 300.0), embedding=0.2, supervision=0.2, learning_rate=5e-3
    )
    before, after = before_and_after(TimeGan, settings, 3, 200, 0.3)
    assert after < 0.1 * before
