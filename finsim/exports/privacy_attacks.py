"""What the scorecard says of identifiability, under the three heads of WP29 05/2014 and recital 26 GDPR.

A head that no metric of the scorecard has tried is "not attacked"; checks of copies are no attacks and
stand apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from finsim.exports.run_facts import RunFacts
from finsim.records.run_layout import ROW_OF

HEADS: Mapping[str, tuple[str, ...]] = {
    "singling out": ("singling",),
    "linkability": ("linkab", "linkage"),
    "inference": ("inference", "attribute"),
    "membership": ("membership",),
}
"""Head -> the parts of a metric's name by which it is known; of several the last."""
NOT_ATTACKED = "not attacked"
SHARE = "share"
FIGURES = (
    "metric", "table", "subject", "value", "low", "high", "n", "goal", "unit", "verdict", "reason", "note",
)  # fmt: skip


def attacks(facts: RunFacts) -> dict[str, Any]:
    """Return head -> the scores of its attacks, or the words "not attacked"."""
    found: dict[str, Any] = {}
    for head in HEADS:
        own = [score for score in _shared(facts) if head_of(score["metric"]) == head]
        computed = [score for score in own if score["value"] is not None]
        reason = f"{NOT_ATTACKED}: {own[0]['reason']}" if own else NOT_ATTACKED
        found[head] = [figures(score) for score in computed] or reason
    return found


def other_checks(facts: RunFacts) -> list[dict[str, Any]]:
    """Return the scores of the use "share" that are no attack: checks of copies and near copies."""
    return [figures(score) for score in _shared(facts) if not head_of(score["metric"])]


def head_of(metric: str) -> str:
    """Return the head that a metric belongs to, "" for one that is no attack."""
    heads = [head for head, parts in HEADS.items() if any(part in metric for part in parts)]
    return heads[-1] if heads else ""


def not_looked_at(facts: RunFacts) -> list[str]:
    """Return the learned tables and the models of the run that no computed score of the use "share" names."""
    done = [score for score in _shared(facts) if score["value"] is not None]
    named = " ".join(f"{score['metric']} {score.get('table', '')} {score['subject']}" for score in done)
    learned = {one.name for one in facts.tables if facts.inputs(one.world)}
    tables = [name for name in ROW_OF if name in learned and name not in named]
    models = [f"model of {model['world']}" for model in facts.models() if "model" not in named]
    return [*tables, *models]


def figures(score: Mapping[str, Any]) -> dict[str, Any]:
    """Return a score with what a reader needs to judge it: table, n, value and interval."""
    return {name: score.get(name, "") for name in FIGURES}


def _shared(facts: RunFacts) -> Sequence[Mapping[str, Any]]:
    return [score for score in facts.scores if score["use"] == SHARE]
