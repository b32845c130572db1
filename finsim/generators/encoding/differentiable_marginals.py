"""The marginal maps in torch, differentiable in the normal scores."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from finsim.generators.encoding.gaussian_marginals import Marginal, Tail, normal_scores
from finsim.notation import Array


def marginal_values(marginal: Marginal, normal: Tensor) -> Tensor:
    """Return ``Marginal.values`` of a float64 tensor of normal scores."""
    scores, quantiles = _lifted(normal_scores(), normal), _lifted(marginal.quantiles, normal)
    inner = torch.clamp(normal, scores[0], scores[-1])
    place = torch.clamp(
        torch.searchsorted(scores, inner.detach().contiguous(), right=True), 1, len(scores) - 1
    )
    share = (inner - scores[place - 1]) / (scores[place] - scores[place - 1])
    result = torch.lerp(quantiles[place - 1], quantiles[place], share)
    low = marginal.lower.threshold - _excess(
        marginal.lower, torch.special.ndtr(torch.clamp(normal, max=scores[0]))
    )
    high = marginal.upper.threshold + _excess(
        marginal.upper, torch.special.ndtr(-torch.clamp(normal, min=scores[-1]))
    )
    result = torch.where(normal < scores[0], low, result)
    return torch.where(normal > scores[-1], high, result)


def _lifted(array: Array, like: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float64)).to(like.device)


def _excess(tail: Tail, probability: Tensor) -> Tensor:
    """Return ``Tail.excess`` in torch."""
    inner = 1.0 / tail.reach
    shifted = inner + torch.clamp(probability, 0.0, tail.share) * (tail.share - inner) / tail.share
    ratio = math.log(tail.share) - torch.log(shifted)
    if abs(tail.shape) < 1e-9:
        return tail.scale * ratio
    return tail.scale * torch.expm1(tail.shape * ratio) / tail.shape
