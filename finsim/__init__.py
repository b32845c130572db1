"""finsim: seeded synthetic financial worlds with ground truth, rules, stress and evidence.

Public names load on first use, so ``import finsim`` is light and nothing heavy is imported unasked.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Drivers": "finsim.records.drivers",
    "EvaluationSettings": "finsim.evaluation.settings:Settings",
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
    "Study": "finsim.engine.study.study_file",
    "Transactions": "finsim.records.transactions",
    "account_graph": "finsim.records.graph",
    "check": "finsim.verbs.check",
    "compare": "finsim.verbs.compare",
    "curriculum": "finsim.verbs.narratives.curriculum",
    "drivers": "finsim.verbs.drivers",
    "evaluate": "finsim.verbs.evaluate",
    "example_data": "finsim.verbs.names",
    "expected_shortfall": "finsim.credit.risk",
    "export": "finsim.verbs.handover.export",
    "explain": "finsim.verbs.check",
    "feature_definitions": "finsim.evaluation.detector_features",
    "features": "finsim.evaluation.detector_features",
    "fit": "finsim.verbs.fit",
    "inject": "finsim.verbs.payments.inject",
    "known_labels": "finsim.evaluation.detector_features",
    "load_schema": "finsim.tables",
    "load_study": "finsim.engine.study.study_file",
    "names": "finsim.verbs.names",
    "narrative_check": "finsim.verbs.narratives.narrative_check",
    "narrative_show": "finsim.verbs.narratives.narrative_show",
    "new": "finsim.verbs.new",
    "open_run": "finsim.verbs.handover.open_run",
    "plan": "finsim.verbs.plan",
    "read_prices": "finsim.markets.prices",
    "repair": "finsim.verbs.check",
    "report": "finsim.verbs.report",
    "run": "finsim.verbs.run",
    "sample": "finsim.verbs.sample",
    "schema": "finsim.verbs.schema",
    "show": "finsim.verbs.show",
    "sign": "finsim.verbs.sign",
    "simulate": "finsim.verbs.simulate",
    "simulate_book": "finsim.verbs.books.simulate_book",
    "split_by_time": "finsim.evaluation.detector_features",
    "stress": "finsim.verbs.stress",
    "study": "finsim.verbs.study",
    "trace": "finsim.verbs.trace",
    "value_at_risk": "finsim.credit.risk",
    "verify": "finsim.verbs.verify",
}
"""Public name -> module that has it, or ``module:name`` where it is called otherwise there."""

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name from its home on first use."""
    if name not in _HOMES:
        from finsim.errors import did_you_mean

        meant = did_you_mean(name, __all__) if not name.startswith("_") else ""
        hint = f"; {meant}" if meant.startswith("did") else ""
        raise AttributeError(f"module 'finsim' has no attribute {name!r}{hint}")
    module, _, other = _HOMES[name].partition(":")
    value = getattr(importlib.import_module(module), other or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__, "__version__"]
