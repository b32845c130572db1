"""Random numbers of a narrative: distributions, their parameters and bounds, and how they are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from finsim.agents.narratives.number_syntax import (
    DURATION_FORM,
    DURATIONS_FORM,
    LONGEST,
    MOST,
    NUMBER_FORM,
    RANGE_FORM,
    UNITS,
    bounds,
    number,
    seconds,
)
from finsim.document_numbers import Meaning, Misfit
from finsim.editor_schemas import NUMBER, JsonSchema, key_notes, one_of, when
from finsim.errors import did_you_mean

# name -> parameters that a distribution needs; ``mean`` may stand for ``median`` of a log-normal.
_NEEDS: dict[str, tuple[str, ...]] = {
    "fixed": ("value",),
    "uniform": ("low", "high"),
    "integers": ("low", "high"),
    "lognormal": ("sigma",),
    "exp": ("mean",),
    "weibull": ("k", "scale"),
    "beta": ("a", "b"),
    "geometric": ("mean",),
    "nbinom": ("mean", "k"),
    "poisson": ("mean",),
}


_POSITIVE = ("sigma", "k", "scale", "a", "b", "median", "mean")
_TINY = 1e-9
# Shapes that are no quantities of their own: their bounds keep every draw finite.
_SHAPES: dict[str, tuple[float, float]] = {
    "sigma": (_TINY, 5.0), "k": (0.05, 1_000.0), "a": (0.01, 10_000.0), "b": (0.01, 10_000.0),
}  # fmt: skip
# Distributions that have no end of their own above.
_ENDLESS = ("lognormal", "exp", "weibull", "geometric", "nbinom", "poisson")


def _centre(dist: str) -> tuple[str, ...]:
    """Return the parameters of which one is needed."""
    return ("median", "mean") if dist == "lognormal" else ()


def _needs(dist: str) -> JsonSchema:
    """Return the condition that a distribution has its own parameters and no others."""
    own = ["dist", "min", "max", *_NEEDS[dist], *_centre(dist)]
    centre = one_of(_centre(dist)) if _centre(dist) else {}
    then = {"required": list(_NEEDS[dist]), "propertyNames": {"enum": own}, **centre}
    return when("dist", [dist], then)


class Draw(BaseModel):
    """A random number: one number, ``low..high``, or ``{dist: name, parameters, min, max}``.

    Ranges of whole numbers give whole numbers. ``min`` and ``max`` clip the draw.

    * ``dist``: name of the distribution, which says what other keys it needs.
    * ``value``: the number of a fixed distribution.
    * ``low`` and ``high``: ends of uniform and integers.
    * ``median``: of a lognormal; its mean may stand here instead.
    * ``mean``: of exp, geometric, nbinom, poisson, or of a lognormal instead of its median.
    * ``sigma``: of a lognormal, standard deviation of the logarithm.
    * ``k``: shape of weibull, dispersion of nbinom.
    * ``scale``: of weibull.
    * ``a`` and ``b``: shapes of beta, whose draws lie between 0 and 1.
    * ``min`` and ``max``: a draw beyond is moved to the limit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    meaning: ClassVar[Meaning] = Meaning("a number, a range low..high or {dist: ..}", "3..18")
    read: ClassVar[Callable[[Any], float]] = number
    forms: ClassVar[tuple[JsonSchema, JsonSchema]] = (NUMBER_FORM, RANGE_FORM)
    scaled: ClassVar[tuple[str, ...]] = ("value", "low", "high", "median", "mean", "scale", "min", "max")
    least: ClassVar[float] = -MOST
    most: ClassVar[float] = MOST
    whole: ClassVar[bool] = False
    closed: ClassVar[bool] = False
    bounds: ClassVar[str] = ""

    dist: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    median: float | None = None
    mean: float | None = None
    sigma: float | None = None
    k: float | None = None
    scale: float | None = None
    a: float | None = None
    b: float | None = None
    min: float | None = None
    max: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _accept_short_forms(cls, data: Any) -> Any:
        if isinstance(data, str) and ".." in data:
            low, high = bounds(data, cls.read)
            whole = "." not in data.replace("..", "") and cls.read is number
            return {"dist": "integers" if whole else "uniform", "low": low, "high": high}
        if not isinstance(data, dict):
            return {"dist": "fixed", "value": cls.read(data)}
        return {key: cls.read(value) if key in cls.scaled else value for key, value in data.items()}

    @model_validator(mode="after")
    def _check_parameters(self) -> Draw:
        if self.dist not in _NEEDS:
            raise Misfit(
                f"unknown distribution {self.dist!r}",
                f"one of {', '.join(sorted(_NEEDS))}",
                did_you_mean(self.dist, sorted(_NEEDS)),
            )
        needed, centre = _NEEDS[self.dist], _centre(self.dist)
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        missing = [name for name in needed if name not in given]
        if centre and len(given & set(centre)) != 1:
            missing.append("either median or mean")
        if missing:
            raise Misfit(
                f"{self.dist} without {', '.join(missing)}",
                f"the parameters of {self.dist}: {', '.join((*needed, *missing))}",
                f"add `{missing[0].removeprefix('either ').split(' ')[0]}:`",
            )
        surplus = given - {"dist", "min", "max", *needed, *centre}
        if surplus:
            raise Misfit(
                f"{self.dist} has no parameter {', '.join(sorted(surplus))}",
                f"its parameters: {', '.join((*needed, *centre, 'min', 'max'))}",
                "remove it",
            )
        for name, (low, high) in self._limits():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise self._beyond(name, value, (low, high))
        self._check_ends()
        return self

    def _limits(self) -> list[tuple[str, tuple[float, float]]]:
        own, above = (self.least, self.most), (max(self.least, _TINY), self.most)
        scaled = [(name, above if name in _POSITIVE else own) for name in self.scaled]
        return [*scaled, *_SHAPES.items()]

    def _beyond(self, name: str, value: float, limits: tuple[float, float]) -> Misfit:
        """Return what to say of a parameter that lies beyond its limits."""
        if name in _POSITIVE and value <= 0:
            return Misfit(f"{name} is {value:g}", "a number above 0", f"write `{name}: 1`")
        low, high = limits
        near = min(max(value, low), high) if math.isfinite(value) else min(1.0, high)
        told = self.told if name in self.scaled else "{:g}".format
        bounds = f"{told(low) if low > _TINY else 0} to {told(high)}"
        return Misfit(f"{name} is {told(value)}", bounds, f"write {told(near)}")

    def _check_ends(self) -> None:
        """Refuse ends that contradict each other, and draws that what is drawn cannot hold."""
        low, high = self.span()
        if self.min is not None and self.max is not None and self.min > self.max:
            raise Misfit(
                f"min {self.told(self.min)} is above max {self.told(self.max)}",
                "min up to max",
                "swap the two",
            )
        for name, end in (("low", self.low), ("high", self.high)):
            if end is not None and self.dist == "integers" and not end.is_integer():
                raise Misfit(f"{name} is {end:g}", "a whole number, for integers", f"write {round(end)}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise Misfit(
                f"low {self.told(self.low)} is above high {self.told(self.high)}",
                "low up to high",
                "swap the two",
            )
        if self.dist == "geometric" and self.mean is not None and self.mean < 1.0:
            raise Misfit(
                f"geometric of mean {self.mean:g}",
                "a mean of 1 or more, for it counts from 1",
                "write poisson",
            )
        if self.whole and self.dist == "fixed" and self.value is not None and not self.value.is_integer():
            raise Misfit(f"{self.value:g} is not whole", "a whole number", f"write {round(self.value)}")
        if (self.min is not None and high < self.min) or (self.max is not None and low > self.max):
            raise Misfit(
                "a draw that lies beyond its own min or max",
                "ends that overlap the draw",
                "remove min or max",
            )
        if self.closed and self.dist in _ENDLESS and self.max is None:
            raise Misfit(
                f"{self.dist} without an end above",
                f"a draw {self.bounds}",
                f"add `max: {self.told(self.most)}`",
            )

    def told(self, value: float) -> str:
        """Return a number of this kind as a file writes it."""
        return f"{value:.12g}" if type(self).read is number else as_length(value)

    def span(self) -> tuple[float, float]:
        """Return the least and the largest draw, before ``min`` and ``max``."""
        if self.dist == "fixed":
            return _given(self.value), _given(self.value)
        if self.dist in ("uniform", "integers"):
            return _given(self.low), _given(self.high)
        return float(self.dist == "geometric"), 1.0 if self.dist == "beta" else math.inf

    @property
    def is_bounded(self) -> bool:
        """Whether draws have an end of their own, by the distribution or by ``max``."""
        return self.dist not in _ENDLESS or self.max is not None

    @property
    def centre(self) -> float:
        """The mean of the draw, before ``min`` and ``max``."""
        low, high = self.span()
        if self.dist == "lognormal" and self.median is not None:
            return self.median * math.exp(_given(self.sigma) ** 2 / 2)
        if self.dist == "weibull":
            return _given(self.scale) * math.gamma(1 + 1 / _given(self.k))
        return self.mean if self.mean is not None else (low + high) / 2

    def range(self) -> tuple[float, float]:
        """Return the least and the largest number that ``sample`` gives."""
        low, high = self.span()
        return self._clipped(low), self._clipped(high)

    def _clipped(self, drawn: float) -> float:
        low = self.least if self.min is None else self.min
        high = self.most if self.max is None else self.max
        return float(min(max(drawn, low), high))

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> JsonSchema:
        """Return the three forms: a number, a range, and a distribution with just its own parameters."""
        whole = handler.resolve_ref_schema(handler(core))
        keys = {
            name: {
                **(cls.forms[0] if name in cls.scaled else NUMBER),
                **cls._form_limits(name),
                "description": key_notes(cls)[name],
            }
            for name in cls.model_fields
        }
        keys["dist"] = {"enum": sorted(_NEEDS), "description": key_notes(cls)["dist"]}
        written = {**whole, "properties": keys, "allOf": [_needs(dist) for dist in _NEEDS]}
        plain = {**cls.forms[0], **cls._form_limits("value"), **({"multipleOf": 1} if cls.whole else {})}
        return {"anyOf": [plain, cls.forms[1], written], "description": whole.get("description", "")}

    @classmethod
    def _form_limits(cls, name: str) -> JsonSchema:
        if name in _SHAPES:
            return dict(zip(("minimum", "maximum"), _SHAPES[name], strict=True))
        if name not in cls.scaled or cls.read is not number:
            return {}
        low: JsonSchema = {"exclusiveMinimum": 0} if name in _POSITIVE else {"minimum": cls.least}
        return {**low, "maximum": cls.most}

    def sample(self, rng: np.random.Generator) -> float:
        """Return one draw; durations in seconds."""
        return self._clipped(_SAMPLERS[self.dist](self, rng))


