"""Summary of what a run will do, before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from finsim.engine.study.loan_tape import describe_tape, loan_count
from finsim.engine.study.study_resolution import Plan

ROWS_PER_ACCOUNT_DAY = 1.1
"""assumption: ordinary payments per account and day of the shipped behaviour; only used for estimates."""


@dataclass(frozen=True)
class PlanSummary:
    """What a study would do: digests, scenarios, rows to expect, warnings."""

    facts: dict[str, Any]
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return self.facts

    def to_text(self) -> str:
        """Return the summary as the command line prints it."""
        return self.text


def describe(plan: Plan) -> PlanSummary:
    """Return the plan: digests, scenarios, rows to expect, warnings."""
    study = plan.study
    count = len(plan.scenarios)
    rows: dict[str, int] = {}
    if study.market:
        rows["bars per scenario and asset"] = study.market.paths * study.market.sessions
    if study.transactions:
        part = study.transactions
        rows["transactions per scenario, about"] = round(part.accounts * part.days * ROWS_PER_ACCOUNT_DAY)
    if study.credit:
        rows["loan months per scenario, at most"] = loan_count(study.credit) * study.credit.months
    warnings = {name: list(item.warnings) for name, item in plan.scenarios.items() if item.warnings}
    data = {
        "study": study.model_dump(mode="json"),
        "study_sha256": study.digest,
        "scenarios": {name: drivers.digest for name, drivers in plan.drivers.items()},
        "inputs": dict(plan.inputs),
        "rules": {name: rules.digest for name, rules in plan.rules.items()},
        "rows": rows,
        "warnings": warnings,
    }
    tape: list[str] = []
    if study.credit:
        data["tape"], tape = describe_tape(study.credit)
    lines = [
        f"study      {study.id}  {study.title}",
        f"sha256     {study.digest}",
        f"seed       {study.seed}",
        f"start      {study.start} (jump-off)",
        f"scenarios  {count}: {', '.join(plan.scenarios)}",
        *(f"{name}: {value:,}" for name, value in rows.items()),
        *(f"input      {name}  {digest[:16]}" for name, digest in plan.inputs.items()),
        *tape,
        *(f"warning    {name}: {text}" for name, texts in warnings.items() for text in texts),
    ]
    return PlanSummary(data, "\n".join(lines))
