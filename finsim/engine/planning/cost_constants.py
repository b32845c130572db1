"""What a unit of work costs: CPU seconds, memory and disk, as measured.

Measured on 2 cores, Python 3.11, x86-64, with compiled code in its cache (benchmarks/plan_prediction.py, the
studies ``fitted``, ``tuned`` and, for what is learned from tapes and ledgers, ``real``). CPU seconds lie
between those of cores at rest and of cores that other work shares.
"""

from __future__ import annotations

MEASURED_ON = "measured on 2 cores, Python 3.11"
COMPILING = 4.0
"""CPU seconds that a first run adds where the cache of compiled code is empty (measured, +-2)."""

SECONDS: dict[str, dict[str, float]] = {
    "start and end": {
        "process": 1.6,
        "worker": 2.4,
        "world": 0.75,
        "learned world": 0.4,
        "market": 0.4,
        "scenario": 0.08,
        "loss curve": 1.0,
        "transaction": 0.3e-6,
    },
    "market": {
        "begin": 0.25,
        "torch": 1.9,
        "daily_flow": 4.1,
        "daily_flow asset": 0.36,
        "daily_flow row": 0.85e-4,
        "daily_flow step": 0.0067,
        "daily_flow bar": 0.55e-6,
        "flow": 0.8,
        "flow row": 1.45e-3,
        "flow step": 0.0182,
        "flow batch session": 0.8e-3,
        "timegan": 0.8,
        "timegan step": 0.14,
        "timegan batch session": 0.8e-3,
        "path session": 2.5e-7,
        "bar": 0.9e-6,
    },
    "transactions": {
        "begin": 0.35,
        "payment": 0.8e-6,
        "row": 2.9e-6,
        "scheme": 0.5e-3,
        "ledger row": 6.0e-6,
        "life": 0.05,
        "life row": 2.0e-6,
    },
    "credit": {
        "begin": 0.1,
        "tape cell": 1.0e-6,
        "book": 0.6,
        "scenario": 0.1,
        "loan": 1.0e-5,
        "loan cell": 8e-7,
        "month": 0.9e-6,
        "bucket of a draw": 6.5e-8,
        "default of a draw": 3.8e-8,
        "tried loan of a draw": 8e-9,
    },
    "bodies": {
        "habits": 0.1,
        "habits row": 1.4e-5,
        "habits entity": 3.5e-5,
        "habits swap": 7.5e-8,
        "events": 2.2,
        "events row": 1.0e-5,
        "events entity": 1.0e-4,
        "events step": 0.026,
        "resample": 0.1,
        "resample row": 1.0e-6,
        "resample entity": 0.0,
        "bayes": 0.25,
        "bayes cell": 1.35e-5,
        "copula": 0.05,
        "copula cell": 1.3e-6,
        "resample_rows": 0.05,
        "resample_rows cell": 0.5e-6,
        "tabular": 2.5,
        "tabular cell": 1.0e-6,
        "tabular step": 0.0105,
    },
    "evidence": {
        "market": 1.25,
        "compared bar": 1.0e-5,
        "further bar": 0.6e-5,
        "stored bar": 0.2e-5,
        "pair of real windows": 1.12e-8,
        "asked pair": 0.6e-9,
        "turned pair": 1.2e-9,
        "resample of prices": 4.2e-3,
        "resampled bar": 1.0e-8,
        "torch": 1.9,
        "judges": 1.0,
        "refit": 3.5,
        "refit iteration": 7.2e-3,
        "transactions": 0.05,
        "row": 0.35e-6,
        "detector": 1.4,
        "detector row": 7.2e-6,
        "payments": 4.6,
        "described row": 1.4e-5,
        "row told apart": 1.75e-4,
        "entity told apart": 3.0e-4,
        "attacked row": 3.0e-5,
        "attacked entity": 1.5e-4,
        "credit": 0.9,
        "compared cell": 4.0e-6,
        "resampled cell": 1.15e-8,
        "cell told apart": 4.6e-6,
        "outcome": 0.8,
        "real cell with outcome": 1.0e-5,
        "own cell with outcome": 2.0e-6,
        "kept loans": 0.05,
        "kept cell": 3.6e-6,
    },
}
"""CPU seconds per unit of work, by part of a run."""

MEGABYTES: dict[str, float] = {
    "process": 400,
    "market": 100,
    "market judged": 170,
    "transactions": 30,
    "torch": 160,
    "flow": 190,
    "daily_flow": 15,
    "daily_flow row": 0.017,
    "judges": 40,
    "row of a batch": 5.0e-4,
    "account": 1.2e-3,
    "learned row": 2.0e-4,
    "judged row": 5.0e-4,
    "learned": 10,
    "learned judged": 290,
    "loans": 75,
    "bar": 3.0e-4,
    "month": 0.9e-4,
    "judged month": 1.0e-4,
    "loans judged": 25,
    "tape cell": 1.4e-4,
    "loan cell": 0.2e-4,
    "tabular": 250,
    "worker": 440,
}
"""Peak of resident memory in MB, pages of libraries included: what is always there, and what the largest task
adds per row."""

BATCH_ROWS = 262_144
"""Rows of payments that are written at once."""

BYTES: dict[str, float] = {
    "run": 350_000,
    "model": 3_500_000,
    "bars": 41,
    "features": 32,
    "transactions": 29,
    "orders": 23,
    "ledger row": 50,
    "ledger entity": 600,
    "months": 18,
    "loans": 130,
    "provisions": 51,
    "losses": 8,
}
"""Bytes on disk per row of a table, checkpoints included."""
