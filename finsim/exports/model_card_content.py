"""The content of a model card as plain data: from manifest and scorecard, nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from finsim.exports.privacy_attacks import attacks, figures, not_looked_at, other_checks
from finsim.exports.run_facts import STEPS, RunFacts, name_of
from finsim.generators import TABLE_DEFAULT
from finsim.generators.privacy.claim_words import statement_lines
from finsim.records.run_layout import WORLD_OF

SCHEMA = "finsim.model-card/1"
READING = (
    "What was attacked, with the number of attacks n and the interval of each result. An attack that was not "
    "made proves nothing. Whether these are personal data is a legal question that this card does not answer."
)
NOT_PRIVATE = "not trained with differential privacy"
NOT_EXAMINED = "not examined: the scorecard has no score"
_BIAS = ("fair", "bias", "group", "subgroup")
_COVERAGE = ("coverage", "subgroup", "margins")


def content(facts: RunFacts) -> dict[str, Any]:
    """Return every section of the card but the cost."""
    statement = facts.manifest["statement"]
    return {
        "schema": SCHEMA,
        "title": facts.title,
        "approved_by": None,
        "identification": _identification(facts),
        "purpose": {name: list(statement[name]) for name in ("intended_use", "prohibited_use")},
        "conceptual_soundness": {
            "parts": [_part(facts, world) for world in facts.worlds],
            "limits": list(statement["known_limits"]),
            "scenarios": list(_scenarios(facts)),
        },
        "outcomes_analysis": {
            "verdicts": [_verdict(use, told) for use, told in facts.verdicts.items()],
            "tables": list(_tables(facts)),
            "not_passed": [figures(score) for score in facts.scores if score["verdict"] != "pass"],
            "is_judged": bool(facts.scores),
            "not_tested": list(_not_tested(facts)),
            "rules": list(_rules(facts)),
        },
        "monitoring": list(_monitoring(facts)),
        "governance": list(_governance(facts)),
        "data_governance": {
            "inputs": list(_inputs(facts)),
            "preparation": list(_preparation(facts)),
            "bias": _scores(facts, _BIAS) or f"{NOT_EXAMINED} by group",
            "representativeness": _scores(facts, _COVERAGE) or f"{NOT_EXAMINED} of margins or coverage",
        },
        "identifiability": {
            "reading": READING,
            "differential_privacy": list(_privacy(facts)),
            "attacks": attacks(facts),
            "copies": other_checks(facts),
            "not_looked_at": not_looked_at(facts),
        },
        "checks": [
            "`finsim verify RUN` recomputes every digest named here",
            "`finsim trace RUN TABLE ROW` says where one row comes from",
            f"the study with seed {facts.manifest['seeds']['root']} makes the same tables again",
        ],
    }  # fmt: skip


def _identification(facts: RunFacts) -> dict[str, str]:
    manifest = facts.manifest
    source = manifest["environment"].get("source") or {}
    commit = str(source.get("commit", "a released package"))
    return {
        "study": facts.id,
        "seed": str(manifest["seeds"]["root"]),
        "made": manifest["created"],
        "finsim": f"{facts.version}, commit {commit}" + (" with changes" if source.get("modified") else ""),
        "manifest sha256": manifest["sha256"],
        "dataset sha256": manifest["dataset_sha256"],
        "study sha256": manifest["study"]["sha256"],
        "audit log head": facts.sealed or "none: the log has no seal",
    }


def _part(facts: RunFacts, world: str) -> dict[str, Any]:
    """Return how one world was made: generator or simulator, data, rows, training."""
    models, inputs = facts.models(world), facts.inputs(world)
    sources = ", ".join(name_of(item) for item in inputs) or "no input data"
    part: dict[str, Any] = {"part": world, "learned_from": sources}
    if models:
        training = models[0].get("training", {})
        told = f"{training.get('steps', 0):,} steps, stopped by: {training.get('stopped_by', 'not stated')}"
        part |= {"made_by": f"generator {models[0]['generator']}", "training": told}
        return {**part, "rows": training.get("data", {}).get("rows")}
    if not inputs:
        return {**part, "made_by": f"simulator: {STEPS[world]}", "training": "none", "rows": None}
    real = [name for name in facts.manifest["statement"]["real_records"] if WORLD_OF[name] == world]
    if real:
        return {**part, "made_by": f"{', '.join(real)}: real records", "training": "none", "rows": None}
    rows, chosen = _tape(facts).get("rows_used"), facts.study[world].get("generator") or {}
    made = f"generator {chosen.get('name', TABLE_DEFAULT)}"
    told = f"{chosen['steps']:,} steps at most" if chosen.get("steps") else "not stated"
    return {**part, "made_by": made, "training": told, "rows": rows}


def _privacy(facts: RunFacts) -> Iterator[str]:
    """Yield the claim of every model: epsilon with delta and unit, what was counted and what was not.

    A world that learned from data and keeps no model has no claim: no study takes an epsilon for it.
    """
    for model in facts.models():
        claim = model.get("training", {}).get("privacy")
        if claim is None:
            yield f"{model['world']}: {NOT_PRIVATE}"
        else:
            yield from (f"{model['world']}: {line.strip()}" for line in statement_lines(claim))
    for world in facts.worlds:
        if facts.inputs(world) and not facts.models(world):
            yield f"{world}: {NOT_PRIVATE}"


def _scenarios(facts: RunFacts) -> Iterator[list[str]]:
    for label in facts.scenarios:
        told = facts.manifest["scenarios"][label]
        yield [label, str(told.get("title", "")), str(told["sha256"])]


def _verdict(use: str, told: Mapping[str, Any]) -> list[str]:
    counts = ", ".join(f"{count} {word}" for word, count in told["counts"].items() if count)
    return [use, told["verdict"], counts]


def _tables(facts: RunFacts) -> Iterator[list[Any]]:
    """Yield use, table, verdict, n, weakest score and what lacks, where a verdict tells them by table."""
    for use, told in facts.verdicts.items():
        for one in told.get("tables", ()):
            lacks = ", ".join(one["lacks"]) or "nothing"
            yield [use, one["table"], one["verdict"], one["n"], one["weakest"], lacks]


def _not_tested(facts: RunFacts) -> Iterator[str]:
    """Yield what no score of the run can say, so that nobody takes it for tested."""
    yield "sensitivity to the seed: the run has one"
    yield "benchmark against simpler generators: the run has none of its own"
    if not facts.scores:
        yield "everything else: nothing was judged"
    named = {facts.judged, *(str(score.get("table", "")).rpartition(", ")[2] for score in facts.scores)}
    others = [label for label in facts.scenarios if label not in named]
    if others:
        yield f"tables under {', '.join(others)}: no score is of them"


def _rules(facts: RunFacts) -> Iterator[list[Any]]:
    """Yield table, pack, rows that broke its rules before and after repair, and rows that are only rare."""
    for place, told in facts.manifest["rules"].items():
        rules = told.get("rules", {}).values()
        strict = [rule for rule in rules if rule.get("level") != "plausible"]
        before, after = (sum(rule.get(key, 0) for rule in strict) for key in ("violations", "after"))
        rare = sum(rule.get("after", 0) for rule in rules) - after
        yield [place, told.get("pack", ""), before, after, rare]


def _monitoring(facts: RunFacts) -> Iterator[str]:
    yield "a plan of monitoring is not stated: ____________________"
    yield "`finsim evaluate REAL SYNTHETIC` on new real data shows drift against these tables"
    yield "`finsim verify RUN` exits with 1 when a file of the run is no longer the one described here"


def _governance(facts: RunFacts) -> Iterator[str]:
    yield "approved by, owner and next review: to be filled in above"
    yield f"audit log of {facts.manifest['audit']['entries']} entries, each chained to the one before"
    packs = {
        told["pack"]: told.get("sha256", "") for told in facts.manifest["rules"].values() if told.get("pack")
    }
    for pack, sha256 in packs.items():
        yield f"rules applied: {pack}, sha256 {sha256}"


def _preparation(facts: RunFacts) -> Iterator[str]:
    for model in facts.models():
        notes = model.get("training", {}).get("data", {}).get("notes", {})
        told = [f"{key.replace('_', ' ')}: {value}" for key, value in notes.items() if key != "remarks"]
        yield f"{model['world']}: {'; '.join(told)}" if told else f"{model['world']}: not stated"
        yield from notes.get("remarks", ())
    tape = _tape(facts)
    for column in tape.get("columns", ()):
        if column.get("missing"):
            yield f"credit: column {column['header']} lacks {column['missing']:.1%} of its values"
    yield from (f"credit: {note}" for note in tape.get("notes", ()))


def _tape(facts: RunFacts) -> Mapping[str, Any]:
    """Return what the manifest says of the loan tape, empty for a run without one."""
    told = facts.manifest["scores"].get("facts", {}).get(f"credit/{facts.judged}", {})
    return dict(told.get("tape", {}))


def _scores(facts: RunFacts, parts: tuple[str, ...]) -> list[dict[str, Any]]:
    return [figures(score) for score in facts.scores if any(part in score["metric"] for part in parts)]


def _inputs(facts: RunFacts) -> Iterator[list[str]]:
    for item in facts.inputs():
        yield [item["role"], name_of(item), item["sha256"], item["licence"] or "not stated"]
