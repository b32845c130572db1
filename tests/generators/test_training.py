"""The one training loop: determinism, exact resume, budgets, early stop, clean failure."""

import dataclasses
import math
import tempfile
import time

import numpy as np
import pytest
import torch
from small_generators import FLOW, TIMEGAN, clustered, quiet
from torch import nn

from finsim.errors import FitError, ResumeError
from finsim.generators.flow.flow import Flow
from finsim.generators.generator import Budget
from finsim.generators.saved_models import save
from finsim.generators.timegan.timegan import TimeGan
from finsim.generators.training.device import adam, drawn, one_thread, pick_device, torch_stream
from finsim.generators.training.training_interface import Schedule
from finsim.generators.training.training_loop import train


class Line:
    """Fits a slope to noisy points; the loss after step ``broken_at`` is not a number."""

    identity = "line"

    def __init__(self, broken_at=None, judged=None):
        self.network = nn.Linear(1, 1)
        nn.init.zeros_(self.network.weight)
        self.broken_at, self.judged, self.calls, self.checks = broken_at, judged, 0, 0

    def parts(self):
        return {"line": list(self.network.parameters())}

    def losses(self, done, draw):
        self.calls += 1
        x = torch.randn(32, 1, generator=draw)
        loss = (self.network(x) - 3.0 * x).square().mean()
        yield "line", loss * (math.nan if self.calls == self.broken_at else 1.0)

    def held_out(self, done):
        self.checks += 1
        return None if self.judged is None else self.judged(self.checks)


class Stopped(Exception):
    """Raised by a progress callback to stand for a killed run."""


def stop_at(share):
    def progress(done, text):
        if done >= share:
            raise Stopped

    return progress


SCHEDULE = Schedule(learning_rate=0.1, warm_up=1, ema=0.5, check_every=5)


def test_it_learns(streams):
    recipe = Line()
    report = train(recipe, SCHEDULE, Budget(200), streams, quiet)
    assert recipe.network.weight.item() == pytest.approx(3.0, abs=0.05)
    assert report.steps == 200
    assert report.stopped_by == "steps"
    assert len(report.losses["line"]) == 40
    assert report.losses["line"][-1] < 0.01 < report.losses["line"][0]


def test_progress_says_step_and_loss_from_the_first_step_on(streams):
    told = []
    train(Line(), SCHEDULE, Budget(7), streams, lambda share, text: told.append(text))
    assert [text.split(":")[0] for text in told] == [f"step {k}" for k in range(1, 8)]
    assert all(float(text.split("loss line ")[1]) > 0.0 for text in told)


def test_the_early_stop_keeps_the_best(streams):
    recipe = Line(judged=lambda check: abs(check - 4.0))  # the first is that of the untrained
    report = train(recipe, dataclasses.replace(SCHEDULE, patience=4), Budget(500), streams, quiet)
    assert report.stopped_by == "early stop"
    assert report.steps == 5 * 7
    assert report.held_out == 0.0
    best = Line()
    train(best, dataclasses.replace(SCHEDULE, final_rate=1.0), Budget(15), streams, quiet)
    assert recipe.network.weight.item() == pytest.approx(best.network.weight.item(), abs=0.05)


def test_a_broken_loss_is_named(streams):
    with pytest.raises(FitError, match="loss of 'line' is nan at step 6"):
        train(Line(broken_at=7), SCHEDULE, Budget(50), streams, quiet)


def test_cpu_seconds_end_the_fit(streams):
    started = time.process_time()
    report = train(Line(), SCHEDULE, Budget(cpu_seconds=0.3), streams, quiet)
    assert report.stopped_by == "cpu_seconds"
    assert report.steps > 0
    assert 0.3 <= report.cpu_seconds <= time.process_time() - started


@pytest.mark.parametrize("budget", [{"steps": 0}, {"cpu_seconds": -1.0}, {"cpu_seconds": math.nan}])
def test_an_empty_budget_is_refused(budget):
    with pytest.raises(FitError, match="budget"):
        Budget(**budget)


