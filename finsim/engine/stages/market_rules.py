"""Rules of a market's bars: the pack of each kind of series, and one ledger over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.constraints.packs.ruleset import RuleSet
from finsim.engine.stages.rule_breaches import Ledger
from finsim.engine.study.market_packs import BARS, PACKS, QUOTED, WORLD, key_of
from finsim.markets.encoding import Encoding
from finsim.records.storage import canonical_json, digest_text

_SESSIONS = 252


class MarketLedger:
    """Counts of one scenario's breaches; the rows of each kind of series are checked by its own pack."""

    def __init__(self, rules: Mapping[str, RuleSet], encoding: Encoding) -> None:
        by_kind = {kind: key_of(kind) for kind in PACKS if key_of(kind) in rules}
        whole = list(by_kind.values()) == [WORLD]
        self._ledgers = {
            key: Ledger(rules[key], params=_params(rules[key], encoding)) for key in by_kind.values()
        }
        self._assets = {
            key: None if whole else {encoding.assets[a] for a in encoding.where(kind)}
            for kind, key in by_kind.items()
        }

    def passed(self, table: pa.Table, *, repairs: bool = True) -> pa.Table:
        """Return the bars, repaired where a broken rule says how (unless told not to); their order stays."""
        for key, ledger in self._ledgers.items():
            assets = self._assets[key]
            if assets is None:
                table = ledger.passed({"bars": table}, "bars", repairs=repairs)
                continue
            own = np.isin(table["asset"].cast(pa.string()).to_numpy(zero_copy_only=False), sorted(assets))
            part = ledger.passed({"bars": table.filter(pa.array(own))}, "bars", repairs=repairs)
            table = _put_back(table, own, part)
        return table

    def to_dict(self) -> dict[str, Any]:
        """Return counts per rule; with several packs a rule is called ``pack.rule``."""
        found = [ledger.to_dict() for ledger in self._ledgers.values()]
        if len(found) <= 1:
            return found[0] if found else {}
        rules = {f"{one['pack']}.{name}": rule for one in found for name, rule in one["rules"].items()}
        digest = digest_text(canonical_json([one["sha256"] for one in found]))
        return {"pack": " + ".join(one["pack"] for one in found), "sha256": digest, "rules": rules}


def _params(rules: RuleSet, encoding: Encoding) -> dict[str, object] | None:
    """Widen the limit of usual moves where a step is longer than a day: moves grow with root time."""
    steps = encoding.calendar.steps_a_year
    if rules.id not in (BARS, QUOTED) or steps >= _SESSIONS:
        return None
    wider = (_SESSIONS / steps) ** 0.5
    return {name: f"{100 * share * wider:.6g}%" for name, share in (("large_move", 0.25), ("large_gap", 0.1))}


def _put_back(table: pa.Table, own: np.ndarray[Any, Any], part: pa.Table) -> pa.Table:
    """Return a table with the rows ``own`` (bool[n]) in the form of ``part``, which may lack dropped ones."""
    rest = table.filter(pa.array(~own))
    joined = pa.concat_tables([rest, part.select(table.column_names).cast(table.schema)])
    if part.num_rows == int(own.sum()):
        order = np.empty(len(own), dtype=np.int64)
        order[np.flatnonzero(~own)] = np.arange(rest.num_rows)
        order[np.flatnonzero(own)] = rest.num_rows + np.arange(part.num_rows)
        return joined.take(pa.array(order))
    return joined.sort_by([("path", "ascending"), ("date", "ascending"), ("asset", "ascending")])
