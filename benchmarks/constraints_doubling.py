"""Every function of the rule language at 10^5, 2 x 10^5 and 4 x 10^5 rows: twice the rows, twice the time.

Run: ``python benchmarks/constraints_doubling.py [--rows 1e5] [--tier interpreter compiled] [--only sum_in]``.
Three tables: many groups of 30 rows, one group, and one group whose times are all equal. A line is the CPU
seconds of one rule (the best of ``--repeats``, the sizes in turn, after a first check that loads kernels),
how they grow from the second size to the third, and in brackets the growth by the best of the even and of the
odd repeats alone: how well it is known. Lines below ``--least`` seconds are too short to say anything.
Functions without a rule here are named at the end.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

import finsim
from finsim.constraints.language.functions import FUNCTIONS

RULES = {
    "abs": "abs(x) < 9", "min": "min(x, y) < 9", "max": "max(x, y) < 9", "clamp": "clamp(x, -1, 1) < 9",
    "coalesce": "coalesce(x, y) < 9", "round": "round(x, 1) < 9", "floor": "floor(x) < 9",
    "ceil": "ceil(x) < 9", "sqrt": "sqrt(abs(x)) < 9", "log": "log(abs(x)) < 9", "exp": "exp(x) < 999",
    "annuity": "annuity(amount, 0.01, 12) > 0", "on_tick": "not on_tick(x, 0.01)",
    "round_to": "round_to(x, 0.05) < 9", "year": "year(ts) > 2000", "month": "month(ts) < 13",
    "day": "day(ts) < 32", "weekday": "weekday(ts) < 8", "days": "days(d, d) = 0",
    "add_months": "add_months(d, 1) > d", "lag": "lag(x, 3) < 9", "first": "first(x) < 9",
    "cumsum": "cumsum(x) < 1e9", "cummax": "cummax(x) < 9", "runlen": "runlen(x > 0) < 99",
    "count_in": "count_in(7d) > 0", "sum_in": "sum_in(x, 7d) < 1e9", "max_in": "max_in(x, 7d) < 9",
    "sum_day": "sum_day(x) < 1e9", "sum_month": "sum_month(amount) > 0 USD",
    "group_count": "group_count() > 0", "group_sum": "group_sum(x) < 1e9", "group_min": "group_min(x) < 9",
    "group_max": "group_max(x) < 9", "group_q": "group_q(x, 90%) < 9",
    "group_distinct": "group_distinct(label) < 99", "unique": "unique(id)",
    "group_mean": "group_mean(x) < 9", "group_std": "group_std(x) < 9", "group_median": "group_median(x) < 9",
    "last_known": "last_known(x) < 9", "next": "next(x) < 9", "mod": "mod(amount, 7 USD) >= 0 USD",
    "hour": "hour(ts) < 24", "minute": "minute(ts) < 60", "date": "date(ts) > d'2000-01-01'",
    "time": "time(ts) >= 0s", "length": "length(label) > 0", "lower": "lower(label) = label",
    "upper": "upper(label) != label", "trim": "trim(label) = label", "contains": "contains(id, 'ID')",
    "starts_with": "starts_with(id, 'ID')", "ends_with": "not ends_with(label, 'z')",
    "matches": "matches(id, 'ID[0-9]+')",
}  # fmt: skip
MORE = {
    "labels": "label in {'a', 'b', 'c'}", "sum_in of money": "sum_in(amount, 7d) > 0 USD",
    "group_q by text": "group_q(x, 90%, by: label) < 9", "group_count by text": "group_count(by: id) = 1",
    "group_sum by key": "group_sum(x, by: key) < 1e9", "distinct keys": "group_distinct(key, by: label) > 0",
    "lower of ids": "lower(id) = id", "upper of ids": "upper(id) = id", "trim of keys": "trim(key) = key",
    "length of ids": "length(id) > 0", "ends_with of ids": "not ends_with(id, 'z')",
    "contains in keys": "contains(key, 'ID')",
}  # fmt: skip
SHAPES = ("many groups", "one group", "one time")
PACK = """
finsim-rules: 1
pack: {{id: doubling, version: "1"}}
table: t
order: {{group: [g], by: [ts]}}
columns:
  g: {{type: id}}
  ts: {{type: ts}}
  d: {{type: date}}
  x: {{type: float}}
  y: {{type: float}}
  amount: {{type: money, ccy: USD, unit: minor}}
  label: {{type: cat}}
  id: {{type: id}}
  key: {{type: id}}
