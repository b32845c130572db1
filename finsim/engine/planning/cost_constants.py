"""What a unit of work costs: CPU seconds, memory and disk, as measured.

Measured on 2 cores, Python 3.11, x86-64, with compiled code in its cache (benchmarks/plan_prediction.py, the
studies ``fitted``). CPU seconds lie between those of cores at rest and of cores that other work shares.
"""

from __future__ import annotations

MEASURED_ON = "measured on 2 cores, Python 3.11"
COMPILING = 4.0
"""CPU seconds that a first run adds where the cache of compiled code is empty (measured, +-2)."""

SECONDS: dict[str, dict[str, float]] = {
    "start and end": {
        "process": 3.1,
        "worker": 2.6,
        "world": 0.35,
        "scenario": 0.08,
        "loss curve": 1.0,
        "transaction": 0.4e-6,
    },
    "market": {
        "begin": 0.3,
        "torch": 2.2,
        "flow": 1.0,
        "flow row": 1.65e-3,
        "flow step": 0.0205,
        "flow batch session": 0.9e-3,
        "timegan": 1.0,
        "timegan step": 0.155,
        "timegan batch session": 0.9e-3,
        "path session": 2.5e-7,
        "bar": 0.95e-6,
    },
    "transactions": {"begin": 0.42, "payment": 0.77e-6, "row": 3.3e-6, "scheme": 0.95e-3},
    "credit": {"begin": 0.3, "loan": 2.6e-5, "month": 0.6e-6, "draw": 3.4e-6, "draw of a loan": 1.6e-9},
    "evidence": {
        "market": 1.3,
        "compared bar": 0.75e-5,
        "stored bar": 0.25e-5,
        "resample of prices": 4.3e-3,
        "resampled bar": 1.0e-8,
        "torch": 2.2,
        "judges": 3.7,
        "refit": 1.9,
        "refit iteration": 1.8e-3,
        "transactions": 0.65,
        "row": 1.1e-6,
        "detector": 0.4,
        "detector row": 7.7e-6,
        "credit": 1.5,
        "resample of loans": 0.9e-3,
        "loan": 1.8e-5,
    },
}
"""CPU seconds per unit of work, by part of a run."""

MEGABYTES: dict[str, float] = {
    "process": 370,
    "market": 60,
    "market judged": 30,
    "transactions": 20,
    "torch": 160,
    "flow": 190,
    "judges": 110,
    "transaction row": 6.2e-4,
    "bar": 3.0e-4,
    "month": 3.0e-4,
    "worker": 330,
}
"""Peak of resident memory in MB: what is always there, and what the largest task adds per row."""

BATCH_ROWS = 262_144
"""Rows of payments that are written at once."""

BYTES: dict[str, float] = {
    "run": 350_000,
    "model": 300_000,
    "bars": 41,
    "features": 32,
    "transactions": 38,
    "orders": 23,
    "months": 18,
    "loans": 130,
    "losses": 8,
}
"""Bytes on disk per row of a table, checkpoints included."""
