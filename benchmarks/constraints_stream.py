"""A table larger than memory: 10^8 payments in Parquet, checked row group by row group.

Run: ``python benchmarks/constraints_stream.py [--rows 1e8] [--keep DIR] [--tier auto]``. Prints rows per
CPU second and the largest memory of the checking process, which starts fresh after the file is written.
"""

from __future__ import annotations

import argparse
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

from finsim.constraints.checking.check import check_batches
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.parquet_batches import Batches

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
    start = time.process_time()
    batches = Batches(path)
    report = check_batches(batches, RuleSet.load(PACK), tier=tier)
    spent = time.process_time() - start
    peak = memory("VmHWM") or float("nan")  # rusage would count the process that wrote the file
    found = sum(result.violations for result in report.results)
    speed = batches.rows / spent / 1e6
    print(f"{batches.rows:,} rows, 20 rules, tier {tier}: {speed:.1f} million rows per CPU second")
    print(f"{spent:.1f} CPU seconds with reading, {peak:,.0f} MB at most, {found:,} breaches")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=float, default=1e8)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--tier", default="auto")
    parser.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.judge:
        judge(given.judge, given.tier)
        return
    with tempfile.TemporaryDirectory() as place:
        folder = given.keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "payments.parquet"
        if not path.exists():
            write(path, int(given.rows))
        print(f"{path.stat().st_size / 1e9:.2f} GB of Parquet")
        subprocess.run([sys.executable, __file__, "--judge", str(path), "--tier", given.tier], check=True)


if __name__ == "__main__":
    main()
