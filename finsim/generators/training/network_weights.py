"""Weights of a torch network: initialized from a stream, stored as arrays, restored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import nn

from finsim.generators.training.device import drawn, pick_device, torch_stream
from finsim.notation import Array
from finsim.randomness import Streams

Network = TypeVar("Network", bound=nn.Module)
PREFIX = "network/"


def begun(build: Callable[[], Network], streams: Streams, device: torch.device) -> Network:
    """Return a new network on its device; its weights come from the stream ``init``."""
    return drawn(build, torch_stream(streams.word("init"))).to(device)


def stored(network: nn.Module) -> dict[str, Array]:
    """Return the weights by name, float32, as stored in a generator's state."""
    weights = network.state_dict().items()
    return {f"{PREFIX}{name}": weight.detach().cpu().numpy() for name, weight in weights}


def under(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """Return the arrays whose names begin with ``prefix``, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def restored(build: Callable[[], Network], arrays: Mapping[str, Array], device: str) -> Network:
    """Return a network with stored weights on the CPU, or on CUDA when ``device`` asks and there is one."""
    network = drawn(build, torch_stream(0))
    weights = under(arrays, PREFIX).items()
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights})
    return network.to(pick_device("cpu" if device == "cpu" else "auto"))
