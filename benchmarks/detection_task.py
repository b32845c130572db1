"""The detection task: three frozen levels, one protocol, baselines. See docs/reference/detection-task.md.

Run from the project's root:

    python benchmarks/detection_task.py make easy -o worlds        payments to learn from and to score
    python benchmarks/detection_task.py judge worlds/easy SCORES   a row of the table from your scores
    python benchmarks/detection_task.py leaks easy                 what single columns tell
    python benchmarks/detection_task.py baselines easy [--tools rules raw history graph sage]
    python benchmarks/detection_task.py sums                       write checksums.json anew: another VERSION

SCORES is Parquet or CSV with ``tx_id`` and ``score``, one row for each payment of the test world.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from bank_world import LEARNED, RUNGS, World, learned, scored
from detection.judge import Verdict, judged
from detection.leaks import leaks
from detection.rules import rule_scores
from detection.worlds import (
    LEARN,
    LEVELS,
    SUMS,
    TEST,
    Level,
    answers,
    known_sums,
    shown,
    sums_of,
    world,
    write,
)

from finsim.evaluation.detector_features import FEATURES, features
from finsim.records.transactions import Transactions

TOOLS = ("random", "rules", *RUNGS, "sage")


def line(name: str, verdict: Verdict, cost: float | None = None) -> None:
    """Print a row of the table."""
    told = [
        f"{key} {value:.3f} [{low:.3f}, {high:.3f}]" for key, (value, low, high) in verdict.figures.items()
    ]
    print("  ".join([f"{name:10s}", *told] + ([] if cost is None else [f"{cost:.0f} CPU s"])), flush=True)


def frozen(wrong: list[str]) -> str:
    """Return whether worlds are those of the table, in words."""
    return f"NOT the frozen worlds: {', '.join(wrong)}" if wrong else "the frozen worlds"


def labels(made: Transactions) -> np.ndarray:
    """Return which payments are part of a fraud or of laundering."""
    return np.asarray(made.rows["is_fraud"]) | np.asarray(made.rows["is_laundering"])


def spared(made: Transactions) -> np.ndarray:
    """Return which payments are everyday shopping of mules and helpers."""
    found: np.ndarray = (made.rows["phase"].to_pandas().astype(str) == "spend").to_numpy()
    return found


def seen(made: Transactions, share: float, seed: int) -> World:
    """Return features of the schemes of a world and of a share of the other payments."""
    facts = answers(made).to_pandas()
    scheme = (facts["instance"] >= 0).to_numpy()
    keep = scheme | (np.random.default_rng(seed).random(len(facts)) < share)
    weight = np.where(scheme, 1.0, 1.0 / share)[keep]
    return World(features(made).reset_index(drop=True)[keep], facts[keep], weight)


def baselines(level: Level, tools: list[str]) -> None:
    """Print what each tool finds in the test world."""
    made = {number: world(level, number) for number in (*LEARN, TEST)}
    known, wrong = known_sums(), []
    for number, one in made.items():
        wrong += [key for key, text in sums_of(level, number, one).items() if known.get(key) != text]
    print(f"{level.name}: {frozen(wrong)}", flush=True)
    truth = answers(made[TEST]).to_pandas()
    acts = {number: int((labels(one) & ~spared(one)).sum()) for number, one in made.items()}
    learn = sum(acts[number] for number in LEARN)
    print(f"{learn} acts to learn, {acts[TEST]} of {len(truth):,} payments to find", flush=True)
    for tool in tools:
        start = time.process_time()
        scores = _scores(tool, made)
        verdict = judged(truth, scores)
        line(tool, verdict, time.process_time() - start)
        if tool == tools[-1]:
            print(verdict.stories.to_string())


def _scores(tool: str, made: dict[int, Transactions]) -> np.ndarray:
    test = made[TEST]
    if tool == "random":
        return np.random.default_rng(0).random(test.rows.num_rows)
    if tool == "rules":
        return rule_scores(shown(test).to_pandas())
    if tool == "sage":
        return _sage(made)
    group = {one.name: one.group for one in FEATURES}
    worlds = [seen(made[number], LEARNED, number) for number in LEARN]
    columns = [name for name in worlds[0].table if group[name] in RUNGS[tool]]
    model = learned(worlds, columns)
    del worlds
    return scored(model, seen(test, 1.0, 0), columns)


def _sage(made: dict[int, Transactions]) -> np.ndarray:
    from detection.graph_sage import graph_scores, stretches, trained

    parts = {}
    for number, one in made.items():
        label = labels(one)
        known = label if number != TEST else np.zeros(len(label), dtype=bool)
        parts[number] = stretches(shown(one).to_pandas(), one.accounts.to_pandas(), known)
    network = trained([parts[number] for number in LEARN], [spared(made[number]) for number in LEARN])
    return graph_scores(network, parts[TEST])


def judge(folder: Path, file: Path) -> int:
    """Print the row of somebody's scores; return 2 for scores that are not those of the payments."""
    truth = pd.read_parquet(folder / "answers.parquet")
    found = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    missing = [name for name in ("tx_id", "score") if name not in found]
    if missing or found["tx_id"].duplicated().any() or set(found["tx_id"]) != set(truth["tx_id"]):
        print(
            f"{file}: expected columns tx_id and score, one row for each of {len(truth):,} payments of test/"
        )
        return 2
    by_id = found.set_index("tx_id")["score"]
    try:
        verdict = judged(truth, by_id[truth["tx_id"]].to_numpy(dtype=float))
    except ValueError as error:
        print(f"{file}: {error}")
        return 2
    line(file.stem[:10], verdict)
    print(verdict.stories.to_string())
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_subparsers(dest="what", required=True)
    for name in ("make", "leaks", "baselines"):
        what.add_parser(name).add_argument("level", choices=LEVELS)
    what.choices["make"].add_argument("-o", dest="output", type=Path, required=True)
    what.choices["baselines"].add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    asked = what.add_parser("judge")
    asked.add_argument("folder", type=Path)
    asked.add_argument("scores", type=Path)
    what.add_parser("sums")
    given = parser.parse_args()
    if given.what == "judge":
        return judge(given.folder, given.scores)
    if given.what == "sums":
        found = {}
        for level in LEVELS.values():
            for number in (*LEARN, TEST):
                found |= sums_of(level, number, world(level, number))
        SUMS.write_text(json.dumps(found, indent=1) + "\n")
        return 0
    level = LEVELS[given.level]
    if given.what == "make":
        wrong = write(level, given.output)
        print(f"{given.output / level.name}: {frozen(wrong)}")
        return int(bool(wrong))
    if given.what == "leaks":
        made = world(level, TEST)
        found = leaks(shown(made), answers(made).to_pandas())
        for name, (area, bound) in sorted(found.items(), key=lambda item: -item[1][0]):
            print(f"{name:22s} {area:.3f}  may be {bound}" + ("  LEAKS" if area > bound else ""))
        return int(any(area > bound for area, bound in found.values()))
    baselines(level, given.tools)
    return 0


if __name__ == "__main__":
    sys.exit(main())
