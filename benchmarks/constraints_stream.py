"""From file to verdict: payments in Parquet (labels as text, microseconds), batch by batch, beside polars.

Run: ``python benchmarks/constraints_stream.py [--rows 1e8] [--keep DIR] [--tier auto]``. Prints rows per
CPU second and the largest memory of what ``finsim check FILE`` does, in a process that starts fresh after the
file is written, without imports; and the same of polars' lazy query on the file, with one thread. Up to
2 x 10^7 rows the two take turns, five times each, and best and middle are told: fresh memory costs the system
from a hundredth to a third of a second there, whichever of the two asks for it. The last line is the whole
command with its start, which no larger table makes longer. Kernels are on the disk.
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
    """Check the file and print CPU seconds, largest MB and breaches."""
    rules = finsim.RuleSet.load(PACK)
    with tempfile.TemporaryDirectory() as place:
        few = Path(place) / path.name
        pq.write_table(pa.Table.from_batches([next(pq.ParquetFile(path).iter_batches(1_000))]), few)
        finsim.check(few, rules, tier="compiled")
    start = time.process_time()
    large = large_file(path, rules)
    report = finsim.check(path, rules, tier=tier) if large is None else check_large(large, rules, tier=tier)
    assert report is not None
    spent = time.process_time() - start
    peak = memory("VmHWM") or float("nan")  # rusage would count the process that wrote the file
    print(spent, peak, sum(result.violations for result in report.results))


def query(path: Path) -> None:
    """Let polars count the same breaches in the file and print the same."""
    import polars
    from constraint_peers.polars_peer import by_shift, row_rules

    start = time.process_time()
    frame = polars.scan_parquet(path).with_columns(polars.col("score").fill_nan(None))
    rules = row_rules() | by_shift()
    counts = frame.select(**{name: broken.sum() for name, broken in rules.items()}).collect(
        engine="streaming"
    )
    spent = time.process_time() - start
    print(spent, memory("VmHWM") or float("nan"), sum(counts.row(0)))


def told(arguments: list[str], env: dict[str, str]) -> tuple[float, float, int]:
    """Return CPU seconds, largest MB and breaches of one process of this file."""
    command = [sys.executable, __file__, *arguments]
    words = subprocess.run(command, check=True, env=env, capture_output=True, text=True).stdout.split()
    return float(words[-3]), float(words[-2]), int(words[-1])


def side_by_side(path: Path, tier: str) -> None:
    """Let both take turns and print best and middle of each; exit when they count different breaches."""
    rows = pq.read_metadata(path).num_rows
    env = os.environ | {"POLARS_MAX_THREADS": "1"}
    runs: dict[str, list[tuple[float, float, int]]] = {f"finsim, tier {tier}": [], "polars": []}
    for _ in range(5 if rows <= 2e7 else 1):
        for name, arguments in zip(
            runs, (["--judge", str(path), "--tier", tier], ["--query", str(path)]), strict=True
        ):
            runs[name].append(told(arguments, env))
    print(f"{rows:,} rows, 20 rules")
    for name, one in runs.items():
        spent, peak = sorted(took for took, _, _ in one), max(peak for _, peak, _ in one)
        print(
            f"{name}: {spent[0]:.2f} CPU seconds at best, {spent[len(spent) // 2]:.2f} in the middle "
            f"({rows / spent[0] / 1e6:.1f} million rows a second), {peak:,.0f} MB at most"
        )
    if len({found for one in runs.values() for _, _, found in one}) != 1:
        raise SystemExit("they do not count the same breaches")


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
        side_by_side(path, given.tier)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "finsim", "check", str(path), "--rules", str(PACK)]
        subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )  # exit 1: rules are broken
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"finsim check, start to end: {spent:.2f} CPU seconds")


if __name__ == "__main__":
    main()
