"""From a name or a path to one flat scenario: parents merged, overlays laid on, severity applied."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from finsim import documents
from finsim.errors import Problem, ScenarioError
from finsim.scenarios import scenario_check as check
from finsim.scenarios.file_models import OverlayPart, ScenarioFile
from finsim.scenarios.file_to_scenario import flat, offset
from finsim.scenarios.flat_scenario import FlatScenario
from finsim.scenarios.merge import FOLDER, Merged, merged, referred
from finsim.scenarios.plausible.remarks import remarks
from finsim.scenarios.severity_and_overlays import overlaid, scaled


def flat_scenario(name_or_path: str) -> FlatScenario:
    """Read a shipped scenario by name, or a scenario file by path, and resolve it.

    Order: parents (``extends``) are merged, overlays are laid on in the order of the file (the order
    changes nothing unless ``combine: last`` is used), then the file's own ``severity`` scales the
    whole. The result stands at severity 1.
    Raises ScenarioError that lists every problem of the file and of the files it refers to, each with
    ``file:line:col``. Remarks that do not stop the work are in ``Scenario.warnings``.
    """
    path = documents.find(str(name_or_path), FOLDER, "scenario", ScenarioError)
    if path.parent == documents.shipped(FOLDER):
        return _shipped(path, path.stat().st_mtime_ns)
    return _resolved(path, ())


@lru_cache(maxsize=256)
def _shipped(path: Path, changed: int) -> FlatScenario:
    """Return a shipped scenario, resolved again once it ``changed``: a run asks for each several times."""
    return _resolved(path, ())


def _resolved(path: Path, chain: tuple[Path, ...]) -> FlatScenario:
    file, problems = merged(path, chain)
    chain = (*chain, path.resolve())
    others: list[FlatScenario | None] = []
    listed = file.get("overlay")
    for i in range(len(listed)) if isinstance(listed, list) else ():
        try:
            others.append(_overlay(file, i, chain))
        except ScenarioError as error:
            problems += error.problems
    problems += check.problems(file, {name for other in others if other for name in _names(other)})
    if problems:
        raise ScenarioError.of(sorted(dict.fromkeys(problems), key=_order))
    model = ScenarioFile.model_validate(file.data)
    own = flat(model)
    scenario = own
    for i, (part, other) in enumerate(zip(model.overlay or (), others, strict=True)):
        if other is not None:
            scenario = _laid(file, i, scenario, part, other)
    written = 1.0 if model.severity is None else model.severity
    scenario = replace(scaled(scenario, written), severity=1.0, expect=own.expect)
    return replace(scenario, warnings=remarks(file, scenario))


def _overlay(file: Merged, i: int, chain: tuple[Path, ...]) -> FlatScenario | None:
    ref = file.get("overlay", i, "ref")
    if not isinstance(ref, str):
        return None
    return _resolved(referred(ref, file, ("overlay", i, "ref"), chain), chain)


def _laid(
    file: Merged, i: int, scenario: FlatScenario, part: OverlayPart, other: FlatScenario
) -> FlatScenario:
    try:
        turned = scaled(other, part.severity)
        return overlaid(scenario, turned, offset(part.start), part.only, part.combine)
    except ScenarioError as error:
        place = file.place(("overlay", i))
        raise ScenarioError.of(
            replace(p, place=place, found=f"{p.place}: {p.found}") for p in error.problems
        ) from None


def _names(scenario: FlatScenario) -> set[str]:
    """Return the typologies, categories and channels that a scenario names."""
    spoken = {name.partition(":")[2] for name in scenario.behaviour}
    return {*scenario.fraud.intensity, *scenario.aml, *spoken}


def _order(problem: Problem) -> tuple[str, int, int]:
    name, _, rest = problem.place.partition(".yaml:")
    line, _, column = rest.partition(":")
    return (name, int(line), int(column)) if line.isdigit() and column.isdigit() else (name, 0, 0)