@pytest.mark.parametrize(("kind", "settings"), [(Flow, FLOW), (TimeGan, TIMEGAN)])
def test_a_resumed_fit_is_the_fit(kind, settings, streams, tmp_path):
    """Train 2k steps; train k, be killed, resume: equal bytes."""
    data, budget = clustered(), Budget(steps=20)
    save(kind.fit(data, settings, streams, budget, quiet), tmp_path / "whole", {})
    folder = tmp_path / "checkpoint"
    with pytest.raises(Stopped):
        kind.fit(data, settings, streams, budget, stop_at(0.45), folder)
    resumed = []
    model = kind.fit(data, settings, streams, budget, lambda done, text: resumed.append(done), folder)
    save(model, tmp_path / "resumed", {})
    assert min(resumed) == pytest.approx(0.3)  # the step after the last check
    for file in ("weights.safetensors", "model.json"):
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "resumed" / file).read_bytes()


def test_a_checkpoint_of_another_fit_is_refused(streams, tmp_path):
    train(Line(), SCHEDULE, Budget(10), streams, quiet, tmp_path)
    with pytest.raises(ResumeError, match="another fit"):
        train(Line(), SCHEDULE, Budget(20), streams, quiet, tmp_path)


@pytest.mark.parametrize("damage", ["truncate", "flip", "missing", "card"])
def test_a_damaged_checkpoint_is_refused(streams, tmp_path, damage):
    train(Line(), SCHEDULE, Budget(10), streams, quiet, tmp_path)
    (tensors,) = tmp_path.glob("step-*.safetensors")
    content = tensors.read_bytes()
    if damage == "truncate":
        tensors.write_bytes(content[:-3])
    elif damage == "flip":
        tensors.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "missing":
        tensors.unlink()
    else:
        (tmp_path / "checkpoint.json").write_text("{")
    with pytest.raises(ResumeError, match=r"damaged|sha256"):
        train(Line(), SCHEDULE, Budget(10), streams, quiet, tmp_path)


def test_weights_come_from_the_given_stream_alone():
    before = torch.random.get_rng_state()
    one = drawn(lambda: nn.GRU(3, 4, 2), torch_stream(5))
    other = drawn(lambda: nn.GRU(3, 4, 2), torch_stream(5))
    assert torch.equal(torch.random.get_rng_state(), before)
    for name, weight in one.state_dict().items():
        assert torch.equal(weight, other.state_dict()[name])
        assert weight.ndim < 2 or weight.std() > 0.1


def test_threads_are_given_back():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_devices():
    assert pick_device("cpu").type == "cpu"
    assert pick_device("auto").type in ("cpu", "cuda")
    with pytest.raises(FitError, match="tpu"):
        pick_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(FitError, match="no CUDA"):
            pick_device("cuda")


def test_results_do_not_depend_on_the_threads_of_the_caller(streams):
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            model = Flow.fit(clustered(), FLOW, streams, Budget(steps=5), quiet)
            found.append(model.sample(2, 20, streams))
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(*found)


def test_an_optimiser_leaves_no_folder_behind(tmp_path, monkeypatch):
    """Torch makes the folder of a cache when the first one is made; what others keep there stays."""
    plain = torch.optim.Adam

    def making(weights, lr):
        for name in ("torchinductor_new", "torchinductor_used"):
            (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / "torchinductor_used" / "kernel").touch()
        return plain(weights, lr=lr)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(torch.optim, "Adam", making)
    (tmp_path / "torchinductor_old").mkdir()
    made = adam(nn.Linear(1, 1).parameters(), 0.5)
    assert made.param_groups[0]["lr"] == 0.5
    assert sorted(one.name for one in tmp_path.iterdir()) == ["torchinductor_old", "torchinductor_used"]
