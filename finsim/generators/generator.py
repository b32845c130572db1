"""The contract of every sequence generator: float arrays in, float arrays out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from finsim.errors import FitError
from finsim.generators.channel_layout import Layout
from finsim.notation import Array, Float1D, Float2D, Float3D
from finsim.randomness import Streams

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Sequences:
    """Equally long sequences a generator learns from.

    values : float64[N, T, C], any unit; one long history has N = 1.
    mask : bool[N, T], true where a step was observed (None: everywhere).
    layout : what the channels are (None: moves, each a series of its own); generators may ignore it.
    With N > 1 the sequences are taken to be in chronological order.
    """

    values: Float3D
    mask: NDArray[np.bool_] | None = None
    layout: Layout | None = None

    def __post_init__(self) -> None:
        """Raise FitError when the arrays cannot be learned from."""
        if self.values.ndim != 3 or 0 in self.values.shape:
            raise FitError(
                f"the sequences have shape {self.values.shape}",
                place="sequences",
                expected="[N sequences, T steps, C channels], none of them 0",
            )
        if self.mask is not None and (
            self.mask.dtype != np.bool_ or self.mask.shape != self.values.shape[:2] or not self.mask.any()
        ):
            raise FitError(
                f"the mask is {self.mask.dtype}{list(self.mask.shape)}",
                place="sequences",
                expected=f"bool{list(self.values.shape[:2])} with at least one true step",
            )
        if self.layout is not None and self.layout.channels != self.values.shape[2]:
            raise FitError(
                f"the sequences have {self.values.shape[2]} channels",
                place="sequences: layout",
                expected=f"{self.layout.channels}, as its layout says",
            )
        wrong = ~np.isfinite(self.values)
        if self.mask is not None:
            wrong &= self.mask[:, :, None]
        if wrong.any():
            n, t, c = (int(i) for i in np.argwhere(wrong)[0])
            raise FitError(
                f"{int(wrong.sum())} values are not finite",
                place=f"sequence {n}, step {t}, channel {c}",
                expected="finite numbers where the mask is true",
                remedy="drop or fill these steps, or mask them",
            )

    def observed(self) -> NDArray[np.bool_]:
        """Return the mask as bool[N, T], all true when there is none."""
        return np.ones(self.values.shape[:2], dtype=np.bool_) if self.mask is None else self.mask

    def digest(self) -> str:
        """Return the sha256 of values, mask and layout, hexadecimal."""
        digest = hashlib.sha256(str(self.values.shape).encode())
        digest.update(np.ascontiguousarray(self.values).tobytes())
        digest.update(self.observed().tobytes())
        if self.layout is not None:
            digest.update(str(self.layout.to_dict()).encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class Budget:
    """How long a fit may take; with only ``steps`` the result is deterministic.

    steps : optimiser steps; cpu_seconds : processor seconds of this process. Both: whichever ends
    first. Neither: the ``steps`` of the generator's own settings.
    """

    steps: int | None = None
    cpu_seconds: float | None = None

    def __post_init__(self) -> None:
        """Raise FitError when a limit is not positive."""
        for name, limit in (("steps", self.steps), ("cpu_seconds", self.cpu_seconds)):
            if limit is not None and not limit > 0:
                raise FitError(f"{name} is {limit}", place="budget", expected="a number above 0")

    def or_steps(self, steps: int) -> Budget:
        """Return this budget, or one of ``steps`` when it sets no limit."""
        return Budget(steps) if self.steps is None and self.cpu_seconds is None else self


@dataclass(frozen=True)
class FitReport:
    """What a fit did: loss curves by name, steps made, cost, why it ended, best held-out loss.

    losses : mean loss of each stretch of ``check_every`` steps.
    stopped_by : "steps", "cpu_seconds", "early stop" or "closed form".
    held_out : lowest loss on the held-out part, None when nothing was held out.
    untrained : the same loss of the network before its first step.
    privacy : epsilon, delta, unit and what was counted, of a fit with differential privacy; else None.
    utility : what a critic chose and gained, of a fit with one; else None.
    diagnosis : whether made windows collapsed and are better than noise (``training/window_judge.py``), of a
    generator that looks; else None.
    """

    losses: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    steps: int = 0
    cpu_seconds: float = 0.0
    stopped_by: str = "closed form"
    held_out: float | None = None
    untrained: float | None = None
    privacy: Mapping[str, Any] | None = None
    utility: Mapping[str, Any] | None = None
    diagnosis: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; ``privacy``, ``utility`` and ``diagnosis`` only where there is some."""
        plain = {**asdict(self), "losses": {name: list(curve) for name, curve in self.losses.items()}}
        optional = ("privacy", "utility", "diagnosis")
        return {name: one for name, one in plain.items() if name not in optional or one is not None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FitReport:
        """Return the report that ``to_dict`` wrote."""
        losses = {name: tuple(float(x) for x in curve) for name, curve in data["losses"].items()}
        held_out, untrained = data["held_out"], data.get("untrained")
        return cls(
            losses,
            int(data["steps"]),
            float(data["cpu_seconds"]),
            str(data["stopped_by"]),
            None if held_out is None else float(held_out),
            None if untrained is None else float(untrained),
            data.get("privacy"),
            data.get("utility"),
            data.get("diagnosis"),
        )


@dataclass(frozen=True)
class State:
    """All that a fitted generator knows: arrays by name, and JSON-able facts (settings, shapes)."""

    arrays: Mapping[str, Array]
    facts: Mapping[str, Any]


@runtime_checkable
class Generator(Protocol):
    """A model of sequences; one file, one class, one line in the catalogue.

    Example:
        >>> import finsim
        >>> body = finsim.fit(finsim.example_data("wiki_aapl_ibm_2000_2013"), "bootstrap", progress=False)
        >>> body.generator.name
        'bootstrap'

    """

    name: ClassVar[str]
    Settings: ClassVar[type[Any]]
    report: FitReport

    @classmethod
    def refuse(cls, data: Sequences, settings: Any) -> None:
        """Raise FitError for what ``fit`` would refuse before its first step; nothing is computed."""
        ...

    @classmethod
    def fit(
        cls, data: Sequences, settings: Any, streams: Streams, budget: Budget, progress: Progress
    ) -> Self:
        """Learn from ``data``; ``progress(share, text)`` is called with a share from 0 to 1.

        Raises FitError when the data are too short for the settings or the device is missing.
        """
        ...

    def sample(
        self, count: int, steps: int, streams: Streams, first: int = 0, history: Float2D | None = None
    ) -> Float3D:
        """Return float64[count, steps, C] in the unit of the training data.

        Path i of the call is path ``first + i`` of the whole run and draws only from
        ``streams.at("path", first + i)``: its bytes do not depend on how a run is cut into calls.
        history : float64[H, C], the observed past that every path goes on from.
        Raises FitError when the history has another number of channels.
        """
        ...

    def state(self) -> State:
        """Return everything needed to restore the generator."""
        ...

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore a generator; raises FitError when the state does not fit together."""
        ...


@runtime_checkable
class HasLoss(Protocol):
    """A generator that can tell how well it knows a step: who was learned from may show there."""

    def step_losses(self, history: Float2D, first: int, stop: int, streams: Streams) -> Float1D:
        """Return the loss of the steps ``first`` to ``stop`` of float64[T, C]: float64[stop - first].

        In the unit of the training data; NaN where no window fits into the part.
        """
        ...


def check_request(count: int, steps: int, channels: int, history: Float2D | None) -> None:
    """Raise FitError when ``sample`` is asked for the impossible."""
    if count < 0 or steps < 1:
        raise FitError(
            f"asked for {count} paths of {steps} steps", place="sample", expected="at least 1 step"
        )
    if history is None:
        return
    if history.ndim != 2 or history.shape[1] != channels or not np.isfinite(history).all():
        raise FitError(
            f"the history is an array of shape {history.shape}",
            place="sample",
            expected=f"finite numbers [H steps, {channels} channels]",
            remedy="encode the history as the training data were encoded",
        )
