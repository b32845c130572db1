"""Numbers of a narrative file: ``3..18``, ``14d``, and distributions with their parameters."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from finsim.document_numbers import Meaning, Misfit, read_count, read_share
from finsim.editor_schemas import NUMBER, JsonSchema, key_notes, one_of, reads, when
from finsim.errors import did_you_mean

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_NUMBER = r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?"
_DURATION = re.compile(rf"({_NUMBER})\s*(ms|s|m|h|d|w)\Z")
_RANGE = re.compile(r"(.+?)\.\.(.+)\Z")
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


_SPAN = rf"^\s*{_NUMBER}\s*\.\.\s*{_NUMBER}\s*$"
_LENGTH = rf"{_NUMBER}\s*({'|'.join(_UNITS)})"
NUMBER_FORM: JsonSchema = {"type": "number"}
DURATION_FORM: JsonSchema = {"type": "string", "pattern": rf"^\s*{_LENGTH}\s*$"}
# What a range of numbers, and one of durations, looks like.
RANGE_FORM: JsonSchema = {"type": "string", "pattern": _SPAN}
DURATIONS_FORM: JsonSchema = {"type": "string", "pattern": rf"^\s*{_LENGTH}\s*\.\.\s*{_LENGTH}\s*$"}


@reads(NUMBER_FORM)
def number(value: Any) -> float:
    """Return a plain number; raises Misfit for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Misfit(f"{value!r} is not a number", "a number", _plain_digits(value))
    return float(value)


def _plain_digits(value: Any) -> str:
    """Return what to write for a number that is spelled with %, k or m."""
    for read in (read_share, read_count):
        try:
            meant = read(value) if isinstance(value, str) else value
        except Misfit as bad:
            return bad.remedy
        if isinstance(meant, int | float) and not isinstance(meant, bool):
            return f"write {meant:g}" if math.isfinite(meant) else "write a finite number"
    return "write a number, such as 4"


@reads(DURATION_FORM)
def seconds(value: Any) -> float:
    """Return the seconds of a duration such as ``90s``, ``25m``, ``9h``, ``14d``; raises Misfit."""
    match = _DURATION.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Misfit(
            f"{value!r} is not a duration", "a number and ms, s, m, h, d or w", "write 9h, or 90s, 25m, 14d"
        )
    return float(match[1]) * _UNITS[match[2]]


def bounds(text: str, read: Callable[[Any], float]) -> tuple[float, float]:
    """Return both ends of ``low..high``; raises Misfit when low exceeds high or one is no number."""
    match = _RANGE.match(text)
    if match is None:
        raise Misfit(f"{text!r} is not a range", "low..high", "write 3..18")
    parts = [part.strip() for part in match.groups()]
    low, high = (read(_plain(part)) for part in parts)
    if low > high:
        raise Misfit(f"range {text!r} runs backwards", "low..high", "swap the two ends")
    return low, high


def _plain(text: str) -> Any:
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    return float(text) if re.fullmatch(_NUMBER, text) else text


_POSITIVE = ("sigma", "k", "scale", "a", "b", "median", "mean")


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

    model_config = ConfigDict(extra="forbid", frozen=True)
    meaning: ClassVar[Meaning] = Meaning("a number, a range low..high or {dist: ..}", "3..18")
    read: ClassVar[Callable[[Any], float]] = number
    forms: ClassVar[tuple[JsonSchema, JsonSchema]] = (NUMBER_FORM, RANGE_FORM)
    scaled: ClassVar[tuple[str, ...]] = ("value", "low", "high", "median", "mean", "scale", "min", "max")

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
        for name in _POSITIVE:
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise Misfit(f"{name} is {value:g}", "a number above 0", f"write `{name}: 1`")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> JsonSchema:
        """Return the three forms: a number, a range, and a distribution with just its own parameters."""
        whole = handler.resolve_ref_schema(handler(core))
        keys = {
            name: {
                **(cls.forms[0] if name in cls.scaled else NUMBER),
                **({"exclusiveMinimum": 0} if name in _POSITIVE else {}),
                "description": key_notes(cls)[name],
            }
            for name in cls.model_fields
        }
        keys["dist"] = {"enum": sorted(_NEEDS), "description": key_notes(cls)["dist"]}
        written = {**whole, "properties": keys, "allOf": [_needs(dist) for dist in _NEEDS]}
        return {"anyOf": [*cls.forms, written], "description": whole.get("description", "")}

    def sample(self, rng: np.random.Generator) -> float:
        """Return one draw; durations in seconds."""
        drawn = _SAMPLERS[self.dist](self, rng)
        low = -math.inf if self.min is None else self.min
        high = math.inf if self.max is None else self.max
        return float(min(max(drawn, low), high))


class Duration(Draw):
    """A random duration: ``9h``, ``1h..3d``, or a distribution whose lengths are durations."""

    meaning: ClassVar[Meaning] = Meaning("a duration, a range of durations or {dist: ..}", "1h..3d")
    read: ClassVar[Callable[[Any], float]] = seconds
    forms: ClassVar[tuple[JsonSchema, JsonSchema]] = (DURATION_FORM, DURATIONS_FORM)


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
