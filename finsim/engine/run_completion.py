"""Complete a run: drivers, lineage, scorecard, the manifest that names them, and last the report."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from finsim.catalog import Catalog, Entry
from finsim.engine.answers.scenario_figures import all_figures
from finsim.engine.carried_evidence import carried
from finsim.engine.compared_with import noted
from finsim.engine.driver_tables import write_drivers
from finsim.engine.finished_run import Run
from finsim.engine.finished_tasks import PIECES, WORK, Done, state_of
from finsim.engine.graph.unfinished import spent
from finsim.engine.learned_payments.places_in_run import MODEL
from finsim.engine.lineage_units import units
from finsim.engine.stages.evidence_pieces import first_label, pieces, put_together
from finsim.engine.study.named_inputs import data_file
from finsim.engine.study.study_file import WORLDS
from finsim.engine.study.study_resolution import Plan
from finsim.errors import Problem, ResumeError
from finsim.evaluation.scorecard import Scorecard
from finsim.provenance.audit_log import AuditLog, read_log
from finsim.provenance.data_card import write_card
from finsim.provenance.environment import PAGE_PACKAGES
from finsim.provenance.inputs import Model, describe_input
from finsim.provenance.lineage import write_lineage
from finsim.provenance.manifest import (
    KEPT_LOANS,
    Findings,
    Sources,
    Statement,
    build_manifest,
    write_manifest,
)
from finsim.provenance.outputs import describe_file, remove_leftovers
from finsim.provenance.seal import LOG, note_files, seal_run, stated
from finsim.records.storage import digest_file
from finsim.scenarios.canonical_form import resolved
from finsim.scenarios.expectations import check_expectations, unmoved
from finsim.scenarios.expectations import measure as measure_drivers
from finsim.scenarios.severity_and_overlays import scaled

# The page is named here, not imported: report stands on the same floor as the engine.
PAGES = Catalog("page", {"html": Entry("finsim.report.page:write_report", "one self-contained page")})
NOTED_APART = ("measures", "rules", "digest", "figures")
STAGE_OF = {"market": "bars", "transactions": "transactions", "credit": "credit"}


def close_run(
    run: Path, plan: Plan, log: AuditLog, keys: Sequence[str], *, keep_checkpoints: bool = False
) -> Run:
    """Write what describes the finished tables; the manifest makes the run finished, then page and seal.

    ``keys`` are the tasks of the run. Checkpoints that only unfinished tasks read are removed before the
    seal, unless ``keep_checkpoints``. Raises ResumeError when a table is no longer what its task wrote.
    """
    remove_leftovers(run)
    write_drivers(run, plan.drivers)
    records = _records(run, keys)
    write_lineage(run, units(run, plan))
    card = _scorecard(run, plan)
    card.write(run / "scorecard.json")
    log.append("judged", "scorecard.json", {"sha256": digest_file(run / "scorecard.json")})
    statement = _statement(plan, records)
    sources = _sources(run, plan, records)
    write_card(run, sources, statement or Statement())
    note_files(run, log)
    log.append("run_finished", plan.study.id, {"tasks": len(records)})
    manifest = build_manifest(run, sources, _findings(run, plan, records, card), statement)
    _refuse_changed(run, manifest.outputs)
    # The run is finished before its page is drawn, so that no fault of the page can lose it.
    write_manifest(run, manifest)
    try:
        page: Path = PAGES.load("html")(run, manifest.to_dict())
        files = [item for item in manifest.files if item["path"] != page.name]
        listed = sorted([*files, describe_file(run, page.name)], key=lambda item: str(item["path"]))
        complete = replace(manifest, files=listed)
        write_manifest(run, replace(complete, sha256=complete.digest()))
    finally:
        if not keep_checkpoints:
            remove_pieces(run)
        seal_run(run, log)
    return Run(run)


def _statement(plan: Plan, records: Mapping[str, Done]) -> Statement | None:
    """Return the statement of a run with loans, with what was noted of their tape; None for the usual one."""
    part = plan.study.credit
    if part is None:
        return None
    plain = KEPT_LOANS if part.keep else Statement()
    tapes = [done.facts["tape"] for done in records.values() if "tape" in done.facts]
    notes = tuple(f"loans: {note}" for note in (tapes[0]["notes"] if tapes else ()))
    return replace(plain, known_limits=(*plain.known_limits, *notes)) if notes or part.keep else None


def remove_pieces(run: Path) -> None:
    """Remove the checkpoints that nobody reads once every task is finished."""
    for name in PIECES:
        if (run / WORK / name).is_dir():
            shutil.rmtree(run / WORK / name)


def _records(run: Path, keys: Sequence[str]) -> dict[str, Done]:
    """Return the task records of the run by key, sorted as their files are."""
    found: dict[str, Done] = {}
    for key in sorted(keys, key=lambda key: key.replace("/", "--")):
        done, losses = state_of(run, key)
        if done is None or not spent(losses):
            raise ResumeError(
                f"what {key} wrote is lost or damaged",
                place=str(run),
                remedy=f"finsim run --resume {run}",
            )
        found[key] = done
    return found


def _refuse_changed(run: Path, outputs: Sequence[Mapping[str, Any]]) -> None:
    """Raise ResumeError when the manifest would list other bytes of a table than the log says."""
    named = stated(read_log(run / LOG))
    changed = [
        Problem(
            str(run / item["path"]),
            "changed since it was written",
            "the bytes that the log names",
            f"finsim run --resume {run}",
        )
        for item in outputs
        if item["path"] in named and named[item["path"]].payload["sha256"] != item["sha256"]
    ]
    if changed:
        raise ResumeError.of(changed)


def _scorecard(run: Path, plan: Plan) -> Scorecard:
    if not plan.study.evaluation.enabled:
        return Scorecard(())
    before = carried(run)
    names = [piece.name for piece in pieces(plan, of_scenarios=before is not None)]
    return Scorecard(put_together(run, names, () if before is None else before.scores))


def _sources(run: Path, plan: Plan, records: dict[str, Done]) -> Sources:
    study = plan.study
    worlds = ((study.market, "prices"), (study.transactions, "payments"), (study.credit, "loans"))
    parts = [(part.data, role) for part, role in worlds if part and part.data]
    inputs = [describe_input(data_file(data), role) for data, role in parts]
    if study.market and study.market.schema_:
        inputs.append(describe_input(data_file(study.market.schema_), "schema of prices"))
    if study.transactions and study.transactions.schema_:
        inputs.append(describe_input(data_file(study.transactions.schema_), "schema of payments"))
    if study.credit and study.credit.schema_:
        inputs.append(describe_input(data_file(study.credit.schema_), "schema of loans"))
    models = []
    if study.market and "fit" in records:
        facts = records["fit"].facts
        models.append(
            Model(
                "market",
                study.market.generator.name,
                digest_file(run / "model" / "weights.safetensors"),
                study.market.generator.settings,
                {**facts, "cpu_seconds": records["fit"].cpu_seconds},
                (plan.inputs[study.market.data],),
            )
        )
    if study.transactions and study.transactions.data and "learn" in records:
        facts, body = records["learn"].facts, study.transactions.body
        models.append(
            Model(
                "transactions",
                facts["generator"],
                digest_file(run / MODEL / "weights.safetensors"),
                body.settings if body else {},
                {**facts, "cpu_seconds": records["learn"].cpu_seconds},
                (plan.inputs[study.transactions.data],),
            )
        )
    scenarios = {
        label: {
            **resolved(item),
            "sha256": plan.drivers[label].digest,
            **({"feedback": plan.loops[label].to_dict()} if label in plan.loops else {}),
        }
        for label, item in plan.scenarios.items()
    }
    resolved_study = {"resolved": study.model_dump(mode="json"), "sha256": study.digest}
    return Sources(resolved_study, study.seed, scenarios, inputs, models, ("torch", *PAGE_PACKAGES))


def _findings(run: Path, plan: Plan, records: dict[str, Done], card: Scorecard) -> Findings:
    rules: dict[str, Any] = {}
    measures: dict[str, Any] = {}
    figures: dict[str, Any] = {}
    present = {world: getattr(plan.study, world) is not None for world in WORLDS}
    expectations: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    severities = {choice.label: choice.severity for choice in plan.study.scenarios}
    for label, drivers in plan.drivers.items():
        measured = dict(measure_drivers(drivers))
        figured: dict[str, Any] = {}
        for world, stage in STAGE_OF.items():
            done = records.get(f"{stage}/{label}")
            if done is not None:
                measured |= done.facts.get("measures", {})
                rules[f"{world}/{label}"] = done.facts.get("rules", {})
                rest = {k: v for k, v in done.facts.items() if k not in NOTED_APART}
                figured |= done.facts.get("figures", {})
                facts[f"{world}/{label}"] = rest
        measures[label] = measured
        figures[label] = all_figures(figured, present)
        as_run = scaled(plan.scenarios[label], severities[label])
        outcomes = check_expectations(as_run, unmoved(drivers) | measured, drivers.clock)
        expectations[label] = [outcome.to_dict() for outcome in outcomes]
    scores = {
        "verdicts": {use: verdict.to_dict() for use, verdict in card.verdicts().items()},
        "judged_scenario": first_label(plan),
        "measures": measures,
        "figures": figures,
        "expectations": expectations,
        "facts": facts,
    }
    before, taken_over = noted(run), carried(run)
    if before is not None:
        scores["compared_with"] = before
    if taken_over is not None:
        scores["evidence_of"] = taken_over.to_dict()
    return Findings(rules=rules, scores=scores, cpu_seconds=dict(_cpu(records)))


def _cpu(records: dict[str, Done]) -> Iterator[tuple[str, float]]:
    stages = {
        "market": ("fit", "sample", "bars"),
        "transactions": ("learn", "life", "orders", "transactions"),
        "credit": ("credit",),
        "evidence": ("evidence", "twin"),
    }
    for world, names in stages.items():
        seconds = sum(done.cpu_seconds for key, done in records.items() if key.split("/")[0] in names)
        if seconds:
            yield world, seconds