rules:
  - {{id: rule, check: "{check}"}}
"""


def table(rows: int, shape: str) -> pa.Table:
    """Return a table of one shape: sorted groups, times in microseconds, texts.

    ``label`` has four of them, ``id`` one for each row, ``key`` one for every second row.
    """
    draw = np.random.default_rng(7)
    group = np.sort(draw.integers(0, rows // 30, rows)) if shape == "many groups" else np.zeros(rows, int)
    clock = np.cumsum(draw.integers(0, 20_000, rows)) if shape != "one time" else np.zeros(rows, int)
    day = 20_000 + clock // 86_400 % 300
    return pa.table({
        "g": group, "ts": pa.array(clock * 10**6 + 1_735_689_600 * 10**6, pa.timestamp("us", "UTC")),
        "d": pa.array(day.astype(np.int32), pa.int32()).cast(pa.date32()), "x": draw.normal(size=rows),
        "y": draw.normal(size=rows), "amount": draw.integers(1, 10**6, rows),
        "label": pa.array(np.array(["a", "b", "c", "long label"])[draw.integers(0, 4, rows)].tolist()),
        "id": pa.array([f"ID{number:09d}" for number in draw.permutation(rows).tolist()]),
        "key": pa.array([f"ID{number:09d}" for number in draw.integers(0, rows // 2, rows).tolist()]),
    })  # fmt: skip


def seconds(tables: list[pa.Table], pack: finsim.RuleSet, tier: str, repeats: int) -> list[list[float]]:
    """Return the CPU seconds of checks, for each table those of every repeat; tables take turns."""
    found: list[list[float]] = [[] for _ in tables]
    for turn in range(repeats + 1):
        for data, times in zip(tables, found, strict=True):
            begin = time.process_time()
            finsim.check(data, pack, tier=tier)
            if turn:
                times.append(time.process_time() - begin)
    return found


def growth(found: list[list[float]], some: slice = slice(None)) -> float:
    """Return how many times as long the largest table takes as the one before, by some repeats."""
    return min(found[2][some]) / min(found[1][some])


def lines(given: argparse.Namespace) -> Iterator[tuple[str, str, str, list[list[float]]]]:
    """Yield shape, tier, function and the seconds of all repeats at each size."""
    sizes = [int(given.rows) << step for step in range(3)]
    chosen = {name: text for name, text in {**RULES, **MORE}.items() if not given.only or name in given.only}
    for shape in given.shape:
        tables = [table(rows, shape) for rows in sizes]
        for tier in given.tier:
            for name, text in chosen.items():
                pack = finsim.RuleSet.parse(PACK.format(check=text))
                yield shape, tier, name, seconds(tables, pack, tier, given.repeats)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=float, default=1e5)
    parser.add_argument("--tier", nargs="+", default=["interpreter", "compiled"])
    parser.add_argument("--shape", nargs="+", choices=SHAPES, default=SHAPES)
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--least", type=float, default=0.02)
    given = parser.parse_args()
    worst: dict[str, tuple[float, str]] = {}
    for shape, tier, name, found in lines(given):
        grown = growth(found)
        low, high = sorted((growth(found, slice(0, None, 2)), growth(found, slice(1, None, 2))))
        shown = "  ".join(f"{min(one):.4f}" for one in found)
        print(f"{shape:12} {tier:12} {name:20} {shown}  x {grown:.2f} ({low:.2f} to {high:.2f})", flush=True)
        if min(found[1]) >= given.least:
            worst[tier] = max(worst.get(tier, (0.0, "")), (grown, f"{name}, {shape}"))
    for tier, (grown, where) in worst.items():
        print(f"{tier}: the last doubling took at most {grown:.2f} times as long ({where})")
    absent = sorted(set(FUNCTIONS) - set(RULES))
    print(f"functions without a rule here: {', '.join(absent) or 'none'}")


if __name__ == "__main__":
    main()
