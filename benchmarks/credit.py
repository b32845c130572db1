"""Credit losses and panels: finsim's kernels beside plain NumPy, in CPU seconds of one thread.

Run: ``OMP_NUM_THREADS=1 python benchmarks/credit.py [--draws 2000] [--json]``. Ratios are the result;
absolute seconds depend on the machine. Every row also shows that both sides agree.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from datetime import date

import numpy as np
from scipy.special import ndtr, ndtri

from finsim import documents
from finsim.credit.applications import read_applications
from finsim.credit.book import fit_book, loans
from finsim.credit.conditional import default_point, loss_shift, sensitivity
from finsim.credit.factors import annual_draws
from finsim.credit.losses import homogeneous_losses, losses
from finsim.credit.panel import panel
from finsim.credit.settings import Settings
from finsim.credit.text_codes import coded
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.records.drivers import identity

REPEATS = 3


def cpu(work: Callable[[], object]) -> float:
    """Return the least CPU seconds of three runs, after one that compiles."""
    work()
    spent = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def latent_numpy(point, beta, lgd_shift, exposure, factors, rng):
    """Draw a latent normal for every loan and draw and compare it with its threshold."""
    found = np.empty(len(factors))
    for d, z in enumerate(factors):
        a = point - beta * z
        hit = rng.standard_normal(len(a)) < a
        found[d] = (exposure[hit] * ndtr(a[hit] - lgd_shift[hit]) / ndtr(a[hit])).sum()
    return found


def uniform_numpy(point, beta, lgd_shift, exposure, factors, rng):
    """Draw a float32 uniform for every loan and draw and compare it with its conditional PD."""
    found = np.empty(len(factors))
    for d, z in enumerate(factors):
        a = point - beta * z
        chance = ndtr(a)
        hit = rng.random(len(a), dtype=np.float32) < chance
        found[d] = (exposure[hit] * ndtr(a[hit] - lgd_shift[hit]) / chance[hit]).sum()
    return found


def row(name: str, ours: float, theirs: float, work: float, agree: float) -> dict[str, float | str]:
    """Return one line: CPU seconds of both, their ratio, loan-draws a second, relative gap of the means."""
    return {
        "what": name,
        "finsim_cpu_s": round(ours, 4),
        "peer_cpu_s": round(theirs, 4),
        "ratio": round(theirs / ours, 1),
        "millions_per_s": round(work / ours / 1e6),
        "gap_of_means": round(agree, 4),
    }


def real_book(draws: int, settings: Settings) -> list[dict[str, float | str]]:
    """Time the loss distribution of 20,000 heterogeneous loans in five sectors."""
    book = fit_book(read_applications(documents.shipped("data") / "german_credit.csv.gz"), settings)
    table = loans(book, 20_000, Streams(7))
    still = identity(Clock(date(2025, 12, 31), 2, 1, 36))
    pd_, rho, lgd = (table[name].to_numpy() for name in ("pd", "rho", "lgd"))
    exposure = table["balance"].to_numpy().astype(float)
    sector, names = coded(table, "sector")
    factors = annual_draws(names, draws, Streams(1), settings)[:, sector]
    parts = default_point(pd_, rho), sensitivity(rho), loss_shift(pd_, lgd, rho), exposure
    ours = cpu(lambda: losses(table, still, draws, Streams(7), settings))
    mean = losses(table, still, 20 * draws, Streams(7), settings).mean()
    rows = []
    for name, peer in (("latent normals", latent_numpy), ("conditional PD", uniform_numpy)):
        theirs = cpu(lambda peer=peer: peer(*parts, factors, Streams(2).at("peer")))
        gap = peer(*parts, factors, Streams(2).at("peer")).mean() / mean - 1
        rows.append(row(f"20,000 loans x {draws} draws, NumPy {name}", ours, theirs, 20_000 * draws, gap))
    months = cpu(lambda: [panel(table, still, Streams(7), settings, s) for s in range(4)])
    rows.append({"what": "monthly panel, 20,000 loans x 36 months", "finsim_cpu_s": round(months, 4)})
    return rows


def flat_book(draws: int) -> dict[str, float | str]:
    """Time 100,000 equal loans (PD 2 %, rho 20 %)."""

    def peer() -> np.ndarray:
        rng = Streams(3).at("peer")
        z = rng.standard_normal(draws)
        a = (ndtri(0.02) - np.sqrt(0.2) * z) / np.sqrt(0.8)
        return np.array([(rng.standard_normal(100_000) < level).mean() for level in a])

    ours = cpu(lambda: homogeneous_losses(100_000, 0.02, 0.2, 1.0, draws, Streams(7)))
    gap = peer().mean() / 0.02 - 1
    return row(
        f"100,000 equal loans x {draws} draws, NumPy latent normals", ours, cpu(peer), 1e5 * draws, gap
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2_000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    settings = Settings(block_draws=chosen.draws)
    rows = [*real_book(chosen.draws, settings), flat_book(chosen.draws // 4)]
    if chosen.json:
        print(json.dumps(rows, indent=1))
        return
    for line in rows:
        print("  ".join(f"{key}={value}" for key, value in line.items()))


if __name__ == "__main__":
    main()
