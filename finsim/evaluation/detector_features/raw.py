"""What the payment itself says, and what the bank knows of both accounts without looking at payments."""

from __future__ import annotations

import zlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.agents.vocabulary import CATEGORIES, CHANNELS, KINDS
from finsim.evaluation.detector_features.matrix import FeatureMatrix
from finsim.evaluation.detector_features.reading import PaymentRows
from finsim.kernels.payments.account_history import HOUR, ROUND
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Float1D, Int1D
from finsim.records.transactions import NO_MERCHANT

_OTHERS, _SPREAD = 1_000, 16_000_000  # codes stay exact in float32
_WORDS = {"channel": CHANNELS, "category": CATEGORIES, "kind": KINDS}


def word_codes(column: pa.ChunkedArray, known: tuple[str, ...]) -> Int1D:
    """Return a code for each word that depends on the word alone, so that tables agree: int64[n].

    The place in ``known``; for another word 1,000 + CRC-32 modulo 16,000,000; -1 for none.
    """
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(pc.cast(column, pa.string()))
    coded = column.unify_dictionaries().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    places = {word: place for place, word in enumerate(known)}
    words = coded.dictionary.to_pylist()
    codes = [places.get(word, _OTHERS + zlib.crc32(word.encode()) % _SPREAD) for word in words]
    at = np.asarray(pc.fill_null(coded.indices, len(codes)).to_numpy(zero_copy_only=False), dtype=np.int64)
    return np.array([*codes, -1], dtype=np.int64)[at]


def is_purchase(rows: PaymentRows) -> Bool1D:
    """Return which rows name a merchant: bool[n], none where the input has no such column."""
    if not rows.has(("merchant_id",)):
        return np.zeros(len(rows.time), dtype=bool)
    shop = pc.cast(rows.others["merchant_id"], pa.string())
    none = pc.fill_null(pc.equal(shop, str(NO_MERCHANT)), True)
    return np.asarray(pc.invert(none).to_numpy(), dtype=bool)


def write_raw(rows: PaymentRows, matrix: FeatureMatrix) -> None:
    """Write the columns of the group ``raw``."""
    found: dict[str, Array] = {
        "amount": rows.amount,
        "amount_cents": rows.amount % 100,
        "is_round": rows.amount % ROUND == 0,
        "hour": rows.time % NANOS_PER_DAY / HOUR,
        "weekday": (rows.time // NANOS_PER_DAY + 3) % 7,
        "month_day": _month_day(rows.time),
    }
    others = rows.others
    for name in ("channel", "category"):
        if matrix.has(name):
            found[name] = word_codes(others[name], _WORDS[name])
    if matrix.has("to_merchant"):
        found["to_merchant"] = is_purchase(rows)
    if matrix.has("same_bank"):
        banks = [others["from_bank"], others["to_bank"]]
        if banks[0].type != banks[1].type:
            banks = [pc.cast(bank, pa.string()) for bank in banks]
        found["same_bank"] = _floats(pc.cast(pc.equal(*banks), pa.int8()))
    found |= _account_facts(rows, matrix) | _balances(rows, matrix)
    for name, values in found.items():
        matrix.column(name)[:] = values


def _month_day(time: Int1D) -> Int1D:
    days = time.astype("datetime64[ns]").astype("datetime64[D]")
    first = days.astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray((days - first).astype(np.int64) + 1)


def _floats(column: pa.ChunkedArray) -> Float1D:
    """Return numbers as float64, NaN where there are none."""
    filled = pc.fill_null(pc.cast(column, pa.float64(), safe=False), float("nan"))
    return np.asarray(filled.to_numpy(), dtype=np.float64)


def _account_facts(rows: PaymentRows, matrix: FeatureMatrix) -> dict[str, Array]:
    """Return kind and age of both accounts, and the limit of the payer."""
    found: dict[str, Array] = {}
    sides = {"payer": rows.payer, "payee": rows.payee}
    if matrix.has("payer_kind"):
        kind = word_codes(rows.facts["kind"], _WORDS["kind"])
        found |= {f"{side}_kind": kind[code] for side, code in sides.items()}
    if matrix.has("payer_age"):
        opened = _floats(pc.cast(pc.cast(rows.facts["opened"], pa.date32()), pa.int32()))
        today = rows.time // NANOS_PER_DAY
        found |= {f"{side}_age": today - opened[code] for side, code in sides.items()}
    if matrix.has("payer_limit"):
        found["payer_limit"] = _floats(rows.facts["overdraft_limit"])[rows.payer]
    return found


def _balances(rows: PaymentRows, matrix: FeatureMatrix) -> dict[str, Array]:
    """Return balances before the payment: those after it without what it moved."""
    found: dict[str, Array] = {}
    moved = np.where(rows.posted, rows.amount, 0)
    if matrix.has("payer_balance"):
        before = _floats(rows.others["from_balance_after"]) + moved
        found["payer_balance"] = before
        with np.errstate(divide="ignore", invalid="ignore"):
            found["balance_share"] = np.where(before > 0, rows.amount / before, np.nan)
    if matrix.has("payee_balance"):
        found["payee_balance"] = _floats(rows.others["to_balance_after"]) - moved
    return found
