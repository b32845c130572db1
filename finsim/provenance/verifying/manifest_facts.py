"""What a manifest says against what follows from its other sections, from the log and from the scorecard."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from finsim.provenance.audit_log import Entry
from finsim.provenance.manifest import CHANGED, NAME, Findings, cost_of, is_own_digest
from finsim.provenance.outputs import dataset_digest
from finsim.provenance.verifying.finding import Finding
from finsim.records.run_layout import MODEL_FOLDERS, WORLD_OF, place_of
from finsim.records.storage import canonical_json, digest_text

SCORECARD = "scorecard.json"
WEIGHTS = "weights.safetensors"


def check_facts(run: Path, manifest: Mapping[str, Any], log: list[Entry]) -> Iterator[Finding]:
    """Yield every statement of a manifest that can be computed again and comes out otherwise."""
    if not is_own_digest(manifest):
        yield Finding(NAME, CHANGED)
    for wrong in (*_tables(manifest), *_study(manifest, log), *_models(manifest), *_cost(manifest)):
        yield Finding(NAME, wrong)
    yield from _verdicts(run, manifest)


def _tables(manifest: Mapping[str, Any]) -> Iterator[str]:
    outputs = manifest["outputs"]
    if manifest["dataset_sha256"] != dataset_digest(outputs):
        yield "dataset_sha256 is not that of the tables listed"
    for item in outputs:
        if sum(group["rows"] for group in item["row_groups"]) != item["rows"]:
            yield f"the row groups of {item['path']} do not add up to its rows"
        table, scenario = place_of(item["path"])
        if table not in WORLD_OF or scenario not in manifest["scenarios"]:
            yield f"{item['path']} is no table of its scenarios"


def _study(manifest: Mapping[str, Any], log: list[Entry]) -> Iterator[str]:
    study = manifest["study"]
    resolved = study.get("resolved")
    if isinstance(resolved, Mapping):
        if study.get("sha256") != _digest(resolved):
            yield "study.sha256 is not that of the study"
        if manifest["seeds"].get("root") != resolved.get("seed"):
            yield "seeds.root is not the seed of the study"
    started = log[0].payload.get("study_sha256") if log else None
    if started is not None and started != study.get("sha256"):
        yield "the study is not the one that line 1 of audit.log started"
    judged = manifest["scores"].get("judged_scenario")
    if judged is not None and judged not in manifest["scenarios"]:
        yield "scores.judged_scenario is no scenario of the run"


def _digest(data: Any) -> str:
    try:
        return digest_text(canonical_json(data))
    except ValueError:  # NaN or infinity
        return ""


def _models(manifest: Mapping[str, Any]) -> Iterator[str]:
    files = {item["path"]: item["sha256"] for item in manifest["files"]}
    read = {item["sha256"] for item in manifest["inputs"]}
    for model in manifest["models"]:
        place = f"{MODEL_FOLDERS.get(model['world'], '')}/{WEIGHTS}"
        if model["sha256"] != files.get(place, model["sha256"]):
            yield f"models: the sha256 of the {model['world']} model is not that of {place}"
        if not set(model["inputs"]) <= read:
            yield f"models: the {model['world']} model learned from a file that is no input of the run"


def _cost(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Compute the cost table again from the CPU seconds of each stage and the rows of the tables."""
    told = manifest["cost"]
    money = told.get("money") if isinstance(told.get("money"), Mapping) else {}
    try:
        again = cost_of(
            manifest["outputs"],
            Findings(
                cpu_seconds=told["cpu_seconds"],
                wall_seconds=told.get("wall_seconds"),
                price_per_cpu_hour=money.get("price_per_cpu_hour"),
                currency=money.get("currency", ""),
            ),
        )
    except (TypeError, ValueError):
        yield "cost.cpu_seconds are no numbers"
        return
    for name in dict.fromkeys([*again, *told]):
        if not _close(again.get(name), told.get(name)):
            yield f"cost.{name} does not follow from the CPU seconds and rows"


def _close(one: Any, other: Any) -> bool:
    """Compare two values of JSON; numbers up to the rounding of sums that were added in another order."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_close(one[name], other[name]) for name in one)
    if isinstance(one, float) and isinstance(other, float | int) and not isinstance(other, bool):
        return abs(one - other) <= 2e-6 + 1e-9 * abs(one)
    return bool(one == other)


def _verdicts(run: Path, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    told = manifest["scores"].get("verdicts")
    card = read_scorecard(run)
    if card is None or told is None:
        return
    if card.get("verdicts") != told:
        yield Finding(SCORECARD, "its verdicts are not those of scores.verdicts in the manifest")


def read_scorecard(run: Path) -> Mapping[str, Any] | None:
    """Return the scorecard of a run, None when there is none that is JSON."""
    file = run / SCORECARD
    if file.is_symlink() or not file.is_file():
        return None
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError):
        return None
    return data if isinstance(data, Mapping) else None
