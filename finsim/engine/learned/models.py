"""A fitted model of any kind from its folder, and rows of events and tables from it, as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.engine.learned.event_model import LearnedEvents
from finsim.engine.learned.given_cells import given_cells, never_seen
from finsim.engine.learned.model_trial import opened
from finsim.engine.learned.numbered_times import as_numbers
from finsim.engine.learned.table_model import LearnedTable
from finsim.engine.learned.text_form import as_declared
from finsim.engine.market_model.fit_and_sample import Body
from finsim.errors import Problem, StudyError
from finsim.generators.saved_models import kind_of_model
from finsim.randomness import Streams
from finsim.records.table import Table
from finsim.tables.writing.write import write_by_ending

SAMPLE = ("learned", "sample")
ROWS, ENTITIES = 10_000, 1_000
_READERS = {"bars": Body, "events": LearnedEvents, "table": LearnedTable}
SIZES = {"bars": ("paths", "steps", "history", "start", "step", "schema", "csv", "given"),
         "events": ("entities", "days"), "table": ("rows", "given")}  # fmt: skip
"""Kind of a model -> the arguments of ``sample`` that say what is made."""

Model = Body | LearnedEvents | LearnedTable
Step = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Amount:
    """How much is sampled from a model of events or of a table; None is the default."""

    entities: int | None = None
    days: int | None = None
    rows: int | None = None
    given: str | None = None


def open_model(model: Model | str | Path) -> Model:
    """Return a fitted model of any kind; raises FitError for a folder that holds none, or a damaged one."""
    if not isinstance(model, str | Path):
        return model
    reader: Any = _READERS[kind_of_model(Path(model))]
    found: Model = opened(Path(model), reader.load)
    return found


def kind_of(model: Model) -> str:
    """Return the kind of data that a fitted model makes: bars, events or table."""
    return next(kind for kind, reader in _READERS.items() if isinstance(model, reader))


def refuse_other_sizes(kind: str, values: dict[str, Any]) -> None:
    """Raise StudyError, all at once, for arguments of ``sample`` that a model of this kind does not read."""
    other = [name for name, value in values.items() if value is not None and name not in SIZES[kind]]
    if other:
        wanted = ", ".join(SIZES[kind])
        raise StudyError.of(
            Problem(f"sample: {name}", f"the model is of {kind}", wanted, f"leave {name} out")
            for name in other
        )


def sampled_batches(
    model: LearnedEvents | LearnedTable, amount: Amount, seed: int, step: Step
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of ``amount`` from a model, in the columns of its training table."""
    streams = Streams(seed).under(*SAMPLE)

    def told(done: float, text: str) -> None:
        step(text, round(1_000 * done), 1_000)

    if isinstance(model, LearnedEvents):
        yield from model.batches(amount.entities or ENTITIES, streams, amount.days, told)
    else:
        given = given_cells(amount.given, model.form, model.reduction) if amount.given else None
        yield from model.batches(amount.rows or ROWS, streams, given, told)


def given_remarks(model: Model, given: str | None) -> tuple[str, ...]:
    """Return what a user should know of given cells that the model can hold but never saw."""
    if not given or not isinstance(model, LearnedTable):
        return ()
    return never_seen(given, model.form, model.data.get("few_values", {}))


def sampled_table(model: LearnedEvents | LearnedTable, amount: Amount, seed: int, step: Step) -> Table:
    """Return the rows of ``amount`` in memory."""
    parts = list(sampled_batches(model, amount, seed, step))
    return Table(kind_of(model), pa.Table.from_batches(parts, model.form.target).unify_dictionaries())


def write_sampled(
    model: LearnedEvents | LearnedTable, amount: Amount, seed: int, output: Path, step: Step
) -> int:
    """Stream the rows of ``amount`` into one file of the form of its ending; return their number."""
    return write_rows(model, sampled_batches(model, amount, seed, step), output)


def write_rows(model: LearnedEvents | LearnedTable, batches: Iterable[pa.RecordBatch], output: Path) -> int:
    """Stream rows of a model into one file of the form of its ending; return their number."""
    form = model.form
    schema, numbered = as_numbers(form.target, batches, form.numbers())
    schema, rows, dialect = as_declared(output, schema, numbered, form.text)
    return write_by_ending(output, schema, rows, table=kind_of(model), dialect=dialect, look=form.text.look)
