"""``PlanSummary``: what a run will do, cost and hold, before it starts."""

from __future__ import annotations

import os
import shlex
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finsim.credit.reference_parameters import UNKNOWN_PURPOSE
from finsim.credit.tape.cells import UNSAID
from finsim.engine.answers.unmoved_narratives import unmoved_text
from finsim.engine.answers.unread_drivers import unread_remarks, unread_variables
from finsim.engine.planning.cost_constants import COMPILING, MEASURED_ON
from finsim.engine.planning.cost_prediction import Cost, predict
from finsim.engine.planning.data_facts import DataFacts, data_facts
from finsim.engine.planning.payment_forecast import forecast_payments
from finsim.engine.planning.refusals import refuse_before_work, refuse_output
from finsim.engine.planning.scheme_forecast import SchemeForecast, forecast_schemes
from finsim.engine.planning.work_sizes import WorkSizes, work_sizes
from finsim.engine.stages.customers_with_loans import strangers
from finsim.engine.stages.payment_world import learned_remarks
from finsim.engine.study.loan_tape import describe_tape, tape_of
from finsim.engine.study.study_resolution import Plan
from finsim.evaluation.utility.detection import LEAST_ROWS, LEAST_SCHEMES, TRAIN_SHARE
from finsim.records.display.card import Card, Value, listed
from finsim.records.display.fact_words import counted
from finsim.records.display.shown_record import ShownRecord
from finsim.scenarios.plausible.remarks import remarks_at

TOO_FEW = "too few to train a detector on"
_WIDTH, _MOST_STORIES, _MOST_COLUMNS, _MOST_WARNINGS = 118, 8, 8, 5
_SHORTEST_PATH, _FEATURE_LINES = 64, 3
FEATURES = {"number": "numbers", "words": "words"}
"""How a tape's column of no role is taken -> what it is called."""


