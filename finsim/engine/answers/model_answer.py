"""What a fitted model and sampled paths answer on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finsim.engine.learned.models import Model, kind_of
from finsim.engine.market_model.fit_and_sample import Body
from finsim.generators.privacy.claim_words import statement_lines
from finsim.generators.tables.boosting.utility_critic import utility_line

QUICK_STEPS_SHARE = 0.5
"""assumption: fewer than half of the steps that a generator takes by default are a quick look."""


def model_dict(body: Model) -> dict[str, Any]:
    """Return generator, data, cost, losses, the held-out loss and the untrained twin's, size and budget."""
    report = body.generator.report
    facts = {
        "generator": body.generator.name,
        "kind": kind_of(body),
        "data": dict(body.data),
        **report.to_dict(),
    }
    default = getattr(type(body.generator).Settings(), "steps", None)
    quick = default is not None and facts["steps"] < QUICK_STEPS_SHARE * default
    found = {
        **facts,
        "parameters": int(sum(array.size for array in body.generator.state().arrays.values())),
        "default_steps": default,
        "quick_look": bool(quick and facts["stopped_by"] != "early stop"),
    }
    return {**found, "assets": list(body.encoding.assets)} if isinstance(body, Body) else found


def model_lines(facts: dict[str, Any]) -> list[str]:
    """Return what `finsim fit` prints: data, losses, held-out score, size, budget."""
    data = facts["data"]
    if facts["kind"] == "bars":
        lines = [
            f"{facts['generator']}: {data.get('rows', '?'):,} bars of {len(facts['assets'])} "
            f"{'asset' if len(facts['assets']) == 1 else 'assets'} ({_some(facts['assets'])})"
        ]
    else:
        lines = [f"{facts['generator']}: {data['rows']:,} rows of {len(data['columns'])} columns"]
        lines += [f"read as: {part}" for part in data["read_as"].removeprefix("read as: ").split("; ", 1)[:1]]
        lines += [f"         {part}" for part in data["read_as"].split("; ")[1:]]
        lines += [f"why {facts['generator']}: {data['choice']}"] if "choice" in data else []
    if facts["stopped_by"] == "closed form":
        lines.append("nothing is trained by steps: this generator is fitted in closed form")
    else:
        lines += _training(facts)
    if facts.get("privacy"):
        lines += statement_lines(facts["privacy"])
    if facts.get("diagnosis"):
        lines.append(f"windows: {_diagnosis(facts['diagnosis'])}")
    if facts.get("utility"):
        lines.append(utility_line(facts["utility"]))
    lines.append(f"size: {facts['parameters']:,} numbers")
    return lines


def _training(facts: dict[str, Any]) -> list[str]:
    curves = {name: curve for name, curve in facts["losses"].items() if curve and name != "held_out"}
    losses = "; ".join(f"{name} loss {_course(curve)}" for name, curve in curves.items())
    lines = [
        f"trained: {facts['steps']:,} steps, {facts['cpu_seconds']:.1f} CPU s, "
        f"stopped by {facts['stopped_by']}" + (f"; {losses}" if losses else "")
    ]
    held, untrained = facts["held_out"], facts["untrained"]
    if facts.get("privacy"):
        lines.append("held-out score: not computed (a score on private data would have to be counted)")
    elif held is None:
        lines.append("held-out score: not computed (the history is too short to hold a part out)")
    elif untrained is None:
        lines.append(f"held-out score: {held:.4g} (lower is better; the untrained twin was not judged)")
    else:
        gain = 1 - held / untrained if untrained else 0.0
        lines.append(
            f"held-out score: {held:.4g}, untrained twin {untrained:.4g} "
            f"(lower is better; {gain:+.1%} gained)"
        )
    if facts["quick_look"]:
        lines.append(
            f"budget: a quick look, {facts['steps']:,} of the {facts['default_steps']:,} steps of the default"
        )
    return lines


def _diagnosis(found: dict[str, Any]) -> str:
    return (
        f"told from held-out ones with an AUC of {found['auc']:.2f} (.5: not at all), noise of the same laws "
        f"with {found['noise_auc']:.2f}; variance {found['spread']:.0%} and dimensions "
        f"{found['dimensions']:.0%} of those of real windows"
    )


def _course(curve: list[float]) -> str:
    """Return the first and last mean loss; a training shorter than one check has a single one."""
    return f"{curve[0]:.4g} -> {curve[-1]:.4g}" if len(curve) > 1 else f"{curve[0]:.4g}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


@dataclass(frozen=True)
class SampleFacts:
    """What was written: rows; of bars their paths, steps, assets and period; of events their entities."""

    rows: int
    paths: int = 0
    steps: int = 0
    assets: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    kind: str = "bars"
    entities: int = 0
    columns: tuple[str, ...] = ()
    given: dict[str, Any] | None = None
    remarks: tuple[str, ...] = ()


def sample_dict(found: SampleFacts, output: Path) -> dict[str, Any]:
    """Return what was sampled as plain data: the facts of its kind."""
    if found.kind != "bars":
        facts = {"kind": found.kind, "rows": found.rows, "columns": list(found.columns)}
        people = {"entities": found.entities} if found.kind == "events" else {}
        said = {"remarks": list(found.remarks)} if found.remarks else {}
        return {**facts, **people, "output": str(output), **said}
    names = ("rows", "paths", "steps", "first", "last")
    facts = {name: getattr(found, name) for name in names}
    facts |= {} if found.given is None else {"given": found.given}
    return {**facts, "assets": list(found.assets), "output": str(output)}


def sample_lines(facts: dict[str, Any], model: Path) -> list[str]:
    """Return what `finsim sample` prints: what was made and what is next."""
    if "kind" in facts:
        people = f" of {facts['entities']:,} new entities" if "entities" in facts else ""
        return [
            f"{facts['rows']:,} {'events' if people else 'rows'}{people}: {_some(facts['columns'])}",
            *(f"note: {remark}" for remark in facts.get("remarks", ())),
            f"data: {facts['output']}",
            f"next: finsim evaluate REAL {facts['output']} --kind {facts['kind']}",
        ]
    return [
        f"{facts['rows']:,} bars: {facts['paths']:,} paths of {facts['steps']:,} steps, "
        f"{_some(facts['assets'])}, {facts['first']} to {facts['last']}",
        *_given_lines(facts.get("given")),
        f"data: {facts['output']}",
        f"next: finsim evaluate REAL_PRICES {facts['output']}",
    ]


def _given_lines(given: dict[str, Any] | None) -> list[str]:
    """Return how often each condition is met, and what that took."""
    if given is None:
        return []
    met = ", ".join(f"{one['condition']} in {one['hit_rate']:.1%}" for one in given["conditions"])
    led = f"; led to end points over at most {given['bridged_deviations']:.2g} deviations" if (
        "bridged_deviations" in given) else ""  # fmt: skip
    return [f"given: {met} of the paths; {given['tries_per_path']:g} tried for each{led}"]
