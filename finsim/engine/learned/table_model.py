"""``LearnedTable``: a fitted model of one table, and new rows from it in the table's columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.engine.learned.form_words import FormWords
from finsim.engine.learned.private_facts import private_facts, private_form, repeated_owner
from finsim.engine.learned.reading import LearnedInput
from finsim.engine.learned.saved_forms import DIGITS, OutputForm, units_of
from finsim.engine.market_model.fitted_model_card import loss_table, privacy_words
from finsim.errors import DataError, FitError, StudyError
from finsim.generators import TABLE_GENERATORS
from finsim.generators.generator import Budget, Progress, State
from finsim.generators.saved_models import load, save
from finsim.generators.settings_parsing import read_settings
from finsim.generators.tables.boosting.label_law import LARGE_ROWS, MOST_CLASSES
from finsim.generators.tables.given.asked import Asked
from finsim.generators.tables.given.sought_rows import SoughtRows
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reducing import reduce
from finsim.generators.tables.reduction.learned_parts import Learned
from finsim.generators.tables.reduction.new_keys import NewKey
from finsim.generators.tables.row_batches import RowsInTurn
from finsim.generators.tables.table_generator import TableGenerator, with_label
from finsim.randomness import Streams
from finsim.records.display.card import Card
from finsim.records.display.fact_words import counted
from finsim.records.mixed_table import WORD, MixedTable
from finsim.records.shown_rows import ShownTable
from finsim.tables.learning.mixed_columns import arrow_column, mixed_table
from finsim.tables.new_ids.id_form import IdForm, plain_remarks
from finsim.tables.new_ids.id_parts import IdParts
from finsim.tables.proposing.roles import roles
from finsim.tables.role_words import NO_ROLE

KIND = "table"
BLOCK_ROWS, SOUGHT_ROWS = 50_000, 5_000
FEW_VALUES, ROWS_A_VALUE = 20, 10
"""A column of numbers has few values up to so many, with so many rows for each on average (assumptions)."""


@dataclass(frozen=True, repr=False)
class LearnedTable(ShownTable):
    """A fitted model of a table: the generator, what stands around it, and facts on its data.

    As a table it is the loss curves of its training.
    """

    generator: TableGenerator
    reduction: Reduction
    form: OutputForm
    data: Mapping[str, Any]

    def _table(self) -> pa.Table:
        return loss_table(self.generator.report)

    def card(self) -> Card:
        """Return generator, data and training."""
        facts = (
            ("data", f"{self.data.get('file', 'a table')}, {counted(int(self.data['rows']), 'row')}"),
            ("read as", str(self.data.get("read_as", ""))),
            ("training", self.generator.report.stopped_by),
            ("privacy", privacy_words(self.generator.report)),
        )
        return Card(f"Fitted model of a table: {self.generator.name}", facts)

    def save(self, folder: str | Path) -> None:
        """Write the model as ``weights.safetensors`` and ``model.json`` into a new folder."""
        extra = {
            "form": self.form.to_dict(),
            "reduction": dict(self.reduction.state().facts),
            "data": dict(self.data),
        }
        save(self.generator, Path(folder), extra)

    @classmethod
    def load(cls, folder: str | Path) -> LearnedTable:
        """Read a saved model; raises FitError when it is missing, damaged or of another kind."""
        generator, extra = load(Path(folder), KIND)
        reduction = Reduction.from_state(State({}, extra["reduction"]))
        return cls(generator, reduction, OutputForm.from_dict(extra["form"]), extra["data"])

    def batches(
        self, rows: int, streams: Streams, given: Asked | None, progress: Progress
    ) -> Iterator[pa.RecordBatch]:
        """Yield new rows, block by block, in the table's columns; ``given`` cells hold in all of them.

        Raises StudyError for given cells that the generator does not hold, or no row has.
        """
        size = SOUGHT_ROWS if given and given.sought else BLOCK_ROWS
        made = RowsInTurn(self.generator, streams, given.inner if given else None)
        for first in range(0, rows, size):
            count = min(size, rows - first)
            try:
                whole = self._block(count, streams, first, given, made)
            except FitError as bad:
                raise (FormWords(self.form).told(bad) if given else bad) from None
            yield from self._rows(whole, first, streams).to_batches()
            progress((first + count) / rows, "sampling rows")

    def _block(
        self, count: int, streams: Streams, first: int, given: Asked | None, made: RowsInTurn
    ) -> MixedTable:
        if given and given.sought:
            sought = SoughtRows(self.generator, self.reduction, given, FormWords(self.form))
            return sought.rows(count, streams, first)
        inner = given.inner if given else ()
        return self.reduction.restore(made.next(count), streams.under("restored"), first, inner)

    def _rows(self, table: MixedTable, first: int, streams: Streams) -> pa.Table:
        cells = []
        for name, field in zip(self.form.order, self.form.target, strict=True):
            if name in self.form.parted:
                rng = streams.at("identifiers", name, first)
                cells.append(self.form.parted[name].cells(first, table, rng, field.type))
            elif name in self.form.new_ids:
                cells.append(self.form.new_ids[name].cells(first, table.rows, field.type))
            else:
                cells.append(arrow_column(self.form.written(name, table[name]), field.type))
        return pa.table(cells, schema=self.form.target)


def fit_table(
    data: LearnedInput,
    name: str,
    settings: Mapping[str, Any],
    budget: Budget,
    streams: Streams,
    progress: Progress,
) -> LearnedTable:
    """Fit a generator on the columns of a table that are not keys; keys are made anew."""
    kind = TABLE_GENERATORS.load(name, "generator")
    plain = data.table.drop_columns(list(data.keys)) if data.keys else data.table
    if not plain.column_names:
        raise DataError(
            "no column is left to learn",
            place=", ".join(data.keys),
            expected="a column beside those that are made anew",
            remedy="give a table with more columns, or say in a schema that these are no ids",
        )
    if settings.get("epsilon") is not None:
        return _fit_privately(data, kind, (mixed_table(plain), settings), budget, streams, progress)
    chosen = read_settings(kind, settings, "generator.settings", StudyError)
    outcome = str(settings.get("label") or data.roles.label or "")
    whole = mixed_table(plain)
    rating = _rating(data, whole)
    inner, reduction = reduce(whole, streams.under("reduction"), outcome=outcome, rating=rating)
    chosen = with_label(chosen, _outcome(data.roles.label, inner))
    chosen = with_label(chosen, rating if rating in inner else "", "rating")
    kind.refuse(inner, chosen)
    generator: TableGenerator = kind.fit(inner, chosen, streams.under("fit"), budget, progress)
    forms = {key: IdForm.of_cells(data.table[key]) for key in data.keys}
    parted = _parted(data, reduction, whole)
    counted_on = {name: form for name, form in forms.items() if name not in parted}
    facts = {
        **data.facts,
        "read_as": "; ".join(
            (*data.remarks, *data.row_remarks, *_left_out(reduction), *plain_remarks(counted_on))
        ),
        "few_values": _few_values(data),
    }
    return LearnedTable(
        generator,
        reduction,
        replace(OutputForm.of(data, forms), parted=parted),
        facts,
    )


def _parted(data: LearnedInput, reduction: Reduction, table: MixedTable) -> dict[str, IdParts]:
    """Return the identifiers made anew of which parts follow other cells of their row."""
    found = [name for name, one in reduction.computed.items() if isinstance(one.rule, NewKey)]
    rest = table.without(*found)
    parts = {name: IdParts.of_cells(data.table[name], rest) for name in (*data.keys, *found)}
    return {name: one for name, one in parts.items() if one is not None}


def _few_values(data: LearnedInput) -> dict[str, list[float]]:
    """Return header -> values of the columns of numbers that hold few of them, each in several rows."""
    found, units = {}, units_of(data.fields)
    for name, one in zip(data.order, data.target, strict=True):
        kind = data.table.schema.field(name).type
        if name in data.keys or not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            continue
        values = data.table[name].unique().drop_null().to_pylist()
        if len(values) <= min(FEW_VALUES, data.table.num_rows / ROWS_A_VALUE):
            factor = units.get(name, 1.0)
            found[one.name] = sorted(round(float(value) * factor, DIGITS) for value in values)
    return found


def _outcome(label: str | None, inner: MixedTable) -> str | None:
    """Return the outcome of the data where it is a class that the model draws."""
    if label is None or label not in inner:
        return None
    return label if len(np.unique(inner[label].values)) <= MOST_CLASSES else None


def _rating(data: LearnedInput, whole: MixedTable) -> str:
    """Return the column of grades, declared or by its header, "" where rows cannot be weighted by one."""
    headers = {each.source or name: name for name, each in data.fields.items() if each.role != NO_ROLE}
    found = [name for name, each in data.fields.items() if each.role == "grade"]
    found += [headers[one] for one, role in roles(list(headers), "loans").items() if role == "grade"]
    name = next((one for one in found if one in whole), "")
    if not name or name == data.roles.label or whole.rows < LARGE_ROWS or whole[name].kind != WORD:
        return ""
    return name if len(np.unique(whole[name].values)) <= MOST_CLASSES else ""


def _fit_privately(
    data: LearnedInput,
    kind: Any,
    what: tuple[MixedTable, Mapping[str, Any]],
    budget: Budget,
    streams: Streams,
    progress: Progress,
) -> LearnedTable:
    """Fit with differential privacy: nothing stands around the model that was read from the table."""
    table, settings = what
    owner = repeated_owner(data)
    unit = settings.get("unit") or ("row" if owner is None else "entity")
    chosen = read_settings(kind, {**settings, "unit": unit}, "generator.settings", StudyError)
    kind.refuse(table, chosen)
    under = streams.under("fit")
    generator: TableGenerator = kind.fit(table, chosen, under, budget, progress, owner=owner)
    reduction = Reduction(tuple(table.columns), {}, {})
    count = table.rows if owner is None or unit == "row" else int(owner.max()) + 1
    facts = private_facts(data, count, "every column is learned, none is computed")
    return LearnedTable(generator, reduction, private_form(data, data.keys), facts)


def _left_out(reduction: Reduction) -> list[str]:
    """Return what stands around the model, in words."""
    found = []
    if reduction.computed:
        parts = [name for name, one in reduction.computed.items() if isinstance(one.rule, Learned)]
        whole = [name for name in reduction.computed if name not in parts]
        found += [f"computed, not learned: {', '.join(whole)}"] if whole else []
        found += [f"a part is learned, the rest computed: {', '.join(parts)}"] if parts else []
    if reduction.pools:
        found.append(f"rare words become one: {', '.join(reduction.pools)}")
    if reduction.empty:
        names = ", ".join(name for one in reduction.empty for name in one.columns)
        found.append(f"filled by a rule where empty, and emptied again: {names}")
    return found
