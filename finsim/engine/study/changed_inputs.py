"""Inputs of a run and whether they changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from finsim import documents
from finsim.engine.study.named_inputs import file_of
from finsim.engine.study.study_file import WORLDS, Study
from finsim.errors import Problem, ScenarioError
from finsim.records.storage import digest_file
from finsim.scenarios.merge import Merged, referred

NARRATIVE = "narrative:"
LEARNED = "market.generator"
COMPARED = ("inputs", "scenarios", "rules")


def files_of(study: Study) -> dict[str, dict[str, str]]:
    """Return for each scenario, rule pack and narrative (``scenarios/gfc-2008``) its files and their sha256.

    Data files are left out: they are named by their path, and their digests are kept beside.
    """
    found: dict[str, dict[str, str]] = {}
    for choice in study.scenarios:
        found[f"scenarios/{choice.label}"] = _digests(_scenario_files(choice.name))
    for world in WORLDS:
        part = getattr(study, world)
        if part and part.rules:
            found[f"rules/{world}"] = _digests([file_of("rule pack", part.rules)])
    learned = study.market.generator.rules if study.market else None
    if learned:
        found[f"rules/{LEARNED}"] = _digests([file_of("rule pack", learned.pack)])
    for story in study.transactions.narratives if study.transactions else ():
        found[f"inputs/{NARRATIVE}{story.name}"] = _digests([file_of("narrative", story.name)])
    return found


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for every input, scenario and rule pack that differs between two plan records.

    The place is the file that was changed, where its digest tells.
    """
    for part in COMPARED:
        for name, digest in before[part].items():
            if now[part].get(name) != digest:
                yield from _named(f"{part}/{name}", before, now)


def _named(key: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Problem]:
    old, new = (record.get("files", {}).get(key, {}) for record in (before, now))
    moved = [file for file in {**old, **new} if old.get(file) != new.get(file)]
    for file in moved or list(new) or [key.partition("/")[2]]:
        found = f"changed since the run started ({key.replace('/', ': ', 1)})"
        yield Problem(file, found, "", "restore the file, or start a new run")


def _digests(paths: list[Path]) -> dict[str, str]:
    return {documents.shown(path): digest_file(path) for path in paths}


def _scenario_files(name: str) -> list[Path]:
    """Return the file of a scenario and all files it extends or lays over, without repeats."""
    found: dict[Path, None] = {}
    waiting = [file_of("scenario", name)]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = None
        data = documents.read(path, ScenarioError).data
        here = Merged(path, data, {})
        overlays = [item.get("ref") for item in here.get("overlay") or ()]
        references = [name for name in (here.get("extends"), *overlays) if isinstance(name, str)]
        waiting += [referred(reference, here, (), ()) for reference in references]
    return list(found)
