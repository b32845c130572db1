"""Filters of a narrative's roles: ``>= 60``, ``< 10``, ``18..35``, or a list of words."""

from __future__ import annotations

import math
import re
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from finsim.agents.narratives.number_syntax import RANGE_FORM, bounds, number
from finsim.document_numbers import Meaning, Misfit
from finsim.editor_schemas import JsonSchema
from finsim.notation import Array, Bool1D

# What may be asked of an account or a shop; units: years, days, hundreds of minor units, counts, shares.
ACCOUNT_FACTS = (
    "age",
    "account_days",
    "income",
    "opening",
    "limit",
    "degree",
    "segment",
    "online",
    "turnover",
)
SHOP_FACTS = ("ticket", "online", "popularity")

FACT_RANGES: dict[str, tuple[float, float]] = {
    "age": (0.0, 120.0), "account_days": (0.0, 36_525.0), "income": (0.0, math.inf),
    "opening": (-math.inf, math.inf), "limit": (0.0, math.inf), "degree": (0.0, math.inf),
    "online": (0.0, 1.0), "turnover": (0.0, math.inf), "ticket": (0.0, math.inf),
    "popularity": (0.0, math.inf),
}  # fmt: skip
"""Where each fact that is a number lies; a filter beyond it fits nobody."""

_COMPARISON = re.compile(r"(<=|>=|<|>|==)\s*([-+]?[0-9]*\.?[0-9]+)\Z")


class Condition(BaseModel):
    """A closed or open interval of numbers, or a set of words."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    meaning: ClassVar[Meaning] = Meaning("a comparison, a range or a list of words", '">= 60"')

    low: float = -math.inf
    high: float = math.inf
    words: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        if isinstance(data, list):
            if any(isinstance(word, list | dict) for word in data):
                raise Misfit("a list inside a list", "a list of words", "write [word, word]")
            return {"words": tuple(str(word) for word in data)}
        if isinstance(data, str) and ".." in data:
            low, high = bounds(data, number)
            return {"low": low, "high": high}
        match = _COMPARISON.match(data.strip()) if isinstance(data, str) else None
        if match is None:
            raise Misfit(
                f"{data!r} is not a filter",
                "a comparison, a range or a list of words",
                'write ">= 60", "< 10", 18..35 or [word, word]',
            )
        limit = number(float(match[2]))
        edges = {
            "<": {"high": math.nextafter(limit, -math.inf)},
            "<=": {"high": limit},
            ">": {"low": math.nextafter(limit, math.inf)},
            ">=": {"low": limit},
            "==": {"low": limit, "high": limit},
        }
        return edges[match[1]]

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> JsonSchema:
        """Return what a filter is in a file: a comparison, a range or words."""
        comparison = {"type": "string", "pattern": rf"^\s*{_COMPARISON.pattern[:-2]}\s*$"}
        words = {"type": "array", "items": {"type": ["string", "number", "boolean"]}}
        return {
            "anyOf": [comparison, RANGE_FORM, words],
            "description": "`>= 60`, `< 10`, `18..35`, or words.",
        }

    def holds(self, values: Array) -> Bool1D:
        """Return where numbers lie in the interval; missing values (nan) never do."""
        inside: Bool1D = (np.asarray(values) >= self.low) & (np.asarray(values) <= self.high)
        return inside
