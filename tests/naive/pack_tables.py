"""Random tables for any rule pack: values near the constants of its rules, ties, repeats, some nulls."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from finsim.constraints.language.expression import walk

_DAY = 86_400
_START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())


def constants(rules, kind):
    """Return the constants of one type kind in the rules and parameters of a pack."""
    found = [param.value for param in rules.params.values() if param.type.kind == kind]
    for rule in rules.rules:
        for root in (rule.check, rule.when):
            if root is not None:
                found += [one.data for one in walk(root) if one.op == "const" and one.type.kind == kind]
    members = [param.value for param in rules.params.values() if param.type.kind == "set"]
    found += [one for values in members for one in values if kind == "cat" and isinstance(one, str)]
    return sorted(set(found))


def pool(rules, kind):
    """Return values worth trying in a column of a type."""
    near = constants(rules, kind.kind)
    if kind.kind == "cat":
        return list(kind.values) if kind.values is not None else [*near, "x", "y", "z"]
    if kind.kind == "money":
        return [*near, *(one - 1 for one in near), -500, 0, 1, 99, 12_345, 250_000, 400_000, 9_999_999]
    if kind.kind == "int":
        return [*near, *(one - 1 for one in near), -1, 0, 1, 2, 3, 12, 36, 61, 200]
    if kind.kind == "bool":
        return [True, False]
    return [*near, -0.5, 0.0, 0.05, 0.3, 0.5, 1.0, 1.25, 2.0, 10.05, 10.06, 10.07, 50.0]


def column(rules, spec, rng, count, is_key, is_alone):
    """Return one random column; a key is distinct by its only column, or by its dates and numbers."""
    kind = spec.type.kind
    if kind == "id":
        values = rng.permutation(count) if is_alone else rng.integers(0, max(2, count // 4), count)
        return pa.array(values.tolist(), pa.int64())
    if kind in ("date", "ts"):
        days = rng.permutation(count) if is_key else rng.integers(0, 60, count)
        if kind == "date":
            return pa.array((_START // _DAY + days).tolist(), pa.int32()).cast(pa.date32())
        seconds = _START + days * _DAY + rng.choice([0, 1, 1_800, 36_000], count)
        return (
            pa.array(seconds.tolist(), pa.int64()).cast(pa.timestamp("s")).cast(pa.timestamp("ns", tz="UTC"))
        )
    if kind == "int" and is_key:
        return pa.array(rng.permutation(count).tolist(), pa.int64())
    values = pool(rules, spec.type)
    cells = [values[place] for place in rng.integers(0, len(values), count).tolist()]
    if spec.null:
        cells = [None if empty else cell for cell, empty in zip(cells, rng.random(count) < 0.1, strict=True)]
    types = {"cat": pa.string(), "bool": pa.bool_(), "int": pa.int64(), "money": pa.int64()}
    return pa.array(cells, types.get(kind, pa.float64()))


def random_table(rules, name, seed, count):
    """Return a table with every column of the pack's table, and ``n``, the number of each row."""
    table, rng = rules.tables[name], np.random.default_rng(seed)
    columns = {
        one: column(rules, spec, rng, count, one in table.key, table.key == (one,))
        for one, spec in table.columns.items()
    }
    return pa.table({**columns, "n": pa.array(np.arange(count))})
