"""What a traced row was learned from: the table with its digest and rows, or the words that it was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from finsim.credit.book import KEYS, OWN_ONLY
from finsim.provenance.manifest import Manifest, plain
from finsim.provenance.origin_tags import DECOY, LIFE, NARRATIVE, REAL

ROLE_OF = {"market": "prices", "transactions": "payments", "credit": "loans"}
"""World -> the role of the input that it learns from."""
NOTHING_REAL = "learned from no real record"
_FROM_LOANS = {
    "months": "followed from loan {loan_id} of this run: `finsim trace RUN loans` tells of the loan",
    "provisions": "computed for loan {loan_id} of this run: `finsim trace RUN loans` tells of the loan",
    "recoveries": "follows from the default of loan {loan_id}: `finsim trace RUN loans` tells of it",
    "losses": "drawn from the loans of this run; learned as they were, from the table named here",
}
_NOT_LEARNED = {*KEYS, *OWN_ONLY, "bad", "currency", ""}


def learned_from(world: str, model: Mapping[str, Any], manifest: Manifest) -> list[dict[str, Any]]:
    """Return the inputs that a model names, else the one that the world learns from."""
    wanted, role = model.get("inputs", ()), ROLE_OF.get(world)
    return [
        plain(item)
        for item in manifest.inputs
        if item["sha256"] in wanted or (not wanted and role is not None and item["role"] == role)
    ]


def training_of(
    table: tuple[str, str], values: Mapping[str, Any], origin: Mapping[str, Any], manifest: Manifest
) -> dict[str, Any]:
    """Return ``lineage`` in words and, for what was learned, the table, the rows used and the fields.

    ``table`` is name and scenario of the traced row's table. Nearest records are not looked for here.
    """
    name, scenario = table
    world = origin["layer"]
    sources = [item for item in origin["training_data"] if not str(item["role"]).startswith("schema")]
    if world == "drivers":
        return {"lineage": f"what scenario {scenario} says, month by month; {NOTHING_REAL}"}
    if world == "transactions" and (origin["narrative"] or name == "patterns"):
        sources = []  # a story is made by the simulator, in a learned ledger too
    if not sources and world != "transactions":
        return {"lineage": "not known: the manifest names no table that it was learned from"}
    if not sources:
        return {"lineage": f"exact: made by the simulator: {_simulated(values, origin)}; {NOTHING_REAL}"}
    tape = manifest.scores.get("facts", {}).get(f"{world}/{scenario}", {}).get("tape", {})
    rows = origin["model"].get("training", {}).get("data", {}).get("rows") or tape.get("rows_used")
    told = [
        {
            "file": item["path"],
            "sha256": item["sha256"],
            "rows_used": rows,
            "terms": item["licence"] or "not stated",
        }
        for item in sources
    ]
    if name in _FROM_LOANS:
        return {"lineage": _FROM_LOANS[name].format(**{"loan_id": "", **values}), "learned_from": told}
    if values.get("_fs_src") == REAL:
        row = values.get("_fs_row")
        at = "" if row is None else f", row {row} of the table it was read from (from 0)"
        return {"lineage": f"a real record, kept as it was given{at}", "learned_from": told}
    found: dict[str, Any] = {"lineage": "learned: resampled from the joint law of the table named here"}
    if origin["model"]:
        found = {"lineage": f"learned: sampled from the generator {origin['model'].get('generator', '')}"}
    fields = learned_fields(tape, list(values))
    return {**found, "learned_from": told, **({"learned_fields": fields} if fields else {})}


def learned_fields(tape: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    """Return the columns of a loan whose law was learned from the tape; finsim computes the others."""
    known = {fact.get("name", "") for fact in tape.get("columns", ())} - _NOT_LEARNED
    return [name for name in columns if name in known]


def _simulated(values: Mapping[str, Any], origin: Mapping[str, Any]) -> str:
    """Return narrative, phase and role of a scheme's row, or the shard of an ordinary one, with the seed."""
    parts = []
    if origin["narrative"]:
        kind = "decoy" if values.get("_fs_src") == DECOY or values.get("decoy") else "narrative"
        parts.append(f"{kind} {origin['narrative']}")
        parts += [f"{key} {values[key]}" for key in ("phase", "role") if values.get(key)]
    elif values.get("_fs_src", LIFE) != NARRATIVE:
        parts.append("ordinary life")
    if origin["unit"]:
        parts.append(f"unit {origin['unit']}")
    where = origin["stream"] or f"seed {origin['seed']}"
    return ", ".join([*parts, f"seed address {where}" if origin["stream"] else where])
