"""The rules as finsim's rule file; the pack is read once, with the first rows."""

from __future__ import annotations

from functools import cache

import pyarrow as pa
import yaml
from constraint_peers.rules import PACK, ROW, SEQUENCE

from finsim.constraints.checking.check import check as finsim_check
from finsim.constraints.packs.ruleset import RuleSet

PACKAGES = ("finsim", "numba", "numpy", "pyarrow")


@cache
def pack(sequences: bool) -> RuleSet:
    """Return the pack, or what of it sees one row."""
    data = yaml.safe_load(PACK.read_text("utf-8"))
    kept = ROW + SEQUENCE if sequences else ROW
    data["rules"] = [rule for rule in data["rules"] if rule["id"] in kept]
    return RuleSet.parse(yaml.safe_dump(data, sort_keys=False), str(PACK))


def load(table: pa.Table) -> pa.Table:
    """Return the table as it is."""
    return table


def check(table: pa.Table, sequences: bool, tier: str = "compiled", threads: int = 1) -> dict[str, int]:
    """Return breaches by rule."""
    counts = finsim_check(table, pack(sequences), tier=tier, threads=threads).counts()
    return {name: counts[name] for name in (ROW + SEQUENCE if sequences else ROW)}


def written(sequences: bool, **_: object) -> int:
    """Return the lines of rules a user writes; what columns are, said once for all rules, comes on top."""
    text = PACK.read_text("utf-8").splitlines()
    kept = ROW + SEQUENCE if sequences else ROW
    return sum(line.strip().startswith(f"- {{id: {name},") for line in text for name in kept)


def bytes_read(schema: pa.Schema, sequences: bool) -> int:
    """Return how many bytes of a row the rules read."""
    names: set[str] = set()
    for rule in pack(sequences).rules:
        if rule.id in ROW + SEQUENCE:
            names |= rule.columns | set((*rule.order.group, *rule.order.by) if rule.order else ())
    kinds = [schema.field(name).type for name in names]
    return sum((kind.index_type if pa.types.is_dictionary(kind) else kind).bit_width // 8 for kind in kinds)
