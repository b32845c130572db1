"""Provenance: inputs, model, cost, environment, limits, and how to reproduce the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from finsim.evaluation import METRICS
from finsim.evaluation.metric import NOT_COMPUTED, SHARE, USES
from finsim.report.border import drawn_or_said
from finsim.report.colors import SERIES, drawn
from finsim.report.number_text import DASH, count, number, plural, spoken
from finsim.report.page_elements import Bullets, Cell, Command, Figure, Key, Section, Table
from finsim.report.run_folder import WORLDS, RunFolder
from finsim.report.sections.scorecard_section import scores_of
from finsim.report.svg_figure import LINES, Frame, drawing, panel

_COPY_STUDY = (
    "python -c \"import json; m = json.load(open('manifest.json')); "
    "json.dump(m['study']['resolved'], open('../study.yaml', 'w'), indent=1)\""
)
_NEVER_TESTED = (
    "Stressed tables are judged by the expectations of their scenario and by the rules, not by the "
    "scorecard: there is no real world of that stress to compare with.",
    "Whether base rates of schemes are those of any real bank was not tested; they are inputs.",
)


def provenance_section(run: RunFolder) -> Section:
    """Return inputs, model, cost, environment, limits and commands."""
    blocks: list[object] = [_inputs(run), _models(run)]
    figure = drawn_or_said("The training losses", lambda: training(run))
    if figure is not None:
        blocks.append(figure)
    blocks += [_cost(run), _tables(run), _environment(run), *_commands()]
    lead = (
        "Every table of this run can be made again, byte for byte, from the study, the seed, the inputs and "
        "the package versions below; verify recomputes every hash."
    )
    data = {
        name: run.manifest.get(name)
        for name in ("inputs", "models", "cost", "environment", "dataset_sha256", "seeds", "statement")
    }
    return Section("provenance", "Where it comes from", lead, blocks, data=data)


def limits_section(run: RunFolder) -> Section:
    """Return intended and prohibited use, known limits, and what was not tested."""
    statement = run.manifest.get("statement") or {}
    lists = [
        Bullets("Intended use", statement.get("intended_use", ())),
        Bullets("Prohibited use", statement.get("prohibited_use", ())),
        Bullets("Known limits", statement.get("known_limits", ())),
        Bullets("What is not tested", untested(run)),
    ]
    blocks = [item for item in lists if item.items]
    return Section("limits", "Limits", blocks=blocks, data={"not_tested": untested(run)})


def untested(run: RunFolder) -> list[str]:
    """Return what nobody looked at: uses and scores that were not computed, and what has no test at all."""
    scores = scores_of(run)
    found = [f"No score on the use “{use}”." for use in USES if not any(s["use"] == use for s in scores)]
    missing = [s for s in scores if s["verdict"] == NOT_COMPUTED]
    found += [f"{spoken(s['metric'])} of {s['subject']}: {s['reason']}." for s in missing[:12]]
    if len(missing) > 12:
        found.append(
            f"{plural(len(missing) - 12, 'further score')} not computed; the scorecard gives each reason."
        )
    ran = {score["metric"] for score in scores}
    idle = [name for name in METRICS if name not in ran]
    if scores and idle:
        found.append("Metrics of the catalogue that did not run here: " + ", ".join(map(spoken, idle)) + ".")
    return [*found, _privacy(scores), _fairness(scores), *_NEVER_TESTED]


def _privacy(scores: Sequence[Mapping[str, Any]]) -> str:
    """Return which attacks gave a figure, and what may not be read from them."""
    given = _computed(scores)
    files = METRICS.files().items()
    attacks = [name for name, one in files if one.use == SHARE and ".attacks." in one.module]
    ran, rest = ([name for name in attacks if (name in given) is found] for found in (True, False))
    if ran:
        lacks = f" Not run: {_listed(rest)}." if rest else ""
        return (
            f"Attacks on privacy that were run: {_listed(ran)}.{lacks} A bound on re-identification holds "
            "for these attacks, on the tables and columns that they saw, and for no other."
        )
    copies = [name for name in given if name in METRICS and METRICS.files()[name].use == SHARE]
    tested = "Privacy is tested by copy checks only" if copies else "Privacy was not tested"
    return f"{tested}. Not run: {_listed(rest)}; no bound on re-identification may be read from this page."


def _fairness(scores: Sequence[Mapping[str, Any]]) -> str:
    ran = [name for name in _computed(scores) if name in METRICS and _is_fairness(name)]
    return f"Fairness was tested by {_listed(ran)} only." if ran else "Fairness was not tested."


def _is_fairness(name: str) -> bool:
    return ".fairness." in METRICS.files()[name].module


def _computed(scores: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the metrics that gave a figure, in the order of the scorecard."""
    return list(dict.fromkeys(score["metric"] for score in scores if score["value"] is not None))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(spoken, names))


