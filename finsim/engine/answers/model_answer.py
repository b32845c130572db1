"""What a fitted model and sampled paths answer on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finsim.engine.market_model.fit_and_sample import Body
from finsim.generators.privacy.claim_words import statement_lines

QUICK_STEPS_SHARE = 0.5
"""assumption: fewer than half of the steps that a generator takes by default are a quick look."""


def model_dict(body: Body) -> dict[str, Any]:
    """Return generator, data, cost, losses, the held-out loss and the untrained twin's, size and budget."""
    facts = body.facts()
    default = getattr(type(body.generator).Settings(), "steps", None)
    quick = default is not None and facts["steps"] < QUICK_STEPS_SHARE * default
    return {
        **facts,
        "parameters": int(sum(array.size for array in body.generator.state().arrays.values())),
        "default_steps": default,
        "quick_look": bool(quick and facts["stopped_by"] != "early stop"),
        "assets": list(body.encoding.assets),
    }


def model_lines(facts: dict[str, Any]) -> list[str]:
    """Return what `finsim fit` prints: data, losses, held-out score, size, budget."""
    data = facts["data"]
    lines = [
        f"{facts['generator']}: {data.get('rows', '?'):,} bars of {len(facts['assets'])} "
        f"{'asset' if len(facts['assets']) == 1 else 'assets'} ({_some(facts['assets'])})"
    ]
    if facts["stopped_by"] == "closed form":
        lines.append("nothing is trained: this generator resamples the history")
    else:
        lines += _training(facts)
    if facts.get("privacy"):
        lines += statement_lines(facts["privacy"])
    lines.append(f"size: {facts['parameters']:,} numbers")
    return lines


def _training(facts: dict[str, Any]) -> list[str]:
    curves = {name: curve for name, curve in facts["losses"].items() if curve and name != "held_out"}
    losses = "; ".join(f"{name} loss {curve[0]:.4g} -> {curve[-1]:.4g}" for name, curve in curves.items())
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


def _some(names: list[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


@dataclass(frozen=True)
class SampleFacts:
    """What was written: bars, paths, steps, assets and the period."""

    rows: int
    paths: int
    steps: int
    assets: tuple[str, ...]
    first: str
    last: str


def sample_dict(found: SampleFacts, output: Path) -> dict[str, Any]:
    """Return what was sampled as plain data."""
    return {**vars(found), "assets": list(found.assets), "output": str(output)}


def sample_lines(facts: dict[str, Any], model: Path) -> list[str]:
    """Return what `finsim sample` prints: bars, period and what is next."""
    return [
        f"{facts['rows']:,} bars: {facts['paths']:,} paths of {facts['steps']:,} steps, "
        f"{_some(facts['assets'])}, {facts['first']} to {facts['last']}",
        f"data: {facts['output']}",
        f"next: finsim evaluate REAL_PRICES {facts['output']}",
    ]