class Duration(Draw):
    """A random duration: ``9h``, ``1h..3d``, or a distribution whose lengths are durations."""

    meaning: ClassVar[Meaning] = Meaning("a duration, a range of durations or {dist: ..}", "1h..3d")
    read: ClassVar[Callable[[Any], float]] = seconds
    forms: ClassVar[tuple[JsonSchema, JsonSchema]] = (DURATION_FORM, DURATIONS_FORM)
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = LONGEST


def as_length(value: float) -> str:
    """Return seconds as a file writes a duration."""
    unit = next((name for name in ("d", "h", "m") if value >= UNITS[name]), "s")
    return f"{value / UNITS[unit]:g}{unit}"


def _given(value: float | None) -> float:
    return 0.0 if value is None else value


def _lognormal(draw: Draw, rng: np.random.Generator) -> float:
    sigma = _given(draw.sigma)
    median = draw.median if draw.median is not None else _given(draw.mean) * math.exp(-(sigma**2) / 2)
    return median * math.exp(sigma * rng.standard_normal())


def _nbinom(draw: Draw, rng: np.random.Generator) -> float:
    size, mean = _given(draw.k), _given(draw.mean)
    return float(rng.poisson(rng.gamma(size, mean / size)))


_SAMPLERS: dict[str, Callable[[Draw, np.random.Generator], float]] = {
    "fixed": lambda draw, rng: _given(draw.value),
    "uniform": lambda draw, rng: float(rng.uniform(_given(draw.low), _given(draw.high))),
    "integers": lambda draw, rng: float(rng.integers(int(_given(draw.low)), int(_given(draw.high)) + 1)),
    "lognormal": _lognormal,
    "exp": lambda draw, rng: float(rng.exponential(_given(draw.mean))),
    "weibull": lambda draw, rng: _given(draw.scale) * float(rng.weibull(_given(draw.k))),
    "beta": lambda draw, rng: float(rng.beta(_given(draw.a), _given(draw.b))),
    "geometric": lambda draw, rng: float(rng.geometric(min(1.0, 1.0 / _given(draw.mean)))),
    "nbinom": _nbinom,
    "poisson": lambda draw, rng: float(rng.poisson(_given(draw.mean))),
}
