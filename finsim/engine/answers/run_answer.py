"""What a finished run answers on the screen: figures, verdicts, what was not computed, and what is next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finsim.engine.answers.comparison import Column, columns_of, comparison_text
from finsim.engine.answers.text_table import aligned, cut
from finsim.engine.answers.untold_narratives import untold_lines, untold_narratives
from finsim.engine.finished_run import Run
from finsim.evaluation.metric import FAIL, NOT_COMPUTED, PASS, WARN
from finsim.provenance.audit_log import read_intact
from finsim.records.figures.figure_text import NONE
from finsim.records.figures.key_figures import KEY_FIGURES

ON_SCREEN = (
    ("credit.expected_loss",),
    ("credit.var_99",),
    ("credit.es_99",),
    ("credit.defaults_12m", "credit.defaults_36m"),
    ("market.drawdown",),
    ("market.dispersion",),
    ("payments.illicit", "payments.schemes"),
)
"""The figures of the fifteen lines; two of one line stand beside each other."""
SHOWN_SCENARIOS = 3
_BY_KEY = {line.key: line for line in KEY_FIGURES}
_PAIRED = {
    "credit.defaults_12m": "defaults 12/36 m, 1 path",
    "payments.illicit": "illicit rows / schemes",
}


def figure_lines(run: Run) -> list[str]:
    """Return the key figures as aligned lines: base, stressed and their difference, or scenarios abreast."""
    columns = columns_of(run)
    if len(columns) == 2:
        names = (columns[0].label, columns[1].label)
        rows = comparison_text(names, columns[0], columns[1])
        moved = {row[0]: row[3] for row in rows}
        body = [
            (name, *cells, _beside([moved.get(_BY_KEY[key].label, NONE) for key in keys]))
            for keys, name, cells in _cells(columns)
        ]
        return aligned([("", *names, "difference"), *body]) if body else []
    shown = columns[: SHOWN_SCENARIOS + 1]
    body = [(name, *cells) for _, name, cells in _cells(shown)]
    if not body:
        return []
    lines = aligned([("", *(column.label for column in shown)), *body])
    left = [column.label for column in columns[len(shown) :]]
    return [*lines, f"and {len(left)} more scenarios: {cut(', '.join(left), 80)}"] if left else lines


def _cells(columns: list[Column]) -> list[tuple[tuple[str, ...], str, list[str]]]:
    """Return the keys, name and cells of each line in which some scenario has a value."""
    found: list[tuple[tuple[str, ...], str, list[str]]] = []
    for keys in ON_SCREEN:
        lines = [_BY_KEY[key] for key in keys]
        texts = [[column.value_text(line) for line in lines] for column in columns]
        if all(text == NONE for column in texts for text in column):
            continue
        name = _PAIRED.get(keys[0], lines[0].label)
        found.append((keys, name, [_beside(column) for column in texts]))
    return found


def _beside(texts: list[str]) -> str:
    return NONE if all(text == NONE for text in texts) else " / ".join(texts)


def verdict_lines(run: Run) -> list[str]:
    """Return one line a use, its verdict and the first reason for it, and which run was judged if another."""
    verdicts: Mapping[str, Any] = run.manifest["scores"]["verdicts"]
    lines = []
    for use, verdict in verdicts.items():
        lines.append(cut(f"{use}: {verdict['verdict']}{why(verdict)}"))
    return [*lines, *_taken_over(run)] if lines else []


def _taken_over(run: Run) -> list[str]:
    """Return the line that says of which run the verdicts are; none where the run was judged itself."""
    if run.judged_on is None:
        return []
    label, other = run.judged_on
    return [cut(f"judged on {label} of {other}, of the same model; on this run only for copies")]


def why(verdict: Mapping[str, Any]) -> str:
    """Return the first reason for a verdict; of one that passes only how much was not computed."""
    reasons = verdict["reasons"]
    if verdict["verdict"] == PASS:
        counts = verdict["counts"]
        told = [(counts.get(WARN, 0), "warned"), (counts.get(NOT_COMPUTED, 0), "not computed")]
        words = [f"{count} {word}" for count, word in told if count]
        return f" (of its scores {', '.join(words)})" if words else ""
    return f": {reasons[0].removeprefix(verdict['verdict'] + ': ')}" if reasons else ""


def not_computed(run: Run) -> list[str]:
    """Return what the run did not compute, each with its reason: figures of its parts, and metrics."""
    study = run.manifest["study"]["resolved"]
    found: dict[str, None] = {}
    for column in columns_of(run):
        for line in KEY_FIGURES:
            figure = column.of(line)
            if study.get(line.world) and figure.value is None:
                found[f"{line.label} ({figure.why})"] = None
    if not study["evaluation"]["enabled"]:
        found["verdicts (the study's evaluation is off)"] = None
    for verdict in run.manifest["scores"]["verdicts"].values():
        for reason in verdict["reasons"]:
            if reason.startswith(f"{NOT_COMPUTED}: "):
                found[reason.removeprefix(f"{NOT_COMPUTED}: ")] = None
    return list(found)


def broken_rules(run: Run) -> list[str]:
    """Return the invariants and policies that rows of the run still break, ``table: rule (rows)``.

    A plausible rule says how rare something is; that some rows are rare is no breach.
    """
    found = []
    for table, facts in run.manifest.get("rules", {}).items():
        for name, counts in facts.get("rules", {}).items():
            after = counts["after"]
            if after and counts["level"] != "plausible":
                found.append(f"{table}: {name} ({after:,} rows)")
    return found


def problems_of(run: Run) -> list[str]:
    """Return the verdicts that fail and the rules that are broken, one text each."""
    return [*(f"{use}: {FAIL}" for use, word in run.verdicts.items() if word == FAIL), *broken_rules(run)]


def failed(run: Run) -> bool:
    """Tell whether a verdict of the run is ``fail`` or a rule is still broken: exit code 1."""
    return bool(problems_of(run))


def answer_lines(run: Run) -> list[str]:
    """Return what `finsim run` and `finsim stress` print, at most 15 lines with ``report:`` and ``next:``."""
    lines = [*figure_lines(run), *verdict_lines(run)]
    broken, missing = broken_rules(run), not_computed(run)
    lines += [*untold_lines(run), *_tape_lines(run)]
    if broken:
        lines.append(cut(f"rules broken: {'; '.join(broken)}"))
    if missing:
        lines.append(cut(f"not computed: {'; '.join(missing)}"))
    return [*lines, f"report: {run.path / 'report.html'}", f"next:   {_next(run)}"]


def _tape_lines(run: Run) -> list[str]:
    """Return the line of what was noted of the loan tape: columns that are not learned, rows left out."""
    facts = run.manifest["scores"].get("facts", {}).get(f"credit/{run.scenarios[0]}", {})
    notes = facts.get("tape", {}).get("notes", ())
    return [cut(f"loans: {'; '.join(notes)}")] if notes else []


def _next(run: Run) -> str:
    if "compared_with" in run.manifest["scores"]:
        return f"finsim compare {run.manifest['scores']['compared_with']['run']} {run.place}"
    if len(run.scenarios) > 1:
        return f"finsim verify {run.place}"
    return f"finsim stress {run.place} --scenario covid-2020"


def log_head(run: Run) -> str:
    """Return the hash of the last entry of a run's log, to be kept elsewhere; "" when there is none."""
    entries, _ = read_intact(run.path / "audit.log")
    return entries[-1].hash if entries else ""


def head_line(run: Run) -> list[str]:
    """Return the line that gives the user the head of the log to keep; none without a log."""
    head = log_head(run)
    return [f"head of the log {head}; keep it elsewhere, for finsim verify --head"] if head else []


def answer_dict(run: Run) -> dict[str, Any]:
    """Return the same as plain data: figures by scenario, verdicts with reasons, what was not computed."""
    scores = run.manifest["scores"]
    return {
        "run": run.place,
        "manifest_sha256": run.digest,
        "log_head": log_head(run),
        "scenarios": list(run.scenarios),
        "figures": scores.get("figures", {}),
        "compared_with": scores.get("compared_with"),
        "verdicts": scores["verdicts"],
        "judged_on": scores.get("evidence_of"),
        "rules_broken": broken_rules(run),
        "not_computed": not_computed(run),
        "narratives_without_a_scheme": untold_narratives(run),
        "report": str(run.path / "report.html"),
    }
