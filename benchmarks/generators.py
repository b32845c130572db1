"""Generators on the TimeGAN stock windows, judged by the official protocol, beside a real-against-real floor.

Usage: python benchmarks/generators.py stock_data.csv.gz [--generators flow ...] [--cpu-seconds 120]
       [--seeds 3] [--refits 10] [--predictive]

Protocol (Yoon et al. 2019, official code): rows flipped, every column scaled to [0, 1] over the whole
series, windows of 24 with stride 1, as many synthetic windows as real ones, a GRU of hidden size 3 trained
for 2,000 iterations on 80 %, score |accuracy - 0.5| on the rest, mean over refits of the judge. The floor
resamples the real windows with replacement. All costs are processor seconds of this process on one thread.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import pandas as pd

from finsim.generators import GENERATORS
from finsim.generators.generator import Budget, Generator, Sequences
from finsim.generators.score_networks import discriminative_accuracies, predictive_error
from finsim.generators.settings_parsing import read_settings
from finsim.notation import Float3D
from finsim.randomness import Streams

WINDOW = 24
# Whole windows are learned and made at once: no prefix, no slow memory, every window for training.
SETTINGS: dict[str, dict[str, Any]] = {
    "flow": {
        "context": 0,
        "block": WINDOW,
        "patch": 1,
        "marginals": False,
        "prefix_share": 0.0,
        "held_out": 0.0,
        "patience": 0,
        "batch": 128,
        "learning_rate": 2e-3,
        "ema": 0.999,
        "solver_steps": 20,
    },
    "timegan": {"window": WINDOW, "held_out": 0.0, "marginals": False},
    "bootstrap": {},
}


def official_windows(path: str) -> Float3D:
    rows = pd.read_csv(path).to_numpy(dtype=np.float64)[::-1]
    low = rows.min(axis=0)
    scaled = (rows - low) / (rows.max(axis=0) - low + 1e-7)
    return np.stack([scaled[i : i + WINDOW] for i in range(len(scaled) - WINDOW)])


def scores(real: Float3D, fake: Float3D, refits: int, streams: Streams) -> list[float]:
    words = [streams.word("judge", index) for index in range(refits)]
    return [abs(accuracy - 0.5) for accuracy in discriminative_accuracies(real, fake, words)]


def fitted(name: str, real: Float3D, cpu_seconds: float, streams: Streams) -> Generator:
    kind = GENERATORS.load(name)
    settings = read_settings(kind, SETTINGS[name])
    model: Generator = kind.fit(
        Sequences(real),
        settings,
        streams.under("fit"),
        Budget(cpu_seconds=cpu_seconds),
        lambda share, text: None,
    )
    return model


def line(name: str, found: list[float]) -> str:
    return f"{name}: mean {np.mean(found):.4f}, range {min(found):.4f} to {max(found):.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--generators", nargs="+", default=["flow"])
    parser.add_argument("--cpu-seconds", type=float, default=120.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--refits", type=int, default=10)
    parser.add_argument("--predictive", action="store_true")
    options = parser.parse_args()
    real = official_windows(options.data)
    print(f"{len(real)} windows of {WINDOW} steps and {real.shape[2]} channels")
    picks = Streams(0).at("floor").integers(0, len(real), len(real))
    print(
        line(
            "floor, real against resampled real, over refits",
            scores(real, real[picks], options.refits, Streams(0)),
        )
    )
    if options.predictive:
        print(
            f"predictive, trained on real: {predictive_error(real, real, Streams(0).word('predictor')):.4f}"
        )
    for name in options.generators:
        means = []
        for seed in range(1, options.seeds + 1):
            streams = Streams(seed)
            model = fitted(name, real, options.cpu_seconds, streams)
            started = time.process_time()
            fake = model.sample(len(real), WINDOW, streams.under("sample"))
            sampling = time.process_time() - started
            found = scores(real, fake, options.refits, streams)
            means.append(float(np.mean(found)))
            print(line(f"{name}, seed {seed}, over refits", found), flush=True)
            print(
                f"  fit {model.report.cpu_seconds:.1f} CPU-s, {model.report.steps} steps;"
                f" sampling {len(real)} windows {sampling:.1f} CPU-s;"
                f" judging {time.process_time() - started - sampling:.1f} CPU-s",
                flush=True,
            )
            if options.predictive:
                print(
                    f"  predictive {predictive_error(fake, real, streams.word('predictor')):.4f}", flush=True
                )
        print(line(f"{name}, over {options.seeds} training seeds", means), flush=True)


if __name__ == "__main__":
    main()
