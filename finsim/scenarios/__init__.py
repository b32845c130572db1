"""Scenario files: read, combine, scale and turn into drivers.

| to do | call | file |
|---|---|---|
| read a file with its parents and overlays | ``load(name_or_path)`` | ``scenario.py`` |
| turn the dial | ``scaled(scenario, severity)`` | ``severity_and_overlays.py`` |
| lay one scenario over another | ``overlaid(scenario, other)`` | ``severity_and_overlays.py`` |
| arrays on a clock, for the worlds | ``drivers(scenario, clock, severity)`` | ``compile.py`` |
| what the drivers say, as numbers | ``measure(drivers)`` | ``expectations.py`` |
| the file's own claims | ``check_expectations(scenario, measured)`` | ``expectations.py`` |
| the form that a manifest stores | ``resolved(scenario)`` | ``canonical_form.py`` |
| a scenario back from that form | ``from_resolved(form)`` | ``recorded_form.py`` |
| severity told from contradiction | ``coherence(scenario)`` | ``plausible/coherence.py`` |
| shipped files | ``names()``, ``describe(name)`` | ``shipped_scenarios.py`` |

A new scenario is one YAML file in ``scenarios/stress``. A new macro variable is one line in
``variables.py``. A new kind of shock is a field of ``file_models.py``, a line of ``file_to_scenario.py`` and
a line of ``compile.py``. A new number that a file may claim is a line of ``claims/metric_names.py``.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Outcome": "expectations",
    "Scenario": "scenario",
    "check_expectations": "expectations",
    "coherence": "plausible.coherence",
    "describe": "shipped_scenarios",
    "drivers": "compile",
    "from_resolved": "recorded_form",
    "load": "scenario",
    "measure": "expectations",
    "names": "shipped_scenarios",
    "overlaid": "severity_and_overlays",
    "resolved": "canonical_form",
    "scaled": "severity_and_overlays",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
