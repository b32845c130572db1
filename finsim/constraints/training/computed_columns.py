"""Columns that rules compute: a model need not learn them and cannot get them wrong.

A rule whose check is ``c = e`` and whose repair sets ``c`` without looking at it in the same row is an
identity. A model learns ``free_columns`` and its decoder puts the others back with ``recomputed``, in the
order in which they depend on one another, in their stored type: exact, and no row is thrown away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from finsim.constraints.checking.check import BLOCK
from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.checking.given_tables import AnyTable, as_arrow
from finsim.constraints.evaluating.evaluator_interface import World
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.evaluating.rule_passes import Pass, cut
from finsim.constraints.language.expression import Node
from finsim.constraints.language.types import Type
from finsim.constraints.packs.repair_order import repair_order
from finsim.constraints.packs.rule import Rule
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repaired_values import Mended, looks_back_at_itself
from finsim.constraints.repairing.running_balance import recomputed as run_on
from finsim.constraints.repairing.running_balance import running_identity
from finsim.constraints.repairing.sequential_repair import Terms, one_by_one
from finsim.constraints.repairing.table_under_repair import Workpiece
from finsim.constraints.tables.arrow_writeback import written
from finsim.constraints.tables.nullable_vectors import known, spread
from finsim.constraints.tables.typed_columns import Source, headers_of, missing
from finsim.errors import DataError, Problem, RuleError
from finsim.notation import Array, Int1D
from finsim.tables import open_table
from finsim.tables.cells.canonical_columns import typed_field


def is_identity(rule: Rule) -> bool:
    """Whether a rule says what one of its columns is, and its repair computes it."""
    repair = rule.repair
    if repair is None or repair.do != "set" or repair.node is None or rule.check.op != "=":
        return False
    sides = [_bare(side) for side in rule.check.args]
    named = any(side.op == "column" and side.data == repair.column for side in sides)
    return named and not _reads_here(repair.node, repair.column)


def derived_columns(rules: RuleSet, table: str) -> dict[str, str]:
    """Return column -> rule id of the columns that identities compute in every row of a table.

    An identity that holds only under a condition, or that starts from the column's own first value,
    leaves its column to be learned (``recomputed`` still puts it right where the rule speaks).
    """
    return {
        rule.repair.column: rule.id
        for rule in rules.rules
        if rule.table == table and rule.repair is not None and is_identity(rule) and _covers_all(rule)
    }


def free_columns(rules: RuleSet, table: str) -> tuple[str, ...]:
    """Return the columns of a table that a model must learn: all but the derived ones.

    Raises RuleError when the pack has no such table.
    """
    if table not in rules.tables:
        raise RuleError(f"pack {rules.id} has no table {table!r}", expected=", ".join(rules.tables))
    derived = derived_columns(rules, table)
    return tuple(name for name in rules.tables[table].columns if name not in derived)


def recomputed(
    table: AnyTable,
    rules: RuleSet,
    params: Mapping[str, object] | None = None,
    *,
    name: str = "",
    others: Mapping[str, AnyTable] | None = None,
) -> pa.Table:
    """Return a table with every identity computed from its other columns, exactly, in the stored type.

    Derived columns may be absent and are appended (money as int64 minor units); other columns keep their
    bytes. ``name`` is the table's name in the pack (found from the columns when left out), ``others`` are
    tables that ``parent`` looks into. Raises RuleError when learned columns are missing, DataError when a
    null stands in the way of a running identity.
    """
    data = table if isinstance(table, pa.Table) else open_table(table, {}).table(rename=False)
    place = name or _named(data, rules)
    given = {other: as_arrow(one, rules.tables[other]) for other, one in (others or {}).items()}
    data = _completed(data, rules, place)
    for rule in repair_order([rule for rule in rules.rules if rule.table == place]):
        if is_identity(rule):
            session = Session(rules, {**given, place: data}, params)
            source = session.sources[place]
            if not session.obstacle(rule, source) and rule.repair and rule.repair.column in source.headers:
                data = _computed(rule, session)
    return data


def _computed(rule: Rule, session: Session) -> pa.Table:
    """Return the table with one identity computed in every row that the rule speaks of."""
    source, repair = session.sources[rule.table], rule.repair
    assert repair is not None
    if looks_back_at_itself(rule):
        found = _carried(rule, Workpiece(session, rule.table))
    else:
        parts = list(_block_values(rule, session.world([rule], source), source))
        if not parts:
            return source.table
        rows, values = (np.concatenate(one) for one in zip(*parts, strict=True))
        found = Mended(rows, {repair.column: values}, np.ones(len(rows), dtype=bool))
    return written(source, repair.column, found.rows, found.values[repair.column])


def _block_values(rule: Rule, world: World, source: Source) -> Iterator[tuple[Int1D, Array]]:
    """Yield rows and their new values, block by block; rows where the value is null are left out."""
    assert rule.repair is not None
    assert rule.repair.node is not None
    one = Pass(rule.order, [], Interpreter(world))
    placed = one.arrangement(source)
    for begin in range(0, source.rows, BLOCK):
        block, rows = cut(source, placed, begin, min(begin + BLOCK, source.rows), closed=True)
        one.run.begin(block)
        vec = one.run.value(rule.repair.node)
        spoken = np.broadcast_to(known(vec), rows.shape)
        if rule.when is not None:
            spoken = spoken & one.run.rails(rule.when).yes
        yield rows[spoken], spread(vec.values, len(rows))[spoken]
        one.run.commit()


def _carried(rule: Rule, piece: Workpiece) -> Mended:
    """Return the values of an identity that builds on its own row before, such as a balance."""
    assert rule.repair is not None
    every = np.arange(piece.source.rows)
    parts = running_identity(rule)
    quick = run_on(rule, parts, piece, every) if parts is not None else None
    if quick is not None:
        return quick
    if parts is not None:
        raise DataError(
            f"{rule.repair.column!r} cannot be computed past an empty cell",
            place=f"table {rule.table}, rule {rule.id}",
            remedy="fill the columns that it is computed from",
        )
    return one_by_one(rule, piece, every, Terms((), BLOCK, None))


def _covers_all(rule: Rule) -> bool:
    """Whether an identity computes its column in every row, without a stored value to start from."""
    assert rule.repair is not None
    if rule.when is not None or rule.level != "invariant":
        return False
    parts = running_identity(rule)
    return parts.default is not None if parts is not None else not looks_back_at_itself(rule)


def _bare(node: Node) -> Node:
    return _bare(node.args[0]) if node.op in ("float", "rescale") else node


def _reads_here(node: Node, column: str) -> bool:
    """Whether a value depends on the column in the same row (`lag` looks at earlier rows only)."""
    if node.op == "call" and node.data[0] == "lag":
        return any(_reads_here(arg, column) for arg in node.args[1:])
    return (node.op == "column" and node.data == column) or any(_reads_here(arg, column) for arg in node.args)


def _named(table: pa.Table, rules: RuleSet) -> str:
    """Return the pack's table whose learned columns these are; raises RuleError when none has them."""
    lacking: dict[str, list[Problem]] = {
        name: missing(table.schema, {one: spec.columns[one] for one in free_columns(rules, name)}, name)
        for name, spec in rules.tables.items()
    }
    fitting = [name for name, problems in lacking.items() if not problems]
    if not fitting:
        raise RuleError.of(lacking[min(lacking, key=lambda name: len(lacking[name]))])
    return max(fitting, key=lambda name: len(headers_of(table.schema, rules.tables[name].columns)))


def _completed(table: pa.Table, rules: RuleSet, name: str) -> pa.Table:
    """Return the table with a column for every derived one that it lacks."""
    columns = rules.tables[name].columns
    there = headers_of(table.schema, columns)
    for column in derived_columns(rules, name):
        if column not in there and not columns[column].optional:
            cells = _blank(columns[column].type, table.num_rows)
            table = table.append_column(typed_field(column, cells.type, columns[column].declared), cells)
    return table


def _blank(kind: Type, rows: int) -> pa.Array:
    """Return a column to be computed: zeros where a running sum may start from them, else nulls."""
    plain = {"date": pa.date32(), "ts": pa.timestamp("ns", tz="UTC"), "cat": pa.string(), "bool": pa.bool_()}
    if kind.kind in plain:
        return pa.nulls(rows, plain[kind.kind])
    return pa.array(np.zeros(rows, dtype=np.float64 if kind.stored == "f" else np.int64))
