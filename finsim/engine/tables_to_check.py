"""Resolve the input of `finsim check`: a file, a folder of parts or of tables, or a run.

What only finsim's own tables need (pandas, narratives) is imported when such tables are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from finsim import documents
from finsim.constraints.checking.given_tables import AnyTable, as_arrow, needed, opened, read, table_of
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.arrow_views import without_views
from finsim.errors import DataError, RuleError, did_you_mean
from finsim.records.run_layout import WORLD_OF, run_and_scenario, scenarios_of, table_file
from finsim.records.storage import read_table
from finsim.tables import TableSource
from finsim.tables.endings import ending_of
from finsim.tables.sources.text_file import TextTable

_LEGS, _ROWS, _LABELS = "legs", "transactions", "labels"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Gathered:
    """Tables by their names in a pack; rows are numbered in ``main``.

    ``derived`` tables were computed from the others and stand in no file. ``excused``: narrative of a
    row -> the policy rules that it may break. ``place`` is the file or folder that was read, ``sources`` the
    opened files.
    """

    tables: Mapping[str, pa.Table]
    main: str
    derived: frozenset[str]
    excused: Mapping[str, set[str]]
    place: Path
    sources: Mapping[str, TableSource]

    @property
    def stored(self) -> list[str]:
        """The tables that were given, not computed."""
        return [name for name in self.tables if name not in self.derived]

    def others(self, name: str) -> dict[str, pa.Table]:
        """Return all tables but one."""
        return {other: table for other, table in self.tables.items() if other != name}


def gather(path: str | Path, rules: RuleSet, *, whole: bool = False) -> Gathered:
    """Read a table, or the tables of a folder that a pack knows.

    A folder may hold the parts of one table (Parquet), one file or subfolder a table named as in the
    pack (what ``finsim simulate -o`` writes), or a run of ``finsim run`` (its first scenario). Only columns
    that some rule reads are read, with ``whole`` every declared column (of Parquet every column). Raises
    DataError when nothing there fits, RuleError when columns that the rules need are missing.
    """
    place = Path(path)
    _refuse_several_scenarios(place)
    found = _run_tables(place) or (_tables_in(place, rules) if place.is_dir() else {})
    named = {name: item for name, item in found.items() if name in rules.tables}
    if not named and (place / MANIFEST).is_file():
        raise DataError(
            f"no table of this run is one of pack {rules.id}",
            place=str(path),
            expected=f"a table called {', '.join(rules.tables)}",
            remedy="choose the pack of one of its worlds, or name a file",
        )
    if not named:
        named = {table_of(place, rules): place}
    sources = {name: opened(named[name], rules.tables[name]) for name in rules.tables if name in named}
    is_ledger = _LEGS in rules.tables and _LEGS not in sources and _has_ledger(sources)
    tables = {name: _read(source, rules, name, whole or is_ledger) for name, source in sources.items()}
    if _ROWS in tables and _LABELS in found:
        tables[_ROWS] = _labelled(tables[_ROWS], found[_LABELS], rules, whole or is_ledger)
    main = next(iter(tables))
    derived = frozenset[str]()
    if is_ledger and _can_be_legs(tables):
        from finsim.records.legs import LEG_SCHEMA, legs

        tables[_LEGS] = legs(tables["transactions"], tables["accounts"]).select(LEG_SCHEMA.names)
        derived = frozenset({_LEGS})
    labels = (table["narrative"] for table in tables.values() if "narrative" in table.column_names)
    return Gathered(tables, main, derived, excuses(labels, rules), place, sources)


def in_memory(data: AnyTable | Mapping[str, AnyTable], rules: RuleSet) -> Gathered:
    """Return tables in memory, one or several by the names of the pack, with all their columns.

    Raises RuleError for a table that the pack does not know.
    """
    given = data if isinstance(data, Mapping) else {table_of(data, rules): data}
    for name in given:
        if name not in rules.tables:
            remedy = did_you_mean(name, list(rules.tables))
            raise RuleError(f"pack {rules.id} has no table {name!r}", place=f"table {name}", remedy=remedy)
    tables = {name: without_views(as_arrow(table, rules.tables[name])) for name, table in given.items()}
    return Gathered(tables, next(iter(tables)), frozenset(), {}, Path("memory"), {})


def _refuse_several_scenarios(folder: Path) -> None:
    """Raise DataError for a table's folder of a run with several scenarios: each has the same keys again."""
    if folder.name not in WORLD_OF or not (folder.parent / MANIFEST).is_file():
        return
    held = [label for one in sorted(folder.iterdir()) if (label := run_and_scenario(one)[1])]
    if len(held) > 1:
        raise DataError(
            f"the table of {len(held)} scenarios: {', '.join(held)}",
            place=str(folder),
            expected="one table",
            remedy=f"name one, such as {table_file(folder.parent, folder.name, held[0]).parent}",
        )


