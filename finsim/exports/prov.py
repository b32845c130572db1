"""W3C PROV-JSON (submission of 24 April 2013): entities, activities, agents and how they hang together.

Entities are the study, scenarios, input files, models, tables (each scenario's table is a specialization of
the table as a whole), scorecard and report; activities the steps of the run with their CPU seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from finsim.exports.run_facts import STEPS, RunFacts, as_json, name_of

FILE = "prov.json"
_AGENT = "finsim:software"
_RUN, _STUDY, _JUDGE = "run:whole", "run:study", "run:activity/evaluate"
_SCORES = "run:file/scorecard.json"
_KEYS = {
    "used": ("activity", "entity"),
    "wasGeneratedBy": ("entity", "activity"),
    "wasDerivedFrom": ("generatedEntity", "usedEntity"),
    "wasAssociatedWith": ("activity", "agent"),
    "wasAttributedTo": ("entity", "agent"),
    "specializationOf": ("specificEntity", "generalEntity"),
    "hadMember": ("collection", "entity"),
}


def documents(facts: RunFacts) -> dict[str, str]:
    """Return ``prov.json``."""
    return {FILE: as_json(document(facts))}


def document(facts: RunFacts) -> dict[str, Any]:
    """Return the PROV document as plain data."""
    sha256 = facts.manifest["sha256"]
    links = _Links()
    entities = {**_sources(facts), **_outputs(facts, links)}
    activities = _activities(facts, links)
    made_by = {"prov:type": _type("prov:SoftwareAgent"), "prov:label": f"finsim {facts.version}"}
    links.add("wasAttributedTo", _RUN, _AGENT)
    for activity in activities:
        links.add("wasAssociatedWith", activity, _AGENT)
    return {
        "prefix": {"finsim": "urn:finsim:", "run": f"urn:finsim:run:{sha256}:"},
        "entity": entities,
        "activity": activities,
        "agent": {_AGENT: made_by},
        **links.found,
    }


class _Links:
    """The relations of a document, each with a number of its own."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, dict[str, str]]] = {}
        self._count = 0

    def add(self, kind: str, first: str, second: str) -> None:
        self._count += 1
        pair = {f"prov:{key}": name for key, name in zip(_KEYS[kind], (first, second), strict=True)}
        self.found.setdefault(kind, {})[f"_:{self._count}"] = pair


def _type(name: str) -> dict[str, str]:
    return {"$": name, "type": "prov:QUALIFIED_NAME"}


def _named(*parts: str) -> str:
    """Return a qualified name: the parts of a path, each with what a name may not hold in percent form."""
    return "run:" + "/".join(quote(part, safe="-_.") for part in parts)


def _sources(facts: RunFacts) -> dict[str, Any]:
    manifest = facts.manifest
    found: dict[str, Any] = {
        _STUDY: {
            "prov:label": facts.title,
            "prov:type": _type("finsim:Study"),
            "finsim:sha256": manifest["study"]["sha256"],
            "finsim:seed": manifest["seeds"]["root"],
        }
    }
    for label in facts.scenarios:
        scenario = manifest["scenarios"][label]
        found[_named("scenario", label)] = {
            "prov:label": str(scenario.get("title") or label),
            "prov:type": _type("finsim:Scenario"),
            "finsim:sha256": scenario["sha256"],
        }
    for item in manifest["inputs"]:
        found[_named("input", item["sha256"])] = {
            "prov:label": name_of(item),
            "prov:type": _type("finsim:Input"),
            "finsim:role": item["role"],
            "finsim:sha256": item["sha256"],
            "finsim:terms": item["licence"] or "not stated",
        }
    for item in manifest["models"]:
        found[_named("model", item["sha256"])] = {
            "prov:label": f"{item['generator']} fitted on {item['world']}",
            "prov:type": _type("finsim:Model"),
            "finsim:sha256": item["sha256"],
        }
    return found


def _outputs(facts: RunFacts, links: _Links) -> dict[str, Any]:
    """Return the run as a collection, its tables and files, and what belongs to what."""
    found: dict[str, Any] = {
        _RUN: {
            "prov:label": facts.title,
            "prov:type": _type("prov:Collection"),
            "finsim:manifestSha256": facts.manifest["sha256"],
            "finsim:datasetSha256": facts.manifest["dataset_sha256"],
        }
    }
    for table in facts.tables:
        whole, part = _named("table", table.name), _named("table", table.name, table.scenario)
        if whole not in found:
            found[whole] = {"prov:label": table.name, "finsim:row": table.row}
            links.add("hadMember", _RUN, whole)
        found[part] = {
            "prov:label": f"{table.name}, scenario {table.scenario}",
            "prov:location": table.path,
            "finsim:sha256": table.sha256,
            "finsim:rows": table.rows,
        }
        links.add("specializationOf", part, whole)
    for item in facts.manifest["files"]:
        name = _named("file", *item["path"].split("/"))
        found[name] = {
            "prov:label": item["path"],
            "prov:location": item["path"],
            "finsim:sha256": item["sha256"],
        }
        links.add("hadMember", _RUN, name)
    return found


def _activities(facts: RunFacts, links: _Links) -> dict[str, Any]:
    cost = facts.manifest["cost"]["cpu_seconds"]
    found: dict[str, Any] = {}
    for model in facts.models():
        fit, fitted = _named("activity", "fit", model["world"]), _named("model", model["sha256"])
        found[fit] = _step(f"fit {model['generator']}", model.get("training", {}).get("cpu_seconds"))
        links.add("wasGeneratedBy", fitted, fit)
        links.add("used", fit, _STUDY)
        _learned(fit, [fitted], [_named("input", sha256) for sha256 in model["inputs"]], links)
    for world in facts.worlds:
        step = _named("activity", world)
        found[step] = _step(STEPS[world], cost.get(world))
        links.add("used", step, _STUDY)
        made = [table for table in facts.tables if table.world == world]
        for label in dict.fromkeys(table.scenario for table in made):
            links.add("used", step, _named("scenario", label))
        names = [_named("table", table.name, table.scenario) for table in made]
        for name in names:
            links.add("wasGeneratedBy", name, step)
        models = [_named("model", model["sha256"]) for model in facts.models(world)]
        learned = models or [_named("input", item["sha256"]) for item in facts.inputs(world)]
        if not learned:
            found[step]["finsim:lineage"] = "simulated from study, scenario and seed; no input data"
        _learned(step, names, learned, links)
    if any(item["path"] == "scorecard.json" for item in facts.manifest["files"]):
        found[_JUDGE] = _step("judge the tables", cost.get("evidence"))
        links.add("wasGeneratedBy", _SCORES, _JUDGE)
        judged = [table for table in facts.tables if table.scenario == facts.judged and facts.scores]
        _learned(_JUDGE, [], [_named("table", one.name, one.scenario) for one in judged], links)
    return found


def _learned(step: str, made: Iterable[str], sources: list[str], links: _Links) -> None:
    """Link a step and what it made to what it was made from."""
    for source in sources:
        links.add("used", step, source)
    for entity in made:
        for source in sources:
            links.add("wasDerivedFrom", entity, source)


def _step(label: str, seconds: Any) -> Mapping[str, Any]:
    cost = {} if seconds is None else {"finsim:cpuSeconds": float(seconds)}
    return {"prov:label": label, **cost}
