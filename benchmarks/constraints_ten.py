"""Ten rules with a quantile of groups, 30-day sums, text labels and another table, beside polars by hand.

Run: ``python benchmarks/constraints_ten.py [--rows 1e6 1e7]``. One thread, CPU seconds, the best of three,
kernels on disk; the pack is constraint_peers/ten.yaml. Rolling sums of polars count later rows of the same
moment too, so two of its counts are a little higher.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = "1"

import numpy as np
import polars as pl
import pyarrow as pa
from constraint_peers.payments import FORMS, payments
from polars import col

import finsim

PACK = Path(__file__).parent / "constraint_peers" / "ten.yaml"
KNOWN, POSTED = ("card", "transfer", "cash", "direct"), ("posted", "declined")


def accounts(table: pa.Table) -> pa.Table:
    """Return the accounts of payments, of which one in 1,000 is missing, with the largest payment allowed."""
    draw, ids = np.random.default_rng(1), np.unique(table["account"].to_numpy())
    ids = ids[draw.random(len(ids)) > 1e-3]
    return pa.table({"account": ids, "most": draw.integers(10**5, 10**7, len(ids))})


def query(frame: pl.DataFrame, owners: pl.DataFrame) -> dict[str, int]:
    """Return breaches by rule as an expert writes them."""
    amount = col("amount")
    broken = {
        "amount_positive": amount <= 0,
        "fee_range": (col("fee") < 0) | (col("fee") > amount),
        "channel_known": ~col("channel").is_in(KNOWN),
        "status_known": ~col("status").is_in(POSTED),
        "cash_cap": (col("channel") == "cash") & (col("country") != "CH") & (amount > 1_000_000),
        "unusual": amount > 40 * amount.quantile(0.9, "linear").over("account"),
        "month_sum": amount.rolling_sum_by("ts", "30d").over("account") > 900_000,
        "month_ltv": col("ltv").rolling_sum_by("ts", "30d").over("account") > 12,
        "account_known": col("most").is_null(),
        "account_most": amount > col("most"),
    }
    both = frame.lazy().join(owners.lazy(), on="account", how="left", maintain_order="left")
    return both.select(**{name: one.sum() for name, one in broken.items()}).collect().row(0, named=True)


def seconds(check: Callable[[], dict[str, int]]) -> tuple[float, dict[str, int]]:
    """Return the CPU seconds of a check, the best of three, and what it counted."""
    found, counts = [], {}
    for _ in range(4):
        begin = time.process_time()
        counts = check()
        found.append(time.process_time() - begin)
    return min(found[1:]), counts


def compare(rules: finsim.RuleSet, table: pa.Table) -> None:
    """Print what both need for one table, and their counts rule by rule."""
    owners, rows = accounts(table), table.num_rows
    tables = {"payments": table, "accounts": owners}
    finsim.check({"payments": table.slice(0, 1_000), "accounts": owners}, rules, tier="compiled")
    ours, counts = seconds(lambda: finsim.check(tables, rules).counts())
    frames = pl.from_arrow(table), pl.from_arrow(owners)
    theirs, other = seconds(lambda: query(*frames))
    told = f"finsim {ours:.3f} s, {rows / ours / 1e6:.1f} million rows a second"
    print(f"{rows:,} rows: {told}; polars {theirs:.3f} s, {theirs / ours:.1f} times as long")
    print("  " + ", ".join(f"{name} {counts[name]:,}/{other[name]:,}" for name in other), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=float, nargs="+", default=[1e6, 1e7])
    parser.add_argument("--form", choices=FORMS, default="text")
    given = parser.parse_args()
    pa.set_cpu_count(1)
    rules = finsim.RuleSet.load(str(PACK))
    for rows in map(int, given.rows):
        compare(rules, payments(rows, form=given.form))


if __name__ == "__main__":
    main()
