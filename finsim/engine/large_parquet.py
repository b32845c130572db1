"""A Parquet file too large to hold at ease: judged batch by batch, where its rules allow that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.checking.check_report import CheckReport
from finsim.constraints.checking.check_session import Session, refuse_absent, table_name
from finsim.constraints.evaluating.whole_table_functions import needs_whole
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.group_layout import RowsOutOfOrder
from finsim.constraints.tables.parquet_batches import Batches
from finsim.constraints.tables.typed_columns import matched
from finsim.engine.check_inputs import excuses
from finsim.errors import DataError

HELD_BYTES = 1 << 30  # a table of so many bytes is read whole; the documentation names this limit
_CELL_BYTES = 8  # Parquet stores repeated values in few bits, memory does not


@dataclass(frozen=True)
class LargeFile:
    """A file to be judged as a stream: which table of the pack it is, and the columns that the pack knows."""

    path: Path
    table: str
    headers: tuple[str, ...]


def large_file(
    path: str | Path, rules: RuleSet, params: Mapping[str, object] | None = None
) -> LargeFile | None:
    """Return a Parquet file of more than ``HELD_BYTES``; None for whatever has to be read whole.

    That is any other file or folder, and a file with a rule that needs all rows at once. Raises
    RuleError when it is large and lacks columns the rules need, or a parameter is unknown.
    """
    place = Path(path)
    if place.suffix not in (".parquet", ".pq") or not place.is_file():
        return None
    try:
        batches = Batches(place)
    except DataError:
        return None  # reading it whole says what is wrong
    names = batches.schema.names
    if not batches.rows or held_bytes(batches) <= HELD_BYTES or len(set(names)) < len(names):
        return None
    empty = batches.schema.empty_table()
    table = table_name(empty, rules)
    session = Session(rules, {table: empty}, params)
    source = session.sources[table]
    able = [rule for rule in session.own_rules(table) if not session.obstacle(rule, source)]
    known = set(matched(names, rules.tables[table].columns).values())
    if not known or any(needs_whole(rule) for rule in able):
        return None
    return LargeFile(place, table, tuple(name for name in names if name in known))


def held_bytes(batches: Batches) -> int:
    """Return about how many bytes the whole table takes in memory, from what the footer says."""
    return max(batches.size, batches.rows * len(batches.schema.names) * _CELL_BYTES)


def check_large(
    file: LargeFile,
    rules: RuleSet,
    params: Mapping[str, object] | None = None,
    *,
    threads: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> CheckReport | None:
    """Return the report that the whole table would get; None when its rows have to be arranged first.

    Memory holds one batch, the state of groups, and for ``unique`` 4 to 8 bytes a row. ``progress`` is called
    with a label, the rows taken and all rows, from 0 on for each reading. Raises DataError when cells are
    not of the declared type or the file is damaged.
    """

    def step(done: int, rows: int) -> None:
        if progress is not None:
            progress("checking rows", done, rows)

    labels = (batch.column(0) for batch in Batches(file.path, ["narrative"]))
    excused = excuses(labels, rules) if "narrative" in file.headers else {}
    batches = Batches(file.path, file.headers, progress=step)
    try:
        found = check_batches(batches, rules, params, table=file.table, excused=excused, threads=threads)
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
