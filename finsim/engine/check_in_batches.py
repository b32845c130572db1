"""Check files larger than memory batch by batch, where the rules allow it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.checking.check_report import CheckReport
from finsim.constraints.checking.given_tables import needed, opened, refuse_absent, table_of
from finsim.constraints.evaluating.whole_table_functions import needs_whole
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.group_layout import RowsOutOfOrder
from finsim.constraints.tables.parquet_batches import Batches
from finsim.constraints.tables.source_batches import SourceBatches
from finsim.engine.tables_to_check import excuses
from finsim.errors import DataError
from finsim.tables.cells.arrays_from_python import no_rows
from finsim.tables.endings import PARQUET
from finsim.tables.sources.opening import form_of

HELD_BYTES = 1 << 30  # a table of so many bytes is read whole; the documentation names this limit
TEXT_BYTES = 1 << 24  # a text table of so many bytes, packed or not, is read whole
_CELL_BYTES = 8  # Parquet stores repeated values in few bits, memory does not


@dataclass(frozen=True)
class LargeFile:
    """A file to be judged as a stream: which table of the pack it is, and its rows, to be read at will."""

    table: str
    batches: Batches | SourceBatches
    narrative: str  # the header of the narratives that excuse rows, if any


def large_file(
    path: str | Path,
    rules: RuleSet,
    params: Mapping[str, object] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> LargeFile | None:
    """Return a Parquet file of more than ``HELD_BYTES``, or a text table; None for what is read whole.

    That is any other file or folder, and a file with a rule that needs all rows at once. ``progress`` is
    called with a label, the rows taken and all rows (0: not known), from 0 on for each reading. Raises
    RuleError when it is large and lacks columns the rules need, or a parameter is unknown.
    """

    def step(done: int, rows: int) -> None:
        if progress is not None:
            progress("checking rows", done, rows)

    place = Path(path)
    if not place.is_file():
        return None
    is_text = form_of(place) != PARQUET  # Arrow files and databases are read as texts are
    if is_text and place.stat().st_size <= TEXT_BYTES:
        return None
    try:
        table = table_of(place, rules)
        source = opened(place, rules.tables[table])
        held = 0 if is_text else held_bytes(Batches(place))
    except DataError:
        return None  # reading it whole says what is wrong
    if not is_text and held <= HELD_BYTES:
        return None
    names = [name for name in needed(rules, table) if name in source.bound]
    known = names if is_text else [source.bound[name] for name in names]
    batches = SourceBatches(source, names, step) if is_text else Batches(place, known, progress=step)
    schema = source.schema_of(names) if is_text else Batches(place).schema
    session = Session(rules, {table: no_rows(schema)}, params)
    able = [rule for rule in session.own_rules(table) if not session.obstacle(rule, session.sources[table])]
    if not names or any(needs_whole(rule) for rule in able):
        return None
    narrative = dict(zip(names, known, strict=True)).get("narrative", "")
    return LargeFile(table, batches, narrative)


def held_bytes(batches: Batches) -> int:
    """Return about how many bytes the whole table takes in memory, from what the footer says."""
    return max(batches.size, batches.rows * len(batches.schema.names) * _CELL_BYTES)


def check_large(
    file: LargeFile,
    rules: RuleSet,
    params: Mapping[str, object] | None = None,
    *,
    tier: str = "auto",
    threads: int = 1,
) -> CheckReport | None:
    """Return the report that the whole table would get; None when its rows have to be arranged first.

    Memory holds one batch, the state of groups, and for ``unique`` 4 to 8 bytes a row. Raises DataError
    when cells are not of the declared type or the file is damaged.
    """
    labels = (batch.column(0) for batch in file.batches.only([file.narrative]))
    excused = excuses(labels, rules) if file.narrative else {}
    try:
        found = check_batches(
            file.batches, rules, params, table=file.table, excused=excused, tier=tier, threads=threads
        )
    except RowsOutOfOrder:
        return None
    return _with_other_tables(found, file.table, rules, params)


def _with_other_tables(
    found: CheckReport, table: str, rules: RuleSet, params: Mapping[str, object] | None
) -> CheckReport:
    """Add the rules of the pack's other tables, each skipped because its table is not given."""
    refuse_absent([table], rules)
    judged = {result.id: result for result in found.results}
    nothing_given = check({}, rules.needing(), params).results
    results = [
        judged.get(result.id, result)
        for result in nothing_given
        if result.id in judged or result.table != table
    ]
    return replace(found, results=tuple(results))
