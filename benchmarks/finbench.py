"""FinBench v1, the public leaderboard of market generators, by its frozen protocol, beside its figures.

Usage: python -m pip install --no-deps --target packages finval==0.1.0 sablier-flow==1.2.0
       python benchmarks/finbench.py packages [--generators daily_flow bootstrap ...] [--seeds 5]

Protocol (github.com/sablier-it/finbench, BENCHMARK.md): panel IWM QQQ SPY TLT VIX TNX DXY, daily, from the
wheel sablier-flow; trained on 2010 to 2019 with each method's defaults, judged against 2020 to 2023: 200 of
the 60-day windows of log returns (first differences for VIX and TNX), drawn by numpy's default generator of
seed 0 and sorted. 200 paths of 60 days and five seeds a method. Score and passes are those of finval 0.1.0,
run in a process of its own; strategies are ranked by their mean Sharpe ratio over the seeds. Costs are
processor seconds of fit and sampling on one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

import finsim
from finsim.evaluation.utility.strategies import profits, sharpe_ratios
from finsim.evaluation.utility.strategy_ranking import rank_correlations
from finsim.notation import Float3D

PANEL = "sablier_flow/_demo_data/us_equities_macro_2010_2023.parquet"
SERIES = ("IWM", "QQQ", "SPY", "TLT", "VIX", "TNX", "DXY")
DIFFERENCES = ("VIX", "TNX")
JUDGED = "2020-01-01"
PATHS, STEPS, MEASURES = 200, 60, 14
PUBLISHED = (
    ("Sablier-Flow", ".794 +- .017", "13", ".850", ".361"),
    ("KoVAE", ".616 +- .024", "10", ".860", ".308"),
    ("Diffusion-TS", ".521 +- .000", "10", "-.724", "93.6"),
    ("TimeVAE", ".403 +- .014", "10", "-.788", "6.26"),
    ("TimeGAN", ".388 +- .110", "9", ".535", "4.91"),
)
"""Method, score, measures passed of 14, rank correlation, difference of Sharpe ratios (28 May 2026)."""
JUDGE = (
    "import json, sys, numpy, finval\n"
    "made, real = (numpy.load(one) for one in sys.argv[1:3])\n"
    "found = finval.validate_paths(made, real)\n"
    "values = {name: float(one.value) for name, one in found.metrics.items()}\n"
    "print(json.dumps([found.overall_score, found.pass_rate, found.overall_quality, values]))\n"
)


def changes(levels: pd.DataFrame) -> Float3D:
    """Return float64[1, T - 1, 7] log returns, first differences for volatility and rate."""
    values = {
        name: levels[name].diff() if name in DIFFERENCES else np.log(levels[name]).diff() for name in SERIES
    }
    return pd.DataFrame(values)[1:].to_numpy(dtype=np.float64)[None]


def windows(series: Float3D, seed: int) -> Float3D:
    """Return 200 of the 60-day windows, without replacement and sorted: float64[200, 60, 7]."""
    every = np.lib.stride_tricks.sliding_window_view(series[0], STEPS, axis=0).transpose(0, 2, 1)
    chosen = np.sort(np.random.default_rng(seed).choice(len(every), PATHS, replace=False))
    return np.ascontiguousarray(every[chosen])


def generated(name: str, train: pd.DataFrame, seed: int, declared: bool) -> Float3D:
    """Fit a generator with its defaults and return its 200 paths of 60 changes."""
    table = train.rename_axis("date").reset_index()
    kinds = {one: "float, as: difference" if one in DIFFERENCES else "float" for one in SERIES}
    lines = ["finsim: schema/1", "columns:", "  date: {type: date}"]
    lines += [f"  {one}: {{type: {kind}}}" for one, kind in kinds.items()]
    with tempfile.TemporaryDirectory() as folder:
        schema = Path(folder) / "schema.yaml"
        schema.write_text("\n".join(lines) + "\n", encoding="utf-8")
        body = finsim.fit(table, name, seed=seed, schema=schema if declared else None, progress=False)
    paths = finsim.sample(body, paths=PATHS, steps=STEPS + 1, seed=seed, progress=False)
    close = paths.close[:, :, [paths.assets.index(one) for one in SERIES]]
    made = np.stack(
        [np.diff(close[:, :, k] if one in DIFFERENCES else np.log(close[:, :, k]), axis=1)
         for k, one in enumerate(SERIES)],
        axis=2,
    )  # fmt: skip
    return made


def judged(made: Float3D, real: Float3D, packages: Path) -> tuple[float, float, str, dict[str, float]]:
    """Return score, share of measures passed, quality and the measures by finval, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{name}.npy" for name in ("made", "real")]
        for file, values in zip(files, (made, real), strict=True):
            np.save(file, values.astype(np.float32))
        told = {**os.environ, "PYTHONPATH": str(packages), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-W", "ignore", "-c", JUDGE, *map(str, files)]
        done = subprocess.run(command, env=told, capture_output=True, text=True, check=True)
    score, passed, quality, values = json.loads(done.stdout.splitlines()[-1])
    return score, passed, quality, values


def row(name: str, make: Callable[[int], Float3D], real: Float3D, packages: Path, seeds: int) -> str:
    """Return the line of one method: mean and deviation over the seeds."""
    scores, passed, ratios, costs, means = [], [], [], [], []
    for seed in range(seeds):
        started = time.process_time()
        made = make(seed)
        costs.append(time.process_time() - started)
        score, share, _, values = judged(made, real, packages)
        scores.append(score)
        passed.append(share * MEASURES)
        means.append(values)
        ratios.append(sharpe_ratios(profits(made)).mean(axis=0))
    own, target = np.mean(ratios, axis=0), sharpe_ratios(profits(real)).mean(axis=0)
    rank = float(rank_correlations(own[None], target[None])[0])
    gap = float(np.abs(own - target).mean())
    worst = sorted(means[0], key=lambda one: -np.mean([values[one] for values in means]))[:3]
    told = ", ".join(f"{one} {np.mean([values[one] for values in means]):.3f}" for one in worst)
    deviation = np.std(scores, ddof=1) if seeds > 1 else 0.0
    return (
        f"| {name} | {np.mean(scores):.3f} +- {deviation:.3f} | {np.mean(passed):.1f} | {rank:.3f} "
        f"| {gap:.3f} | {np.mean(costs):.1f} | {told} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("packages", type=Path, help="folder with finval and sablier_flow, see above")
    parser.add_argument("--generators", nargs="+", default=["daily_flow", "flow", "bootstrap"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--declared", action="store_true", help="say that VIX and TNX are differences, else they are prices"
    )
    options = parser.parse_args()
    panel = pd.read_parquet(options.packages / PANEL)
    train, later = panel[panel.index < JUDGED], panel[panel.index >= JUDGED]
    real, past = windows(changes(later), 0), changes(train)
    print(
        "| method | finval score | passed of 14 | rank correlation | Sharpe gap | CPU s | largest distances |"
    )
    print("|---|---|---|---|---|---|---|")
    for line in PUBLISHED:
        print(f"| {' | '.join(line)} | published | |")
    print(
        row("real training years", lambda seed: windows(past, seed), real, options.packages, options.seeds),
        flush=True,
    )
    for name in options.generators:
        make = partial(generated, name, train, declared=options.declared)
        print(row(name, make, real, options.packages, options.seeds), flush=True)


if __name__ == "__main__":
    main()
