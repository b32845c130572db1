"""The shipped scenarios."""

from __future__ import annotations

from finsim import documents
from finsim.scenarios.merge import FOLDER
from finsim.scenarios.scenario import load
from finsim.scenarios.severity_and_overlays import parts


def names() -> list[str]:
    """Return the ids of the shipped scenarios, sorted."""
    return sorted(path.stem for path in documents.shipped(FOLDER).glob("*.yaml"))


def describe(name: str) -> dict[str, str]:
    """Return title, kind, horizon, what is moved and the narrative of a scenario.

    Raises ScenarioError as ``load`` does.
    """
    scenario = load(name)
    worlds = sorted({part.partition(".")[0] for part in parts(scenario)})
    return {
        "id": scenario.id,
        "title": scenario.title,
        "kind": scenario.kind,
        "horizon": f"{scenario.horizon.length} {scenario.horizon.step}s",
        "moves": ", ".join(worlds) or "nothing",
        "narrative": scenario.narrative,
    }
