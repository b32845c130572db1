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
    """Return an optimiser of some weights."""
    with leaving_no_folder():
        return torch.optim.Adam(weights, lr=rate)


@contextmanager
def leaving_no_folder() -> Iterator[None]:
    """Take away the empty folder of a cache that torch makes in the place of temporary files.

    It does when it loads its compiler: for the first optimiser of a process and for modules on no device. It
    makes it again where it is used.
    """
    before = _cache_folders()
    try:
        yield
    finally:
        for folder in _cache_folders() - before:
            with suppress(OSError):  # something may be in it by now
                folder.rmdir()


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
    with torch.device("meta"), leaving_no_folder():
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
