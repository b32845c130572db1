"""The two networks of the official TimeGAN protocol, with the GRU cell of TensorFlow 1.

The cell differs from torch's: the reset gate acts before the matrix product, gate biases start at 1,
kernels are Glorot uniform (``tf.nn.rnn_cell.GRUCell``). Source: jsyoon0823/TimeGAN, metrics/*.py and
utils.py. Several judges with different seeds are trained side by side in one batch of matrices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from finsim.errors import DataError
from finsim.generators.training.device import adam, one_thread, torch_stream
from finsim.notation import Float3D

_RATE = 1e-3
_TRAIN_SHARE = 0.8
_SCORED_AT_ONCE = 4096


class Judges:
    """R independent TF1 GRU layers of one hidden size, each with a dense head of one logit."""

    def __init__(self, weights: list[Tensor]) -> None:
        """Hold gates, candidate and head, each a matrix [R, in, out] and a bias [R, 1, out]."""
        self.weights = weights
        self.gates, self.gate_bias, self.candidate, self.candidate_bias, self.head, self.head_bias = weights
        self.hidden = self.head.shape[1]

    @classmethod
    def drawn(cls, inputs: int, hidden: int, draws: Sequence[torch.Generator]) -> Judges:
        """Draw the weights of judge r from ``draws[r]``."""
        many, wide = len(draws), inputs + hidden
        weights = [
            _glorot(wide, 2 * hidden, draws),
            torch.ones(many, 1, 2 * hidden),
            _glorot(wide, hidden, draws),
            torch.zeros(many, 1, hidden),
            _glorot(hidden, 1, draws),
            torch.zeros(many, 1, 1),
        ]
        return cls([weight.requires_grad_() for weight in weights])

    def one(self, judge: int) -> Judges:
        """Return one of the judges, for use without training."""
        return Judges([weight[judge : judge + 1].detach() for weight in self.weights])

    def states(self, x: Tensor) -> list[Tensor]:
        """Return the states [R, B, H] after each step of [R, B, T, D]."""
        judges, batch, steps, inputs = x.shape
        hidden = self.hidden
        # The part of the products that does not wait for the state is taken for all steps at once.
        flat = x.reshape(judges, batch * steps, inputs)
        gates_in = torch.baddbmm(self.gate_bias, flat, self.gates[:, :inputs])
        candidate_in = torch.baddbmm(self.candidate_bias, flat, self.candidate[:, :inputs])
        state = x.new_zeros(judges, batch, hidden)
        found = []
        for gate, candidate in zip(
            gates_in.view(judges, batch, steps, 2 * hidden).unbind(2),
            candidate_in.view(judges, batch, steps, hidden).unbind(2),
            strict=True,
        ):
            reset, update = torch.sigmoid(torch.baddbmm(gate, state, self.gates[:, inputs:])).chunk(2, dim=2)
            fresh = torch.tanh(torch.baddbmm(candidate, reset * state, self.candidate[:, inputs:]))
            state = update * state + (1.0 - update) * fresh
            found.append(state)
        return found

    def logits(self, states: Tensor) -> Tensor:
        """Return [R, n] from states [R, n, H]."""
        return torch.baddbmm(self.head_bias, states, self.head)[:, :, 0]


def discriminative_accuracy(
    real: Float3D, fake: Float3D, word: int, iterations: int = 2000, batch: int = 128
) -> float:
    """Return the held-out accuracy of a judge that tells real from generated windows.

    real : float64[N, T, C], fake : float64[M, T, C], both in [0, 1] as the protocol scales them.
    Hidden size C // 2, last state, Adam 1e-3, 80 % of each side for training. The published score is
    |accuracy - 0.5|. Raises DataError when the shapes do not agree.
    """
    return discriminative_accuracies(real, fake, (word,), iterations, batch)[0]


def discriminative_accuracies(
    real: Float3D, fake: Float3D, words: Sequence[int], iterations: int = 2000, batch: int = 128
) -> list[float]:
    """Return one held-out accuracy per seed; ten judges cost about as much as two one by one."""
    _check(real, fake, 1)
    draws = [torch_stream(word) for word in words]
    real_parts = [_divided(len(real), draw) for draw in draws]
    fake_parts = [_divided(len(fake), draw) for draw in draws]
    real_windows, fake_windows = _float(real), _float(fake)
    judges = Judges.drawn(real.shape[2], max(real.shape[2] // 2, 1), draws)
    with one_thread():
        optimiser = adam(judges.weights, _RATE)
        for _ in range(iterations):
            picked_real = _picked([train for train, _ in real_parts], batch, draws)
            picked_fake = _picked([train for train, _ in fake_parts], batch, draws)
            x = torch.cat([real_windows[picked_real], fake_windows[picked_fake]], dim=1)
            logits = judges.logits(judges.states(x)[-1])
            real_logits, fake_logits = logits[:, : picked_real.shape[1]], logits[:, picked_real.shape[1] :]
            # Judges share no weight: the sum over judges gives each the gradient of its own mean.
            loss = softplus(-real_logits).mean(dim=1).sum() + softplus(fake_logits).mean(dim=1).sum()
            _step(optimiser, judges, loss)
        right = []
        for index, ((_, real_test), (_, fake_test)) in enumerate(zip(real_parts, fake_parts, strict=True)):
            judge = judges.one(index)
            hits = (_last_logits(judge, real_windows[real_test]) > 0.0).sum()
            hits = hits + (_last_logits(judge, fake_windows[fake_test]) <= 0.0).sum()
            right.append(float(hits) / (len(real_test) + len(fake_test)))
    return right


def predictive_error(
    train: Float3D, test: Float3D, word: int, iterations: int = 5000, batch: int = 128
) -> float:
    """Return the mean absolute error, on ``test``, of a one-step predictor trained on ``train``.

    train : float64[N, T, C], test : float64[M, T, C], both in [0, 1], C >= 2 and T >= 2. Inputs are
    all channels but the last at steps 0 .. T - 2, the target is the last channel one step later.
    Hidden size C // 2, sigmoid head, L1 loss, Adam 1e-3. Raises DataError when the shapes do not agree.
    """
    _check(train, test, 2)
    draw = torch_stream(word)
    windows = _float(train)
    judge = Judges.drawn(train.shape[2] - 1, max(train.shape[2] // 2, 1), [draw])
    with one_thread():
        optimiser = adam(judge.weights, _RATE)
        for _ in range(iterations):
            chosen = windows[torch.randperm(len(windows), generator=draw)[:batch]]
            _step(optimiser, judge, (_ahead(judge, chosen) - chosen[:, 1:, -1]).abs().mean())
        with torch.inference_mode():
            fitted = judge.one(0)
            errors = [
                (_ahead(fitted, part) - part[:, 1:, -1]).abs().mean(dim=1)
                for part in torch.split(_float(test), _SCORED_AT_ONCE)
            ]
            return float(torch.cat(errors).double().mean())


def _ahead(judge: Judges, windows: Tensor) -> Tensor:
    """Return the predictions [B, T - 1] of the last channel of windows [B, T, C]."""
    states = torch.stack(judge.states(windows[None, :, :-1, :-1]), dim=2)
    flat = states.reshape(1, -1, judge.hidden)
    return torch.sigmoid(judge.logits(flat)).view(len(windows), -1)


def _last_logits(judge: Judges, windows: Tensor) -> Tensor:
    with torch.inference_mode():
        parts = [
            judge.logits(judge.states(part[None])[-1])[0] for part in torch.split(windows, _SCORED_AT_ONCE)
        ]
    return torch.cat(parts)


def _step(optimiser: torch.optim.Adam, judges: Judges, loss: Tensor) -> None:
    for weight, slope in zip(judges.weights, torch.autograd.grad(loss, judges.weights), strict=True):
        weight.grad = slope
    optimiser.step()


def _divided(size: int, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return row numbers for training and for scoring."""
    order = torch.randperm(size, generator=draw)
    cut = int(size * _TRAIN_SHARE)
    return order[:cut], order[cut:]


