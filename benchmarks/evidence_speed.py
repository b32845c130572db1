"""What judging a table costs: `finsim evaluate --kind table` on 50,000 x 12 rows, and on many texts.

    python benchmarks/evidence_speed.py [--rows 50000] [--repeats 1]

The tables come from one law (own, credit-like): an id, a day, five amounts and ratios with long tails and
missing cells, four categories (one of 800 values) and a label that depends on three of them; the synthetic
side are other rows of the same law. Every metric of tables is asked for. Then 600 rows with a text of 4,000
possible values, and 20 rows, which cost hardly more than the start of the process. Each evaluation is a
process of its own; CPU seconds (user and system, all threads) and peak memory are what the system counts.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

ROLES = ["--id", "loan", "--time", "opened", "--label", "bad", "--secret", "income", "--group", "sex"]


def credit_like(rows: int, seed: int, first: int = 0) -> pd.DataFrame:
    """Return rows of the law: 12 columns."""
    rng = np.random.default_rng(seed)
    income = np.round(np.exp(rng.normal(7.8, 0.6, rows)), 2)
    amount = np.round(income * np.exp(rng.normal(0.5, 0.7, rows)), -1)
    region = rng.choice([f"R{k:03d}" for k in range(800)], rows, p=_zipf(800))
    purpose = rng.choice(["car", "home", "study", "card", "other"], rows, p=[0.3, 0.25, 0.1, 0.25, 0.1])
    job = rng.choice(list("abcdefgh"), rows, p=_zipf(8))
    score = np.round(rng.normal(650, 60, rows) + 15 * np.log(income / 2_400))
    risk = -2.0 - (score - 650) / 50 + 0.5 * np.log(amount / income) + (purpose == "card") * 0.4
    days = np.sort(rng.integers(0, 1_460, rows))
    return pd.DataFrame({
        "loan": [f"L{first + k:07d}" for k in range(rows)],
        "opened": pd.Timestamp("2019-01-01") + pd.to_timedelta(days, unit="D"),
        "income": np.where(rng.random(rows) < 0.04, np.nan, income), "amount": amount, "score": score,
        "rate": np.round(0.02 + 0.1 / (1 + np.exp(-risk)) + rng.normal(0, 0.005, rows), 4),
        "months": rng.choice([12, 24, 36, 48, 60], rows), "region": region, "purpose": purpose, "job": job,
        "sex": rng.choice(["f", "m"], rows), "bad": (rng.random(rows) < 1 / (1 + np.exp(-risk))).astype(int),
    })  # fmt: skip


def _zipf(count: int) -> np.ndarray:
    weights = 1.0 / np.arange(1, count + 1)
    return np.asarray(weights / weights.sum())


def many_values(rows: int, values: int, seed: int) -> pd.DataFrame:
    """Return rows with a text of so many possible values, an amount and a label."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "shop": [f"shop {k}" for k in rng.integers(0, values, rows)],
        "amount": np.round(np.exp(rng.normal(3, 1, rows)), 2), "bad": rng.integers(0, 2, rows),
    })  # fmt: skip


def spent(command: list[str]) -> tuple[dict[str, object], float, float]:
    """Run a command; return its JSON, its CPU seconds and its peak memory in megabytes."""
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(command, stdout=out, env={**os.environ, "OMP_NUM_THREADS": "1"})
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode()
    if child.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}: {text[-500:]}")
    return json.loads(text), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def judged(name: str, sides: dict[str, pd.DataFrame], roles: list[str], repeats: int) -> None:
    """Print what the evaluation of these sides costs, and how many metrics it computed."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {side: str(Path(folder) / f"{side}.parquet") for side in sides}
        for side, frame in sides.items():
            frame.to_parquet(paths[side], index=False)
        spare = ["--holdout", paths["holdout"]] if "holdout" in paths else []
        command = [sys.executable, "-m", "finsim", "evaluate", paths["real"], paths["own"], *spare]
        for _ in range(repeats):
            card, cpu, memory = spent([*command, "--kind", "table", *roles, "--json"])
            result = card["result"]
            assert isinstance(result, dict)
            scores = result["scores"]
            words = Counter(score["verdict"] for score in scores)
            metrics = {score["metric"] for score in scores if score["verdict"] != "not computed"}
            told = ", ".join(f"{count} {word}" for word, count in words.most_common())
            print(f"| {name} | {len(metrics)} | {told} | {cpu:.1f} | {memory:.0f} |", flush=True)


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--rows", type=int, default=50_000)
    asked.add_argument("--repeats", type=int, default=1)
    given = asked.parse_args()
    print("| table | metrics computed | scores | CPU s | peak MB |\n|---|---|---|---|---|")
    sides = {"real": credit_like(given.rows, 1), "own": credit_like(given.rows, 2, given.rows)}
    judged(f"{given.rows:,} x 12 a side", sides, ROLES, given.repeats)
    spare = credit_like(given.rows, 3, 2 * given.rows)
    judged(f"{given.rows:,} x 12 a side and a hold-out", {**sides, "holdout": spare}, ROLES, given.repeats)
    for rows, name in ((600, "600 x 3, a text of 4,000 values"), (20, "20 x 3: hardly more than the start")):
        texts = {side: many_values(rows, 4_000, seed) for seed, side in enumerate(("real", "own"))}
        judged(name, texts, ["--label", "bad"], given.repeats)
    print(f"all: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.0f} s of user time")


if __name__ == "__main__":
    main()
