"""Repair of every table of every shipped pack: random tables become valid, for good, by any blocks."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.pack_tables import random_table

from finsim.constraints.checking.check import check
from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.breach_detection import breaches
from finsim.constraints.repairing.repair import repair
from finsim.constraints.repairing.table_under_repair import Workpiece

pytestmark = pytest.mark.sweep

FOLDER = Path(__file__).resolve().parents[2] / "constraints"
PACKS = {path.stem: RuleSet.load(path.stem) for path in sorted(FOLDER.glob("*.yaml"))}
TABLES = [(name, table) for name, rules in PACKS.items() for table in rules.tables]


def chunked(table, size):
    """Return the same table in chunks of some rows."""
    return pa.concat_tables([table.slice(at, size) for at in range(0, max(table.num_rows, 1), size)])


def clean_rows(rules, name, table, others):
    """Return the numbers of rows in whose group no row breaks any rule (their own row, without groups)."""
    session = Session(rules, {**others, name: table}, None)
    source = session.sources[name]
    own = [rule for rule in session.own_rules(name) if not session.obstacle(rule, source)]
    hard = [rule for rule in own if rule.level != "plausible" or rule.repair is not None]
    broken = np.zeros(table.num_rows, dtype=bool)
    for rows in breaches(hard, Workpiece(session, name), 1_000, None).values():
        broken[rows] = True
    columns = {column for rule in own if rule.order is not None for column in rule.order.group}
    if any(rule.order is not None and not rule.order.group for rule in own):
        return [] if broken.any() else list(range(table.num_rows))
    keys = list(zip(*(table[one].to_pylist() for one in sorted(columns)), strict=True)) if columns else None
    if keys is None:
        return np.flatnonzero(~broken).tolist()
    bad = {key for key, hit in zip(keys, broken.tolist(), strict=True) if hit}
    return [row for row, key in enumerate(keys) if key not in bad]


@pytest.mark.parametrize(("pack", "name"), TABLES)
@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.sampled_from([1, 3, 16]))
def test_any_table_is_repaired_for_good(pack, name, seed, count, blocks):
    rules = PACKS[pack]
    tables = {one: random_table(rules, one, seed + place, count) for place, one in enumerate(rules.tables)}
    if pack == "corporate-credit":  # no debt lies between zero and liabilities below zero
        liabilities = pc.max_element_wise(tables[name]["liabilities"], 0)
        tables[name] = tables[name].set_column(4, "liabilities", liabilities)
    table = tables.pop(name)
    fixed, report = repair(table, rules, name=name, others=tables)
    after = check({**tables, name: fixed}, rules)
    mending = {
        rule.id
        for rule in rules.rules
        if rule.table == name and rule.repair and "flag" not in (rule.repair.do, rule.repair.otherwise)
    }
    assert [one for one in after.broken() if one in mending] == []
    assert report.rows_after == fixed.num_rows
    again, nothing = repair(fixed, rules, name=name, others=tables)
    assert again.equals(fixed)
    assert sum(nothing.touched().values()) == 0
    assert repair(chunked(table, blocks), rules, name=name, others=tables, blocks=blocks)[0].equals(fixed)
    kept = {
        row["n"]: row
        for row in fixed.drop_columns([c for c in fixed.column_names if c == "_rules"]).to_pylist()
    }
    before = table.to_pylist()
    assert [before[row] for row in clean_rows(rules, name, table, tables)] == [
        kept[row] for row in clean_rows(rules, name, table, tables)
    ]
