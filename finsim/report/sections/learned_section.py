"""What the payments of a run were learned from, what of it was used, and what is taken for granted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finsim.report.number_text import count, number, plural, spoken
from finsim.report.page_elements import Bullets, Cell, Section, Table
from finsim.report.run_folder import RunFolder
from finsim.report.sections.scorecard_section import scores_of

_PARTS = {
    "entity": "whose rows they are", "time": "when", "amount": "how much", "partner": "the other side",
    "channel": "how it is paid", "currency": "in which money", "category": "what for",
    "direction": "in or out",
}  # fmt: skip
_TITLE = "Learned payments"


def learned_model(run: RunFolder) -> Mapping[str, Any] | None:
    """Return what the manifest says of the model of payments; None where people are simulated."""
    for model in run.manifest.get("models", ()):
        training = model.get("training") or {}
        if model.get("world") == "transactions" and "ledger" in training:
            found: Mapping[str, Any] = training
            return found
    return None


def learned_section(run: RunFolder) -> Section:
    """Return rows, entities and span of the ledger, the body and why, its columns, gaps and assumptions."""
    training = learned_model(run)
    if training is None:
        return Section("learned-payments", _TITLE, absent=["The payments of this run are simulated."])
    data, ledger = training["data"], training["ledger"]
    merchants = f" and {plural(ledger['merchants'], 'merchant')}" if ledger["merchants"] else ""
    lead = (
        f"Ordinary life is learned from {data['file']}: {count(ledger['rows'])} rows of "
        f"{plural(data['entities'], 'entity', 'entities')}{merchants} from {ledger['first_day']} to "
        f"{ledger['last_day']} ({plural(ledger['days'], 'day')}) in {ledger['currency']}, read as "
        f"{ledger['layout']}. The entities of this run are new. {_body(training)}"
    )
    blocks: list[object] = [_columns(ledger), _shared(run)]
    gaps = [
        *(f"{story}: {text}." for story, texts in ledger["left_out"].items() for text in texts),
        *(f"Scenario {label}: {text}." for label, text in ledger["unread"].items()),
        *(f"{text[0].upper()}{text[1:]}." for text in ledger["fallbacks"]),
    ]
    lists = [
        Bullets("How it was read", [f"{text[0].upper()}{text[1:]}." for text in ledger["remarks"]]),
        Bullets("Left out, because the ledger does not know it", gaps),
        Bullets("Assumed", [f"assumption: {text}." for text in ledger["assumptions"]]),
    ]
    blocks += [one for one in lists if one.items]
    return Section("learned-payments", _TITLE, lead, blocks, data={"ledger": ledger, "data": data})


def _body(training: Mapping[str, Any]) -> str:
    """Return the body, why it was taken, and what is known of its loss."""
    name, why = training["generator"], str(training["choice"])
    if why == "named":
        why = "the study names it, so no other was tried and no loss on held-out entities was measured"
    return f"Body: {name}; {why}. Training: {training['stopped_by']}."


def _columns(ledger: Mapping[str, Any]) -> Table:
    """Return which column plays which part, and the columns and parts that are left over."""
    rows: list[list[Cell | str]] = [
        [spoken(part), says, Cell(ledger["roles"][part], code=True)]
        for part, says in _PARTS.items()
        if part in ledger["roles"]
    ]
    rows += [[spoken(part), _PARTS.get(part, ""), "no column"] for part in ledger["roles_not_found"]]
    rows += [
        ["no part", "learned with the rest, but no column of the payments", Cell(name, code=True)]
        for name in ledger["no_role"]
    ]
    return Table(
        "ledger-columns", "The columns of the ledger", ("part", "says", "column"), rows, "lll",
        {"roles": ledger["roles"], "no_role": ledger["no_role"]},
    )  # fmt: skip


def _shared(run: RunFolder) -> Table | str:
    """Return what copy checks and attacks found in the learned payments."""
    scores = [one for one in scores_of(run) if str(one.get("table", "")).startswith("payments, ")]
    if not scores:
        return "Whether entities of the ledger are copied was not computed: the study's evaluation is off."
    rows: list[list[Cell | str]] = [
        [
            Cell(spoken(one["metric"]), detail=str(one.get("subject", ""))),
            "" if one.get("value") is None else number(float(one["value"])),
            Cell(spoken(one["verdict"]), mark=one["verdict"]),
            str(one.get("reason") or one.get("note") or ""),
        ]
        for one in scores
    ]
    return Table(
        "learned-copies", "Copies and attacks on the learned payments",
        ("metric", "value", "verdict", "remark"), rows, "lrll",
        [{"metric": one["metric"], "value": one.get("value"), "verdict": one["verdict"]} for one in scores],
    )  # fmt: skip
