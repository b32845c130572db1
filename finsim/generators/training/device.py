"""Torch device and threads, and seeding of its draws and weights."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from finsim.errors import FitError

Module = TypeVar("Module", bound=nn.Module)


def pick_device(name: str) -> torch.device:
    """Return the device called "cpu", "cuda" or "auto" (cuda where there is one).

    Raises FitError when cuda is asked for and there is none.
    """
    if name not in ("cpu", "cuda", "auto"):
        raise FitError(f"found device {name!r}", place="settings.device", expected="cpu, cuda or auto")
    present = torch.cuda.is_available()
    if name == "cuda" and not present:
        raise FitError("there is no CUDA device", place="settings.device", remedy="use cpu or auto")
    return torch.device("cuda" if present and name != "cpu" else "cpu")


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread inside the block, so that sums are taken in one order everywhere."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def adam(weights: Iterable[Tensor], rate: float) -> torch.optim.Adam:
    """Return an optimiser, and leave no folder behind.

    The first one of a process makes torch load its compiler, which makes an empty folder for its cache in the
    place of temporary files. It makes it again where it is used.
    """
    before = _cache_folders()
    made = torch.optim.Adam(weights, lr=rate)
    for folder in _cache_folders() - before:
        with suppress(OSError):  # another process may have put something there
            folder.rmdir()
    return made


def _cache_folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("torchinductor_*"))


def torch_stream(word: int) -> torch.Generator:
    """Return a torch generator seeded with ``Streams.word(...)``; draws are made on the CPU."""
    generator = torch.Generator()
    generator.manual_seed(word)
    return generator


def drawn(build: Callable[[], Module], draw: torch.Generator) -> Module:
    """Build a module whose weights come from ``draw`` alone and leave the global generator untouched.

    Matrices: Glorot uniform (Glorot & Bengio 2010), parameter by parameter in order of name;
    vectors: 0. A module may then set its own exceptions in a method ``settle``.
    """
    with torch.device("meta"):
        module = build()
    module = module.to_empty(device="cpu")
    with torch.no_grad():
        for _, weight in sorted(module.named_parameters()):
            if weight.ndim >= 2:
                nn.init.xavier_uniform_(weight, generator=draw)
            else:
                nn.init.zeros_(weight)
        for part in module.modules():
            settle = getattr(part, "settle", None)
            if settle is not None:
                settle()
    return module


def normal(size: tuple[int, ...], draw: torch.Generator, device: torch.device) -> Tensor:
    """Return standard normal draws; the same numbers on every device."""
    return torch.randn(size, generator=draw).to(device)


def uniform(size: tuple[int, ...], draw: torch.Generator, device: torch.device) -> Tensor:
    """Return draws from U[0, 1); the same numbers on every device."""
    return torch.rand(size, generator=draw).to(device)