def _picked(parts: Sequence[Tensor], batch: int, draws: Sequence[torch.Generator]) -> Tensor:
    """Return int64[R, batch]: rows of each judge's training part, without repetition inside a batch."""
    return torch.stack(
        [
            part[torch.randperm(len(part), generator=draw)[:batch]]
            for part, draw in zip(parts, draws, strict=True)
        ]
    )


def _glorot(inputs: int, outputs: int, draws: Sequence[torch.Generator]) -> Tensor:
    limit = math.sqrt(6.0 / (inputs + outputs))
    return torch.stack([(2.0 * torch.rand(inputs, outputs, generator=draw) - 1.0) * limit for draw in draws])


def _float(windows: Float3D) -> Tensor:
    with np.errstate(over="ignore"):  # beyond float32 is infinite, which the judge refuses
        return torch.from_numpy(np.ascontiguousarray(windows, dtype=np.float32))


def _check(one: Float3D, other: Float3D, least: int) -> None:
    if one.ndim != 3 or other.ndim != 3 or one.shape[1:] != other.shape[1:]:
        raise DataError(
            f"windows of shape {one.shape} and {other.shape}",
            place="judges",
            expected="[N, T, C] and [M, T, C] with the same T and C",
        )
    if min(len(one), len(other)) < 10 or min(one.shape[1:]) < least:
        raise DataError(
            f"windows of shape {one.shape} and {other.shape}",
            place="judges",
            expected=f"at least 10 windows on each side, {least} or more steps and channels",
        )
