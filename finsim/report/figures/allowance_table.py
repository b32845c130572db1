"""Table of expected credit losses: what the book must set aside under each scenario, and weighted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from finsim.report.figures.credit_data import Credit
from finsim.report.number_text import count, money, percent
from finsim.report.page_elements import Cell, Table
from finsim.report.run_folder import RunFolder

HEAD = ("scenario", "weight", "loans in stage 2", "12-month ECL", "lifetime ECL", "allowance")
SOURCE = (
    "IFRS 9 5.5: a loan in stage 1 carries its 12-month, one in stage 2 its lifetime expected credit loss, "
    "at the jump-off day and discounted at its own rate; the weights are those that the scenario files state."
)

YEARS_HEAD = ("scenario", "date", "in stage 1", "in stage 2", "in stage 3", "balance", "allowance", "RWA")
YEARS = (
    "What is known then counts: the sector factor of the year, arrears and balances of the panel. Stage 3 "
    "holds the defaults of that month with their loss; earlier ones are written off. "
    "RWA: internal-ratings formula of Basel. By loan: `provisions`."
)


def allowance_table(run: RunFolder, books: Mapping[str, Credit]) -> Table | None:
    """Return the table, one row a scenario and one weighted; None where the run noted nothing of it."""
    facts = {label: run.facts("credit", label) for label in books}
    noted = {label: one["stages"] for label, one in facts.items() if one.get("stages")}
    if not noted:
        return None
    weighted: Mapping[str, Any] = next((one["weighted"] for one in facts.values() if one.get("weighted")), {})
    weights = weighted.get("weights", {})
    rows = [
        [label, percent(weights[label]) if label in weights else "", *_cells(stages, books[label])]
        for label, stages in noted.items()
    ]
    if weights:
        some = next(iter(books.values()))
        rows.append(["weighted", percent(sum(weights.values())), *_cells(weighted["stages"], some)])
    why = weighted.get("why", "")
    note = f"{SOURCE} Not weighted: {why}." if why else SOURCE
    data = {"scenarios": noted, "weighted": weighted}
    return Table("allowance", "Expected credit loss of the book", HEAD, rows, "lrrrrr", data, note=note)


def provision_table(run: RunFolder, books: Mapping[str, Credit]) -> Table | None:
    """Return the allowances at the year ends, one row a scenario and date; None without year ends."""
    noted = {label: run.facts("credit", label).get("provisions", []) for label in books}
    rows: list[list[Cell | str]] = []
    for label, records in noted.items():
        for day in sorted({str(one["date"]) for one in records})[1:]:
            own = {one["stage"]: one for one in records if one["date"] == day}
            loans = [count(int(own[stage]["loans"])) if stage in own else "0" for stage in (1, 2, 3)]
            sums = [sum(one[name] for one in own.values()) for name in ("balance", "allowance", "rwa")]
            rows.append([label, day, *loans, *(money(one, books[label].currency) for one in sums)])
    if not rows:
        return None
    data = {"scenarios": noted}
    return Table("provisions", "Allowances at the year ends", YEARS_HEAD, rows, "llrrrrrr", data, note=YEARS)


def _cells(stages: Sequence[Mapping[str, Any]], book: Credit) -> list[Cell | str]:
    second = sum(int(one["loans"]) for one in stages if one["stage"] == 2)
    total = {name: sum(one[name] for one in stages) for name in ("ecl_12m", "ecl_lifetime", "allowance")}
    return [count(second), *(money(value, book.currency) for value in total.values())]
