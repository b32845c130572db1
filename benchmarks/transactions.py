"""Transaction worlds: rows per CPU second of each part, bytes per row, and the ledger beside plain Python.

Run: ``OMP_NUM_THREADS=1 python benchmarks/transactions.py [--accounts 20000] [--days 90] [--json]``.
Ratios are the result; absolute seconds depend on the machine. Compilation is not counted.

``--runs 10000x90 40000x90 5000x1440`` measures whole runs instead, each in a process of its own: peak of
resident memory, CPU seconds (start, orders, ledger, labels, rules, Parquet, page), rows per CPU second beside
PaySim's, and memory for each further million rows than the first size has. ``250000x365`` are 10^8 rows.
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
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from finsim.agents.cards.row_cards import with_row_cards
from finsim.agents.devices.device_tables import with_row_devices
from finsim.agents.everyday.ordinary_payments import ordinary_orders
from finsim.agents.ledger_posting import RowMarks, post
from finsim.agents.narratives.narrative import load_narratives
from finsim.agents.observed.bank_watch import BankWatch
from finsim.agents.originals.refund_links import RefundLinks, all_links
from finsim.agents.originals.row_originals import RowOriginals
from finsim.agents.payment_orders import merge
from finsim.agents.population.population import build_population
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.settings import DEFAULT_NARRATIVES, Settings
from finsim.agents.simulate import sliced, unstressed
from finsim.kernels.ledger import NO_BLOCKS, Book, Moves, Rows, post_moves
from finsim.randomness import Streams
from finsim.records.storage import write_table
from finsim.records.transactions import TRANSACTION_SCHEMA

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from naive import ledger as naive

REPEATS = 3
PAYSIM = 216_000
"""Rows per CPU second that PaySim (Java) makes on one core: no ledger rules, CSV; measured once, not here."""
STUDY = """finsim: study/1
id: benchmark
title: Payments alone
seed: 7
transactions:
  accounts: {accounts}
  days: {days}
  narratives: [{stories}]
