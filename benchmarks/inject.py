"""finsim inject on real ledgers and a statement: what gives added rows away, what a detector finds, the cost.

Run: ``python benchmarks/inject.py [--ledgers cards statements] [--narratives A B] [--seeds 1 2]``.

Without ``--narratives`` all shipped ones that the ledger can carry are told, at once or ``--group`` at a
time: few rows a narrative make the best of many columns large by chance, which stands in brackets. Per
narrative: the largest AUC over the seeds of a single column and of a pair, and which. Per ledger: whether
every real row came out as it was, real rows per CPU second, peak memory, and the recall at .5 % alerts of
boosted trees learned on the first seed's file, on the file of each other seed. ``statements`` are the rows of
a simulated world without schemes, as each account sees them.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from learned_data import LEDGERS, ROOT, Frame
from sklearn.metrics import roc_auc_score

import finsim
from finsim.errors import StudyError
from finsim.evaluation.events.event_features import event_features
from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.learner import fitted_scores
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.randomness import Streams

STATEMENTS = Roles(id="account", time="date", amount="amount")
LABELS = ["is_fraud", "is_laundering", "narrative", "instance", "phase", "role"]
ALERTS, GOAL = 0.005, 0.75


def statements(accounts: int, days: int, seed: int) -> Frame:
    """Return the rows of current and business accounts of a world without schemes, signed, in time order."""
    world = finsim.simulate(accounts=accounts, days=days, seed=seed, progress=False)
    rows, kept = world.to_pandas(), world.accounts.to_pandas()
    rows = rows[(rows["status"] == "posted") & (rows["instance"] < 0)]
    kind = kept.set_index("account_id")["kind"].astype(str)
    sides = []
    for side, sign in (("from_account", -1), ("to_account", 1)):
        own = rows[kind.reindex(rows[side]).isin(["current", "business"]).to_numpy()]
        when = own["ts"].dt.tz_localize(None).astype("datetime64[s]")
        sides.append(pd.DataFrame({
            "account": "S" + own[side].astype(str), "date": when,
            "amount": sign * own["amount"] / 100, "channel": own["channel"].astype(str),
            "purpose": own["purpose"].astype(str),
        }))  # fmt: skip
    return pd.concat(sides).sort_values("date", kind="stable", ignore_index=True)


def ledger(name: str, accounts: int) -> tuple[Frame, Roles]:
    """Return a ledger in time order and who, when, how much, with whom."""
    if name == "statements":
        return statements(accounts, 120, 1_234), STATEMENTS
    one = LEDGERS[name]
    frame = one.load(one.file).sort_values(one.time, kind="stable", ignore_index=True)
    return frame, Roles(id=one.entity, time=one.time, amount=one.amount, counterparty=one.partner)


def possible(file: Path) -> list[str]:
    """Return the shipped narratives that the ledger can carry."""
    names = sorted(one.stem for one in (ROOT / "scenarios" / "narratives").glob("*.yaml"))
    with tempfile.TemporaryDirectory() as folder:
        try:
            finsim.inject(file, narratives=names, rate=0.02, output=Path(folder) / "o", progress=False)
        except StudyError as refused:
            lacking = {problem.place.split()[-1] for problem in refused.problems}
            return [name for name in names if name not in lacking]
    return names


def recall(roles: Roles, known: pa.Table, later: pa.Table) -> tuple[float, float]:
    """Return AUC and recall at .5 % alerts of illicit rows of one file, learned on another."""
    sides = [table.drop_columns(LABELS) for table in (known, later)]
    case = event_case(sides[0], sides[1], None, roles, Streams(0), Settings())
    found = []
    for table, side, role in zip((known, later), case.sides, ("real", "own"), strict=True):
        illicit = np.asarray(pc.or_(table["is_fraud"], table["is_laundering"]))[side.sequences.order]
        found.append((event_features(case, side, role).values, illicit))
    (learned, told), (judged, illicit) = found
    scores = fitted_scores(learned, told, judged, 0)
    alerts = np.argsort(-scores, kind="stable")[: int(ALERTS * len(scores))]
    return float(roc_auc_score(illicit, scores)), float(illicit[alerts].sum() / max(illicit.sum(), 1))


def measured(name: str, given: argparse.Namespace, folder: Path) -> None:
    """Print what one ledger shows."""
    frame, roles = ledger(name, given.accounts)
    real, file = pa.Table.from_pandas(frame, preserve_index=False), folder / f"{name}.parquet"
    pq.write_table(real, file)
    names = given.narratives or possible(file)
    size = given.group or len(names)
    away: dict[str, list] = {}
    print(f"\n{name}: {len(frame):,} rows, {len(names)} narratives, rate {given.rate:g}", flush=True)
    for first in range(0, len(names), size):
        files = []
        for seed in given.seeds:
            start = time.process_time()
            made = finsim.inject(
                file, narratives=names[first : first + size], rate=given.rate,
                output=folder / f"{name}-{first}-{seed}", seed=seed, progress=False,
            )  # fmt: skip
            spent = time.process_time() - start
            files.append(pq.read_table(made.transactions))
            kept = files[-1].filter(pc.equal(files[-1]["instance"], -1)).select(real.column_names)
            same = kept.cast(real.schema).equals(real)
            print(
                f"seed {seed}: real rows kept {same}, {made.added:,} added, "
                f"{len(frame) / spent:,.0f} rows/CPU s"
            )
            for one in made.separations:
                away.setdefault(one.narrative, []).append(one)
        for seed, later in zip(given.seeds[1:], files[1:], strict=True):
            area, found = recall(roles, files[0], later)
            print(
                f"learned on {given.seeds[0]}, met {seed}: AUC {area:.3f}, recall at .5 % alerts {found:.3f}"
            )
    told = {one: (max(s.column_auc for s in by), max(s.pair_auc for s in by)) for one, by in away.items()}
    for one in sorted(told, key=lambda key: -max(told[key])):
        single = max(away[one], key=lambda found: found.column_auc)
        pair = max(away[one], key=lambda found: found.pair_auc)
        print(f"{one:30s} {single.column_auc:.3f} [{single.column_chance:.2f}] {single.column:22s} "
              f"{pair.pair_auc:.3f} [{pair.pair_chance:.2f}] {pair.pair:40s} rows {single.rows}")  # fmt: skip
    above = sum(max(both) > GOAL for both in told.values())
    print(f"{name}: {above} of {len(told)} above {GOAL}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--ledgers", nargs="+", choices=[*LEDGERS, "statements"], default=[*LEDGERS, "statements"]
    )
    parser.add_argument("--narratives", nargs="+")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--group", type=int, default=0, help="narratives told at once, all where 0")
    parser.add_argument("--accounts", type=int, default=1_500, help="of the world of the statements")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in given.ledgers:
            if name != "statements" and not LEDGERS[name].file.exists():
                print(f"\n{name}: no file")
                continue
            measured(name, given, Path(folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    print(f"peak memory of the whole run {peak:,.0f} MB", file=sys.stdout)


if __name__ == "__main__":
    main()
