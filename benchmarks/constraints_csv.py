"""From a CSV file to the verdict: CPU seconds and the largest memory of ``finsim check FILE --rules PACK``.

Run: ``python benchmarks/constraints_csv.py [--rows 5e6] [--keep FILE] [--tier auto]``. The file has payments
as people export them: ids with letters, amounts with two decimals, moments in ISO form. Seven rules; the
command runs in a process of its own, start and imports included, twice.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

PIECE = 500_000
PACK = """
finsim-rules: 1
pack: {id: bench-csv, version: "1"}
table: payments
columns:
  id: {type: id}
  account: {type: id}
  time: {type: ts}
  amount: {type: money, ccy: EUR}
  fee: {type: money, ccy: EUR}
  currency: {type: cat}
  country: {type: cat}
  channel: {type: cat}
  rate: {type: ratio}
rules:
  - {id: positive, check: amount > 0}
  - {id: fee_in_amount, check: fee between 0 and amount}
  - {id: known_channel, check: "channel in {'card', 'transfer', 'cash', 'direct'}"}
  - {id: euro, check: currency = 'EUR'}
  - {id: cash_cap, when: channel = 'cash', check: amount <= 10_000 EUR}
  - {id: rate_range, check: rate between 0 and 0.2}
  - {id: after_start, check: "time >= d'2025-01-01'"}
"""


def write(path: Path, rows: int) -> None:
    """Write the table piece by piece; one row in 1,000 or so breaks a rule."""
    draw = np.random.default_rng(7)
    with pa.OSFile(str(path), "wb") as file:
        for first in range(0, rows, PIECE):
            piece = _piece(draw, first, min(PIECE, rows - first))
            arrow_csv.write_csv(piece, file, arrow_csv.WriteOptions(include_header=first == 0))


def _piece(draw: np.random.Generator, first: int, rows: int) -> pa.Table:
    def labels(*texts: str) -> pa.Array:
        return pa.array(texts).take(pa.array(draw.integers(0, len(texts), rows)))

    def texts(head: str, numbers: np.ndarray) -> pa.Array:
        return pa.array([f"{head}{number:010d}" for number in numbers.tolist()])

    amount = np.exp(draw.normal(9.2, 1.0, rows)).astype(np.int64)
    amount[draw.random(rows) < 1e-3] = 0
    seconds = 1_735_689_600 + (first + np.arange(rows)) * 6
    return pa.table({
        "id": texts("P", first + np.arange(rows)), "account": texts("A", draw.integers(0, 200_000, rows)),
        "time": pa.array(seconds * 10**6, pa.timestamp("us", "UTC")),
        "amount": amount / 100, "fee": np.minimum(amount, 150) / 100,
        "currency": labels("EUR"), "country": labels("AT", "CH", "DE", "FR", "IT", "NL"),
        "channel": labels("card", "transfer", "cash", "direct"), "rate": draw.uniform(0, 0.2, rows).round(6),
    })  # fmt: skip


def measured(command: list[str]) -> tuple[int, float, float]:
    """Return exit code, CPU seconds and megabytes of a command."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=float, default=5e6)
    parser.add_argument("--keep", type=Path, help="write the file here, or take what stands here")
    parser.add_argument("--tier", default="auto")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, pack = given.keep or Path(folder) / "payments.csv", Path(folder) / "pack.yaml"
        pack.write_text(PACK)
        if not path.exists():
            write(path, int(given.rows))
        begin = "import sys; from finsim.cli.main import main; sys.exit(main())"
        check = [sys.executable, "-c", begin, "check", str(path), "--rules", str(pack), "--tier", given.tier]
        print(f"{path.stat().st_size / 1e6:,.0f} MB")
        for _ in range(2):
            code, seconds, most = measured(check)
            print(f"exit {code}, {seconds:.2f} CPU seconds, {most:,.0f} MB", flush=True)


if __name__ == "__main__":
    main()
