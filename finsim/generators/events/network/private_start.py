"""Where private training of the event network begins: heads that draw tokens by their noised shares alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from finsim.generators.events.network.event_encoding import Encoded
from finsim.generators.events.network.event_fields import EventFields
from finsim.generators.events.network.torch_network import FIRST_SLOPES, EventNetwork
from finsim.generators.privacy.noised_counts import Owners, shares, with_noise
from finsim.kernels.events.event_network import DAY_HEAD, GAP, WEEKDAY
from finsim.notation import Array, Float1D, Int1D
from finsim.randomness import Streams

TOKEN_RELEASES = 1
_UNSEEN, _MOST = -8.0, 2.0
"""assumption: log chance of a token that the noise hides, and the most that a gap or weekday begins with."""


def noised_shares(
    data: Encoded, fields: EventFields, owners: Owners, sigma: float, streams: Streams
) -> list[Float1D]:
    """Return the noised shares of the tokens of gap, weekday and every head's field: one release.

    An entity puts its weight times its share of events on the tokens of J fields: a vector of norm sqrt(J).
    """
    places = [GAP, WEEKDAY, *(place for kind, place, _ in fields.heads() if kind != DAY_HEAD)]
    sizes = fields.field_sizes()
    bound = float(np.sqrt(len(places)))
    found = []
    for place in places:
        entity, token, share = shares(owners, data.tokens[:, place])
        counts = np.bincount(token, weights=owners.weight[entity] * share, minlength=sizes[place])
        found.append(counts)
    noisy = with_noise(np.concatenate(found), bound, sigma, streams.at("tokens"))
    parts = np.split(noisy, np.cumsum([len(one) for one in found])[:-1])
    # A token that is not seen above the noise keeps a little of it, so that it can be learned.
    return [_share(part, sigma * bound) for part in parts]


def _share(counts: Float1D, sd: float) -> Float1D:
    kept = np.where(counts > 1.5 * sd, counts, 0.0)
    left = max(float(counts.sum() - kept.sum()), sd)
    kept = kept + np.where(kept > 0.0, 0.0, left / max((kept <= 0.0).sum(), 1))
    return np.asarray(kept / kept.sum())


def begin(network: EventNetwork, fields: EventFields, found: list[Float1D], gap_days: Int1D) -> None:
    """Set the heads of a new network so that tokens are drawn by their shares; no data are read.

    gap_days : days in each bin of gaps. Days follow the pace of the goals, more or less by gap and weekday.
    """
    with torch.no_grad():
        last: list[Any] = list(network.last)
        for layer in last:
            layer.weight.zero_()
            layer.bias.zero_()

        gap, weekday = found[0], found[1]
        # Of the events that come later than a bin begins, how many come on a day of it.
        later = np.maximum(np.cumsum(gap[::-1])[::-1] - 0.5 * gap, 1e-6)
        chance = np.clip(gap / np.maximum(gap_days, 1) / later, 1e-4, 0.9)
        mean = 1.0 / max(float((gap * np.cumsum(gap_days)).sum()), 1.0)
        start = np.concatenate([
            np.clip(0.5 * (_logit(chance) - _logit(np.array(mean))), -_MOST, _MOST),
            np.clip(np.log(np.maximum(7.0 * weekday, 1e-3)), -_MOST, _MOST), FIRST_SLOPES,
        ])  # fmt: skip
        last[0].bias.copy_(torch.from_numpy(start.astype(np.float32)))
        heads = [k for k, (kind, _, _) in enumerate(network.shape.heads) if kind != DAY_HEAD]
        for head, share in zip(heads, found[2:], strict=True):
            logs = np.maximum(np.log(np.maximum(share, 1e-12)), _UNSEEN).astype(np.float32)
            last[head].bias.copy_(torch.from_numpy(logs))


def _logit(chance: Array) -> Array:
    return np.asarray(np.log(chance) - np.log1p(-chance))