def _run_tables(path: Path) -> dict[str, Path]:
    """Return table -> file of a run's first scenario, or of the one whose folder is given; else nothing."""
    run, label = run_and_scenario(path)
    manifest = run / MANIFEST
    if not manifest.is_file():
        if (path / ".finsim").is_dir():
            raise DataError("this run is not finished", place=str(path), remedy=f"finsim run --resume {path}")
        return {}
    from finsim.provenance.manifest import parse_manifest  # files alone are checked without

    label = label or next(iter(scenarios_of(parse_manifest(run))), "")
    files = {name: table_file(run, name, label) for name in WORLD_OF}
    return {name: file for name, file in files.items() if file.is_file()}


def _labelled(rows: pa.Table, labels: Path, rules: RuleSet, whole: bool) -> pa.Table:
    """Return payments with the label columns, which lie in a file of their own, that rules read."""
    told = read_table(labels)
    if not rows["tx_id"].cast(pa.int64()).equals(told["tx_id"]):
        raise DataError(
            "not the payments of the transactions beside it",
            place=str(labels),
            expected="the same tx_id, row by row",
            remedy="take both files from one run, or remove this one",
        )
    asked = set(needed(rules, _ROWS)) | {"narrative"}
    for name in told.column_names[1:]:
        if name in rows.column_names:  # another column that stood in for it
            rows = rows.drop_columns([name])
        if whole or name in asked:
            rows = rows.append_column(told.schema.field(name), told[name])
    return rows


def _tables_in(folder: Path, rules: RuleSet) -> dict[str, Path]:
    """Return table -> file or subfolder for what is named as a table of the pack, and labels of payments."""
    found: dict[str, Path] = {}
    for item in sorted(folder.iterdir()):
        name = item.name.split(".")[0]
        if name in (*rules.tables, _LABELS) and (item.is_dir() or ending_of(item)):
            if name in found:
                raise DataError(
                    f"table {name!r} is there twice",
                    place=str(folder),
                    expected="one file or subfolder a table",
                    remedy=f"remove {found[name].name} or {item.name}",
                )
            found[name] = item
    return found


def _read(source: TableSource, rules: RuleSet, name: str, whole: bool) -> pa.Table:
    """Return the columns that rules read; all that a repair may write."""
    if not whole:
        return read(source, needed(rules, name))
    return source.table(list(source.bound)) if isinstance(source, TextTable) else source.table(rename=False)


def _has_ledger(tables: Mapping[str, TableSource]) -> bool:
    """Whether payments and accounts are in finsim's own form, so that their legs can be computed."""
    if not {"transactions", "accounts"} <= set(tables):
        return False
    from finsim.records.transactions import ACCOUNT_SCHEMA, FEATURE_SCHEMA

    wanted = ((_ROWS, FEATURE_SCHEMA), ("accounts", ACCOUNT_SCHEMA))
    return all(set(kind.names) <= set(tables[name].headers) for name, kind in wanted)


def _can_be_legs(tables: Mapping[str, pa.Table]) -> bool:
    """Whether the tables were read with all that legs are made of: text has the columns of the pack alone."""
    from finsim.records.legs import READ

    money = [tables["accounts"].schema.field(name) for name in ("opening_balance", "overdraft_limit")]
    there = set(READ) <= set(tables[_ROWS].column_names)
    return there and all(pa.types.is_integer(one.type) for one in money)


def excuses(labels: Iterable[pa.Array | pa.ChunkedArray], rules: RuleSet) -> dict[str, set[str]]:
    """Return what the shipped narratives that rows are labelled with may break; ``labels`` are columns."""
    if not any(rule.level == "policy" for rule in rules.rules):
        return {}
    shipped = {path.stem for path in documents.shipped("scenarios/narratives").glob("*.yaml")}
    told: set[str] = set()
    for column in labels:
        told |= shipped & {str(name) for name in pc.unique(column).to_pylist() if name is not None}
    if not told:
        return {}
    from finsim.agents.narratives.narrative import load_narratives

    stories = load_narratives(sorted(told))
    return {story.id: set(story.breaks) for story in stories if story.breaks}


def row_of(text: str, gathered: Gathered) -> tuple[str, int]:
    """Return table and row of ``37`` or ``accounts:37``; raises DataError when it is neither."""
    table, _, number = text.rpartition(":")
    name = table or gathered.main
    if name not in gathered.tables:
        raise DataError(
            f"no table {name!r}", place="explain: row", remedy=did_you_mean(name, list(gathered.tables))
        )
    if not number.isdigit():
        raise DataError(
            f"{text!r} is not a row",
            place="explain: row",
            expected="a number from 0, or table:number",
            remedy=f"write row=0, or row={name}:0",
        )
    return name, int(number)
