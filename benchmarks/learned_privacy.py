"""What an epsilon costs a learned ledger and a learned table; called by ``privacy_fidelity.py --learned``.

Half of the entities (or rows) is learned, the other half judges; "real" is the learned half judged by the
other: the floor. event, entity: AUC of finsim's judges. Gini of events per entity, share of events on a day
with another, share of repeated counterparties (real in brackets). noise: of counts, and of updates.
two-sample: AUC of boosted trees; label:
AUC, on unseen real rows, of a model that learns the label from the synthetic ones.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pyarrow as pa
from event_judges import own_judges, prepared, shape
from learned_data import LEDGERS, TABLES, Frame, ledger_halves, table_halves
from table_judges import plain_two_sample, target_auc, two_sample

from finsim.errors import PrivacyBudgetError
from finsim.verbs.fit import fit
from finsim.verbs.sample import sample

EPSILONS = (None, 8.0, 3.0, 1.0)
SEED, SPLIT = 7, 0
HEADS = {
    "ledger": "| epsilon | noise | event | entity | events | Gini | same day | repeats | CPU s |",
    "table": "| epsilon | noise | two-sample | two-sample, finsim's judge | label | CPU s |",
}


def measured(name: str) -> None:
    """Print the table of one ledger or loan table."""
    kind = "ledger" if name in LEDGERS else "table"
    halves = ledger_halves(name, SPLIT) if kind == "ledger" else table_halves(name, SPLIT)
    judge = _ledger if kind == "ledger" else _table
    print(f"\n{name}: {len(halves[0]):,} rows learned\n{HEADS[kind]}", flush=True)
    print(f"| real | | {judge(name, halves, halves[0])} | |", flush=True)
    for epsilon in EPSILONS:
        told = "none" if epsilon is None else f"{epsilon:g}"
        try:
            made, noise, cost = _made(name, kind, halves, epsilon)
        except PrivacyBudgetError as refused:
            print(f"| {told} | refused: {refused.problems[0].found}", flush=True)
            continue
        print(f"| {told} | {noise} | {judge(name, halves, made)} | {cost:.0f} |", flush=True)


def _made(
    name: str, kind: str, halves: tuple[Frame, Frame], epsilon: float | None
) -> tuple[Frame, str, float]:
    """Return as many synthetic rows as are judged, the noise in words, and the CPU seconds of the fit."""
    learned, unseen = halves
    # Noise of the updates is measured for known data: a fixed seed is no release.
    asked: dict[str, Any] = {"seed": SEED, "progress": False, "epsilon": epsilon}
    size: dict[str, Any] = {"rows": len(unseen)}
    if kind == "ledger":
        ledger = LEDGERS[name]
        asked |= {"generator": "events", "kind": "events", "id": ledger.entity, "time": ledger.time}
        size = {"entities": int(unseen[ledger.entity].nunique())}
    else:
        asked |= {"generator": "tabular", "kind": "table"}
    started = time.process_time()
    model = fit(pa.Table.from_pandas(learned, preserve_index=False), **asked)
    cost = time.process_time() - started
    made = sample(model, seed=SEED + 1, progress=False, **size).to_pandas()
    for column in learned:
        made[column] = made[column].astype(learned[column].dtype)
    claim = model.generator.report.privacy
    noise = "" if claim is None else f"{claim['preparation_sigma']:.2f}, {claim['sigma']:.2f}"
    return made, noise, cost


def _ledger(name: str, halves: tuple[Frame, Frame], made: Frame) -> str:
    ledger, unseen = LEDGERS[name], halves[1]
    found = own_judges(ledger, unseen, made)
    real, own = (shape(prepared(ledger, rows)) for rows in (unseen, made))
    cells = [f"{found['event']:.3f}", f"{found['entity']:.3f}"]
    figures = [figure for figure in ("events", "Gini", "same day", "repeats") if figure in own]
    cells += [f"{own[figure]:.2f} ({real[figure]:.2f})" for figure in figures]
    return " | ".join(cells)


def _table(name: str, halves: tuple[Frame, Frame], made: Frame) -> str:
    unseen = halves[1]
    with np.errstate(all="ignore"):
        found = (
            plain_two_sample(unseen, made), two_sample(unseen, made), target_auc(TABLES[name], made, unseen)
        )  # fmt: skip
    return " | ".join(f"{one:.3f}" for one in found)
