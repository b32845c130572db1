"""Model card of a run: ``model-card.md`` for people and ``model-card.json`` with the same content.

Headings follow US SR 26-2 / OCC 2026-13 (conceptual soundness, outcomes analysis, monitoring, governance),
EU AI Act art. 10 (data governance, bias, representativeness) and GDPR recital 26 (singling out,
linkability, inference). What nobody stated or computed says so; a person signs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from finsim.exports.cost_ledger import cost_ledger
from finsim.exports.markdown_text import bullets, table
from finsim.exports.model_card_content import content
from finsim.exports.run_facts import RunFacts, as_json
from finsim.records.display.markdown_line import markdown_line

TEXT, DATA = "model-card.md", "model-card.json"
_BY_TABLE = ("use", "table", "verdict", "n", "weakest score", "not computed")
_PART = ("part", "made_by", "learned_from", "rows", "training")
_RULES = ("table", "pack", "broken", "after repair", "rare, no breach")
LEFT = "____________________"


def documents(facts: RunFacts) -> dict[str, str]:
    """Return ``model-card.md`` and ``model-card.json``."""
    card = {**content(facts), "cost": cost_ledger(facts.manifest, facts.prices)}
    return {TEXT: _text(card), DATA: as_json(card)}


def _text(card: Mapping[str, Any]) -> str:
    parts = [
        f"# Model card: {markdown_line(card['title'])}",
        table(("what", "value"), card["identification"].items()),
        f"Approved by: {LEFT}  Date: {LEFT}\n\nOwner of the model: {LEFT}  Next review: {LEFT}",
        "## Purpose\n\n### Intended use\n\n" + bullets(card["purpose"]["intended_use"]),
        "### Not for\n\n" + bullets(card["purpose"]["prohibited_use"]),
        *_soundness(card["conceptual_soundness"]),
        *_outcomes(card["outcomes_analysis"]),
        *_watching(card),
        *_data(card["data_governance"]),
        *_identifiability(card["identifiability"]),
        "## Cost\n\n" + _cost(card["cost"]),
        "## How to check this card\n\n" + bullets(card["checks"]),
    ]
    return "\n\n".join(parts) + "\n"


def _soundness(part: Mapping[str, Any]) -> list[str]:
    return [
        "## Conceptual soundness (SR 26-2 / OCC 2026-13)",
        table(
            ("part", "made by", "learned from", "rows learned from", "training"),
            (
                [row[key] for key in ("part", "made_by", "learned_from", "rows", "training")]
                for row in part["parts"]
            ),
        ),
        "### Assumptions and limits\n\n" + bullets(part["limits"]),
        "### Scenarios\n\n" + table(("scenario", "title", "sha256"), part["scenarios"]),
    ]


def _scores(head: Sequence[str], scores: Iterable[Mapping[str, Any]]) -> str:
    return table(head, ([score[name] for name in head] for score in scores))


def _outcomes(part: Mapping[str, Any]) -> list[str]:
    head = ("metric", "table", "subject", "value", "low", "high", "n", "goal", "verdict", "reason")
    return [
        "## Outcomes analysis (SR 26-2 / OCC 2026-13)",
        "One verdict for each use, from `scorecard.json`; there is no total.",
        table(("use", "verdict", "scores by verdict"), part["verdicts"]) if part["verdicts"] else
        "Nothing was judged: the study's evaluation was off.",
        *([f"### By table\n\n{table(_BY_TABLE, part['tables'])}"] if part["tables"] else []),
        "### Scores that do not pass\n\n"
        + (_scores(head, part["not_passed"]) if part["is_judged"] else "Nothing was judged."),
        "### Not tested\n\n" + bullets(part["not_tested"]),
        "### Rules\n\n" + table(_RULES, part["rules"]),
    ]  # fmt: skip


def _watching(card: Mapping[str, Any]) -> list[str]:
    return [
        "## Monitoring (SR 26-2 / OCC 2026-13)\n\n" + bullets(card["monitoring"]),
        "## Governance (SR 26-2 / OCC 2026-13)\n\n" + bullets(card["governance"]),
    ]


def _data(part: Mapping[str, Any]) -> list[str]:
    head = ("metric", "table", "subject", "value", "low", "high", "n", "verdict")
    found = [
        "## Data governance (EU AI Act, art. 10)",
        table(("role", "file", "sha256", "terms"), part["inputs"]),
    ]
    found.append("### What was done to the data\n\n" + bullets(part["preparation"]))
    for key, title in (("bias", "Examination for bias"), ("representativeness", "Representativeness")):
        told = part[key]
        body = told if isinstance(told, str) else _scores(head, told)
        found.append(f"### {title}\n\n{body}")
    return found


def _identifiability(part: Mapping[str, Any]) -> list[str]:
    head = ("metric", "table", "subject", "value", "low", "high", "n", "goal", "verdict", "note")
    found = ["## Identifiability (GDPR, recital 26)", part["reading"]]
    found.append("### Differential privacy\n\n" + _or_none(part["differential_privacy"]))
    for name, told in part["attacks"].items():
        body = told if isinstance(told, str) else _scores(head, told)
        found.append(f"### {name.capitalize()}\n\n{body}")
    copies = _scores(head, [{**one, "note": one["note"] or one["reason"]} for one in part["copies"]])
    found.append("### Other checks (no attack)\n\n" + copies)
    found.append("### Learned tables and models that no score looks at\n\n" + _or_none(part["not_looked_at"]))
    return found


def _or_none(lines: Sequence[str]) -> str:
    return bullets(lines) if lines else "none"


def _cost(part: Mapping[str, Any]) -> str:
    head = ["part", "record", "records", "training, CPU s", "making, CPU s", "CPU s a record"]
    keys = ["record", "records", "training_cpu_seconds", "making_cpu_seconds", "cpu_seconds_per_record"]
    told = f"Judging the run took {part['judging_cpu_seconds']:.4g} CPU s. Unit: {part['unit']}."
    if part["cpu_price_per_hour"] is None:
        told += " No price of a CPU hour was given, so no money is stated."
    else:
        head += ["fixed cost", "cost a record"]
        keys += ["fixed_cost", "cost_per_record"]
        told += f" Money at {part['cpu_price_per_hour']:g} a CPU hour, currency {part['currency']}."
        if part["price_per_real_record"] is not None:
            head.append("break-even")
            keys.append("break_even")
            told += f" Break-even against {part['price_per_real_record']:g} a real record."
    rows = ([world, *(line[key] for key in keys)] for world, line in part["worlds"].items())
    return f"{told}\n\n{table(head, rows)}"