@dataclass(frozen=True, repr=False)
class PlanSummary(ShownRecord):
    """A resolved study, and what its run will cost and hold; ``print`` gives all of it.

    ``data`` are the facts of its files, ``sizes`` its rows by table and scenario, ``schemes`` the forecast of
    each scenario and narrative, ``warnings`` what should be known before starting, by scenario or by part of
    the study, ``tape`` how the columns of a loan tape are taken, ``next`` the command that runs it.
    """

    plan: Plan = field(repr=False)
    cost: Cost
    data: tuple[DataFacts, ...]
    sizes: WorkSizes
    schemes: tuple[SchemeForecast, ...]
    warnings: Mapping[str, tuple[str, ...]]
    tape: Mapping[str, Any]
    next: str

    @property
    def rows(self) -> Mapping[str, Mapping[str, int]]:
        """Rows by table and scenario."""
        return self.sizes.rows

    @property
    def illicit_rows(self) -> dict[str, int]:
        """Rows with an illicit label to expect, by scenario."""
        found = dict.fromkeys(self.plan.scenarios, 0)
        for one in self.schemes:
            found[one.scenario] += one.illicit_rows
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data for JSON."""
        study, plan = self.plan.study, self.plan
        return {
            "study": study.model_dump(mode="json"),
            "study_sha256": study.digest,
            "scenarios": {name: drivers.digest for name, drivers in plan.drivers.items()},
            "inputs": dict(plan.inputs),
            "rules": {name: rules.digest for name, rules in plan.rules.items()},
            "data": [one.to_dict() for one in self.data],
            "rows": {table: dict(counts) for table, counts in self.rows.items()},
            "illicit_rows": self.illicit_rows,
            "schemes": [one.to_dict() for one in self.schemes],
            "cost": self.cost.to_dict(),
            "warnings": {name: list(texts) for name, texts in self.warnings.items()},
            **({"tape": dict(self.tape)} if self.tape else {}),
            "next": self.next,
        }

    def to_text(self) -> str:
        """Return the summary as at most about 30 lines."""
        study = self.plan.study
        labels = list(self.plan.scenarios)
        lines = [
            f"study      {study.id}  {' '.join(study.title.split())}".rstrip(),
            f"sha256     {study.digest}",
            f"seed       {study.seed}",
            f"start      {study.start} (jump-off)",
            f"scenarios  {len(labels)}: {', '.join(labels)}",
            *(line for one in self.data for line in (one.line(), one.gap(study.start)) if line),
            *self._tape_lines(),
            *self._people_lines(),
            f"rows       {self._row_words()}",
            *self._scheme_lines(),
            *self._cost_lines(),
            *self._warning_lines(),
            f"next: {self.next}",
        ]
        return "\n".join(part for line in lines for part in _wrapped(line))

    def __str__(self) -> str:
        """Return the whole text."""
        return self.to_text()

    def card(self) -> Card:
        """Return data, rows, illicit rows and cost; warnings are counted."""
        study, cost = self.plan.study, self.cost
        illicit = tuple(f"{count:,} in {label}" for label, count in self.illicit_rows.items())
        facts: tuple[tuple[str, Value], ...] = (
            ("scenarios", tuple(self.plan.scenarios)),
            ("data", tuple(one.line() for one in self.data)),
            ("rows", tuple(self._rows_of_tables())),
            ("illicit", illicit if self.schemes else ""),
            ("cost", f"about {cost.cpu_seconds:,.0f} CPU seconds"),
            ("memory", f"about {cost.memory / 1e6:,.0f} MB at most; disk about {_megabytes(cost.disk)}"),
            ("warnings", f"{sum(map(len, self.warnings.values())):,}" if self.warnings else ""),
            ("whole text", "print it"),
            ("next", self.next),
        )
        return Card(f"Plan: {study.id}, seed {study.seed}, jump-off {study.start}", facts)

    def _row_words(self) -> str:
        return ", ".join(self._rows_of_tables()) + " (per scenario)"

    def _rows_of_tables(self) -> Iterator[str]:
        """Yield the rows of each table per scenario; a span where scenarios differ."""
        for table, counts in self.rows.items():
            low, high = min(counts.values()), max(counts.values())
            yield f"{table} {high:,}" if low == high else f"{table} {low:,} to {high:,}"

    def _scheme_lines(self) -> Iterator[str]:
        labels = list(self.plan.scenarios)
        if not self.schemes:
            return
        transactions = self.rows["transactions"]
        first = labels[0]
        share = self.illicit_rows[first] / max(transactions[first], 1)
        yield (
            f"illicit    about {self.illicit_rows[first]:,} of {transactions[first]:,} rows"
            f" ({share:.3%}) in {first}{self._others(self.illicit_rows)}"
        )
        by_story: dict[str, list[SchemeForecast]] = {}
        for one in self.schemes:
            by_story.setdefault(one.narrative, []).append(one)
        for found in list(by_story.values())[:_MOST_STORIES]:
            yield _cut(f"  {self._story(found, transactions)}")
        if len(by_story) > _MOST_STORIES:
            yield f"  and {len(by_story) - _MOST_STORIES} more narratives (--json lists them)"
        if any(one.is_too_few for one in self.schemes):
            yield (
                f"  {TOO_FEW}: below {LEAST_ROWS} illicit rows in the first {TRAIN_SHARE:.0%} of the days, or"
                f" {LEAST_ROWS} rows of {LEAST_SCHEMES} schemes that begin later"
            )

    def _story(self, found: list[SchemeForecast], transactions: Mapping[str, int]) -> str:
        """Return one narrative in the first scenario, its most in another, and where its rate is from."""
        one = found[0]
        counts = {each.scenario: each.schemes for each in found}
        text = f"{one.narrative:<28} {one.schemes:,} schemes"
        if one.decoy:
            text += f", {one.rows:,} benign rows (decoy)"
        else:
            text += (
                f", {one.illicit_rows:,} illicit rows ({one.illicit_rows / transactions[one.scenario]:.3%})"
            )
        text += self._others(counts)
        few = [each.scenario for each in found if each.is_too_few]
        if few:
            text += f"; {TOO_FEW}" + ("" if len(few) == len(found) else f" in {few[0]}")
        return f"{text}; {one.source}"

    def _others(self, counts: Mapping[str, int]) -> str:
        """Return the scenario with the most, where it is not the first."""
        first = next(iter(counts))
        most = max(counts, key=lambda name: counts[name])
        return "" if counts[most] == counts[first] else f", {counts[most]:,} in {most}"

    def _cost_lines(self) -> Iterator[str]:
        cost = self.cost
        parts = ", ".join(f"{name} {value:,.1f}" for name, value in cost.parts.items())
        yield f"cost       about {cost.cpu_seconds:,.0f} CPU seconds: {parts}"
        yield f"memory     about {cost.memory / 1e6:,.0f} MB at most; disk about {_megabytes(cost.disk)}"
        slow = f", this one is {cost.machine:.1f} times as slow" if cost.machine != 1.0 else ""
        compiling = f"a first run adds about {COMPILING * cost.machine:.0f} s of compiling"
        yield f"           {MEASURED_ON}{slow}; {compiling}"

    def _people_lines(self) -> Iterator[str]:
        part = self.plan.study.transactions
        if part is not None and part.data is not None:
            body = part.body.name if part.body else "the body that knows held-out entities best"
            first = self.plan.clock.day_dates()[0]
            yield f"entities {part.size:,}: new ones, learned by {body}, {part.days} days from {first}"
        elif part is not None:
            first = self.plan.clock.day_dates()[0]
            yield (
                f"accounts {part.accounts:,}: {part.banks} banks, {part.days} days from {first}"
                f" (amounts in {part.currency})"
            )

    def _tape_lines(self) -> Iterator[str]:
        """Yield how a tape's columns are taken: those of the model one by one, the features together."""
        if not self.tape:
            return
        columns = self.tape["columns"]
        known = [one for one in columns if _kind(one) not in FEATURES]
        for one in known[:_MOST_COLUMNS]:
            gaps = f", {one['missing']:.1%} missing" if one["missing"] else ""
            span = f", {one['min']} to {one['max']}" if one["min"] else ""
            yield f"  {one['header']}  as {one['name'] or '(not used)'}: {one['taken_as']}{gaps}{span}"
        rest = [one["header"] for one in known[_MOST_COLUMNS:]]
        if rest:
            yield f"  and {counted(len(rest), 'more column')} (--json says how): {_named(rest)}"
        if unread := [one["header"] for one in columns if not one["name"]]:
            yield f"  nothing reads {_named(unread)}"
        kinds = {kind: [one["header"] for one in columns if _kind(one) == kind] for kind in FEATURES}
        told = [f"{len(names)} {FEATURES[kind]}: {_named(names)}" for kind, names in kinds.items() if names]
        if told:
            yield f"  features {'; '.join(told)}"
        if names := self.tape["not_scored"]:
            yield f"  not in the scorecard: {_named(names)}"
        if names := self.tape["without_class"]:
            yield f"  purposes of no class: {_named(names)} -> {UNKNOWN_PURPOSE[0]} (or say `loan_class:`)"
        yield from (f"note       {note}" for note in self.tape["notes"])

    def _warning_lines(self) -> Iterator[str]:
        told = [f"warning    {name}: {text}" for name, texts in self.warnings.items() for text in texts]
        yield from told[:_MOST_WARNINGS]
        if len(told) > _MOST_WARNINGS:
            yield f"warning    and {len(told) - _MOST_WARNINGS} more (--json lists them)"


