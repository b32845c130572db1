"""finsim: seeded synthetic financial worlds with ground truth, rules, stress and evidence.

Public names load on first use, so ``import finsim`` is light and nothing heavy is imported unasked.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Drivers": "finsim.records.drivers",
    "FinsimError": "finsim.errors",
    "Generator": "finsim.generators.generator",
    "Narrative": "finsim.agents.narratives.narrative",
    "Paths": "finsim.records.paths",
    "Portfolio": "finsim.records.portfolio",
    "RuleSet": "finsim.constraints.packs.ruleset",
    "Run": "finsim.engine.finished_run",
    "Scenario": "finsim.scenarios.scenario",
    "Schema": "finsim.tables",
    "Scorecard": "finsim.evaluation.scorecard",
    "Streams": "finsim.randomness",
    "Transactions": "finsim.records.transactions",
    "check": "finsim.constraints.checking.check",
    "evaluate": "finsim.evaluation.evaluate",
    "fit": "finsim.engine.market_model.fit_and_sample",
    "load_schema": "finsim.tables",
    "load_study": "finsim.engine.study.study_file",
    "open_run": "finsim.engine.finished_run",
    "read_prices": "finsim.markets.prices",
    "repair": "finsim.constraints.repairing.repair",
    "resume": "finsim.engine.run",
    "run": "finsim.engine.run",
    "schema": "finsim.verbs.schema",
    "sample": "finsim.engine.market_model.fit_and_sample",
    "simulate": "finsim.engine.simulate_transactions",
    "stress": "finsim.engine.stress",
    "trace": "finsim.provenance.trace",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name from its home on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'finsim' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__, "__version__"]
