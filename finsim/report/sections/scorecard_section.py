"""The scorecard as a forest plot: every score in units of its goal, with details."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finsim.evaluation.metric import HIGHER
from finsim.evaluation.uses import FAIL, NO_POWER, NOT_COMPUTED, PASS, USES, VERDICTS, WARN
from finsim.report.number_text import DASH, count, money, number, spoken
from finsim.report.page_elements import Section
from finsim.report.run_folder import RunFolder
from finsim.report.sections.metric_notes import note_of

SPAN = 30  # the axis runs from the goal / 30 to 30 times the goal
WIDTH, HEIGHT, MIDDLE = 240, 24, 9
_ORDER = {FAIL: 0, WARN: 1, NO_POWER: 2, NOT_COMPUTED: 3, PASS: 4}


@dataclass(frozen=True)
class ScoreRow:
    """One score as the page shows it: text, its strip of the forest (SVG), and the drawer's lines."""

    verdict: str
    metric: str
    subject: str
    value: str
    interval: str
    strip: str
    drawer: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class UseGroup:
    """All scores of one intended use, failures first."""

    use: str
    verdict: str
    tally: str
    rows: Sequence[ScoreRow]


@dataclass(frozen=True)
class Forest:
    """The scores of all uses; ``span`` is the factor between the goal and either end of the axis."""

    groups: Sequence[UseGroup]
    span: int = SPAN


def scorecard_section(run: RunFolder) -> Section:
    """Return the scorecard, or why there is none."""
    title = "Scorecard"
    if not scores_of(run):
        return Section("scorecard", title, absent=[why_unscored(run)], data={"scores": []})
    lead = (
        f"Scores are computed on the scenario {run.base} unless a row names another; what a stress does is "
        "judged by the expectations of its file and by the rules. Each strip shows a value in units of its "
        "goal on a logarithmic scale: the goal is the line in the middle, better is to the left, the bar is "
        "the 95 % interval. The tick F is the floor (what real data score against real data), C the ceiling "
        "(what a useless twin scores). Open a row for how it is computed and what it cannot see."
    )
    return Section("scorecard", title, lead, [forest_of(run)], data={"scores": scores_of(run)})


def forest_of(run: RunFolder) -> Forest:
    """Return the rows of the forest by use."""
    verdicts = (run.scorecard or {}).get("verdicts", {})
    groups = []
    for use in USES:
        scores = [score for score in scores_of(run) if score["use"] == use]
        if scores:
            ordered = sorted(scores, key=lambda score: _ORDER.get(score["verdict"], 9))
            verdict = verdicts.get(use, {})
            groups.append(
                UseGroup(
                    use, str(verdict.get("verdict", "")), tally(verdict), [_row(score) for score in ordered]
                )
            )
    return Forest(groups)


def scores_of(run: RunFolder) -> list[dict[str, Any]]:
    """Return all scores of the run in the order of scorecard.json."""
    return list((run.scorecard or {}).get("scores", []))


def why_unscored(run: RunFolder) -> str:
    """Return in one sentence why a run has no scores."""
    if not (run.study.get("evaluation") or {}).get("enabled", True):
        return "The study switches evaluation off (evaluation: enabled: false), so nothing was scored."
    return "scorecard.json holds no scores, so nothing is judged here."


def tally(verdict: Mapping[str, Any]) -> str:
    """Return the counts of a verdict in words: 12 pass, 3 warn."""
    counts = verdict.get("counts", {})
    return ", ".join(f"{counts[name]} {name}" for name in VERDICTS if counts.get(name))


def _row(score: Mapping[str, Any]) -> ScoreRow:
    note = note_of(str(score["metric"]))
    low, high = score["low"], score["high"]
    shown = money if score["unit"] == "minor units" else number
    interval = f"[{shown(low)}, {shown(high)}]" if low is not None and high is not None else ""
    drawer = [
        ("How computed", note.how),
        ("What it misses", note.misses),
        (
            "Value",
            f"{number(score['value'], 4)} {score['unit']}" if score["value"] is not None else "not computed",
        ),
        ("95 % interval", interval or "none"),
        ("n", count(score["n"])),
        ("Floor, real against real", number(score["floor"], 4)),
        ("Goal", number(score["goal"], 4)),
        ("Ceiling, a useless twin", number(score["ceiling"], 4)),
    ]
    drawer += [("p, real data as far out", number(score["p"], 2))] if score["p"] is not None else []
    drawer += [
        (label, str(score[name]))
        for label, name in (("Reading", "note"), ("Reason", "reason"))
        if score[name]
    ]
    return ScoreRow(
        str(score["verdict"]),
        spoken(str(score["metric"])),
        spoken(_subject(score)),
        shown(score["value"]) if score["value"] is not None else DASH,
        interval,
        strip(score),
        drawer,
    )


