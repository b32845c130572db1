"""What a stressed run says of the expectations in its scenario's file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.engine.answers.unmoved_narratives import unmoved_text
from finsim.engine.answers.unread_drivers import unread_remarks
from finsim.engine.feedback.active_loop import ActiveLoop
from finsim.engine.finished_run import Run
from finsim.engine.study.study_file import recorded_study
from finsim.engine.study.study_resolution import Plan, resolve
from finsim.engine.tasks import taken_plan
from finsim.errors import FinsimError
from finsim.scenarios.expectations import Outcome
from finsim.scenarios.plausible.remarks import remarks_at
from finsim.scenarios.scenario import load


@dataclass(frozen=True)
class Expected:
    """The outcomes of a scenario's own expectations; ``not_checked`` says why there is none, if so."""

    outcomes: tuple[Outcome, ...]
    not_checked: str = ""

    def lines(self) -> list[str]:
        """Return one line of counts, and one for each expectation that is not met or not judged."""
        if self.not_checked:
            return [self.not_checked]
        met = sum(outcome.met is True for outcome in self.outcomes)
        rest = [str(outcome) for outcome in self.outcomes if outcome.met is not True]
        return [f"expectations met: {met} of {len(self.outcomes)}", *rest]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        told = [outcome.to_dict() for outcome in self.outcomes]
        return {"expect": told, "not_checked": [self.not_checked] if self.not_checked else []}


def unmet_lines(told: Expected, allow_unjudged: bool = False) -> list[str]:
    """Return what makes the gate of the expectations fail: unmet ones, and unjudged ones unless allowed.

    A gate that judged nothing at all never passes.
    """
    if told.not_checked:
        return [told.not_checked]
    judged = [outcome for outcome in told.outcomes if outcome.met is not None]
    if allow_unjudged and judged:
        return [str(outcome) for outcome in judged if not outcome.met]
    return [str(outcome) for outcome in told.outcomes if not outcome.met]


def unmoved_lines(run: Run) -> list[str]:
    """Return one line on the narratives of a run whose rate its scenarios leave as it was."""
    plan = _plan_of(run)
    found = unmoved_text(plan) if plan is not None and plan.study.transactions is not None else ""
    return [found] if found else []


def unread_lines(run: Run) -> list[str]:
    """Return lines on what the scenarios of a run say and no world of it reads: it moves no table."""
    plan = _plan_of(run)
    return [] if plan is None else [f"unread: {text}" for text in unread_remarks(plan)]


def _plan_of(run: Run) -> Plan | None:
    """Return the plan of a run, None where a file of its study is no longer what it was."""
    taken = taken_plan(run.path)
    if taken is not None:
        return taken
    try:
        return resolve(recorded_study(run.manifest["study"]["resolved"], str(run.path / "manifest.json")))
    except FinsimError:
        return None


def remark_lines(run: Run) -> list[str]:
    """Return what should be known of the scenario of a stressed run: its remarks, and what acted back."""
    choice = run.choices[0]
    try:
        told = remarks_at(load(choice.name), choice.severity)
    except FinsimError:  # its file is no longer what it was
        told = ()
    lines = [f"remark: {text}" for text in told]
    acted = run.manifest["scenarios"][choice.label].get("feedback")
    if acted:
        lines.append(str(ActiveLoop(acted["gain"], np.array(acted["shortfall"]), acted["added"])))
    return lines


def expectations_of(run: Run, label: str) -> Expected:
    """Return the expectations of one scenario of a run.

    They are stated for severity 1: at another one they are counted and said not to be checked.
    """
    found = run.manifest["scores"].get("expectations", {}).get(label, [])
    severity = next(choice.severity for choice in run.choices if choice.label == label)
    if found:
        return Expected(tuple(Outcome.from_dict(item) for item in found))
    name = label.partition("@")[0]
    if severity == 1.0:
        return Expected((), f"not checked: {name} states no expectations")
    return Expected(
        (), f"not checked: the expectations of {name} are stated for severity 1 (asked: {severity:g})"
    )
