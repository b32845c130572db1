"""What the scorecard says of identifiability, under the three heads of WP29 05/2014 and recital 26 GDPR.

A head that no metric of the scorecard has tried is "not attacked"; checks of copies are no attacks and
stand apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from finsim.exports.run_facts import RunFacts

HEADS: Mapping[str, tuple[str, ...]] = {
    "singling out": ("singling",),
    "linkability": ("linkab", "linkage"),
    "inference": ("inference", "attribute"),
    "membership": ("membership",),
}
"""Head -> the parts of a metric's name by which it is known."""
NOT_ATTACKED = "not attacked"
SHARE = "share"


def attacks(facts: RunFacts) -> dict[str, Any]:
    """Return head -> the scores of its attacks, or the words "not attacked"."""
    scores = [score for score in facts.scores if score["use"] == SHARE]
    found: dict[str, Any] = {}
    for head, parts in HEADS.items():
        own = [score for score in scores if any(part in score["metric"] for part in parts)]
        computed = [score for score in own if score["value"] is not None]
        tried = [score for score in own if score["value"] is None]
        found[head] = [_line(score) for score in computed] or (
            f"{NOT_ATTACKED}: {tried[0]['reason']}" if tried else NOT_ATTACKED
        )
    return found


def other_checks(facts: RunFacts) -> list[dict[str, Any]]:
    """Return the scores of the use "share" that are no attack: checks of copies and near copies."""
    known = [part for parts in HEADS.values() for part in parts]
    return [
        _line(score)
        for score in facts.scores
        if score["use"] == SHARE and not any(part in score["metric"] for part in known)
    ]


def not_looked_at(facts: RunFacts) -> list[str]:
    """Return the tables of the run that no score of the use "share" names, and the models."""
    named = " ".join(
        f"{score['metric']} {score['subject']}" for score in facts.scores if score["use"] == SHARE
    )
    tables: Sequence[str] = list(
        dict.fromkeys(table.name for table in facts.tables if table.world != "drivers")
    )
    learned = [name for name in tables if name not in named and _is_learned(facts, name)]
    models = [f"model of {model['world']}" for model in facts.models() if "model" not in named]
    return [*learned, *models]


def _is_learned(facts: RunFacts, table: str) -> bool:
    return any(one.name == table and facts.inputs(one.world) for one in facts.tables)


def _line(score: Mapping[str, Any]) -> dict[str, Any]:
    """Return a score with the words by which a reader can judge it: n, value and upper bound."""
    names = ("metric", "subject", "value", "low", "high", "n", "goal", "unit", "verdict", "reason", "note")
    return {name: score[name] for name in names}
