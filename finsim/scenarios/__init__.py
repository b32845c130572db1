"""Scenario files: read, combine, scale and turn into drivers.

| to do | call | file |
|---|---|---|
| read a file with its parents and overlays | ``load(name_or_path)`` | ``scenario.py`` |
| turn the dial | ``scaled(scenario, severity)`` | ``algebra.py`` |
| lay one scenario over another | ``overlaid(scenario, other)`` | ``algebra.py`` |
| arrays on a clock, for the worlds | ``drivers(scenario, clock, severity)`` | ``compile.py`` |
| what the drivers say, as numbers | ``measure(drivers)`` | ``expectations.py`` |
| the file's own claims | ``check_expectations(scenario, measured)`` | ``expectations.py`` |
| the form that a manifest stores, and back | ``resolved``, ``from_resolved(form)`` | ``canonical.py`` |
| shipped files | ``names()``, ``describe(name)`` | ``shelf.py`` |

A new scenario is one YAML file in ``scenarios/stress``. A new macro variable is one line in
``variables.py``. A new kind of shock is a field of ``format.py``, a line of ``flatten.py`` and a line
of ``compile.py``.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Outcome": "expectations",
    "Scenario": "scenario",
    "check_expectations": "expectations",
    "describe": "shelf",
    "drivers": "compile",
    "from_resolved": "canonical",
    "load": "scenario",
    "measure": "expectations",
    "names": "shelf",
    "overlaid": "algebra",
    "resolved": "canonical",
    "scaled": "algebra",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
