"""From file to verdict: payments in Parquet (labels as text, microseconds), batch by batch, beside polars.

Run: ``python benchmarks/constraints_stream.py [--rows 1e8] [--keep DIR] [--tier auto]``. Prints rows per
CPU second and the largest memory of what ``finsim check FILE`` does, in a process that starts fresh after the
file is written, without imports; then the same of polars' lazy query on the file, with one thread. The last
line is the whole command with its start, which no larger table makes longer. Kernels are on the disk.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from constraint_peers.measure import memory
from constraint_peers.payments import payments

import finsim
from finsim.engine.check_in_batches import check_large, large_file

PACK = Path(__file__).parent / "constraint_peers" / "payments.yaml"
PIECE = 2_000_000


def write(path: Path, rows: int) -> None:
    """Write the table piece by piece; accounts of a piece come after those of the piece before."""
    writer, first = None, 0
    for piece in range(0, rows, PIECE):
        table = payments(min(PIECE, rows - piece), seed=piece)
        account = table["account"].to_numpy() + first
        first = int(account[-1]) + 1
        table = table.set_column(0, "account", pa.array(account.astype(np.int32)))
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
        writer.write_table(table, row_group_size=1 << 20)
    if writer is not None:
        writer.close()


def judge(path: Path, tier: str) -> None:
    """Check the file and print what it took."""
    rules = finsim.RuleSet.load(PACK)
    with tempfile.TemporaryDirectory() as place:
        few = Path(place) / path.name
        pq.write_table(pa.Table.from_batches([next(pq.ParquetFile(path).iter_batches(1_000))]), few)
        finsim.check(few, rules, tier="compiled")
    rows, start = pq.read_metadata(path).num_rows, time.process_time()
    large = large_file(path, rules)
    report = finsim.check(path, rules, tier=tier) if large is None else check_large(large, rules, tier=tier)
    assert report is not None
    spent = time.process_time() - start
    peak = memory("VmHWM") or float("nan")  # rusage would count the process that wrote the file
    found = sum(result.violations for result in report.results)
    speed = rows / spent / 1e6
    print(f"{rows:,} rows, 20 rules, tier {tier}: {speed:.1f} million rows per CPU second")
    print(f"{spent:.1f} CPU seconds with reading, {peak:,.0f} MB at most, {found:,} breaches")


def query(path: Path) -> None:
    """Let polars count the same breaches in the file and print what it took."""
    import polars
    from constraint_peers.polars_peer import by_shift, row_rules

    start = time.process_time()
    frame = polars.scan_parquet(path).with_columns(polars.col("score").fill_nan(None))
    rules = row_rules() | by_shift()
    counts = frame.select(**{name: broken.sum() for name, broken in rules.items()}).collect(
        engine="streaming"
    )
    spent = time.process_time() - start
    peak, found = memory("VmHWM") or float("nan"), sum(counts.row(0))
    print(f"polars {polars.__version__}: {spent:.1f} CPU seconds, {peak:,.0f} MB at most, {found:,} breaches")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=float, default=1e8)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--tier", default="auto")
    parser.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--query", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.judge:
        judge(given.judge, given.tier)
        return
    if given.query:
        query(given.query)
        return
    with tempfile.TemporaryDirectory() as place:
        folder = given.keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "payments.parquet"
        if not path.exists():
            write(path, int(given.rows))
        print(f"{path.stat().st_size / 1e9:.2f} GB of Parquet")
        subprocess.run([sys.executable, __file__, "--judge", str(path), "--tier", given.tier], check=True)
        env = os.environ | {"POLARS_MAX_THREADS": "1"}
        subprocess.run([sys.executable, __file__, "--query", str(path)], check=True, env=env)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "finsim", "check", str(path), "--rules", str(PACK)]
        subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )  # exit 1: rules are broken
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"finsim check, start to end: {spent:.1f} CPU seconds")


if __name__ == "__main__":
    main()