def _inputs(run: RunFolder) -> Table | str:
    items = run.manifest.get("inputs", ())
    if not items:
        return "This run read no data file."
    rows: list[list[Cell | str]] = [
        [
            item["role"],
            Cell(_short_name(item["path"]), code=True),
            str(item.get("licence") or "not stated").replace("`", ""),
            Cell(item["sha256"], code=True),
        ]
        for item in items
    ]
    head = ("role", "file", "source and terms", "sha256")
    return Table("inputs", "Data that the run read", head, rows, "llll", list(items))


def _short_name(path: str) -> str:
    """Return the file name only: where a file lies on someone's disk is no fact about the data."""
    return path if path.startswith("shipped:") else path.replace("\\", "/").rsplit("/", 1)[-1]


def _models(run: RunFolder) -> Table | str:
    items = run.manifest.get("models", ())
    if not items:
        return "No model was fitted for this run."
    rows: list[list[Cell | str]] = []
    for item in items:
        training_ = item.get("training", {})
        seconds = training_.get("cpu_seconds")
        settings = ", ".join(f"{k} {v}" for k, v in sorted(item.get("settings", {}).items())) or "defaults"
        rows.append([
            item["world"], Cell(item["generator"], code=True), settings,
            _maybe(training_.get("training_rows") or training_.get("data", {}).get("rows")),
            _maybe(training_.get("steps")), str(training_.get("stopped_by", DASH)), f"{number(seconds, 3)} s",
            Cell(item["sha256"], code=True),
        ])  # fmt: skip
    head = (
        "world",
        "generator",
        "settings",
        "training rows",
        "steps",
        "stopped by",
        "CPU",
        "sha256 of the weights",
    )
    return Table("models", "Models fitted by the run", head, rows, "lllrrlrl", list(items))


def _maybe(value: Any) -> str:
    return DASH if value is None else count(value)


def training(run: RunFolder) -> Figure | None:
    """Return the loss curves of the fitted models; None when no curve was kept."""
    curves: dict[str, np.ndarray[Any, Any]] = {}
    for item in run.manifest.get("models", ()):
        for name, values in item.get("training", {}).get("losses", {}).items():
            known = np.array([np.nan if v is None else float(v) for v in values])
            share = (np.arange(len(known)) + 0.5) / max(len(known), 1) * 100
            kept = np.isfinite(known)
            if kept.sum() > 1:
                curves[f"{item['generator']}: {spoken(name)}"] = np.stack([share[kept], known[kept]])
    if not curves:
        return None

    def draw(axes: Any) -> None:
        for k, values in enumerate(curves.values()):
            axes.plot(*values, color=drawn(SERIES[k % len(SERIES)]), ls=list(LINES.values())[k % 4])
        axes.set_xlim(0, 100)
        axes.xaxis.set_major_formatter("{x:g} %")
        axes.set_xlabel("share of the training steps")
        axes.grid(visible=False, axis="x")

    text = "; ".join(f"{name} from {number(v[1, 0])} to {number(v[1, -1])}" for name, v in curves.items())
    with drawing():
        plotted = panel("training", "", f"Loss while training: {text}.", draw, Frame(width=640, height=230))
    keys = [Key(SERIES[k % len(SERIES)], list(LINES)[k % 4], name) for k, name in enumerate(curves)]
    says = (
        "The loss as training went on, as noted by the trainer. The loss on held-out windows should fall "
        "with the other and not turn upwards."
        if any("valid" in name or "held" in name for name in curves)
        else "The loss as training went on, as noted by the trainer."
    )
    return Figure("training", "Training", says, [plotted], dict(curves), keys, columns=1)


