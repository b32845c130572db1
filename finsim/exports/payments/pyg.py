"""PyTorch Geometric: the tensors of a ``HeteroData`` with a split in time, as safetensors.

Types: accounts pay accounts, customers own accounts, accounts are held at banks. ``y`` says fraud or
laundering. The split is by whole days, 60, 20 and 20 per cent of the payments, and every row of a scheme is
on the side on which the scheme ends, so that no story is trained on and tested on. Needs no torch to write.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.agents.vocabulary import CHANNELS, KINDS
from finsim.errors import StudyError
from finsim.exports.export_format import Export
from finsim.exports.payments.rows.payment_rows import ILLICIT, NANOSECONDS_A_DAY, Payments
from finsim.exports.payments.rows.row_words import coded, nanoseconds
from finsim.exports.payments.rows.scheme_rows import SIDE, SideFile, scheme_rows
from finsim.exports.payments.safetensors_file import create
from finsim.notation import Float2D, Int1D

PAYS, OWNS, HELD = "account,pays,account", "customer,owns,account", "account,held_at,bank"
SHARES = (0.6, 0.8)
"""Shares of the payments at which validation and test begin."""
MASKS = ("train_mask", "val_mask", "test_mask")
X = ("log1p opening balance, by sign", "log1p overdraft limit", *(f"kind is {kind}" for kind in KINDS))
EDGE = ("log1p amount", *(f"channel is {channel}" for channel in CHANNELS))
_COLUMNS = ("ts", "from_account", "to_account", "amount", "channel", ILLICIT, *SIDE)


def write(payments: Payments, folder: Path) -> None:
    """Write ``pyg.safetensors``, ``pyg.json`` (what the columns are) and ``pyg_labels.csv``."""
    accounts = payments.accounts()
    starts, total = _split(payments)
    ids = np.asarray(accounts["account_id"])
    owners = accounts["customer_id"]
    customers, owner = np.unique(np.asarray(owners.drop_null()), return_inverse=True)
    banks, bank = np.unique(np.asarray(accounts["bank_id"]), return_inverse=True)
    edge = {
        "edge_index": ("int64", (2, total)), "edge_attr": ("float32", (total, len(EDGE))),
        "time": ("int64", (total,)), "tx_id": ("int64", (total,)), "y": ("int64", (total,)),
        **dict.fromkeys(MASKS, ("bool", (total,))),
    }  # fmt: skip
    wanted: dict[str, tuple[str, tuple[int, ...]]] = {
        "account/x": ("float32", (len(ids), len(X))), "account/node_id": ("int64", ids.shape),
        "customer/node_id": ("int64", customers.shape), "bank/node_id": ("int64", banks.shape),
        **{f"{PAYS}/{name}": told for name, told in edge.items()},
        f"{OWNS}/edge_index": ("int64", (2, len(owner))), f"{HELD}/edge_index": ("int64", (2, len(ids))),
    }  # fmt: skip
    tensors = create(folder / "pyg.safetensors", wanted)
    tensors["account/x"][:] = _features(accounts)
    tensors["account/node_id"][:], tensors["customer/node_id"][:] = ids, customers
    tensors["bank/node_id"][:] = banks
    tensors[f"{OWNS}/edge_index"][:] = owner, np.flatnonzero(np.asarray(owners.is_valid()))
    tensors[f"{HELD}/edge_index"][:] = np.arange(len(ids)), bank
    _write_edges(payments, tensors, ids, starts, folder)
    told = {"account/x": X, f"{PAYS}/edge_attr": EDGE, f"{PAYS}/time": "seconds since 1970, UTC",
            f"{PAYS}/y": "1: fraud or laundering"}  # fmt: skip
    (folder / "pyg.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _split(payments: Payments) -> tuple[tuple[int, ...], int]:
    """Return the instants (ns) at which validation and test begin, and the number of payments.

    Raises StudyError for fewer than three days with payments.
    """
    rows: dict[int, int] = {}
    for table in payments.batches(("ts",)):
        days, counts = np.unique(nanoseconds(table["ts"]) // NANOSECONDS_A_DAY, return_counts=True)
        for day, count in zip(days.tolist(), counts.tolist(), strict=True):
            rows[day] = rows.get(day, 0) + count
    if len(rows) < len(MASKS):
        raise StudyError(
            f"payments on {len(rows)} days", place="export: format",
            expected="at least 3 days, for the split",
            remedy="simulate more days, or take a later as_of",
        )  # fmt: skip
    days = np.array(sorted(rows))
    sums = np.cumsum([rows[day] for day in days.tolist()])
    first = min(max(int(np.searchsorted(sums, SHARES[0] * sums[-1])) + 1, 1), len(days) - 2)
    second = min(max(int(np.searchsorted(sums, SHARES[1] * sums[-1])) + 1, first + 1), len(days) - 1)
    return (int(days[first]) * NANOSECONDS_A_DAY, int(days[second]) * NANOSECONDS_A_DAY), int(sums[-1])


def _scheme_sides(payments: Payments, starts: tuple[int, ...]) -> tuple[Int1D, Int1D]:
    """Return the schemes of the rows, sorted, and the side on which each ends."""
    rows = scheme_rows(payments, ("ts",))
    schemes, place = np.unique(np.asarray(rows["instance"]), return_inverse=True)
    ends = np.zeros(len(schemes), np.int64)
    np.maximum.at(ends, place, nanoseconds(rows["ts"]))
    return schemes, np.searchsorted(starts, ends, side="right")


def _write_edges(
    payments: Payments, tensors: dict[str, Any], ids: Int1D, starts: tuple[int, ...], folder: Path
) -> None:
    schemes, ends = _scheme_sides(payments, starts)
    here = 0
    with SideFile(folder / "pyg_labels.csv", payments) as labels:
        for table in payments.batches(_COLUMNS):
            time, scheme = nanoseconds(table["ts"]), np.asarray(table["instance"])
            part = np.searchsorted(starts, time, side="right")
            part[scheme >= 0] = ends[np.searchsorted(schemes, scheme[scheme >= 0])]
            rows = slice(here, here + table.num_rows)
            for number, name in enumerate(("from_account", "to_account")):
                tensors[f"{PAYS}/edge_index"][number, rows] = np.searchsorted(ids, np.asarray(table[name]))
            tensors[f"{PAYS}/edge_attr"][rows] = _edge_features(table)
            tensors[f"{PAYS}/time"][rows] = time // 1_000_000_000
            tensors[f"{PAYS}/tx_id"][rows] = np.asarray(table["tx_id"])
            tensors[f"{PAYS}/y"][rows] = np.asarray(table[ILLICIT])
            for number, mask in enumerate(MASKS):
                tensors[f"{PAYS}/{mask}"][rows] = part == number
            labels.write(table)
            here += table.num_rows


def _features(accounts: pa.Table) -> Float2D:
    """Return what is known of accounts: float64[N, len(X)]; what one bank does not know is 0."""
    balance = np.asarray(accounts["opening_balance"].fill_null(0)) / 100
    limit = np.asarray(accounts["overdraft_limit"].fill_null(0)) / 100
    kind = coded(accounts["kind"], {name: code for code, name in enumerate(KINDS)}, len(KINDS))
    kinds = np.eye(len(KINDS) + 1)[kind][:, : len(KINDS)]
    return np.column_stack([np.sign(balance) * np.log1p(np.abs(balance)), np.log1p(limit), kinds])


def _edge_features(table: pa.Table) -> Float2D:
    channel = coded(table["channel"], {name: code for code, name in enumerate(CHANNELS)}, len(CHANNELS))
    channels = np.eye(len(CHANNELS) + 1, dtype=np.float32)[channel][:, : len(CHANNELS)]
    return np.column_stack([np.log1p(np.asarray(table["amount"]) / 100).astype(np.float32), channels])


EXPORT = Export(
    name="pyg",
    summary="PyTorch Geometric: tensors of a HeteroData with a split in time, as safetensors",
    write=write,
    options=("scenario", "as_of", "bank", "prevalence"),
)