def _subject(score: Mapping[str, Any]) -> str:
    return f"{score['subject']} ({score['table']})" if score["table"] else str(score["subject"])


def more_is_better(score: Mapping[str, Any]) -> bool:
    """Tell whether a score should lie above its goal.

    A target (a planned number) is drawn as it is: its goal in the middle is best.
    """
    return bool(score["direction"] == HIGHER)


def place(number_: float | None, goal: float | None, inverted: bool) -> float | None:
    """Return the position from 0 to 1 of a figure on the axis; 0.5 is the goal, less is better.

    None when there is no figure or no goal. Figures off the scale sit on its edge.
    """
    if number_ is None or goal is None:
        return None
    if goal <= 0 or number_ <= 0:
        if number_ == goal:
            return 0.0 if not inverted else 0.5
        return 0.0 if (number_ < goal) != inverted else 1.0
    ratio = goal / number_ if inverted else number_ / goal
    return min(max(0.5 + 0.5 * math.log(ratio) / math.log(SPAN), 0.0), 1.0)


def strip(score: Mapping[str, Any]) -> str:
    """Return one row of the forest as SVG; the text beside it says the same, so it is hidden from readers."""
    inverted = more_is_better(score)
    at = {
        name: place(score[name], score["goal"], inverted)
        for name in ("value", "low", "high", "floor", "ceiling")
    }
    kind = {PASS: "pass", WARN: "warn", FAIL: "fail"}.get(str(score["verdict"]), "none")
    if score["goal"] is None:
        words = "not computed" if score["value"] is None else "no goal is set"
        return (
            f'<svg class="strip none" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
            f'<text class="tick" x="{WIDTH / 2:g}" y="{MIDDLE + 3}">{words}</text></svg>'
        )
    parts = [
        f'<svg class="strip {kind}" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">',
        f'<line class="scale" x1="8" y1="{MIDDLE}" x2="{WIDTH - 8}" y2="{MIDDLE}"/>',
        f'<line class="goal" x1="{WIDTH / 2:g}" y1="1" x2="{WIDTH / 2:g}" y2="{2 * MIDDLE - 1}"/>',
    ]
    for letter, name in (("F", "floor"), ("C", "ceiling")):
        spot = at[name]
        if spot is not None:
            x = _x(spot)
            parts.append(f'<line class="tick" x1="{x}" y1="{MIDDLE - 4}" x2="{x}" y2="{MIDDLE + 4}"/>')
            parts.append(f'<text class="tick" x="{x}" y="{HEIGHT - 2}">{letter}</text>')
    low, high, value = at["low"], at["high"], at["value"]
    if low is not None and high is not None:
        left, right = sorted((low, high))
        wide = max(float(_x(right)) - float(_x(left)), 1.5)
        parts.append(f'<rect x="{_x(left)}" y="{MIDDLE - 3}" width="{wide:g}" height="6" rx="3"/>')
    if value is not None:
        parts.append(_marker(kind, float(_x(value))))
    return "".join(parts) + "</svg>"


def _x(share: float) -> str:
    return f"{8 + share * (WIDTH - 16):.1f}".rstrip("0").rstrip(".")


def _marker(kind: str, x: float) -> str:
    y = MIDDLE
    if kind == "fail":
        return f'<path class="dot" d="M{x - 5:g} {y:g}L{x:g} {y - 5:g}L{x + 5:g} {y:g}L{x:g} {y + 5:g}z"/>'
    if kind == "warn":
        return f'<path class="dot" d="M{x - 5:g} {y + 4:g}L{x:g} {y - 5:g}L{x + 5:g} {y + 4:g}z"/>'
    return f'<circle class="dot" cx="{x:g}" cy="{y:g}" r="4.2"/>'