def _cost(run: RunFolder) -> Table | str:
    cost = run.manifest.get("cost", {})
    cpu = cost.get("cpu_seconds", {})
    if not cpu:
        return "The manifest notes no CPU time."
    per, rows_of = cost.get("cpu_seconds_per_million_by_world", {}), cost.get("rows", {})
    stages = [*(world for world in WORLDS if world in cpu), *sorted(set(cpu) - set(WORLDS))]
    rows: list[list[Cell | str]] = [
        [name, f"{number(cpu[name])} s", _maybe(rows_of.get(name) or None), number(per.get(name))]
        for name in stages
    ]
    total = cost.get("cpu_seconds_total")
    rows.append(
        [
            "all",
            f"{number(total, 3)} s",
            count(rows_of.get("total", 0)),
            number(cost.get("cpu_seconds_per_million"), 3),
        ]
    )
    head = ("stage", "CPU time", "rows", "CPU seconds a million rows")
    return Table("cost", "What the run cost (fitting included)", head, rows, "lrrr", dict(cost))


def _tables(run: RunFolder) -> Table | str:
    items = list(run.manifest.get("outputs", ()))
    if not items:
        return "The manifest lists no table."
    rows: list[list[Cell | str]] = [
        [
            Cell(item["path"], code=True),
            count(item["rows"]),
            count(item["bytes"]),
            Cell(item["sha256"], code=True),
        ]
        for item in items
    ]
    short = [{name: item[name] for name in ("path", "rows", "bytes", "sha256")} for item in items]
    caption = f"{plural(len(rows), 'table')} of the run"
    return Table("tables", caption, ("table", "rows", "bytes", "sha256"), rows, "lrrl", short, folded=True)


def _environment(run: RunFolder) -> Table | str:
    env = run.manifest.get("environment", {})
    if not env:
        return "The manifest does not say where the run was made."
    platform, source = env.get("platform", {}), env.get("source")
    versions = ", ".join(f"{name} {version}" for name, version in sorted(env.get("versions", {}).items()))
    machine = " ".join(str(platform.get(name, "")) for name in ("system", "release", "machine")).strip()
    commit = "installed package, no source commit"
    if source:
        commit = f"{source.get('commit', '')}{', with changed files' if source.get('modified') else ''}"
    rows: list[list[Cell | str]] = [
        ["versions", versions],
        [
            "platform",
            f"{machine}; {platform.get('processor', '')}, {plural(int(platform.get('cores') or 0), 'core')}",
        ],
        ["source", commit],
        ["manifest written", str(run.manifest.get("created", ""))],
        ["study sha256", Cell(str(run.manifest.get("study", {}).get("sha256", "")), code=True)],
        ["random streams", str(run.manifest.get("seeds", {}).get("streams", ""))],
        ["determinism", str(env.get("determinism", ""))],
    ]
    return Table("environment", "Environment", ("what", "value"), rows, "ll", folded=True)


def _commands() -> list[Command]:
    again = f"{_COPY_STUDY}\nfinsim run ../study.yaml -o ../again\nfinsim verify ../again --against ."
    return [
        Command("Check every hash of this run (in its folder)", "finsim verify ."),
        Command("Make the same run again from the study in the manifest, and compare table by table", again),
    ]