scenarios: [base]
evaluation: {{enabled: no}}
"""
NAIVE_ROWS = 200_000


def cpu(work: Callable[[], Any]) -> float:
    """Return the least CPU seconds of three runs, after one that compiles."""
    work()
    spent = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def ledgers(population, orders, plan) -> dict[str, float]:
    """Return rows per CPU second of the kernel and of its twin, after checking that they agree."""
    accounts = population.accounts
    moves = Moves(orders.payer, orders.payee, orders.amount, orders.plan_row)

    def kernel() -> tuple[Rows, Book]:
        book = Book(accounts.opening.copy(), accounts.overdraft, accounts.external)
        size = len(orders)
        rows = Rows(np.zeros(size, np.uint8), *(np.zeros(size, np.int64) for _ in range(3)))
        post_moves(moves, book, plan.steps, plan.fresh_state(), rows, NO_BLOCKS)
        return rows, book

    few = orders.take(slice(0, NAIVE_ROWS))
    few = few.take(few.plan_row < 0)
    told = list(
        zip(few.payer.tolist(), few.payee.tolist(), few.amount.tolist(), [None] * len(few), strict=True)
    )

    def twin() -> list[Any]:
        balances, limits = accounts.opening.tolist(), accounts.overdraft.tolist()
        return naive.post(told, balances, limits, accounts.external.tolist(), [], {})[0]

    book = Book(accounts.opening.copy(), accounts.overdraft, accounts.external)
    rows = Rows(np.zeros(len(few), np.uint8), *(np.zeros(len(few), np.int64) for _ in range(3)))
    post_moves(
        Moves(few.payer, few.payee, few.amount, few.plan_row),
        book,
        plan.steps,
        plan.fresh_state(),
        rows,
        NO_BLOCKS,
    )
    assert [entry[2] for entry in twin()] == rows.payer_after.tolist(), "kernel and twin disagree"
    return {"kernel": len(orders) / cpu(kernel), "twin": len(few) / cpu(twin)}


def measure(settings: Settings) -> dict[str, float]:
    """Return every figure of the page by name."""
    streams, drivers = Streams(7), unstressed(settings)
    stories = load_narratives([use.name for use in settings.narratives])
    population = build_population(settings, streams)

    links: list[RefundLinks] = []

    def orders():
        links.clear()
        every = range(settings.shards)
        return [ordinary_orders(population, settings, streams, k, drivers, links=links) for k in every]

    parts = orders()
    ordinary = sum(map(len, parts))
    planned, plan = scheme_orders(population, stories, settings, streams, drivers)

    def batches():
        _, gear = with_row_devices(population, settings, streams, (planned, plan))
        watch = BankWatch(population.accounts, (planned, plan), settings.observed, streams)
        _, cards = with_row_cards(population.accounts, settings, streams, (planned, plan), watch.parts)
        answers = RowOriginals(all_links(links), (planned, plan), len(population.accounts))
        blocks, marks = sliced([*parts, planned], settings), RowMarks(gear, cards, answers)
        made = list(post(population, settings, blocks, plan, marks=marks, watch=watch))
        assert sum(batch.num_rows for batch in gear.logins()) > 0
        return made

    rows = sum(batch.num_rows for batch in batches())
    seconds = {
        "population": cpu(lambda: build_population(settings, streams)),
        "ordinary": cpu(orders),
        "schemes": cpu(lambda: scheme_orders(population, stories, settings, streams, drivers)),
        "posting": cpu(batches),
    }
    speed = ledgers(population, merge([*parts, planned]), plan)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "transactions.parquet"
        made = batches()
        seconds_of_writer = cpu(lambda: write_table(path, TRANSACTION_SCHEMA, made))
        stored = path.stat().st_size
    memory = sum(batch.nbytes for batch in batches())
    return {
        "rows": rows,
        **{f"{name}_cpu_s": value for name, value in seconds.items()},
        "ordinary_rows_per_cpu_s": ordinary / seconds["ordinary"],
        "posting_rows_per_cpu_s": rows / seconds["posting"],
        "world_rows_per_cpu_s": rows / sum(seconds.values()),
        "bare_parquet_rows_per_cpu_s": rows / seconds_of_writer,
        "paysim_rows_per_cpu_s": PAYSIM,
        "ledger_kernel_rows_per_cpu_s": speed["kernel"],
        "ledger_twin_rows_per_cpu_s": speed["twin"],
        "kernel_over_twin": speed["kernel"] / speed["twin"],
        "arrow_bytes_per_row": memory / rows,
        "parquet_bytes_per_row": stored / rows,
    }


def whole_run(accounts: int, days: int) -> dict[str, float]:
    """Return rows, peak MB and CPU seconds of one ``finsim run`` on one worker, in its own process."""
    stories = ", ".join(use.name for use in DEFAULT_NARRATIVES)
    with tempfile.TemporaryDirectory() as folder:
        study, out = Path(folder) / "study.yaml", Path(folder) / "run"
        study.write_text(STUDY.format(accounts=accounts, days=days, stories=stories))
        command = [sys.executable, "-m", "finsim", "run", str(study), "-o", str(out)]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode in (0, 1), "the run ended with an error"  # 1: a rule was broken
        (table,) = out.glob("transactions/*/*.parquet")
        rows = pq.ParquetFile(table).metadata.num_rows
    seconds = used.ru_utime + used.ru_stime
    return {
        "rows": rows,
        "peak_mb": used.ru_maxrss / 1_000,
        "cpu_s": seconds,
        "rows_per_cpu_s": rows / seconds,
    }


def show_runs(sizes: list[str]) -> None:
    """Print whole runs of sizes such as ``20000x90``, one a line, and what each million rows adds."""
    first: dict[str, float] = {}
    for size in sizes:
        accounts, days = map(int, size.split("x"))
        found = whole_run(accounts, days)
        first = first or found
        further = (found["rows"] - first["rows"]) / 1e6
        added = f"{(found['peak_mb'] - first['peak_mb']) / further:+.1f}" if further else ""
        print(
            f"{size:>12s} {found['rows']:12,.0f} rows {found['peak_mb']:7,.0f} MB {added:>6s} MB a million "
            f"{found['cpu_s']:8.1f} CPU s {found['rows_per_cpu_s']:10,.0f} rows a CPU s "
            f"({found['rows_per_cpu_s'] / PAYSIM:.1f} x PaySim)",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", nargs="+", metavar="ACCOUNTSxDAYS")
    given = parser.parse_args()
    if given.runs:
        show_runs(given.runs)
        return
    found = measure(Settings(accounts=given.accounts, days=given.days))
    if given.json:
        print(json.dumps(found, indent=1))
        return
    for name, value in found.items():
        print(f"{name:32s} {value:14,.2f}")


if __name__ == "__main__":
    main()
