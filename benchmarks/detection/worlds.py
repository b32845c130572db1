"""Three frozen levels of the detection task: how much criminals hide, which worlds learn and test."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import finsim
from finsim.records.transactions import FEATURE_SCHEMA, LABEL_SCHEMA, Transactions

VERSION = 1
"""Counted up whenever a world has other rows: scores of two versions are not compared."""
ACCOUNTS, DAYS = 6_000, 90
LEARN, TEST = (1, 2, 3), 4
"""Numbers of the worlds of a level, added to its seed."""
PARTS = ("accounts", "customers", "merchants", "cards", "devices", "logins", "alerts", "reports")
LATER = ("original_id",)
"""Columns of payments that came after the task was frozen: no digest holds them."""
SUMS = Path(__file__).with_name("checksums.json")


@dataclass(frozen=True)
class Level:
    """A level: its name, the dial of every evasion, and what is added to the numbers of its worlds."""

    name: str
    evade: float
    seed: int


LEVELS = {
    one.name: one for one in (Level("easy", 0.0, 7100), Level("medium", 0.5, 7200), Level("hard", 1.0, 7300))
}


def world(level: Level, number: int) -> Transactions:
    """Return one world of a level, with its answers."""
    return finsim.simulate(
        accounts=ACCOUNTS, days=DAYS, seed=level.seed + number, evade=level.evade, progress=False
    )


def shown(made: Transactions) -> pa.Table:
    """Return the payments without answers."""
    return made.rows.select(FEATURE_SCHEMA.names)


def answers(made: Transactions) -> pa.Table:
    """Return what is true of each payment."""
    return made.rows.select(LABEL_SCHEMA.names)


def checksum(table: pa.Table) -> str:
    """Return the digest of the values of a table, whatever file or library holds them."""
    found = hashlib.sha256()
    for name in table.column_names:
        column = table[name].combine_chunks()
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        found.update(name.encode())
        if pa.types.is_string(column.type):
            column = pc.fill_null(column, "").dictionary_encode()
            found.update("\0".join(column.dictionary.to_pylist()).encode())
            found.update(np.asarray(column.indices, dtype=np.int64).tobytes())
        else:
            whole = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
            found.update(np.asarray(pc.fill_null(whole.cast(pa.float64(), safe=False), -1.0)).tobytes())
    return found.hexdigest()[:16]


def known_sums() -> dict[str, str]:
    """Return ``level-number`` -> checksum of payments and answers, of what the documented table is of."""
    found: dict[str, str] = json.loads(SUMS.read_text()) if SUMS.is_file() else {}
    return found


def sums_of(level: Level, number: int, made: Transactions) -> dict[str, str]:
    """Return the entry of one world in ``checksums.json``."""
    payments = checksum(shown(made).drop_columns(list(LATER)))
    return {f"{level.name}-{number}": f"{payments}-{checksum(answers(made))}"}


def write(level: Level, folder: Path) -> list[str]:
    """Write the worlds of a level, the answers of the test apart; return which are not the frozen ones."""
    known, wrong = known_sums(), []
    for number in (*LEARN, TEST):
        made = world(level, number)
        name = "test" if number == TEST else f"learn-{number}"
        place = folder / level.name / name
        place.mkdir(parents=True)
        pq.write_table(shown(made), place / "transactions.parquet")
        for part in PARTS if number != TEST else PARTS[:-2]:
            table = getattr(made, part)
            if part == "cards" and number == TEST:
                table = table.drop_columns(["ended", "end_reason"])
            pq.write_table(table, place / f"{part}.parquet")
        target = folder / level.name / "answers.parquet" if number == TEST else place / "labels.parquet"
        pq.write_table(answers(made), target)
        wrong += [key for key, text in sums_of(level, number, made).items() if known.get(key) != text]
    return wrong