def describe(
    plan: Plan, *, output: str | Path | None = None, workers: int = 1, command: str = ""
) -> PlanSummary:
    """Return what a run of a plan will do, cost and hold, after refusing all that the run would refuse.

    ``output`` is the folder that the run would be given, ``command`` what follows `finsim run` in the last
    line (default: the study's file or id). Raises the FinsimError of what is wrong; nothing is written.
    """
    if output is not None:
        refuse_output(Path(output), workers)
    loans = refuse_before_work(plan)
    payments, schemes = forecast_payments(plan), forecast_schemes(plan)
    facts = tuple(data_facts(plan))
    prices = next((one for one in facts if one.world == "market"), None)
    sizes = work_sizes(plan, loans, len(prices.assets) if prices else 0, payments, schemes)
    cost = predict(plan, sizes, prices.rows if prices else 0, workers)
    tape = describe_tape(plan.study.credit)[0] if plan.study.credit else {}
    document = plan.study.places.document
    told = command or (shlex.quote(document.path) if document else plan.study.id)
    if output is not None and not command:
        told += f" -o {shlex.quote(str(output))}"
    return PlanSummary(
        plan, cost, facts, sizes, schemes, _warnings(plan, cost, output), tape, f"finsim run {told}"
    )


def _warnings(plan: Plan, cost: Cost, output: str | Path | None) -> dict[str, tuple[str, ...]]:
    """Return what a user should know that refuses nothing."""
    severity = {choice.label: choice.severity for choice in plan.study.scenarios}
    told = {name: remarks_at(item, severity[name]) for name, item in plan.scenarios.items()}
    found: dict[str, list[str]] = {name: list(texts) for name, texts in told.items() if texts}
    unmoved = unmoved_text(plan)
    loops = [f"{label}: {loop}" for label, loop in plan.loops.items()]
    found |= {"feedback": loops} if loops else {}
    general = [text for text in (unmoved, unread_variables(plan)) if text]
    found |= {"scenarios": general} if general else {}
    unread = unread_remarks(plan)
    found |= {"unread": unread} if unread else {}
    study = plan.study
    if study.transactions and study.transactions.data:
        found["transactions"] = learned_remarks(plan)
    apart = [one for one in (strangers(plan), *_unsaid(plan)) if one]
    found |= {"credit": apart} if apart else {}
    if study.market and study.evaluation.enabled and study.market.sessions < _SHORTEST_PATH:
        found["evaluation"] = [f"paths of fewer than {_SHORTEST_PATH} sessions are not judged"]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if cost.memory > memory:
        found["memory"] = [f"{_megabytes(cost.memory)} are needed, this machine has {_megabytes(memory)}"]
    above = Path(output or ".").absolute()
    while not above.exists():
        above = above.parent
    space = shutil.disk_usage(above).free
    if cost.disk > space:
        found["disk"] = [f"{_megabytes(cost.disk)} are needed, {_megabytes(space)} are free in {above}"]
    return {name: tuple(texts) for name, texts in found.items()}


def _unsaid(plan: Plan) -> list[str]:
    """Return what of a tape is left out because a word is neither default nor good."""
    part = plan.study.credit
    notes = tape_of(part).notes if part is not None else ()
    return [note for note in notes if note.startswith(UNSAID)]


def _megabytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.0f} MB"


def _kind(column: Mapping[str, Any]) -> str:
    """Return how a column of a tape is taken: ``number``, ``words`` or a type of the model."""
    return str(column["taken_as"]).split(":")[0]


def _named(names: list[str]) -> str:
    """Return as many names as fit into some lines, and how many more there are."""
    return listed(tuple(names), _FEATURE_LINES * _WIDTH)


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..."


def _wrapped(line: str) -> list[str]:
    """Return a line in pieces of 118 characters, the later ones under the words of the first."""
    if line.startswith("next:") or len(line) <= _WIDTH:
        return [line]
    return textwrap.wrap(line, _WIDTH, subsequent_indent=" " * 11, break_long_words=False)
