"""``show``: what a named thing or a run is: source, numbers, path of the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finsim import documents
from finsim.call_errors import public
from finsim.errors import StudyError, did_you_mean
from finsim.file_kinds import held
from finsim.tables.endings import form_by_name
from finsim.verbs.calling.argument_checks import Arguments
from finsim.verbs.calling.local_places import remote_url
from finsim.verbs.handover.fetched import here
from finsim.verbs.names import example_data, names, title_of
from finsim.verbs.shipped_names import FILES

__all__ = ["Shown", "show"]

_SINGULAR = {
    "scenarios": "scenario", "narratives": "narrative", "studies": "study", "rules": "rule pack",
    "generators": "generator", "metrics": "metric", "exports": "export", "data": "data",
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """What a named thing is: kind, name, facts as plain data, and the same as lines."""

    kind: str
    name: str
    facts: dict[str, Any]
    lines: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"kind": self.kind, "name": self.name, **self.facts}

    def to_text(self) -> str:
        """Return the lines, as the command line prints them."""
        return "\n".join((f"{self.kind} {self.name}", *self.lines))

    def __repr__(self) -> str:
        """Return the lines."""
        return self.to_text()


@public
def show(what: Any) -> Shown:
    """Say what a scenario, narrative, rule pack, generator, metric, study, data set, table or run is.

    Args:
        what: a name of ``finsim.names()``, a file of one of these kinds, a table, the folder of a run
            or a Run.

    Returns:
        Shown: its repr is what the command line prints, ``to_dict`` the same as data.

    Raises:
        StudyError: when nothing is called so (with a suggestion); any FinsimError of a file.

    Example:
        >>> import finsim
        >>> finsim.show("covid-2020").to_dict()["kind"]
        'scenario'

    """
    from finsim.engine.finished_run import Run

    if isinstance(what, Run):
        return _run(what)
    Arguments("show").kinds(
        "what", what, (str, Path), "a name of finsim.names(), a file, or a Run", "write 'covid-2020'"
    ).settle()
    text = str(here(what, "show: what"))
    path = Path(text)
    if _stands(path / "manifest.json") or _stands(path / ".finsim"):
        return _run(Run(path, url=remote_url(what)))
    if _stands(path) and not path.is_dir():
        return _table(path) if form_by_name(path) else _file(path)
    found = names()
    if path.is_dir() and not any(text in items for items in found.values()):
        raise StudyError(
            f"a folder; {held(path)}",
            place=text,
            expected="the folder of a run, a file, or a name of `finsim list`",
            remedy="give the folder that `finsim run -o` wrote",
        )
    name, turned = _turned(text)
    if turned is not None and name in found["scenarios"]:
        return _file(documents.shipped(FILES["scenarios"]) / f"{name}.yaml", turned)
    kinds = [kind for kind, items in found.items() if text in items]
    if not kinds:
        known = [name for items in found.values() for name in items]
        raise StudyError(
            f"nothing is called {text!r}",
            place="show: what",
            expected="a name of `finsim list`, a file, or the folder of a run",
            remedy=did_you_mean(text, known),
        )
    return _named(kinds[0], text, found[kinds[0]][text])


def _turned(text: str) -> tuple[str, float | None]:
    """Return name and severity of ``gfc-2008@0.5``; None where none is written, or none that a run takes."""
    from finsim.document_numbers import Misfit
    from finsim.engine.study.named_inputs import name_and_severity

    try:
        return name_and_severity(text)
    except Misfit:
        return text, None


def _stands(path: Path) -> bool:
    """Tell whether a file or folder is there; a name too long for the disk is none."""
    try:
        return path.exists()
    except OSError:
        return False


def _run(run: Any) -> Shown:
    from finsim.engine.answers.run_answer import answer_dict, answer_lines
    from finsim.exports.cost_ledger import cost_ledger

    scenarios = ", ".join(run.scenarios)
    study = run.manifest["study"]["resolved"]
    head = f"study {study['id']}, seed {run.manifest['seeds']['root']}, scenarios: {scenarios}"
    facts = {**answer_dict(run), "cost": cost_ledger(run.manifest)}
    return Shown("run", run.place, facts, (head, *answer_lines(run)))


def _table(path: Path) -> Shown:
    """Describe a table as ``plan`` does: its columns as they are understood, and its first rows."""
    from finsim.verbs.plan import plan

    found = plan(path)
    facts = found.to_dict()
    return Shown(
        "table", path.name, {"holds": facts.pop("kind"), **facts}, tuple(found.to_text().splitlines())
    )


def _named(kind: str, name: str, summary: str) -> Shown:
    if kind in FILES:
        return _file(documents.shipped(FILES[kind]) / f"{name}.yaml")
    if kind == "data":
        path = example_data(name)
        return Shown("data", name, {"what": summary, "path": str(path)}, (summary, f"file: {path}"))
    if kind == "generators":
        from finsim.generators import ALL_GENERATORS, kind_of_generator
        from finsim.generators.settings_parsing import write_settings

        loaded = ALL_GENERATORS.load(name)
        settings = write_settings(loaded.Settings())
        lines = (summary, *(f"  {key}: {value}" for key, value in settings.items()))
        doc = " ".join((loaded.__doc__ or "").split())
        facts = {"what": summary, "kind": kind_of_generator(name), "settings": settings, "doc": doc}
        return Shown("generator", name, facts, (*lines, doc))
    return Shown(_SINGULAR[kind], name, {"what": summary}, (summary,))


def _file(path: Path, severity: float = 1.0) -> Shown:
    """Describe a YAML file by what it says it is; a scenario at a severity."""
    document = documents.read(path)
    data = document.data if isinstance(document.data, dict) else {}
    said = str(data.get("finsim", "")).partition("/")[0]
    kind = "rule pack" if "finsim-rules" in data else said
    readers = {"scenario": _scenario, "narrative": _narrative, "study": _study, "rule pack": _pack}
    if kind == "schema":
        raise StudyError(
            "this file says how a table is read",
            place=str(path),
            expected="a study, scenario, narrative or rule pack",
            remedy=f"finsim plan DATA --schema {path} shows what would be read",
        )
    if kind not in readers:
        raise StudyError(
            "this file says no kind",
            place=str(path),
            expected="a study, scenario, narrative or rule pack (key `finsim` or `finsim-rules`)",
            remedy="begin it with `finsim: study/1`, or what it is",
        )
    title = title_of(document)
    facts, lines = _scenario(path, severity) if kind == "scenario" else readers[kind](path)
    return Shown(
        kind,
        path.stem if severity == 1.0 else f"{path.stem}@{severity:g}",
        {"title": title, **facts, "path": str(path)},
        (title, *lines, f"file: {path}"),
    )


def _scenario(path: Path, severity: float = 1.0) -> tuple[dict[str, Any], list[str]]:
    from datetime import date

    from finsim.records.calendar import Clock
    from finsim.scenarios import compile as compiling
    from finsim.scenarios.expectations import measure
    from finsim.scenarios.plausible.remarks import remarks_at
    from finsim.scenarios.scenario import load

    scenario = load(str(path))
    numbers = measure(compiling.drivers(scenario, Clock(date(2025, 12, 31), 2520, 365, 60), severity))
    data = documents.read(path).data
    sources = [" ".join(str(item.get("ref", item)).split()) for item in _listed(data.get("source"))]
    told = {name: value for name, value in numbers.items() if value not in (0.0, 1.0)}
    lines = [" ".join(str(data.get("narrative", "")).split())] if data.get("narrative") else []
    lines += _ranges(told)
    lines += [f"source: {text}" for text in sources]
    claims = scenario.expect if severity == 1.0 else ()  # they hold for the file as written
    lines += [f"expects: {claim.metric} {claim.text}" for claim in claims]
    remarks = remarks_at(scenario, severity)
    lines += [f"remark: {text}" for text in remarks]
    expects = {claim.metric: claim.text for claim in claims}
    return {"numbers": told, "sources": sources, "expects": expects, "remarks": list(remarks)}, lines


def _ranges(numbers: dict[str, float]) -> list[str]:
    """Return numbers as lines, trough and peak of one series together."""
    found: dict[str, list[str]] = {}
    for name, value in numbers.items():
        stem, _, kind = name.rpartition(".")
        series, word = (stem, kind) if kind in ("peak", "trough") else (name, "")
        found.setdefault(series, []).append(f"{word} {value:.4g}".strip())
    return [f"  {series}: {', '.join(values)}" for series, values in found.items()]


def _narrative(path: Path) -> tuple[dict[str, Any], list[str]]:
    from finsim.agents.narratives.narrative import load_narratives

    story = load_narratives([str(path)])[0]
    data = documents.read(path).data
    phases = [str(phase.get("name")) for phase in data.get("phases", ())]
    rate = f"{story.rate.value:g} a {story.rate.per.replace('_', ' ')}"
    assumption = data.get("rate", {}).get("assumption", "")
    facts = {
        "typology": list(story.typology), "rate": rate, "rate_assumption": assumption,
        "roles": list(data.get("roles", {})), "phases": phases,
    }  # fmt: skip
    lines = [
        " ".join(str(data.get("story", "")).split()),
        f"typology: {', '.join(story.typology)}; roles: {', '.join(facts['roles'])}",
        f"phases: {', '.join(phases)}",
        f"rate: {rate}" + (f" (assumption: {assumption})" if assumption else ""),
    ]
    return facts, lines


def _study(path: Path) -> tuple[dict[str, Any], list[str]]:
    from finsim.engine.study.study_file import load_study

    study = load_study(str(path))
    parts = [name for name in ("market", "transactions", "credit") if getattr(study, name)]
    scenarios = [choice.label for choice in study.scenarios]
    facts = {"parts": parts, "scenarios": scenarios, "seed": study.seed, "start": str(study.start)}
    lines = [
        f"parts: {', '.join(parts)}; scenarios: {', '.join(scenarios)}",
        f"seed {study.seed}; start {study.start}",
        f"next: finsim plan {path.stem if path.is_relative_to(documents.shipped('scenarios')) else path}",
    ]
    return facts, lines


def _pack(path: Path) -> tuple[dict[str, Any], list[str]]:
    from finsim.constraints.packs.ruleset import RuleSet

    pack = RuleSet.load(str(path))
    rules = {rule.id: f"{rule.level}: {rule.text}" for rule in pack.rules}
    facts = {"tables": list(pack.tables), "rules": rules, "digest": pack.digest}
    lines = [f"tables: {', '.join(pack.tables)}; {len(rules)} rules"]
    return facts, [*lines, *(f"  {name}: {text}" for name, text in rules.items())]


def _listed(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [] if value is None else [value]
    return [item if isinstance(item, dict) else {"ref": item} for item in items]
