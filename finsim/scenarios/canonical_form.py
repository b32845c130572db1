"""The canonical form of a scenario: plain JSON data, the same for every order of keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from finsim.scenarios.file_models import VERSION
from finsim.scenarios.flat_scenario import FlatScenario

_INFINITE = {float("inf"): "inf", float("-inf"): "-inf"}


def resolved(scenario: FlatScenario) -> dict[str, Any]:
    """Return the scenario as JSON-able data with sorted keys; this is what a manifest stores.

    Two files that differ only in the order of keys or of overlays give the same form.
    """
    form = _plain(scenario)
    del form["warnings"]
    return {"finsim": VERSION, **form}


def digest(scenario: FlatScenario) -> str:
    """Return the SHA-256 of the canonical form (severity included), as 64 hex digits."""
    text = json.dumps(resolved(scenario), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in sorted(field.name for field in fields(value))}
    if isinstance(value, Mapping):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return _INFINITE.get(value, value + 0.0)  # -0.0 becomes 0.0
    return value
